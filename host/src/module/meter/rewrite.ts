// The code of a metered module: what the survey found, with the charges put in.
//
// The fuel left is a global variable. On entry of a function and at the head of a loop the cost of what follows is taken from it, and
// when it falls below zero a function asks the host for more. In a loop inside which nobody else uses fuel, and in the loops inside
// that one, it is kept in a local variable: such a region begins before the outermost loop, and each way out of it writes back.
import type { Section } from "../binary.ts";
import { BinaryWriter } from "./binary-writer.ts";
import type { CodeTrail } from "./code-trail.ts";
import { Opcode } from "./opcode.ts";
import { type CodeSurvey, type FunctionSurvey, Place } from "./survey.ts";

/** Numbers, in the metered module, of what the meter adds to it. */
interface MeterParts {
  /** The global variable with the fuel left. */
  readonly fuel: number;
  /** The function that asks the host for more. */
  readonly refill: number;
  /** The function that takes fuel by the size of a bulk instruction. */
  readonly chargeSize: number;
}

const i32 = 0x7f;
const noBlock = 0x40;
const noRegion = -1;

class CodeRewriter {
  readonly #bytes: Uint8Array;
  readonly #survey: CodeSurvey;
  readonly #parts: MeterParts;
  readonly #out: BinaryWriter;
  readonly #trail: CodeTrail | undefined;
  /** The variable that fuel passes through. */
  #local = 0;
  /** Scope of the outermost loop of the region, or `noRegion`. */
  #region: number = noRegion;

  constructor(
    bytes: Uint8Array,
    survey: CodeSurvey,
    parts: MeterParts,
    out: BinaryWriter,
    trail: CodeTrail | undefined,
  ) {
    this.#trail = trail;
    this.#bytes = bytes;
    this.#survey = survey;
    this.#parts = parts;
    this.#out = out;
  }

  /** Writes the body of a function, without its length. */
  write(one: FunctionSurvey): void {
    const out = this.#out;
    const survey = this.#survey;
    if (survey.isSmall(one)) {
      this.#copy(one.localsAt, one.end);
      return;
    }
    this.#local = one.localCount;
    this.#region = noRegion;
    out.unsigned(one.groupCount + 1);
    out.copy(this.#bytes, one.groupsAt, one.bodyAt);
    out.unsigned(1);
    out.byte(i32);
    this.#charge(survey.cost(one.scope));
    let from = one.bodyAt;
    for (let place = one.firstPlace; place < one.placesEnd; place = survey.nextPlace(place)) {
      const at = survey.placeAt(place);
      this.#copy(from, at);
      from = this.#put(place, at);
    }
    this.#copy(from, one.end);
  }

  #copy(from: number, end: number): void {
    this.#trail?.addRun(from, end, this.#out.length);
    this.#out.copy(this.#bytes, from, end);
  }

  /** Writes what belongs at a place; returns where copying goes on. */
  #put(place: number, at: number): number {
    const survey = this.#survey;
    const a = survey.placeA(place);
    const b = survey.placeB(place);
    switch (survey.placeKind(place)) {
      case Place.loop:
        this.#loop(at, a, b);
        return a;
      case Place.loopEnd:
        if (a === this.#region) {
          this.#writeBack();
          this.#region = noRegion;
        }
        return at;
      case Place.jump:
        if (this.#leaves(a)) this.#writeBack();
        return at;
      case Place.jumpIf:
        return this.#leaves(a) ? this.#jumpIf(at, b) : at;
      default:
        this.#sized();
        return at;
    }
  }

  /** Whether a jump to the block that lies so deep leaves the region. */
  #leaves(depth: number): boolean {
    return this.#region !== noRegion && depth < this.#survey.depth(this.#region);
  }

  #op(opcode: number, index: number): void {
    this.#out.byte(opcode);
    this.#out.unsigned(index);
  }

  #writeBack(): void {
    this.#op(Opcode.localGet, this.#local);
    this.#op(Opcode.globalSet, this.#parts.fuel);
  }

  #loop(at: number, bodyAt: number, scope: number): void {
    const begins = this.#region === noRegion && !this.#survey.yields(scope);
    if (begins) {
      this.#op(Opcode.globalGet, this.#parts.fuel);
      this.#op(Opcode.localSet, this.#local);
      this.#region = scope;
    }
    this.#out.copy(this.#bytes, at, bodyAt);
    const cost = this.#survey.cost(scope);
    if (this.#region === noRegion) this.#charge(cost);
    else this.#chargeLocal(cost);
  }

  #subtract(cost: number): void {
    this.#out.byte(Opcode.i32Const);
    this.#out.signed(cost);
    this.#out.byte(Opcode.i32Sub);
  }

  #ifBelowZero(): void {
    this.#out.bytes([Opcode.i32Const, 0, Opcode.i32LtS, Opcode.if, noBlock]);
  }

  #charge(cost: number): void {
    this.#op(Opcode.globalGet, this.#parts.fuel);
    this.#subtract(cost);
    this.#op(Opcode.localTee, this.#local);
    this.#op(Opcode.globalSet, this.#parts.fuel);
    this.#op(Opcode.localGet, this.#local);
    this.#ifBelowZero();
    this.#op(Opcode.call, this.#parts.refill);
    this.#out.byte(Opcode.end);
  }

  #chargeLocal(cost: number): void {
    this.#op(Opcode.localGet, this.#local);
    this.#subtract(cost);
    this.#op(Opcode.localTee, this.#local);
    this.#ifBelowZero();
    this.#writeBack();
    this.#op(Opcode.call, this.#parts.refill);
    this.#op(Opcode.globalGet, this.#parts.fuel);
    this.#op(Opcode.localSet, this.#local);
    this.#out.byte(Opcode.end);
  }

  /** `br_if` as an `if` around a jump, so that only who leaves writes back. */
  #jumpIf(at: number, end: number): number {
    const out = this.#out;
    out.byte(Opcode.if);
    out.byte(noBlock);
    this.#writeBack();
    out.byte(Opcode.br);
    // One block deeper than it was.
    out.unsigned(this.#label(at) + 1);
    out.byte(Opcode.end);
    return end;
  }

  #label(at: number): number {
    let label = 0;
    let shift = 0;
    for (let i = at + 1; ; i++) {
      const byte = this.#bytes[i] as number;
      label |= (byte & 0x7f) << shift;
      shift += 7;
      if (byte < 0x80) return label;
    }
  }

  #sized(): void {
    this.#op(Opcode.localTee, this.#local);
    this.#op(Opcode.localGet, this.#local);
    this.#op(Opcode.call, this.#parts.chargeSize);
  }
}

/** Writes the content of the code section: the module's functions, then those of the meter. `trail` is told what went where. */
export function writeCode(
  bytes: Uint8Array,
  code: Section,
  survey: CodeSurvey,
  parts: MeterParts,
  own: readonly Uint8Array[],
  trail?: CodeTrail,
): Uint8Array {
  const out = new BinaryWriter((code.end - code.start) * 2);
  const body = new BinaryWriter(4096);
  const rewriter = new CodeRewriter(bytes, survey, parts, body, trail);
  out.unsigned(survey.functions.length + own.length);
  for (const one of survey.functions) {
    body.clear();
    rewriter.write(one);
    out.unsigned(body.length);
    trail?.endFunction(one, out.length, body.length);
    out.bytes(body.written);
  }
  for (const bytesOfOne of own) {
    out.unsigned(bytesOfOne.length);
    out.bytes(bytesOfOne);
  }
  return out.written;
}

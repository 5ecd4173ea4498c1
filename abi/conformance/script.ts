// A script under construction: bytes in the module's memory, calls of imports in order, and what each must answer.
import { fromHex, Writer } from "../src/index.ts";
import { type Finish, operationNumber } from "./machine.ts";
import { headBytes, operandsMax, scriptAt, stepBytes } from "./layout.ts";
import { fail, show } from "./rule.ts";

/** A parameter: a number, or where the module finds one when it comes to the step. */
export type Operand = number | bigint | Late;

export interface Late {
  readonly kind: 1 | 2 | 3;
  readonly value: number;
}

/** The u32 that will be at an address. */
export function at(address: number): Late {
  return { kind: 1, value: address };
}

/** The u64 that will be at an address. */
export function longAt(address: number): Late {
  return { kind: 2, value: address };
}

/** What a call must answer; `reference` where the reference host is known to answer something else. */
export type Expected = number | bigint | "any" | Either;

export interface Either {
  readonly documented: number;
  readonly reference: number | "trap";
}

/** The ABI documents an errno where the reference host traps. */
export function orTrap(documented: number): Either {
  return { documented, reference: "trap" };
}

interface Step {
  readonly name: string;
  readonly operands: readonly Operand[];
  readonly expected: Expected;
}

interface Watch {
  readonly length: number;
  readonly check: (bytes: Uint8Array) => string | undefined;
}

export class Script {
  readonly base: number;
  readonly #image = new Writer();
  readonly #steps: Step[] = [];
  readonly #watches: Watch[] = [];
  readonly #names = new Map<string, number>();
  /** Whether the last step must trap. */
  #endsInTrap = false;

  /** `base` is where the module will have it: by default where the script of a call goes. */
  constructor(base: number = scriptAt) {
    this.base = base;
  }

  /** Puts bytes into the module's memory; their address. */
  place(bytes: Uint8Array | readonly number[]): number {
    const address = this.base + headBytes + this.#image.length;
    this.#image.raw(Uint8Array.from(bytes));
    return address;
  }

  /** Room for so many bytes, all of them `filler`. */
  room(length: number, filler = 0): number {
    return this.place(new Uint8Array(length).fill(filler));
  }

  word(value = 0): number {
    return this.place(new Uint8Array(Uint32Array.of(value).buffer));
  }

  /** A text's address and length. */
  text(text: string): readonly [address: number, length: number] {
    const bytes = new TextEncoder().encode(text);
    return [this.place(bytes), bytes.length];
  }

  /** Adds a call of an import, or an operation of the module; its result, for later steps. */
  call(expected: Expected, name: string, ...operands: readonly Operand[]): Late {
    operationNumber(name);
    if (operands.length > operandsMax) throw new Error(`${name} has too many operands`);
    this.#steps.push({ name, operands, expected });
    return { kind: 3, value: this.#steps.length - 1 };
  }

  /** Adds the last step, which must trap. */
  traps(name: string, ...operands: readonly Operand[]): void {
    this.call("any", name, ...operands);
    this.#endsInTrap = true;
  }

  /** What the bytes at an address must be at this point. */
  holds(address: Operand, expected: Uint8Array | readonly number[], what = "memory"): void {
    const wanted = Uint8Array.from(expected);
    this.watch(address, wanted.length, (bytes) =>
      Buffer.compare(bytes, wanted) === 0
        ? undefined
        : `${what}: ${show(Array.from(bytes))}, not ${show(Array.from(wanted))}`,
    );
  }

  holdsWord(address: number, value: number, what = "the word written"): void {
    this.#holdsNumber(address, 4, BigInt(value), what);
  }

  holdsLong(address: number, value: bigint, what = "the number written"): void {
    this.#holdsNumber(address, 8, value, what);
  }

  #holdsNumber(address: number, length: number, value: bigint, what: string): void {
    this.watch(address, length, (bytes) => {
      const seen = bytes.reduceRight((sum, byte) => sum * 256n + BigInt(byte), 0n);
      return seen === value ? undefined : `${what}: ${seen}, not ${value}`;
    });
  }

  /** Looks at bytes at this point; `check` says what is wrong with them. */
  watch(address: Operand, length: number, check: Watch["check"]): void {
    this.call("any", "report", address, length);
    this.#watches.push({ length, check });
  }

  /** The id of a table, asked for once. */
  table(name: string): Late {
    return this.#named("table_id_from_name", name);
  }

  index(name: string): Late {
    return this.#named("index_id_from_name", name);
  }

  #named(lookUp: string, name: string): Late {
    const key = `${lookUp} ${name}`;
    let out = this.#names.get(key);
    if (out === undefined) {
      out = this.word();
      this.call(0, lookUp, ...this.text(name), out);
      this.#names.set(key, out);
    }
    return at(out);
  }

  get endsInTrap(): boolean {
    return this.#endsInTrap;
  }

  /** Whether the reference host traps at some step. */
  get mayTrap(): boolean {
    return this.#steps.some(({ expected }) => isEither(expected) && expected.reference === "trap");
  }

  /** The imports that it calls. */
  get imports(): ReadonlySet<string> {
    return new Set(this.#steps.map(({ name }) => name));
  }

  /** Where the result of a step will be, once the script is whole. */
  resultAddress(position: number): number {
    return this.base + headBytes + this.#image.length + position * stepBytes + 8;
  }

  /** The script as the module reads it. Without `withTrap`, the step that must trap is left out. */
  encode(finish: Finish, code: number, reportId = 0, withTrap = true): Uint8Array {
    const steps = this.#endsInTrap && !withTrap ? this.#steps.slice(0, -1) : this.#steps;
    const writer = new Writer();
    for (const head of [finish, reportId, code >>> 0, steps.length, this.#image.length]) {
      writer.u32(head);
    }
    writer.raw(this.#image.written());
    for (const { name, operands } of steps) writeStep(writer, name, operands);
    return writer.finish();
  }

  /** Fails if results or bytes are not what they must be. `report` is what the module made of the script. */
  verify(report: string, isStrict: boolean, withTrap = true): void {
    const count = this.#steps.length - (this.#endsInTrap && !withTrap ? 1 : 0);
    const watched = this.#watches.reduce((sum, { length }) => sum + length, 0);
    if (!/^[0-9a-f]*$/.test(report) || report.length !== 2 * (watched + 8 * count)) {
      fail(`the module's report is not whole: ${show(report)}`);
    }
    const bytes = fromHex(report);
    const results = new DataView(bytes.buffer, bytes.byteOffset + watched);
    for (let i = 0; i < count; i++) {
      const { name, expected } = this.#steps[i] as Step;
      const seen = results.getBigInt64(8 * i, true);
      if (!isExpected(seen, expected, isStrict)) {
        fail(`step ${i + 1}, ${name}: ${seen}, not ${showExpected(expected)}`);
      }
    }
    let start = 0;
    for (const { length, check } of this.#watches) {
      const fault = check(bytes.subarray(start, start + length));
      if (fault !== undefined) fail(fault);
      start += length;
    }
  }
}

function isEither(expected: Expected): expected is Either {
  return typeof expected === "object";
}

function isExpected(seen: bigint, expected: Expected, isStrict: boolean): boolean {
  if (expected === "any") return true;
  if (!isEither(expected)) return seen === BigInt(expected);
  if (seen === BigInt(expected.documented)) return true;
  return !isStrict && expected.reference !== "trap" && seen === BigInt(expected.reference);
}

function showExpected(expected: Expected): string {
  return isEither(expected)
    ? `${expected.documented} (reference host: ${expected.reference})`
    : `${expected}`;
}

function writeStep(writer: Writer, name: string, operands: readonly Operand[]): void {
  writer.u32(operationNumber(name));
  writer.u32(0);
  writer.u64(0n);
  for (let i = 0; i < operandsMax; i++) {
    const operand = operands[i] ?? 0;
    const isLate = typeof operand === "object";
    writer.u32(isLate ? operand.kind : 0);
    writer.u64(BigInt.asUintN(64, BigInt(isLate ? operand.value : operand)));
  }
}

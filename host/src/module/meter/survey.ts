// The first look at a module's code: what each function and each loop of it costs, and where something is to be put in.
//
// A scope is a function without its loops, or a loop without the loops inside it. Its cost is paid when it is entered, a loop's at
// each turn.
import { BinaryReader, type Section } from "../binary.ts";
import { Opcode, passPlain, sizedBulkOpcodes, skipImmediates } from "./opcode.ts";
import { Words } from "./words.ts";

/** Instructions that give the code its shape and cost nothing; all others cost 1, unless they are among those below. */
const freeOpcodes: readonly number[] = [
  Opcode.nop,
  Opcode.block,
  Opcode.loop,
  Opcode.else,
  Opcode.try,
  Opcode.catch,
  Opcode.catchAll,
  Opcode.tryTable,
  Opcode.end,
  Opcode.drop,
];
const costs = new Uint8Array(256).fill(1);
for (const opcode of freeOpcodes) costs[opcode] = 0;

/** Calls of the host, whose own work costs no fuel: it must not take long until the clock is looked at. */
const costOfImport = 100;
const costOfGrowth = 1000;

/** Kinds of places in the code. */
export const Place = {
  /** A loop begins. `a`: where its body begins; `b`: its scope. */
  loop: 0,
  /** It has ended. `a`: its scope. */
  loopEnd: 1,
  /** A jump that may leave loops. `a`: how deep the block is that it leads to. */
  jump: 2,
  /** A `br_if` that takes no values along. `a` as above; `b`: where the next instruction begins. */
  jumpIf: 3,
  /** An instruction whose work grows with the number on top of the stack. */
  sized: 4,
} as const;

const placeWords = 4;

export interface FunctionSurvey {
  readonly scope: number;
  /** Where its local variables are declared. */
  readonly localsAt: number;
  /** The numbers of its groups of variables, and of its parameters and variables. */
  readonly groupCount: number;
  readonly localCount: number;
  readonly groupsAt: number;
  readonly bodyAt: number;
  readonly end: number;
  /** `places[firstPlace, placesEnd)` are its own. */
  readonly firstPlace: number;
  readonly placesEnd: number;
}

/** What the code's survey must know of the rest of the module. */
export interface ModuleFacts {
  readonly importedCount: number;
  /** Parameters and results of each function, imports first. */
  readonly paramCounts: readonly number[];
  readonly resultCounts: readonly number[];
  /** Functions that others than their direct callers can call. */
  readonly reachable: Set<number>;
}

interface Block {
  /** The scope that is a loop, or undefined. */
  readonly loop: number | undefined;
  /** Whether a jump to it may take values along. */
  readonly takesValues: boolean;
}

/** The cheapest functions pay nothing of their own: who calls them pays for them. */
const smallCostMax = 64;

const noBlock = 0x40;

export class CodeSurvey {
  readonly functions: FunctionSurvey[] = [];
  readonly #facts: ModuleFacts;
  readonly #reader: BinaryReader;
  readonly #places = new Words();
  readonly #costs = new Words();
  readonly #parents = new Words();
  /** 1 for scopes in which fuel can be used by others: by a function called, or after an exception. */
  readonly #yields = new Words();
  /** How deep a loop lies among blocks. */
  readonly #depths = new Words();
  /** Pairs: a scope, the function called in it. */
  readonly #calls = new Words();
  /** By function defined here: whether its callers pay. */
  #isSmall: boolean[] = [];
  #blocks: Block[] = [];
  #scope = 0;

  constructor(bytes: Uint8Array, code: Section, facts: ModuleFacts) {
    this.#facts = facts;
    this.#reader = new BinaryReader(bytes, code.start);
    const count = this.#reader.number();
    for (let i = 0; i < count; i++) this.#readFunction(facts.importedCount + i);
    this.#settle();
  }

  /** What entering a scope costs: never nothing, so that every loop comes to an end. */
  cost(scope: number): number {
    return Math.max(1, this.#costs.at(scope));
  }

  /** Whether fuel changes hands inside a loop, so that it cannot be kept in a variable there. */
  yields(scope: number): boolean {
    return this.#yields.at(scope) !== 0;
  }

  /** How many blocks a loop lies in; the function itself is one. */
  depth(scope: number): number {
    return this.#depths.at(scope);
  }

  /** Whether the callers of a function pay for it. */
  isSmall({ scope }: FunctionSurvey): boolean {
    return this.#isSmall[scope] ?? false;
  }

  placeKind(place: number): number {
    return this.#places.at(place);
  }

  placeAt(place: number): number {
    return this.#places.at(place + 1);
  }

  placeA(place: number): number {
    return this.#places.at(place + 2);
  }

  placeB(place: number): number {
    return this.#places.at(place + 3);
  }

  /** The place after this one. */
  nextPlace(place: number): number {
    return place + placeWords;
  }

  #openScope(parent: number): number {
    this.#parents.push(parent);
    this.#yields.push(0);
    this.#depths.push(this.#blocks.length);
    return this.#costs.push(0);
  }

  #note(kind: number, at: number, a: number, b: number): void {
    this.#places.push(kind);
    this.#places.push(at);
    this.#places.push(a);
    this.#places.push(b);
  }

  #readFunction(index: number): void {
    const reader = this.#reader;
    const length = reader.number();
    const localsAt = reader.at;
    const end = localsAt + length;
    const groupCount = reader.number();
    const groupsAt = reader.at;
    reader.moveTo(localsAt);
    const localCount = (this.#facts.paramCounts[index] as number) + reader.skipLocals();
    const bodyAt = reader.at;
    const firstPlace = this.#places.length;
    this.#blocks.length = 0;
    const scope = this.#openScope(-1);
    this.#scope = scope;
    this.#blocks.push({
      loop: undefined,
      takesValues: (this.#facts.resultCounts[index] as number) > 0,
    });
    while (this.#blocks.length > 0) this.#readInstruction();
    this.functions.push({
      scope,
      localsAt,
      groupCount,
      localCount,
      groupsAt,
      bodyAt,
      end,
      firstPlace,
      placesEnd: this.#places.length,
    });
    reader.moveTo(end);
  }

  #readInstruction(): void {
    const reader = this.#reader;
    this.#costs.add(this.#scope, passPlain(reader, costs));
    const { at } = reader;
    const opcode = reader.byte();
    this.#costs.add(this.#scope, costs[opcode] as number);
    switch (opcode) {
      case Opcode.block:
      case Opcode.if:
      case Opcode.try:
      case Opcode.loop:
      case Opcode.tryTable:
        this.#openBlock(opcode, at);
        return;
      case Opcode.end:
        this.#closeBlock();
        return;
      case Opcode.delegate:
        reader.skipNumber();
        this.#blocks.pop();
        return;
      case Opcode.call:
      case Opcode.returnCall:
        this.#calls.push(this.#scope);
        this.#calls.push(reader.number());
        return;
      default:
        this.#readOther(opcode, at);
    }
  }

  #readOther(opcode: number, at: number): void {
    const reader = this.#reader;
    switch (opcode) {
      case Opcode.br:
      case Opcode.brIf:
      case Opcode.brTable:
      case Opcode.return:
      case Opcode.brOnNull:
      case Opcode.brOnNonNull:
        this.#jump(opcode, at);
        return;
      case Opcode.throw:
      case Opcode.rethrow:
      case Opcode.throwRef:
      case Opcode.callIndirect:
      case Opcode.returnCallIndirect:
      case Opcode.callRef:
      case Opcode.returnCallRef:
        this.#yields.set(this.#scope, 1);
        break;
      case Opcode.memoryGrow:
        this.#costs.add(this.#scope, costOfGrowth);
        break;
      case Opcode.refFunc:
        this.#facts.reachable.add(reader.number());
        return;
      case Opcode.bulk: {
        // The number may be written in more bytes than it needs.
        const second = reader.number();
        if (sizedBulkOpcodes.has(second)) this.#noteSized(at);
        reader.moveTo(at + 1);
      }
    }
    skipImmediates(reader, opcode, at);
  }

  #noteSized(at: number): void {
    this.#note(Place.sized, at, 0, 0);
    this.#yields.set(this.#scope, 1);
    this.#costs.add(this.#scope, costOfImport);
  }

  #openBlock(opcode: number, at: number): void {
    const reader = this.#reader;
    const first = reader.bytes[reader.at] ?? 0;
    skipImmediates(reader, opcode, at);
    if (opcode !== Opcode.loop) {
      this.#blocks.push({ loop: undefined, takesValues: first !== noBlock });
      return;
    }
    const isTypeNumber = first < noBlock || first >= 0x80;
    const scope = this.#openScope(this.#scope);
    this.#note(Place.loop, at, reader.at, scope);
    this.#blocks.push({ loop: scope, takesValues: isTypeNumber });
    this.#scope = scope;
  }

  #closeBlock(): void {
    const { loop } = this.#blocks.pop() as Block;
    if (loop === undefined) return;
    this.#note(Place.loopEnd, this.#reader.at, loop, 0);
    this.#scope = this.#parents.at(loop);
  }

  #jump(opcode: number, at: number): void {
    const reader = this.#reader;
    // Code that keeps no fuel in a variable has nothing to write back: outside of loops no place is noted.
    const isInLoop = this.#parents.at(this.#scope) >= 0;
    if (opcode === Opcode.return) {
      if (isInLoop) this.#note(Place.jump, at, 0, 0);
      return;
    }
    let label = 0;
    const others = opcode === Opcode.brTable ? reader.number() : 0;
    for (let i = 0; i <= others; i++) label = Math.max(label, reader.number());
    if (!isInLoop) return;
    const target = this.#blocks.length - 1 - label;
    const takesValues = this.#blocks[target]?.takesValues ?? true;
    const isPlainIf = opcode === Opcode.brIf && !takesValues;
    this.#note(isPlainIf ? Place.jumpIf : Place.jump, at, target, reader.at);
  }

  /** Now that all functions have been seen: what calls cost, and which loops yield. */
  #settle(): void {
    const { importedCount, reachable } = this.#facts;
    const mayCallImports = [...reachable].some((index) => index < importedCount);
    const hasCalls = new Set<number>();
    for (let i = 0; i < this.#calls.length; i += 2) hasCalls.add(this.#calls.at(i));
    this.functions.forEach(({ scope, firstPlace, placesEnd }, i) => {
      this.#isSmall[scope] =
        firstPlace === placesEnd &&
        !this.yields(scope) &&
        !hasCalls.has(scope) &&
        this.cost(scope) <= smallCostMax &&
        !reachable.has(importedCount + i);
    });
    if (mayCallImports) this.#chargeIndirectCalls();
    for (let i = 0; i < this.#calls.length; i += 2) {
      const scope = this.#calls.at(i);
      const callee = this.#calls.at(i + 1);
      const called = this.functions[callee - importedCount];
      if (callee < importedCount) this.#costs.add(scope, costOfImport);
      else if (called !== undefined && this.isSmall(called)) {
        this.#costs.add(scope, this.cost(called.scope));
        continue;
      }
      this.#yields.set(scope, 1);
    }
    // Loops come after those they lie in.
    for (let scope = this.#parents.length - 1; scope >= 0; scope--) {
      const parent = this.#parents.at(scope);
      if (parent >= 0 && this.yields(scope)) this.#yields.set(parent, 1);
    }
  }

  /** Where imports are in tables, whatever is called through one may be an import. */
  #chargeIndirectCalls(): void {
    for (let scope = 0; scope < this.#costs.length; scope++) {
      if (this.yields(scope)) this.#costs.add(scope, costOfImport);
    }
  }
}

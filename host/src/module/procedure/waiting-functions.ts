// Which functions of a module can be on its stack while it waits: those that call an import that waits, their callers, and so on.
// What is called through a table may be any function of that type that a table, a global variable or code refers to; the host puts
// none of a module's functions into its tables.
import { BinaryReader, readSections, SectionId } from "../binary.ts";
import { readFacts } from "../meter/facts.ts";
import { Opcode, passPlain, skipImmediates } from "../meter/opcode.ts";
import { readFunctionTypes } from "./function-types.ts";
import { bodiesOf } from "./skeleton.ts";
import { suspendingImports } from "./suspending-imports.ts";

/** Calls by a reference on the stack: their type is not looked at. */
const anyType = "any";
const noCosts = new Uint8Array(256);

/** Who calls: functions by what they call. */
class Callers {
  readonly #direct = new Map<number, number[]>();
  readonly #byType = new Map<string, number[]>();

  static #add<K>(callers: Map<K, number[]>, callee: K, caller: number): void {
    const known = callers.get(callee);
    if (known === undefined) callers.set(callee, [caller]);
    // A function's calls are read one after another.
    else if (known.at(-1) !== caller) known.push(caller);
  }

  addDirect(callee: number, caller: number): void {
    Callers.#add(this.#direct, callee, caller);
  }

  addByType(type: string, caller: number): void {
    Callers.#add(this.#byType, type, caller);
  }

  of(callee: number): readonly number[] {
    return this.#direct.get(callee) ?? [];
  }

  ofType(type: string): readonly number[] {
    return this.#byType.get(type) ?? [];
  }
}

/** Reads the calls of all functions; `referred` gets those that code refers to without calling them. */
function readCallers(
  bytes: Uint8Array,
  firstOwn: number,
  types: readonly string[],
  referred: Set<number>,
): Callers {
  const callers = new Callers();
  const code = readSections(bytes).find(({ id }) => id === SectionId.code);
  if (code === undefined) return callers;
  bodiesOf(bytes, code).forEach((body, i) => {
    const caller = firstOwn + i;
    const reader = new BinaryReader(body, 0);
    reader.skipLocals();
    while (!reader.isAtEnd) {
      passPlain(reader, noCosts);
      const { at } = reader;
      const opcode = reader.byte();
      const operandAt = reader.at;
      const operand = reader.number();
      if (opcode === Opcode.call || opcode === Opcode.returnCall) {
        callers.addDirect(operand, caller);
      } else if (opcode === Opcode.callIndirect || opcode === Opcode.returnCallIndirect) {
        callers.addByType(types[operand] as string, caller);
      } else if (opcode === Opcode.callRef || opcode === Opcode.returnCallRef) {
        callers.addByType(anyType, caller);
      } else if (opcode === Opcode.refFunc) {
        referred.add(operand);
      }
      reader.moveTo(operandAt);
      skipImmediates(reader, opcode, at);
    }
  });
  return callers;
}

/** By number, of a valid module that imports nothing but functions; undefined where its types cannot be told apart. */
export function findWaitingFunctions(bytes: Uint8Array): ReadonlySet<number> | undefined {
  const { types, functions, imports, areComparable } = readFunctionTypes(bytes);
  if (!areComparable) return undefined;
  const referred = new Set(readFacts(bytes, readSections(bytes)).referred);
  const callers = readCallers(bytes, imports.length, types, referred);
  const waitingNames = suspendingImports.map(([from, name]) => `${from}.${name}`);
  const waiting = new Set<number>();
  const typesSeen = new Set<string>();
  imports.forEach((name, index) => {
    if (waitingNames.includes(name)) waiting.add(index);
  });
  // What is added to a set is visited as well.
  for (const callee of waiting) {
    for (const caller of callers.of(callee)) waiting.add(caller);
    if (!referred.has(callee)) continue;
    for (const type of [functions[callee] as string, anyType]) {
      if (typesSeen.has(type)) continue;
      typesSeen.add(type);
      for (const caller of callers.ofType(type)) waiting.add(caller);
    }
  }
  return waiting;
}

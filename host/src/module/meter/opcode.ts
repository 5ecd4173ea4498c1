// What follows each opcode in the binary form: enough to step from instruction to instruction, and no more.
import { LightconeError } from "@lightcone/abi";
import type { BinaryReader } from "../binary.ts";

/** Opcodes that the meter looks at. */
export const Opcode = {
  unreachable: 0x00,
  nop: 0x01,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  try: 0x06,
  catch: 0x07,
  throw: 0x08,
  rethrow: 0x09,
  throwRef: 0x0a,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  brTable: 0x0e,
  return: 0x0f,
  call: 0x10,
  callIndirect: 0x11,
  returnCall: 0x12,
  returnCallIndirect: 0x13,
  callRef: 0x14,
  returnCallRef: 0x15,
  delegate: 0x18,
  catchAll: 0x19,
  drop: 0x1a,
  tryTable: 0x1f,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  globalGet: 0x23,
  globalSet: 0x24,
  memoryGrow: 0x40,
  i32Const: 0x41,
  i32Eqz: 0x45,
  i32LtS: 0x48,
  i32Add: 0x6a,
  i32Sub: 0x6b,
  i32ShrU: 0x76,
  refFunc: 0xd2,
  brOnNull: 0xd5,
  brOnNonNull: 0xd6,
  bulk: 0xfc,
  vector: 0xfd,
  atomic: 0xfe,
} as const;

/** Opcodes of instructions without much behind them that the meter must see all the same. */
const watchedOpcodes: ReadonlySet<number> = new Set([
  Opcode.end,
  Opcode.delegate,
  Opcode.br,
  Opcode.brIf,
  Opcode.return,
  Opcode.call,
  Opcode.returnCall,
  Opcode.callRef,
  Opcode.returnCallRef,
  Opcode.throw,
  Opcode.rethrow,
  Opcode.throwRef,
  Opcode.memoryGrow,
  Opcode.refFunc,
  Opcode.brOnNull,
  Opcode.brOnNonNull,
]);

/** Second opcodes after `Opcode.bulk`. */
const BulkOpcode = {
  memoryInit: 8,
  memoryCopy: 10,
  memoryFill: 11,
  tableInit: 12,
  tableCopy: 14,
  tableGrow: 15,
  tableFill: 17,
} as const;

/** Instructions whose work grows with the number on top of the stack. */
export const sizedBulkOpcodes: ReadonlySet<number> = new Set(Object.values(BulkOpcode));

/** How to pass over what follows an opcode. */
const Immediate = {
  unknown: 0,
  none: 1,
  /** One number in LEB128. */
  number: 2,
  numbers: 3,
  /** Alignment, maybe the memory, offset. */
  memory: 4,
  block: 5,
  labels: 6,
  types: 7,
  bytes4: 8,
  bytes8: 9,
  bulk: 10,
  vector: 11,
  atomic: 12,
  tryTable: 13,
} as const;

function makeImmediates(): Uint8Array {
  const table = new Uint8Array(256);
  const set = (kind: number, ...ranges: readonly [number, number][]): void => {
    for (const [first, last] of ranges) table.fill(kind, first, last + 1);
  };
  set(Immediate.none, [0x00, 0x01], [0x05, 0x05], [0x0a, 0x0b], [0x0f, 0x0f], [0x19, 0x1b]);
  set(Immediate.none, [0x45, 0xc4], [0xd1, 0xd1], [0xd3, 0xd4]);
  set(Immediate.number, [0x07, 0x09], [0x0c, 0x0d], [0x10, 0x10], [0x12, 0x12], [0x14, 0x15]);
  set(Immediate.number, [0x18, 0x18], [0x20, 0x26], [0x3f, 0x42], [0xd0, 0xd0], [0xd2, 0xd2]);
  set(Immediate.number, [0xd5, 0xd6]);
  set(Immediate.numbers, [0x11, 0x11], [0x13, 0x13]);
  set(Immediate.memory, [0x28, 0x3e]);
  set(Immediate.block, [0x02, 0x04], [0x06, 0x06]);
  set(Immediate.labels, [0x0e, 0x0e]);
  set(Immediate.types, [0x1c, 0x1c]);
  set(Immediate.bytes4, [0x43, 0x43]);
  set(Immediate.bytes8, [0x44, 0x44]);
  set(Immediate.bulk, [0xfc, 0xfc]);
  set(Immediate.vector, [0xfd, 0xfd]);
  set(Immediate.atomic, [0xfe, 0xfe]);
  set(Immediate.tryTable, [0x1f, 0x1f]);
  return table;
}

const immediates = makeImmediates();

const memoryHasIndex = 0x40;

function skipMemory(reader: BinaryReader): void {
  const flags = reader.number();
  if ((flags & memoryHasIndex) !== 0) reader.skipNumber();
  reader.skipNumber();
}

/** Passes over a block's type: nothing, a value type, or a number in the type section. */
function skipBlock(reader: BinaryReader): void {
  const first = reader.bytes[reader.at] ?? 0;
  const isNumber = first < 0x40 || first >= 0x80;
  if (isNumber) reader.skipNumber();
  else reader.valueType();
}

function refuse(opcode: number, second: number | undefined, offset: number): never {
  const name = `0x${opcode.toString(16)}${second === undefined ? "" : ` ${second}`}`;
  throw new LightconeError(
    "LC_MODULE_LOAD",
    `the module has instruction ${name} at byte ${offset}, which this version cannot meter`,
  );
}

/** How many numbers follow a second opcode after `Opcode.bulk`. */
const bulkNumbers = [0, 0, 0, 0, 0, 0, 0, 0, 2, 1, 2, 1, 2, 1, 2, 1, 1, 1];

function skipBulk(reader: BinaryReader, at: number): void {
  const second = reader.number();
  const count = bulkNumbers[second] ?? refuse(Opcode.bulk, second, at);
  for (let i = 0; i < count; i++) reader.skipNumber();
}

const vectorOpcodeMax = 0x113;

function skipVector(reader: BinaryReader, at: number): void {
  const second = reader.number();
  if (second > vectorOpcodeMax) refuse(Opcode.vector, second, at);
  const isWithLane = second >= 84 && second <= 91;
  if (second <= 11 || isWithLane || second === 92 || second === 93) skipMemory(reader);
  if (isWithLane || (second >= 21 && second <= 34)) reader.skip(1);
  if (second === 12 || second === 13) reader.skip(16);
}

const atomicFence = 3;
const atomicOpcodeMax = 0x4e;

function skipAtomic(reader: BinaryReader, at: number): void {
  const second = reader.number();
  if (second > atomicOpcodeMax) refuse(Opcode.atomic, second, at);
  if (second === atomicFence) reader.skip(1);
  else skipMemory(reader);
}

function skipTryTable(reader: BinaryReader): void {
  skipBlock(reader);
  const catchCount = reader.number();
  for (let i = 0; i < catchCount; i++) {
    const namesTag = reader.byte() < 2;
    if (namesTag) reader.skipNumber();
    reader.skipNumber();
  }
}

function skipNumbers(reader: BinaryReader, count: number): void {
  for (let i = 0; i < count; i++) reader.skipNumber();
}

/** Moves `reader` from behind an opcode at `at` to the next one. LC_MODULE_LOAD for an opcode not known here. */
export function skipImmediates(reader: BinaryReader, opcode: number, at: number): void {
  switch (immediates[opcode]) {
    case Immediate.none:
      return;
    case Immediate.number:
      return reader.skipNumber();
    case Immediate.numbers:
      return skipNumbers(reader, 2);
    case Immediate.memory:
      return skipMemory(reader);
    case Immediate.block:
      return skipBlock(reader);
    case Immediate.labels:
      return skipNumbers(reader, reader.number() + 1);
    case Immediate.types: {
      for (let left = reader.number(); left > 0; left--) reader.valueType();
      return;
    }
    case Immediate.bytes4:
      return reader.skip(4);
    case Immediate.bytes8:
      return reader.skip(8);
    case Immediate.bulk:
      return skipBulk(reader, at);
    case Immediate.vector:
      return skipVector(reader, at);
    case Immediate.atomic:
      return skipAtomic(reader, at);
    case Immediate.tryTable:
      return skipTryTable(reader);
    default:
      return refuse(opcode, undefined, at);
  }
}

/** How to pass over instructions that need no look; 0 for all others. */
const plainImmediates = immediates.map((kind, opcode) => {
  const isPlain = kind === Immediate.none || kind === Immediate.number || kind === Immediate.memory;
  return isPlain && !watchedOpcodes.has(opcode) ? kind : 0;
});

/** Passes over plain instructions, which are most of all code; returns what they cost together. */
export function passPlain(reader: BinaryReader, costs: Uint8Array): number {
  // Kept in variables: this loop sees each byte of a module, and runs before it is compiled.
  const { bytes } = reader;
  let { at } = reader;
  let cost = 0;
  for (;;) {
    const opcode = bytes[at] as number;
    const kind = plainImmediates[opcode] as number;
    if (kind === 0) break;
    if (kind === Immediate.memory) {
      // Two numbers, unless the first one says that there are three.
      if ((bytes[at + 1] as number) >= memoryHasIndex) break;
      at++;
    }
    at++;
    if (kind !== Immediate.none) {
      while ((bytes[at] as number) >= 0x80) at++;
      at++;
    }
    cost += costs[opcode] as number;
  }
  reader.moveTo(at);
  return cost;
}

/** Passes over a constant expression with its `end`, telling of each function it refers to. */
export function skipConstant(reader: BinaryReader, onFunction: (index: number) => void): void {
  for (;;) {
    const at = reader.at;
    const opcode = reader.byte();
    if (opcode === Opcode.end) return;
    if (opcode === Opcode.refFunc) onFunction(reader.number());
    else skipImmediates(reader, opcode, at);
  }
}

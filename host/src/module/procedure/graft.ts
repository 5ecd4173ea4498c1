// Puts functions that were transformed in a skeleton of their module into the whole one. Nothing else of it changes: what the transformation
// added comes last among its kind, so all numbers in code mean the same, but for those of types, which are looked up.
import { BinaryReader, headerBytes, readSections, type Section, SectionId } from "../binary.ts";
import { BinaryWriter } from "../meter/binary-writer.ts";
import { Opcode, passPlain, skipImmediates } from "../meter/opcode.ts";
import { type FunctionTypes, readFunctionTypes } from "./function-types.ts";
import { bodiesOf, writeBody } from "./skeleton.ts";

/** The order of sections (core specification, section 5.5.2); custom ones follow. */
const sectionOrder = [1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11];
const noCosts = new Uint8Array(256);

/** A module read as far as it is put together from two. */
interface Parts {
  readonly bytes: Uint8Array;
  readonly sections: readonly Section[];
  readonly types: FunctionTypes;
  readonly bodies: readonly Uint8Array[];
}

function partsOf(bytes: Uint8Array): Parts {
  const sections = readSections(bytes);
  const code = sections.find(({ id }) => id === SectionId.code);
  const bodies = code === undefined ? [] : bodiesOf(bytes, code);
  return { bytes, sections, types: readFunctionTypes(bytes), bodies };
}

/** The number of entries of a section and the bytes behind it. */
interface List {
  readonly count: number;
  readonly entries: Uint8Array;
}

function listOf({ bytes, sections }: Parts, wanted: number): List {
  const section = sections.find(({ id }) => id === wanted);
  if (section === undefined) return { count: 0, entries: new Uint8Array() };
  const reader = new BinaryReader(bytes, section.start);
  const count = reader.number();
  return { count, entries: bytes.subarray(reader.at, section.end) };
}

function skipExport(reader: BinaryReader): void {
  reader.skip(reader.number());
  reader.skip(1);
  reader.skipNumber();
}

/** The exports of `after` that come behind as many as `before` has. */
function exportsBehind(before: List, after: List): Uint8Array {
  const reader = new BinaryReader(after.entries, 0);
  for (let i = 0; i < before.count; i++) skipExport(reader);
  return after.entries.subarray(reader.at);
}

/** Whether the bytes begin with others. */
function startsWith(bytes: Uint8Array, first: Uint8Array): boolean {
  return Buffer.compare(bytes.subarray(0, first.length), first) === 0;
}

/** Whether what `changed` adds to `whole` comes last everywhere, so that numbers in code mean the same in both. */
function keepsNumbers(whole: Parts, changed: Parts): boolean {
  const sameCounts = [SectionId.table, SectionId.memory, SectionId.element, SectionId.data];
  const before = whole.types.functions;
  return (
    changed.types.areComparable &&
    changed.types.imports.join() === whole.types.imports.join() &&
    changed.bodies.length >= whole.bodies.length &&
    before.every((type, i) => changed.types.functions[i] === type) &&
    startsWith(
      listOf(changed, SectionId.global).entries,
      listOf(whole, SectionId.global).entries,
    ) &&
    sameCounts.every((id) => listOf(whole, id).count === listOf(changed, id).count)
  );
}

/** For each type of `changed` its number in `whole`; those that are not there are added to `added`. */
function typeNumbers(whole: Parts, changed: Parts, added: Uint8Array[]): number[] {
  const { count } = listOf(whole, SectionId.type);
  const { entries } = listOf(changed, SectionId.type);
  const reader = new BinaryReader(entries, 0);
  const known = new Map(whole.types.types.map((type, number) => [type, number]));
  return changed.types.types.map((type) => {
    const start = reader.at;
    reader.functionType();
    for (let i = 0; i < 2; i++) reader.list(() => reader.valueType());
    return known.get(type) ?? count + added.push(entries.subarray(start, reader.at)) - 1;
  });
}

/** Opcodes whose first operand is a block's type. */
const blocks: readonly number[] = [
  Opcode.block,
  Opcode.loop,
  Opcode.if,
  Opcode.try,
  Opcode.tryTable,
];
const noBlock = 0x40;

/** A body with the numbers of its types replaced. */
function renumber(body: Uint8Array, numbers: readonly number[]): Uint8Array {
  const reader = new BinaryReader(body, 0);
  const out = new BinaryWriter(body.length + 16);
  reader.skipLocals();
  let copiedTo = 0;
  while (!reader.isAtEnd) {
    passPlain(reader, noCosts);
    const { at } = reader;
    const opcode = reader.byte();
    const typeAt = reader.at;
    const first = body[typeAt] ?? 0;
    const isIndirect = opcode === Opcode.callIndirect || opcode === Opcode.returnCallIndirect;
    const isTypedBlock = blocks.includes(opcode) && (first < noBlock || first >= 0x80);
    if (isIndirect || isTypedBlock) {
      out.copy(body, copiedTo, typeAt);
      // A block's type is written as a signed number.
      const number = numbers[reader.number()] as number;
      if (isIndirect) out.unsigned(number);
      else out.signed(number);
      copiedTo = reader.at;
      reader.moveTo(typeAt);
    }
    skipImmediates(reader, opcode, at);
  }
  out.copy(body, copiedTo, body.length);
  return out.written;
}

/** A list with more entries behind those it has. */
function longer({ count, entries }: List, moreCount: number, more: Uint8Array): Uint8Array {
  const out = new BinaryWriter(entries.length + more.length + 5);
  out.unsigned(count + moreCount);
  out.bytes(entries);
  out.bytes(more);
  return out.written;
}

/** The sections that are not as they were. */
function changedSections(
  whole: Parts,
  changed: Parts,
  kept: ReadonlySet<number>,
): Map<number, Uint8Array> {
  const firstOwn = whole.types.imports.length;
  const newTypes: Uint8Array[] = [];
  const numbers = typeNumbers(whole, changed, newTypes);
  const code = new BinaryWriter(whole.bytes.length * 2);
  code.unsigned(changed.bodies.length);
  changed.bodies.forEach((body, i) => {
    const isOld = i < whole.bodies.length && !kept.has(firstOwn + i);
    writeBody(code, isOld ? (whole.bodies[i] as Uint8Array) : renumber(body, numbers));
  });
  const newFunctions = new BinaryWriter(64);
  for (const type of changed.types.functions.slice(whole.types.functions.length)) {
    newFunctions.unsigned(numbers[changed.types.types.indexOf(type)] as number);
  }
  const append = (id: number, behind: (before: List, after: List) => Uint8Array): Uint8Array => {
    const [before, after] = [listOf(whole, id), listOf(changed, id)];
    return longer(before, after.count - before.count, behind(before, after));
  };
  const types = listOf(whole, SectionId.type);
  return new Map([
    [SectionId.type, longer(types, newTypes.length, Buffer.concat(newTypes))],
    [SectionId.function, append(SectionId.function, () => newFunctions.written)],
    [
      SectionId.global,
      append(SectionId.global, (before, after) => after.entries.subarray(before.entries.length)),
    ],
    [SectionId.export, append(SectionId.export, exportsBehind)],
    [SectionId.code, code.written],
  ]);
}

/**
 * The module `bytes` with the functions `kept` as they are in `transformed`, which was made of their skeleton, and with the functions,
 * variables and exports that are new there. Undefined where the transformation has moved anything else.
 */
export function graft(
  bytes: Uint8Array,
  kept: ReadonlySet<number>,
  transformed: Uint8Array,
): Uint8Array | undefined {
  const whole = partsOf(bytes);
  const changed = partsOf(transformed);
  if (!keepsNumbers(whole, changed)) return undefined;
  const replaced = changedSections(whole, changed, kept);
  const out = new BinaryWriter(bytes.length + transformed.length);
  out.copy(bytes, 0, headerBytes);
  for (const id of sectionOrder) {
    const section = whole.sections.find((one) => one.id === id);
    const content = replaced.get(id) ?? (section && bytes.subarray(section.start, section.end));
    if (content !== undefined) out.section(id, content);
  }
  for (const { id, start, end } of whole.sections) {
    if (id === SectionId.custom) out.section(id, bytes.subarray(start, end));
  }
  return out.written;
}

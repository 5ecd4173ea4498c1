// Random tables: columns, keys, indexes and sequences, and random rows that often meet.
import {
  type AlgebraicType,
  bytesType,
  compileCodec,
  primitive,
  type Value,
  Writer,
} from "@lightcone/abi";
import type { Rng } from "@lightcone/fixtures/rng";
import { firstUserId, type IndexSchema } from "../../src/datastore/schema.ts";
import type { TableSketch } from "../datastore/tables.ts";

/** A kind of column: its type, and values that are few enough to come again and again. */
interface ColumnKind {
  readonly type: AlgebraicType;
  readonly value: (rng: Rng) => Value;
  readonly write: (writer: Writer, value: Value) => void;
}

function columnKind(type: AlgebraicType, value: (rng: Rng) => Value): ColumnKind {
  const codec = compileCodec(type);
  return { type, value, write: (writer, given) => codec.write(writer, given) };
}

const word = (rng: Rng): string => "pqrstuvwxyzé".slice(rng.nextBelow(4), rng.nextBelow(13));

const keyKinds: readonly ColumnKind[] = [
  columnKind(primitive("u8"), (rng) => rng.nextBelow(14)),
  columnKind(primitive("u32"), (rng) => rng.nextBelow(50) * 3),
  columnKind(primitive("u64"), (rng) => 2n ** BigInt(rng.nextBelow(64)) - 1n),
  columnKind(primitive("i64"), (rng) => BigInt(rng.nextBelow(20)) - 10n),
  columnKind(primitive("string"), word),
];

const otherKinds: readonly ColumnKind[] = [
  columnKind(primitive("bool"), (rng) => rng.nextBelow(2) === 0),
  columnKind(primitive("f64"), (rng) => rng.pick([0.5, 1, -2.25, Infinity])),
  // Long enough that commits are longer than a sector.
  columnKind(primitive("string"), (rng) => word(rng).repeat(rng.nextBelow(40))),
  columnKind(bytesType, (rng) => rng.bytes(rng.nextBelow(20))),
];

const sequenceKinds: readonly ColumnKind[] = [
  columnKind(primitive("u32"), () => 0),
  columnKind(primitive("u64"), () => 0n),
  columnKind(primitive("i64"), () => 0n),
];

const sketchIncrements: readonly bigint[] = [1n, 1n, 3n, 1000n];

/** A row: its values, its bytes, and the bytes as text, by which rows are told apart. */
export interface Row {
  readonly values: readonly Value[];
  readonly bytes: Uint8Array;
  readonly text: string;
}

const rowWriter = new Writer();

export function textOf(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("latin1");
}

/** A random table. */
export class Shape {
  readonly sketch: TableSketch;
  /** The column that a sequence fills, or -1. */
  readonly sequenceColumn: number;
  readonly #kinds: readonly ColumnKind[];

  constructor(sketch: TableSketch, kinds: readonly ColumnKind[], sequenceColumn: number) {
    this.sketch = sketch;
    this.sequenceColumn = sequenceColumn;
    this.#kinds = kinds;
  }

  get name(): string {
    return this.sketch.name;
  }

  get unique(): readonly (readonly number[])[] {
    return this.sketch.unique ?? [];
  }

  rowOf(values: readonly Value[]): Row {
    rowWriter.clear();
    this.#kinds.forEach((kind, column) => kind.write(rowWriter, values[column]));
    const bytes = rowWriter.finish();
    return { values, bytes, text: textOf(bytes, 0, bytes.length) };
  }

  randomRow(rng: Rng): Row {
    return this.rowOf(this.#kinds.map((kind) => kind.value(rng)));
  }
}

/** The values of some columns as one text. The columns are those of keys: numbers and strings. */
export function keyText(values: readonly Value[], columns: readonly number[]): string {
  let text = "";
  for (const column of columns) text += `${values[column] as number | bigint | string}\0`;
  return text;
}

function randomColumns(rng: Rng, candidateCount: number): number[] {
  const columns = Array.from({ length: candidateCount }, (_, column) => column);
  for (let i = columns.length - 1; i > 0; i--) {
    const other = rng.nextBelow(i + 1);
    [columns[i], columns[other]] = [columns[other] as number, columns[i] as number];
  }
  return columns.slice(0, 1 + rng.nextBelow(Math.min(2, candidateCount)));
}

const isFixed = ({ type }: ColumnKind): boolean => type.kind !== "string" && type.kind !== "array";

/** A random table of that name; if asked for, one whose inserts and deletes all log the same length. */
export function randomShape(rng: Rng, name: string, isFixedSize: boolean): Shape {
  const keyChoice = isFixedSize ? keyKinds.filter(isFixed) : keyKinds;
  const otherChoice = isFixedSize ? otherKinds.filter(isFixed) : otherKinds;
  const keys = Array.from({ length: 1 + rng.nextBelow(3) }, () => rng.pick(keyChoice));
  const others = Array.from({ length: rng.nextBelow(3) }, () => rng.pick(otherChoice));
  const isEvent = !isFixedSize && rng.nextBelow(12) === 0;
  const hasSequence = !isFixedSize && !isEvent && rng.nextBelow(2) === 0;
  const sequenceColumn = hasSequence ? keys.length : -1;
  const kinds = [...keys, ...(hasSequence ? [rng.pick(sequenceKinds)] : []), ...others];
  const keyCount = keys.length + (hasSequence ? 1 : 0);

  const unique = new Map<string, number[]>();
  const indexes = new Map<string, [IndexSchema["kind"], ...number[]]>();
  if (hasSequence && rng.nextBelow(3) > 0) unique.set(String(sequenceColumn), [sequenceColumn]);
  for (let count = rng.nextBelow(3); count > 0; count--) {
    const columns = randomColumns(rng, keyCount);
    unique.set(String(columns.toSorted((a, b) => a - b)), columns);
  }
  const addIndex = (columns: readonly number[]): void => {
    const type = (kinds[columns[0] as number] as ColumnKind).type.kind;
    const canBeDirect = columns.length === 1 && (type === "u8" || type === "u32");
    const kind = rng.pick(
      canBeDirect ? (["direct", "hash"] as const) : (["btree", "hash"] as const),
    );
    indexes.set(`${kind} ${String(columns)}`, [kind, ...columns]);
  };
  for (const columns of unique.values()) addIndex(columns);
  for (let count = rng.nextBelow(3); count > 0; count--) addIndex(randomColumns(rng, keyCount));

  const sketch: TableSketch = {
    name,
    columns: Object.fromEntries(kinds.map(({ type }, i) => [`c${i}`, type])),
    indexes: [...indexes.values()],
    unique: [...unique.values()],
    sequences: hasSequence ? { [sequenceColumn]: { increment: rng.pick(sketchIncrements) } } : {},
    isEvent,
  };
  return new Shape(sketch, kinds, sequenceColumn);
}

/** Whether a table's id is that of a user's table. */
export function isUserTable(id: number): boolean {
  return id >= firstUserId;
}

// Reads of made-up views: done on a datastore with a read set, as the imports do them, and told apart from it on plain values.
import { compileCodec, encode, Reader, type Value } from "@lightcone/abi";
import type { Rng } from "@lightcone/fixtures/rng";
import type { IndexHandle } from "../../src/datastore/datastore.ts";
import type { Cut, Index } from "../../src/datastore/index/contract.ts";
import { RowIds } from "../../src/datastore/rows/ids.ts";
import type { Table } from "../../src/datastore/table.ts";
import type { ReadSet } from "../../src/module/read-set.ts";

type Key = readonly Value[];

/** One end of a range: undefined where there is none. */
interface Bound {
  readonly value: Value;
  readonly isIncluded: boolean;
}

/** What a view reads. A range is over the column behind the prefix. */
export type Read =
  | { readonly kind: "scan"; readonly table: Table }
  | { readonly kind: "count"; readonly table: Table }
  | { readonly kind: "point"; readonly table: Table; readonly index: number; readonly key: Key }
  | {
      readonly kind: "range";
      readonly table: Table;
      readonly index: number;
      readonly prefix: Key;
      readonly lower: Bound | undefined;
      readonly upper: Bound | undefined;
    };

/** A row as its columns' values. */
export type Values = readonly Value[];

export function valuesOf(table: Table, bytes: Uint8Array): Values {
  const elements = table.schema.columns.map(({ type }, i) => ({ name: `c${i}`, type }));
  const row = compileCodec({ kind: "product", elements }).read(new Reader(bytes));
  return Object.values(row as Record<string, Value>);
}

export function rowBytes(table: Table, row: number): Uint8Array {
  const start = table.rows.start(row);
  return table.rows.page(row).slice(start, start + table.rows.size(row));
}

function handleOf(table: Table, position: number): IndexHandle {
  const isUnique = table.schema.indexes[position]?.isUnique === true;
  return { table, index: table.indexes[position] as Index, isUnique };
}

function keyBytes({ index }: IndexHandle, key: Key): Uint8Array {
  const elements = index.key.columnTypes
    .slice(0, key.length)
    .map((type, i) => ({ name: `k${i}`, type }));
  const value = Object.fromEntries(key.map((one, i) => [`k${i}`, one]));
  return encode(compileCodec({ kind: "product", elements }), value);
}

function cutOf(handle: IndexHandle, prefix: Key, bound: Bound | undefined, isLower: boolean): Cut {
  const key = bound === undefined ? prefix : [...prefix, bound.value];
  const isBefore = bound === undefined || bound.isIncluded ? isLower : !isLower;
  const side = isBefore ? "before" : "after";
  return { bytes: keyBytes(handle, key), start: 0, columnCount: key.length, side };
}

/** Does a read on the tables as they are, recorded in `reads`; returns the rows it finds. */
export function doRead(read: Read, reads: ReadSet): Uint8Array[] {
  const { table } = read;
  const found = new RowIds();
  if (read.kind === "count") {
    reads.wholeTable(table);
    return [new Uint8Array(Uint32Array.of(table.rowCount).buffer)];
  }
  if (read.kind === "scan") {
    reads.wholeTable(table);
    for (let row = table.nextRow(-1); row >= 0; row = table.nextRow(row)) found.push(row);
  } else if (read.kind === "point") {
    const handle = handleOf(table, read.index);
    const bytes = keyBytes(handle, read.key);
    reads.point(handle, bytes, 0, bytes.length);
    handle.index.scanPoint(bytes, 0, bytes.length, found);
  } else {
    const handle = handleOf(table, read.index);
    const lower = cutOf(handle, read.prefix, read.lower, true);
    const upper = cutOf(handle, read.prefix, read.upper, false);
    reads.range(handle, lower, upper);
    handle.index.scanRange(lower, upper, found);
  }
  return Array.from({ length: found.count }, (_, i) => rowBytes(table, found.at(i)));
}

/** Order of two values of one type: floats as keys order them, all others as JavaScript does. */
function compare(a: Value, b: Value): number {
  const [x, y] = [a as number | string, b as number | string];
  if (x !== x || y !== y) return Number(x !== x) - Number(y !== y);
  return x < y ? -1 : x > y ? 1 : 0;
}

/** Whether a row that is new, or gone, can change what a read finds. */
export function concerns(read: Read, table: Table, row: Values): boolean {
  if (read.table !== table) return false;
  if (read.kind === "scan" || read.kind === "count") return true;
  const { columns } = table.schema.indexes[read.index] as { columns: readonly number[] };
  const key = columns.map((column) => row[column]);
  const expected = read.kind === "point" ? read.key : read.prefix;
  if (!expected.every((value, i) => compare(value, key[i]) === 0)) return false;
  if (read.kind === "point") return true;
  const value = key[read.prefix.length];
  const { lower, upper } = read;
  const fromLower = lower === undefined ? 1 : compare(value, lower.value);
  const fromUpper = upper === undefined ? -1 : compare(value, upper.value);
  const isAbove = fromLower > 0 || (fromLower === 0 && lower?.isIncluded === true);
  return isAbove && (fromUpper < 0 || (fromUpper === 0 && upper?.isIncluded === true));
}

/** A read of a table by chance; `row` makes rows of it, from which keys and bounds are taken. */
export function randomRead(rng: Rng, table: Table, row: () => Values): Read {
  const kind = rng.pick(["scan", "count", "point", "point", "range", "range"] as const);
  if (kind === "scan" || kind === "count") return { kind, table };
  const index = rng.nextBelow(table.indexes.length);
  const { columns } = table.schema.indexes[index] as { columns: readonly number[] };
  const key = (): Values => {
    const values = row();
    return columns.map((column) => values[column]);
  };
  if (kind === "point" || table.indexes[index]?.isOrdered !== true) {
    return { kind: "point", table, index, key: key() };
  }
  const prefix = key().slice(0, rng.nextBelow(columns.length));
  const bound = (): Bound | undefined => {
    if (rng.nextBelow(4) === 0) return undefined;
    return { value: key()[prefix.length], isIncluded: rng.nextBelow(2) === 0 };
  };
  return { kind: "range", table, index, prefix, lower: bound(), upper: bound() };
}

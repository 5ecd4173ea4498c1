// The tables that most rules work on, and the short words in which rules say what they do to them.
import type { Value } from "../../src/index.ts";
import { Finish } from "../machine.ts";
import { makeGuest, StaticScripts } from "../guest.ts";
import { TableDef } from "../definition.ts";
import { param } from "../layout.ts";
import type { RuleText } from "../rule.ts";
import type { RunOptions } from "../session.ts";
import { at, type Expected, type Late, type Operand, type Script } from "../script.ts";

export const u8 = { kind: "u8" } as const;
export const u32 = { kind: "u32" } as const;
export const u64 = { kind: "u64" } as const;
export const string = { kind: "string" } as const;

export const errno = {
  notInTransaction: 2,
  decode: 3,
  noTable: 4,
  noIndex: 5,
  noIter: 6,
  noTimer: 7,
  noBytes: 8,
  wrongAlgorithm: 10,
  tooSmall: 11,
  unique: 12,
  delay: 13,
  notUnique: 14,
  noRow: 15,
  wouldBlock: 17,
  notAnonymous: 18,
  http: 21,
} as const;

/** With the last bytes or rows. */
export const last = -1;
/** A handle, id or address that nothing has. */
export const nobody = 0x0fff_fff0;

export const item: TableDef = new TableDef(
  "item",
  { id: u32, text: string },
  {
    key: 0,
    unique: [[0]],
    btree: [[0]],
  },
);
export const place: TableDef = new TableDef(
  "place",
  { id: u32, slot: u32, zone: u8, row: { kind: "i16" }, name: string },
  { key: 0, unique: [[0], [1]], btree: [[0], [2, 3, 4]], direct: [1], hash: [[2]] },
);
export const pair: TableDef = new TableDef("pair", { left: u32, right: u32 });
/** Its generated columns are not in the order of their names. */
export const ticket: TableDef = new TableDef(
  "ticket",
  { id: u64, note: string, amount: u32 },
  {
    key: 0,
    unique: [[0], [2]],
    btree: [[0], [2]],
    auto: [0, 2],
  },
);
/** Its generated column runs from 1 to 3. */
export const ring: TableDef = new TableDef(
  "ring",
  { n: u32, note: string },
  {
    auto: [0],
    sequence: { start: 1n, min: 1n, max: 3n },
  },
);
export const hashed: TableDef = new TableDef(
  "hashed",
  { id: u64, text: string },
  {
    key: 0,
    unique: [[0]],
    hash: [[0]],
  },
);
export const happening: TableDef = new TableDef(
  "happening",
  { id: u32, what: string },
  { isEvent: true },
);

const scripts = new StaticScripts();

/** Keeps what it was called with: parameters of two kinds in the arguments. */
const withParams = scripts.make(
  (s) => {
    const length = s.word(64);
    const buffer = s.room(64);
    s.call(0, "bytes_source_remaining_length", at(param.args), s.word());
    s.call(last, "bytes_source_read", at(param.args), buffer, length);
    s.watch(buffer, 11, () => undefined);
  },
  { code: 1, finish: Finish.error },
);

/** Its text is no UTF-8 in the middle. */
const withBadText = scripts.make(
  (s) => {
    s.call(0, "bytes_sink_write", at(param.sink), s.place([0x61, 0xff, 0x62]), s.word(3));
  },
  { code: 1 },
);

const withoutParams = scripts.make((s) => s.watch(param.args, 4, () => undefined), {
  code: 1,
  finish: Finish.error,
});

const scriptless = scripts.make(() => undefined);

export const dataProgram = (): Promise<Uint8Array> =>
  makeGuest({
    definition: {
      tables: [item, place, pair, ticket, ring, hashed, happening],
      reducers: [
        { name: "run" },
        { name: "with_params", params: { a: u32, b: string, c: u8 } },
        { name: "without_params", params: {} },
        { name: "with_bad_text", params: {} },
        { name: "hidden", isPrivate: true },
        { name: "on_init", lifecycle: "Init", params: {} },
      ],
    },
    scripts,
    reducers: { 1: withParams, 2: withoutParams, 3: withBadText, 5: scriptless },
  });

/** A rule that one script shows. */
export function on(
  name: string,
  states: string,
  build: (script: Script) => void,
  options?: RunOptions & { readonly reference?: string },
): RuleText {
  const { reference, ...runOptions } = options ?? {};
  return {
    name,
    states,
    ...(reference === undefined ? {} : { reference }),
    check: async (session) => void (await session.run(build, runOptions)),
  };
}

/** Adds an insert; the addresses of the row and of its length. */
export function insert(
  s: Script,
  table: TableDef,
  row: Value,
  expected: Expected = 0,
): { readonly row: number; readonly length: number } {
  const bytes = table.row(row);
  const made = { row: s.place(bytes), length: s.word(bytes.length) };
  s.call(expected, "datastore_insert_bsatn", s.table(table.name), made.row, made.length);
  return made;
}

export function update(
  s: Script,
  table: TableDef,
  index: Operand,
  row: Value,
  expected: Expected = 0,
): { readonly row: number; readonly length: number } {
  const bytes = table.row(row);
  const made = { row: s.place(bytes), length: s.word(bytes.length) };
  const { row: rowAt, length } = made;
  s.call(expected, "datastore_update_bsatn", s.table(table.name), index, rowAt, length);
  return made;
}

/** Adds a check of how many rows the transaction sees. */
export function holdsCount(s: Script, table: TableDef, count: bigint): void {
  const out = s.room(8, 0xff);
  s.call(0, "datastore_table_row_count", s.table(table.name), out);
  s.holdsLong(out, count, `rows of ${table.name}`);
}

/** Adds a scan of a whole table; its handle. */
export function scan(s: Script, table: TableDef): Late {
  const out = s.word();
  s.call(0, "datastore_table_scan_bsatn", s.table(table.name), out);
  return at(out);
}

/** Adds an advance that must deliver exactly these rows and be the last; `inOrder` or not. */
export function holdsRows(
  s: Script,
  iterator: Operand,
  rows: readonly Uint8Array[],
  inOrder = true,
): void {
  const [buffer, length] = [s.room(1024), s.word(1024)];
  s.call(last, "row_iter_bsatn_advance", iterator, buffer, length);
  const total = rows.reduce((sum, row) => sum + row.length, 0);
  s.holdsWord(length, total, "bytes of rows");
  if (inOrder) s.holds(buffer, Buffer.concat(rows), "rows");
  else s.watch(buffer, total, (bytes) => missingRow(bytes, rows));
}

/** Adds a check of all rows of a table, in any order. */
export function holdsTable(s: Script, table: TableDef, rows: readonly Value[]): void {
  const bytes = rows.map((row) => table.row(row));
  holdsRows(s, scan(s, table), bytes, false);
}

function missingRow(bytes: Uint8Array, rows: readonly Uint8Array[]): string | undefined {
  const left = [...rows];
  let start = 0;
  while (left.length > 0) {
    const next = left.findIndex(
      (row) => Buffer.compare(row, bytes.subarray(start, start + row.length)) === 0,
    );
    if (next < 0) return `unexpected row at byte ${start} of ${Array.from(bytes).join(" ")}`;
    start += (left.splice(next, 1)[0] as Uint8Array).length;
  }
  return undefined;
}

/** Little-endian bytes of a u32. */
export function word(value: number): number[] {
  return [...new Uint8Array(Uint32Array.of(value).buffer)];
}

/** Bounds of a range, as BSATN. */
export const bound = {
  included: (value: Uint8Array | readonly number[]): number[] => [0, ...value],
  excluded: (value: Uint8Array | readonly number[]): number[] => [1, ...value],
  unbounded: [2],
} as const;

export interface Range {
  readonly prefix?: readonly number[];
  readonly elements?: number;
  readonly start?: readonly number[];
  readonly end?: readonly number[];
}

/** The parameters of a range scan, without the last one. */
export function rangeOperands(s: Script, index: Operand, range: Range): Operand[] {
  const { prefix = [], elements = 0, start = bound.unbounded, end = bound.unbounded } = range;
  const prefixAt = elements === 0 ? 0 : s.place(prefix);
  const bytes = [s.place(start), start.length, s.place(end), end.length];
  return [index, prefixAt, prefix.length, elements, ...bytes];
}

/** Adds a range scan; its handle. */
export function scanRange(
  s: Script,
  index: Operand,
  range: Range,
  expected: Expected = 0,
  name = "datastore_index_scan_range_bsatn",
): Late {
  const out = s.word();
  s.call(expected, name, ...rangeOperands(s, index, range), out);
  return at(out);
}

export function deleteRange(
  s: Script,
  index: Operand,
  range: Range,
  count: number | undefined,
  expected: Expected = 0,
  name = "datastore_delete_by_index_scan_range_bsatn",
): void {
  const out = s.word(0xffff_ffff);
  s.call(expected, name, ...rangeOperands(s, index, range), out);
  if (count !== undefined) s.holdsWord(out, count, "rows deleted");
}

export function scanPoint(
  s: Script,
  index: Operand,
  key: Uint8Array | readonly number[],
  expected: Expected = 0,
): Late {
  const out = s.word();
  s.call(expected, "datastore_index_scan_point_bsatn", index, s.place(key), key.length, out);
  return at(out);
}

export function deletePoint(
  s: Script,
  index: Operand,
  key: Uint8Array | readonly number[],
  count: number | undefined,
  expected: Expected = 0,
): void {
  const out = s.word(0xffff_ffff);
  const name = "datastore_delete_by_index_scan_point_bsatn";
  s.call(expected, name, index, s.place(key), key.length, out);
  if (count !== undefined) s.holdsWord(out, count, "rows deleted");
}

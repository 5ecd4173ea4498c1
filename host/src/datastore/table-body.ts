// What a schema decides of a table: how its rows are kept and found. A table whose schema changes gets another body made of
// the present one; all that both have in common stays, the rows above all.
import { typesEqual } from "@lightcone/abi";
import { buildIndex } from "./index/build.ts";
import { type Index, IndexKey, type KeyConflict } from "./index/contract.ts";
import { HashIndex } from "./index/hash.ts";
import { RowLayout } from "./row-layout.ts";
import { FixedRowStore } from "./rows/fixed-store.ts";
import type { RowStore } from "./rows/store.ts";
import { VariableRowStore } from "./rows/variable-store.ts";
import type { ColumnSchema, IndexSchema, TableSchema } from "./schema.ts";
import { Sequence } from "./sequence.ts";

export interface TableBody {
  readonly schema: TableSchema;
  readonly layout: RowLayout;
  readonly rows: RowStore;
  /** In the order of `schema.indexes`. */
  readonly indexes: readonly Index[];
  readonly unique: readonly Index[];
  /** Finds a whole row where no unique index can. */
  readonly rowSet: HashIndex | undefined;
  readonly sequences: readonly Sequence[];
}

/** Two rows that a unique index of a new schema does not allow. */
export interface SchemaConflict {
  readonly conflict: KeyConflict;
  readonly index: IndexSchema;
}

function emptyStore(layout: RowLayout): RowStore {
  return layout.rowSize >= 0 ? new FixedRowStore(layout.rowSize) : new VariableRowStore();
}

function assemble(
  schema: TableSchema,
  layout: RowLayout,
  rows: RowStore,
  indexes: readonly Index[],
  sequences: readonly Sequence[],
  oldRowSet?: HashIndex,
): TableBody {
  const unique = indexes.filter((_, i) => (schema.indexes[i] as IndexSchema).isUnique);
  const columns = schema.columns.map((_, column) => column);
  const rowSet =
    unique.length > 0
      ? undefined
      : (oldRowSet ?? new HashIndex(new IndexKey(columns, rows, layout), true));
  return { schema, layout, rows, indexes, unique, rowSet, sequences };
}

/** The body of a table without rows. */
export function makeBody(schema: TableSchema): TableBody {
  const layout = new RowLayout(schema.columns.map((column) => column.type));
  const rows = emptyStore(layout);
  const indexes = schema.indexes.map((index) => buildIndex(index, rows, layout));
  const sequences = schema.sequences.map((sequence) => new Sequence(sequence));
  return assemble(schema, layout, rows, indexes, sequences);
}

function sameTypes(a: TableSchema, b: TableSchema): boolean {
  return (
    a.columns.length === b.columns.length &&
    a.columns.every(({ type }, i) => typesEqual(type, (b.columns[i] as ColumnSchema).type))
  );
}

function isSameIndex(a: IndexSchema, b: IndexSchema): boolean {
  return (
    a.id === b.id &&
    a.kind === b.kind &&
    a.isUnique === b.isUnique &&
    a.columns.length === b.columns.length &&
    a.columns.every((column, i) => column === b.columns[i])
  );
}

/** The visible rows of a store in one that keeps rows of another length. */
function copyRows(from: RowStore, layout: RowLayout): RowStore {
  const to = emptyStore(layout);
  for (let row = from.live.next(0); row >= 0; row = from.live.next(row + 1)) {
    const start = from.start(row);
    const copy = to.add(from.page(row), start, start + from.size(row));
    to.live.ensure(copy);
    to.live.add(copy);
  }
  return to;
}

/**
 * The body that gives a table another schema: its rows must be valid under both. Indexes and sequences that have not changed
 * are the old body's, which stays as it was as long as no row is written. Returns two rows with one key instead if a unique
 * index cannot be built.
 */
export function remakeBody(
  old: TableBody,
  schema: TableSchema,
  rowCount: number,
): TableBody | SchemaConflict {
  const keepsLayout = sameTypes(old.schema, schema);
  const layout = keepsLayout
    ? old.layout
    : new RowLayout(schema.columns.map((column) => column.type));
  const keepsRows = layout.rowSize === old.layout.rowSize;
  const rows = keepsRows ? old.rows : copyRows(old.rows, layout);
  const indexes: Index[] = [];
  for (const index of schema.indexes) {
    const position = keepsLayout
      ? old.schema.indexes.findIndex((each) => isSameIndex(each, index))
      : -1;
    const kept = old.indexes[position];
    if (kept !== undefined) {
      indexes.push(kept);
      continue;
    }
    const made = buildIndex(index, rows, layout);
    const conflict = made.build(rows.live, rowCount);
    if (conflict !== undefined) return { conflict, index };
    indexes.push(made);
  }
  const sequences = schema.sequences.map(
    (sequence) =>
      old.sequences.find(({ schema: { id } }) => id === sequence.id) ?? new Sequence(sequence),
  );
  const body = assemble(
    schema,
    layout,
    rows,
    indexes,
    sequences,
    keepsLayout ? old.rowSet : undefined,
  );
  if (body.rowSet !== undefined && body.rowSet !== old.rowSet)
    body.rowSet.build(rows.live, rowCount);
  return body;
}

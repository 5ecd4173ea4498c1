// The parts of a table's schema as rows of the system tables: written when a table is made, one by one when it changes
// (module-def.md sections 6.2, 8 and 10).
import { assert, LightconeError } from "@lightcone/abi";
import { type Catalog, columnRow, indexAlgorithmValue, sequenceRow } from "./catalog.ts";
import type { ColumnSchema, IndexSchema } from "./schema.ts";
import { sequenceMax, type SystemRow, systemTableId } from "./system-tables.ts";
import type { Transaction } from "./tx.ts";

export interface NewColumn extends ColumnSchema {
  /** The name it has in the module's source; the host's own columns have none. */
  readonly alias: string | undefined;
  /** BSATN of what rows get that are older than the column. */
  readonly defaultValue?: Uint8Array | undefined;
}

export interface NewIndex extends Pick<IndexSchema, "name" | "kind" | "columns"> {
  readonly alias: string | undefined;
  /** What generated code calls it; no row keeps that. */
  readonly accessor?: string | undefined;
}

export interface NewConstraint {
  readonly name: string;
  readonly columns: readonly number[];
}

export interface NewSequence {
  readonly name: string;
  readonly column: number;
  readonly increment: bigint;
  readonly start: bigint | undefined;
  readonly min: bigint | undefined;
  readonly max: bigint | undefined;
}

export interface NewSchedule {
  readonly name: string;
  readonly functionName: string;
  readonly atColumn: number;
}

/** A table whose schema rows are written inside `tx`. */
export interface SchemaTarget {
  readonly catalog: Catalog;
  readonly tx: Transaction;
  readonly tableId: number;
}

export function insertColumn(
  { catalog, tx, tableId }: SchemaTarget,
  position: number,
  column: NewColumn,
): void {
  catalog.insert(tx, systemTableId.column, columnRow(tableId, position, column));
}

export function insertColumnAlias(
  { catalog, tx }: SchemaTarget,
  tableName: string,
  { name, alias }: NewColumn,
): void {
  if (alias === undefined) return;
  const row = { table_name: tableName, col_name: name, accessor_name: alias };
  catalog.insert(tx, systemTableId.columnAccessor, row);
}

export function insertTableAlias(
  { catalog, tx }: SchemaTarget,
  tableName: string,
  alias: string,
): void {
  const row = { table_name: tableName, accessor_name: alias };
  catalog.insert(tx, systemTableId.tableAccessor, row);
}

export function insertIndexAlias({ catalog, tx }: SchemaTarget, { name, alias }: NewIndex): void {
  if (alias === undefined) return;
  catalog.insert(tx, systemTableId.indexAccessor, { index_name: name, accessor_name: alias });
}

export function insertIndex(target: SchemaTarget, index: NewIndex): void {
  const { catalog, tx, tableId } = target;
  catalog.insertWithId(tx, systemTableId.index, {
    index_id: 0,
    table_id: tableId,
    index_name: index.name,
    index_algorithm: indexAlgorithmValue(index),
  });
  insertIndexAlias(target, index);
}

export function insertConstraint(
  { catalog, tx, tableId }: SchemaTarget,
  { name, columns }: NewConstraint,
): void {
  catalog.insertWithId(tx, systemTableId.constraint, {
    constraint_id: 0,
    constraint_name: name,
    table_id: tableId,
    constraint_data: { tag: "Unique", value: columns },
  });
}

/** The values that a sequence runs through. */
export function sequenceRange(sequence: NewSequence): { min: bigint; max: bigint; start: bigint } {
  const min = sequence.min ?? 1n;
  const max = sequence.max ?? sequenceMax;
  return { min, max, start: sequence.start ?? (min > 1n ? min : max < 1n ? max : 1n) };
}

/** What is wrong with a sequence's limits, or undefined. */
export function sequenceFault(sequence: NewSequence): string | undefined {
  const { increment, name } = sequence;
  const { min, max, start } = sequenceRange(sequence);
  const size = increment < 0n ? -increment : increment;
  if (max > min && start >= min && start <= max && size > 0n && size <= max - min) return undefined;
  return `sequence ${name}: steps of ${increment} from ${start} do not fit between ${min} and ${max}`;
}

/**
 * Throws LC_MODULE_INVALID for a sequence with impossible limits. `allocated` is the first value not yet handed out, where
 * numbering goes on.
 */
export function insertSequence(
  { catalog, tx, tableId }: SchemaTarget,
  sequence: NewSequence,
  allocated?: bigint,
): void {
  const fault = sequenceFault(sequence);
  if (fault !== undefined) throw new LightconeError("LC_MODULE_INVALID", fault);
  const { name, column, increment } = sequence;
  const range = sequenceRange(sequence);
  const row = sequenceRow(tableId, {
    id: 0,
    name,
    column,
    increment,
    ...range,
    allocated: allocated ?? range.start,
  });
  catalog.insertWithId(tx, systemTableId.sequence, row);
}

export function insertSchedule(
  { catalog, tx, tableId }: SchemaTarget,
  { name, functionName, atColumn }: NewSchedule,
): void {
  catalog.insertWithId(tx, systemTableId.scheduled, {
    schedule_id: 0,
    table_id: tableId,
    reducer_name: functionName,
    schedule_name: name,
    at_column: atColumn,
  });
}

export type TablePart = "index" | "constraint" | "sequence";

/** The system tables whose rows name an index, a constraint or a sequence of a table. */
const namedParts: Readonly<Record<TablePart, readonly [systemId: number, column: string]>> = {
  index: [systemTableId.index, "index_name"],
  constraint: [systemTableId.constraint, "constraint_name"],
  sequence: [systemTableId.sequence, "sequence_name"],
};

export function deletePart(
  { catalog, tx, tableId }: SchemaTarget,
  part: TablePart,
  name: string,
): void {
  const [systemId, column] = namedParts[part];
  const found = catalog.deleteWhere(
    tx,
    systemId,
    (row) => row["table_id"] === tableId && row[column] === name,
  );
  assert(found.length === 1, `${part} ${name} is not there once`);
  if (part === "index") deleteIndexAlias({ catalog, tx, tableId }, name);
}

export function deleteIndexAlias({ catalog, tx }: SchemaTarget, name: string): void {
  catalog.deleteWhere(tx, systemTableId.indexAccessor, (row) => row["index_name"] === name);
}

export function deleteTableAlias({ catalog, tx }: SchemaTarget, tableName: string): void {
  catalog.deleteWhere(tx, systemTableId.tableAccessor, (row) => row["table_name"] === tableName);
}

export function deleteColumnAlias(
  { catalog, tx }: SchemaTarget,
  tableName: string,
  name: string,
): void {
  catalog.deleteWhere(
    tx,
    systemTableId.columnAccessor,
    (row) => row["table_name"] === tableName && row["col_name"] === name,
  );
}

export function deleteSchedule({ catalog, tx, tableId }: SchemaTarget): void {
  catalog.deleteWhere(tx, systemTableId.scheduled, (row) => row["table_id"] === tableId);
}

/** Gives a column another type. */
export function changeColumn(target: SchemaTarget, position: number, column: NewColumn): void {
  const { catalog, tx, tableId } = target;
  catalog.deleteWhere(
    tx,
    systemTableId.column,
    (row) => row["table_id"] === tableId && row["col_pos"] === position,
  );
  insertColumn(target, position, column);
}

/** Changes columns of the table's own row. */
export function changeTable({ catalog, tx, tableId }: SchemaTarget, change: SystemRow): void {
  const [row] = catalog.deleteWhere(
    tx,
    systemTableId.table,
    (each) => each["table_id"] === tableId,
  );
  catalog.insert(tx, systemTableId.table, { ...row, ...change });
}

const ownedTables: readonly number[] = [
  systemTableId.table,
  systemTableId.column,
  systemTableId.constraint,
  systemTableId.sequence,
  systemTableId.scheduled,
  systemTableId.eventTable,
];

/** Deletes every row that describes a table. */
export function deleteSchema({ catalog, tx, tableId }: SchemaTarget, tableName: string): void {
  const isOwn = (row: SystemRow): boolean => row["table_id"] === tableId;
  for (const systemId of ownedTables) catalog.deleteWhere(tx, systemId, isOwn);
  const names = new Set(
    catalog.deleteWhere(tx, systemTableId.index, isOwn).map((row) => row["index_name"]),
  );
  const { indexAccessor, tableAccessor, columnAccessor } = systemTableId;
  catalog.deleteWhere(tx, indexAccessor, (row) => names.has(row["index_name"]));
  for (const systemId of [tableAccessor, columnAccessor]) {
    catalog.deleteWhere(tx, systemId, (row) => row["table_name"] === tableName);
  }
}

// A new table as rows of the system tables, with ids drawn from their sequences (module-def.md sections 6.2 and 10).
import { tableRow } from "./catalog.ts";
import type { Datastore } from "./datastore.ts";
import {
  insertColumn,
  insertColumnAlias,
  insertConstraint,
  insertIndex,
  insertSchedule,
  insertSequence,
  insertTableAlias,
  type NewColumn,
  type NewConstraint,
  type NewIndex,
  type NewSchedule,
  type NewSequence,
  type SchemaTarget,
} from "./schema-rows.ts";
import { systemTableId } from "./system-tables.ts";
import type { Table } from "./table.ts";
import type { Transaction } from "./tx.ts";

/** What a definition says of a table, before it has ids. */
export interface NewTable {
  readonly name: string;
  /** "user" if not given: the module's own. */
  readonly kind?: "system" | "user";
  /** The name it has in the module's source. */
  readonly alias: string;
  readonly access: "public" | "private";
  readonly columns: readonly NewColumn[];
  readonly primaryKey: number | undefined;
  readonly indexes: readonly NewIndex[];
  readonly constraints: readonly NewConstraint[];
  readonly sequences: readonly NewSequence[];
  readonly schedule: NewSchedule | undefined;
  readonly isEvent: boolean;
}

/**
 * Creates a table inside the open transaction. `allocated` says where sequences go on, by their names; others begin at their
 * start. Throws LC_MODULE_INVALID for a sequence with impossible limits.
 */
export function createTable(
  datastore: Datastore,
  tx: Transaction,
  table: NewTable,
  allocated: ReadonlyMap<string, bigint> = new Map(),
): Table {
  return datastore.createTable(insertTableRows(datastore, tx, table, allocated));
}

/** The rows of system tables that make up a table, and its id. Throws as `createTable`. */
export function insertTableRows(
  datastore: Datastore,
  tx: Transaction,
  table: NewTable,
  allocated: ReadonlyMap<string, bigint> = new Map(),
): number {
  const { catalog } = datastore;
  const tableId = catalog.insertWithId(tx, systemTableId.table, {
    ...tableRow({ ...table, id: 0, kind: table.kind ?? "user" }),
  });
  const target: SchemaTarget = { catalog, tx, tableId };
  table.columns.forEach((column, position) => {
    insertColumn(target, position, column);
    insertColumnAlias(target, table.name, column);
  });
  insertTableAlias(target, table.name, table.alias);
  for (const index of table.indexes) insertIndex(target, index);
  for (const constraint of table.constraints) insertConstraint(target, constraint);
  for (const sequence of table.sequences) {
    insertSequence(target, sequence, allocated.get(sequence.name));
  }
  if (table.schedule !== undefined) insertSchedule(target, table.schedule);
  if (table.isEvent) catalog.insert(tx, systemTableId.eventTable, { table_id: tableId });
  return tableId;
}

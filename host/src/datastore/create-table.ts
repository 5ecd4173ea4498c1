// A new table as rows of the system tables, with ids drawn from their sequences (module-def.md sections 6.2 and 10).
import { LightconeError } from "@lightcone/abi";
import type { Transaction } from "./tx.ts";
import { columnRow, indexAlgorithmValue, sequenceRow, tableRow } from "./catalog.ts";
import type { Datastore } from "./datastore.ts";
import type { ColumnSchema, IndexSchema } from "./schema.ts";
import { sequenceMax, systemTableId } from "./system-tables.ts";
import type { Table } from "./table.ts";

/** What a definition says of a table, before it has ids. */
export interface NewTable {
  readonly name: string;
  /** "user" if not given: the module's own. */
  readonly kind?: "system" | "user";
  /** The name it has in the module's source. */
  readonly alias: string;
  readonly access: "public" | "private";
  readonly columns: readonly (ColumnSchema & { readonly alias: string })[];
  readonly primaryKey: number | undefined;
  readonly indexes: readonly (Pick<IndexSchema, "name" | "kind" | "columns"> & {
    readonly alias: string;
  })[];
  readonly constraints: readonly { readonly name: string; readonly columns: readonly number[] }[];
  readonly sequences: readonly NewSequence[];
  readonly schedule:
    { readonly name: string; readonly functionName: string; readonly atColumn: number } | undefined;
  readonly isEvent: boolean;
}

export interface NewSequence {
  readonly name: string;
  readonly column: number;
  readonly increment: bigint;
  readonly start: bigint | undefined;
  readonly min: bigint | undefined;
  readonly max: bigint | undefined;
}

/** Creates a table inside the open transaction. Throws LC_MODULE_INVALID for a sequence with impossible limits. */
export function createTable(datastore: Datastore, tx: Transaction, table: NewTable): Table {
  const { catalog } = datastore;
  const id = catalog.insertWithId(tx, systemTableId.table, {
    ...tableRow({ ...table, id: 0, kind: table.kind ?? "user" }),
  });
  table.columns.forEach((column, position) => {
    catalog.insert(tx, systemTableId.column, columnRow(id, position, column));
    catalog.insert(tx, systemTableId.columnAccessor, {
      table_name: table.name,
      col_name: column.name,
      accessor_name: column.alias,
    });
  });
  catalog.insert(tx, systemTableId.tableAccessor, {
    table_name: table.name,
    accessor_name: table.alias,
  });
  for (const index of table.indexes) {
    catalog.insertWithId(tx, systemTableId.index, {
      index_id: 0,
      table_id: id,
      index_name: index.name,
      index_algorithm: indexAlgorithmValue(index),
    });
    catalog.insert(tx, systemTableId.indexAccessor, {
      index_name: index.name,
      accessor_name: index.alias,
    });
  }
  for (const constraint of table.constraints) {
    catalog.insertWithId(tx, systemTableId.constraint, {
      constraint_id: 0,
      constraint_name: constraint.name,
      table_id: id,
      constraint_data: { tag: "Unique", value: constraint.columns },
    });
  }
  for (const sequence of table.sequences) createSequence(datastore, tx, id, sequence);
  if (table.schedule !== undefined) {
    catalog.insertWithId(tx, systemTableId.scheduled, {
      schedule_id: 0,
      table_id: id,
      reducer_name: table.schedule.functionName,
      schedule_name: table.schedule.name,
      at_column: table.schedule.atColumn,
    });
  }
  if (table.isEvent) catalog.insert(tx, systemTableId.eventTable, { table_id: id });
  return datastore.createTable(id);
}

function createSequence(
  datastore: Datastore,
  tx: Transaction,
  tableId: number,
  sequence: NewSequence,
): void {
  const { name, column, increment } = sequence;
  const min = sequence.min ?? 1n;
  const max = sequence.max ?? sequenceMax;
  const start = sequence.start ?? (min > 1n ? min : max < 1n ? max : 1n);
  const size = increment < 0n ? -increment : increment;
  if (max <= min || start < min || start > max || size === 0n || size > max - min) {
    throw new LightconeError(
      "LC_MODULE_INVALID",
      `sequence ${name}: steps of ${increment} from ${start} do not fit between ${min} and ${max}`,
    );
  }
  // Nothing is reserved yet.
  const row = sequenceRow(tableId, {
    id: 0,
    name,
    column,
    increment,
    start,
    min,
    max,
    allocated: start,
  });
  datastore.catalog.insertWithId(tx, systemTableId.sequence, row);
}

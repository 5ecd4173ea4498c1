// Schema as rows: system tables are read and written here and nowhere else in the datastore.
import {
  assert,
  type Codec,
  compileCodec,
  decode,
  decodeType,
  encodeType,
  present,
  Reader,
  type Value,
  Writer,
} from "@lightcone/abi";

import type { Index } from "./index/contract.ts";
import { wordAt } from "./key.ts";
import { RowIds } from "./rows/ids.ts";
import type {
  ConstraintSchema,
  IndexSchema,
  ScheduleSchema,
  SequenceSchema,
  TableSchema,
} from "./schema.ts";
import {
  type SystemRow,
  systemRowType,
  systemTableId,
  systemTableSchemas,
} from "./system-tables.ts";
import { Table } from "./table.ts";
import type { Transaction } from "./tx.ts";

const codecs: readonly Codec[] = systemTableSchemas().map((schema) =>
  compileCodec(systemRowType(schema.id)),
);

/** The BSATN of a system table's row. */
export function encodeSystemRow(tableId: number, row: SystemRow): Uint8Array {
  const writer = new Writer();
  (codecs[tableId - 1] as Codec).write(writer, row);
  return writer.finish();
}

/** Reads and writes rows of the system tables of one datastore. */
export class Catalog {
  readonly #tables: readonly Table[];
  readonly #found = new RowIds();
  readonly #key = new Writer(64);
  readonly #reader = new Reader(new Uint8Array(0));

  /** Makes the system tables, with the rows that describe themselves. Those rows are never logged. */
  constructor() {
    this.#tables = systemTableSchemas().map((schema) => new Table(schema));
    for (const { schema } of this.#tables) {
      for (const [tableId, row] of describeTable(schema)) {
        const bytes = encodeSystemRow(tableId, row);
        this.table(tableId).insert(bytes, 0, bytes.length);
      }
    }
    for (const table of this.#tables) table.release();
  }

  get tables(): readonly Table[] {
    return this.#tables;
  }

  /** The system table with an id from 1 to 20. */
  table(tableId: number): Table {
    return present(this.#tables[tableId - 1], `system table ${tableId}`);
  }

  /** Inserts a row whose keys must be free: definitions are checked for names used twice. */
  insert(tx: Transaction, tableId: number, row: SystemRow): void {
    const bytes = encodeSystemRow(tableId, row);
    const outcome = tx.insertAsIs(this.table(tableId), bytes, 0, bytes.length);
    assert(outcome === "done", `a row of system table ${tableId} is there already`);
  }

  /** Inserts a row whose id, given as 0, is drawn from the table's sequence; returns the id. */
  insertWithId(tx: Transaction, tableId: number, row: SystemRow): number {
    const bytes = encodeSystemRow(tableId, row);
    const outcome = tx.insert(this.table(tableId), bytes, 0, bytes.length);
    assert(outcome === "done", `a row of system table ${tableId} is there already`);
    return new Reader(tx.generated, 0, tx.generatedLength).u32();
  }

  /** Deletes the rows that `matches` picks and returns them. */
  deleteWhere(
    tx: Transaction,
    tableId: number,
    matches: (row: SystemRow) => boolean,
  ): readonly SystemRow[] {
    const table = this.table(tableId);
    const found: SystemRow[] = [];
    for (let row = table.nextRow(-1); row >= 0; row = table.nextRow(row)) {
      const value = this.row(tableId, row);
      if (!matches(value)) continue;
      found.push(value);
      tx.delete(table, row);
    }
    return found;
  }

  row(tableId: number, row: number): SystemRow {
    const { rows } = this.table(tableId);
    const start = rows.start(row);
    const bytes = rows.page(row).subarray(start, start + rows.size(row));
    return decode(codecs[tableId - 1] as Codec, bytes) as SystemRow;
  }

  /** All rows of a system table. */
  rows(tableId: number): SystemRow[] {
    const table = this.table(tableId);
    const found: SystemRow[] = [];
    for (let row = table.nextRow(-1); row >= 0; row = table.nextRow(row)) {
      found.push(this.row(tableId, row));
    }
    return found;
  }

  /** Row ids whose first `columns` of the index at `position` have the given key. */
  #findByKey(tableId: number, position: number, key: Uint8Array, columnCount: number): RowIds {
    const index = this.table(tableId).indexes[position] as Index;
    this.#found.clear();
    index.scanRange(
      { bytes: key, start: 0, columnCount, side: "before" },
      { bytes: key, start: 0, columnCount, side: "after" },
      this.#found,
    );
    return this.#found;
  }

  /** The one row whose key in the index at `position` is `key`, as a row id, or -1. */
  findRow(tableId: number, position: number, key: Uint8Array): number {
    const index = this.table(tableId).indexes[position] as Index;
    return index.find(key, 0, key.length);
  }

  /** The one row whose key, in the index at position 1, is made of names, or -1. */
  #findByName(tableId: number, name: string, second?: string): number {
    const key = this.#key;
    key.clear();
    key.string(name);
    if (second !== undefined) key.string(second);
    const index = this.table(tableId).indexes[1] as Index;
    return index.find(key.memory, 0, key.length);
  }

  /** A reader at a column of a row: whoever looks for a name wants one column, and asks often. */
  #columnAt(tableId: number, row: number, column: number): Reader {
    const { layout, rows } = this.table(tableId);
    const page = rows.page(row);
    const start = rows.start(row);
    this.#reader.reset(page, layout.columnStart(column, page, start), start + rows.size(row));
    return this.#reader;
  }

  #idOfTable(name: string): number | undefined {
    const row = this.#findByName(systemTableId.table, name);
    return row < 0 ? undefined : this.#columnAt(systemTableId.table, row, 0).u32();
  }

  /** The id of the table with a canonical name or an alias (abi.md section 5.1). */
  tableIdByName(name: string): number | undefined {
    const id = this.#idOfTable(name);
    if (id !== undefined) return id;
    const alias = this.#findByName(systemTableId.tableAccessor, name);
    if (alias < 0) return undefined;
    return this.#idOfTable(this.#columnAt(systemTableId.tableAccessor, alias, 0).string());
  }

  /** The id of the index with a canonical name or an alias. */
  indexIdByName(name: string): number | undefined {
    const alias = this.#findByName(systemTableId.indexAccessor, name);
    const canonical =
      alias < 0 ? undefined : this.#columnAt(systemTableId.indexAccessor, alias, 0).string();
    const indexes = this.rows(systemTableId.index);
    const named = (wanted: string): SystemRow | undefined =>
      indexes.find((one) => one["index_name"] === wanted);
    const found = named(name) ?? (canonical === undefined ? undefined : named(canonical));
    return found?.["index_id"] as number | undefined;
  }

  /** The column that an alias of a table stands for, or undefined. */
  columnByAlias(tableName: string, alias: string): string | undefined {
    const row = this.#findByName(systemTableId.columnAccessor, tableName, alias);
    if (row < 0) return undefined;
    return this.#columnAt(systemTableId.columnAccessor, row, 1).string();
  }

  /**
   * The rows that belong to a table, in the order of their ids, which is the first column. Those of others are not decoded: a
   * publish asks this for each of its tables.
   */
  #rowsOfTable(tableId: number, ownerId: number): SystemRow[] {
    const table = this.table(tableId);
    const { layout, rows, schema } = table;
    const id = present(schema.columns[0], "a system table without columns").name;
    const ownerColumn = schema.columns.findIndex(({ name }) => name === "table_id");
    const found: SystemRow[] = [];
    for (let row = table.nextRow(-1); row >= 0; row = table.nextRow(row)) {
      const page = rows.page(row);
      const owner = wordAt(page, layout.columnStart(ownerColumn, page, rows.start(row))) >>> 0;
      if (owner === ownerId) found.push(this.row(tableId, row));
    }
    return found.sort((a, b) => (a[id] as number) - (b[id] as number));
  }

  /** The schema that the system rows give a table, or undefined if they do not name it. */
  readTableSchema(tableId: number): TableSchema | undefined {
    const key = new Writer(8);
    key.u32(tableId);
    const row = this.findRow(systemTableId.table, 0, key.written());
    if (row < 0) return undefined;
    const table = this.row(systemTableId.table, row);
    const columns: TableSchema["columns"][number][] = [];
    const found = this.#findByKey(systemTableId.column, 0, key.written(), 1);
    for (let i = 0; i < found.count; i++) {
      const column = this.row(systemTableId.column, found.at(i));
      columns.push({
        name: column["col_name"] as string,
        type: decodeType(column["col_type"] as Uint8Array),
      });
    }
    const constraints = this.#rowsOfTable(systemTableId.constraint, tableId).flatMap(
      readConstraint,
    );
    const [primaryKey] = (table["table_primary_key"] as readonly number[] | undefined) ?? [];
    return {
      id: tableId,
      name: table["table_name"] as string,
      kind: table["table_type"] as "system" | "user",
      access: table["table_access"] as "public" | "private",
      columns,
      primaryKey,
      indexes: this.#rowsOfTable(systemTableId.index, tableId).map((index) =>
        readIndex(index, constraints),
      ),
      constraints,
      sequences: this.#rowsOfTable(systemTableId.sequence, tableId)
        .map(readSequence)
        .sort((a, b) => a.column - b.column),
      isEvent: this.findRow(systemTableId.eventTable, 0, key.written()) >= 0,
      schedule: this.#readSchedule(key.written()),
      isEphemeral: this.rows(systemTableId.view).some((view) => view["table_id"] === tableId),
    };
  }

  #readSchedule(tableIdKey: Uint8Array): ScheduleSchema | undefined {
    const row = this.findRow(systemTableId.scheduled, 1, tableIdKey);
    if (row < 0) return undefined;
    const schedule = this.row(systemTableId.scheduled, row);
    return {
      functionName: schedule["reducer_name"] as string,
      atColumn: schedule["at_column"] as number,
    };
  }
}

function readConstraint(row: SystemRow): ConstraintSchema[] {
  const data = row["constraint_data"] as { readonly tag: string; readonly value: Value };
  if (data.tag !== "Unique") return [];
  return [
    {
      id: row["constraint_id"] as number,
      name: row["constraint_name"] as string,
      columns: data.value as readonly number[],
    },
  ];
}

function sameColumns(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((column) => b.includes(column));
}

function readIndex(row: SystemRow, constraints: readonly ConstraintSchema[]): IndexSchema {
  const algorithm = row["index_algorithm"] as { readonly tag: string; readonly value: Value };
  const columns =
    algorithm.tag === "Direct"
      ? [algorithm.value as number]
      : (algorithm.value as readonly number[]);
  return {
    id: row["index_id"] as number,
    name: row["index_name"] as string,
    kind: algorithm.tag === "Hash" ? "hash" : algorithm.tag === "Direct" ? "direct" : "btree",
    columns,
    isUnique: constraints.some((constraint) => sameColumns(constraint.columns, columns)),
  };
}

function readSequence(row: SystemRow): SequenceSchema {
  return {
    id: row["sequence_id"] as number,
    name: row["sequence_name"] as string,
    column: row["col_pos"] as number,
    increment: row["increment"] as bigint,
    start: row["start"] as bigint,
    min: row["min_value"] as bigint,
    max: row["max_value"] as bigint,
    allocated: row["allocated"] as bigint,
  };
}

export function indexAlgorithmValue(index: Pick<IndexSchema, "kind" | "columns">): Value {
  if (index.kind === "direct") return { tag: "Direct", value: index.columns[0] };
  return { tag: index.kind === "hash" ? "Hash" : "BTree", value: index.columns };
}

export function sequenceRow(tableId: number, sequence: SequenceSchema): SystemRow {
  return {
    sequence_id: sequence.id,
    sequence_name: sequence.name,
    table_id: tableId,
    col_pos: sequence.column,
    increment: sequence.increment,
    start: sequence.start,
    min_value: sequence.min,
    max_value: sequence.max,
    allocated: sequence.allocated,
  };
}

export function tableRow(
  schema: Pick<TableSchema, "id" | "name" | "kind" | "access" | "primaryKey">,
): SystemRow {
  return {
    table_id: schema.id,
    table_name: schema.name,
    table_type: schema.kind,
    table_access: schema.access,
    table_primary_key: schema.primaryKey === undefined ? undefined : [schema.primaryKey],
  };
}

export function columnRow(
  tableId: number,
  position: number,
  column: TableSchema["columns"][number],
): SystemRow {
  return {
    table_id: tableId,
    col_pos: position,
    col_name: column.name,
    col_type: encodeType(column.type),
  };
}

/** The rows that describe a table, each with the id of the system table it belongs to. */
function describeTable(schema: TableSchema): [tableId: number, row: SystemRow][] {
  return [
    [systemTableId.table, tableRow(schema)],
    ...schema.columns.map((column, position): [number, SystemRow] => [
      systemTableId.column,
      columnRow(schema.id, position, column),
    ]),
    ...schema.sequences.map((sequence): [number, SystemRow] => [
      systemTableId.sequence,
      sequenceRow(schema.id, sequence),
    ]),
    ...schema.indexes.map((index): [number, SystemRow] => [
      systemTableId.index,
      {
        index_id: index.id,
        table_id: schema.id,
        index_name: index.name,
        index_algorithm: indexAlgorithmValue(index),
      },
    ]),
    ...schema.constraints.map((constraint): [number, SystemRow] => [
      systemTableId.constraint,
      {
        constraint_id: constraint.id,
        constraint_name: constraint.name,
        table_id: schema.id,
        constraint_data: { tag: "Unique", value: constraint.columns },
      },
    ]),
  ];
}

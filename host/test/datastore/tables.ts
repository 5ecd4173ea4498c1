// Tables for tests, sketched in a line or two.
import {
  type AlgebraicType,
  compileCodec,
  encode,
  product,
  type ProductValue,
} from "@lightcone/abi";
import { createTable, type NewTable } from "../../src/datastore/create-table.ts";
import type { Datastore } from "../../src/datastore/datastore.ts";
import type { IndexSchema } from "../../src/datastore/schema.ts";
import type { NewSequence } from "../../src/datastore/schema-rows.ts";
import type { Table } from "../../src/datastore/table.ts";
import type { Transaction } from "../../src/datastore/tx.ts";

export interface TableSketch {
  readonly name: string;
  readonly columns: Readonly<Record<string, AlgebraicType>>;
  /** Kind, then column positions in key order. */
  readonly indexes?: readonly (readonly [kind: IndexSchema["kind"], ...columns: number[]])[];
  /** Column positions that are unique together. */
  readonly unique?: readonly (readonly number[])[];
  readonly primaryKey?: number;
  /** By column position. */
  readonly sequences?: Readonly<Record<number, Partial<NewSequence>>>;
  readonly isEvent?: boolean;
}

/** The definition that a sketch stands for. Aliases are names in capitals. */
export function newTable(sketch: TableSketch): NewTable {
  const { name } = sketch;
  const columnNames = Object.keys(sketch.columns);
  const joined = (columns: readonly number[]): string =>
    columns.map((column) => columnNames[column]).join("_");
  return {
    name,
    alias: name.toUpperCase(),
    access: "public",
    columns: Object.entries(sketch.columns).map(([column, type]) => ({
      name: column,
      alias: column.toUpperCase(),
      type,
    })),
    primaryKey: sketch.primaryKey,
    indexes: (sketch.indexes ?? []).map(([kind, ...columns]) => {
      const indexName = `${name}_${joined(columns)}_idx_${kind}`;
      return { name: indexName, alias: indexName.toUpperCase(), kind, columns };
    }),
    constraints: (sketch.unique ?? []).map((columns) => ({
      name: `${name}_${joined(columns)}_key`,
      columns,
    })),
    sequences: Object.entries(sketch.sequences ?? {}).map(([column, sequence]) => ({
      name: `${name}_${columnNames[Number(column)]}_seq`,
      column: Number(column),
      increment: 1n,
      start: undefined,
      min: undefined,
      max: undefined,
      ...sequence,
    })),
    schedule: undefined,
    isEvent: sketch.isEvent === true,
  };
}

/** Runs `work` as one transaction and commits it. */
export function commit<T>(datastore: Datastore, work: (tx: Transaction) => T): T {
  const tx = datastore.begin();
  const result = work(tx);
  datastore.commit(tx);
  datastore.release(tx);
  return result;
}

/** Creates a table in a transaction of its own. */
export function openTable(datastore: Datastore, sketch: TableSketch): Table {
  return commit(datastore, (tx) => createTable(datastore, tx, newTable(sketch)));
}

/** Makes the bytes of a row. */
export function rowEncoder(
  sketch: Pick<TableSketch, "columns">,
): (row: ProductValue) => Uint8Array {
  const codec = compileCodec(product(sketch.columns));
  return (row) => encode(codec, row);
}

/** The bytes of a stored row. */
function rowBytes({ rows }: Table, row: number): Uint8Array {
  const start = rows.start(row);
  return rows.page(row).slice(start, start + rows.size(row));
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex");
}

/** All visible rows as hexadecimal text, by row id. */
export function rowsById(table: Table): Map<number, string> {
  const rows = new Map<number, string>();
  for (let row = table.nextRow(-1); row >= 0; row = table.nextRow(row)) {
    rows.set(row, toHex(rowBytes(table, row)));
  }
  return rows;
}

/** All visible rows as hexadecimal text, sorted. */
export function tableRows(table: Table): string[] {
  return [...rowsById(table).values()].sort();
}

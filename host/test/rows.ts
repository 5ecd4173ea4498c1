// What a table holds, as values: tests look, and write, past SQL, reducers and subscriptions.
import {
  type Codec,
  compileCodec,
  encode,
  present,
  type ProductValue,
  Reader,
  type Value,
} from "@lightcone/abi";
import { commit } from "../src/database/call.ts";
import type { Database } from "../src/database/database.ts";
import type { Table } from "../src/datastore/table.ts";

export type Row = Readonly<Record<string, Value>>;

export function tableOf(database: Database, name: string): Table {
  return present(database.parts.datastore.tableByName(name), `table ${name}`);
}

function rowCodec({ schema }: Table): Codec {
  const elements = schema.columns.map((column) => ({ name: column.name, type: column.type }));
  return compileCodec({ kind: "product", elements });
}

/** All rows of a table, in the order of their places in memory. */
export function tableRows(database: Database, name: string): Row[] {
  const table = tableOf(database, name);
  const codec = rowCodec(table);
  const rows: Row[] = [];
  for (let row = table.nextRow(-1); row >= 0; row = table.nextRow(row)) {
    const start = table.rows.start(row);
    const bytes = table.rows.page(row).slice(start, start + table.rows.size(row));
    rows.push(codec.read(new Reader(bytes)) as Row);
  }
  return rows;
}

/** Inserts rows as a reducer would, told to subscribers and logged. Returns "ok", or why they were not committed. */
export function insertRows(
  { parts }: Database,
  table: Table,
  rows: readonly ProductValue[],
): string {
  const codec = rowCodec(table);
  const tx = parts.datastore.begin();
  for (const row of rows) {
    const bytes = encode(codec, row);
    tx.insert(table, bytes, 0, bytes.length);
  }
  return commit(parts, tx, undefined, undefined)?.message ?? "ok";
}

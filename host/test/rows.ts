// What a table holds, as values: tests look past SQL and subscriptions.
import { compileCodec, present, Reader, type Value } from "@lightcone/abi";
import type { Database } from "../src/database/database.ts";

export type Row = Readonly<Record<string, Value>>;

/** All rows of a table, in the order of their places in memory. */
export function tableRows(database: Database, name: string): Row[] {
  const table = present(database.parts.datastore.tableByName(name), `table ${name}`);
  const elements = table.schema.columns.map((column) => ({ name: column.name, type: column.type }));
  const codec = compileCodec({ kind: "product", elements });
  const rows: Row[] = [];
  for (let row = table.nextRow(-1); row >= 0; row = table.nextRow(row)) {
    const start = table.rows.start(row);
    const bytes = table.rows.page(row).slice(start, start + table.rows.size(row));
    rows.push(codec.read(new Reader(bytes)) as Row);
  }
  return rows;
}

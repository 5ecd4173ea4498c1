// Tables for the tests of SQL, among them those of sql-and-subscriptions.md section 17.
import {
  type AlgebraicType,
  bytesType,
  compileCodec,
  Identity,
  identityType,
  LightconeError,
  primitive,
  Reader,
  sum,
  Timestamp,
  timestampType,
  unitType,
  type Value,
  Writer,
} from "@lightcone/abi";
import { createTable } from "../datastore/create-table.ts";
import { Datastore, type ReadView } from "../datastore/datastore.ts";
import type { ColumnSchema } from "../datastore/schema.ts";
import type { Table } from "../datastore/table.ts";
import type { Transaction } from "../datastore/tx.ts";
import { compileTableQuery, type TableQueryUse } from "./table-query.ts";
import { beginSql, runTableQuery } from "./run.ts";
import type { SqlCaller } from "./visibility.ts";

export interface TestTable {
  readonly name: string;
  readonly alias?: string;
  readonly columns: Readonly<Record<string, AlgebraicType>>;
  /** Aliases of columns that have one besides their name. */
  readonly columnAliases?: Readonly<Record<string, string>>;
  /** Lists of column positions; the first index of a table with `isUnique` is unique. */
  readonly indexes?: readonly (readonly number[])[];
  readonly isUnique?: boolean;
  readonly access?: "public" | "private";
  readonly isEvent?: boolean;
}

/** Creates a table inside the open transaction. */
export function makeTable(datastore: Datastore, tx: Transaction, given: TestTable): Table {
  const { name, columns, indexes = [] } = given;
  const columnNames = Object.keys(columns);
  const indexName = (keys: readonly number[]): string =>
    [name, ...keys.map((key) => columnNames[key]), "idx_btree"].join("_");
  const [first] = indexes;
  const isUnique = given.isUnique === true && first !== undefined;
  return createTable(datastore, tx, {
    name,
    alias: given.alias ?? name,
    access: given.access ?? "public",
    columns: Object.entries(columns).map(([column, type]) => ({
      name: column,
      alias: given.columnAliases?.[column] ?? column,
      type,
    })),
    primaryKey: undefined,
    indexes: indexes.map((keys) => ({
      name: indexName(keys),
      alias: indexName(keys),
      kind: "btree",
      columns: keys,
    })),
    constraints: isUnique ? [{ name: `${name}_key`, columns: first }] : [],
    sequences: [],
    schedule: undefined,
    isEvent: given.isEvent ?? false,
  });
}

/** Inserts rows, each a list of values in column order. */
export function insertRows(
  tx: Transaction,
  table: Table,
  rows: readonly (readonly Value[])[],
): void {
  const codecs = table.schema.columns.map(({ type }) => compileCodec(type));
  const writer = new Writer();
  for (const row of rows) {
    writer.clear();
    codecs.forEach((codec, column) => codec.write(writer, row[column]));
    const bytes = writer.finish();
    tx.insert(table, bytes, 0, bytes.length);
  }
}

const u32 = primitive("u32");
const u64 = primitive("u64");
const string = primitive("string");

export const sender: Identity = new Identity(0xabcn);
export const kindType: AlgebraicType = sum({ A: unitType, B: unitType });

const day = 86_400_000_000n;

function rowOfT(id: number, a: number, b: number, s: string, who: Identity): Value[] {
  const at = new Timestamp(1_735_689_600_000_000n + BigInt(id) * day);
  const raw = Uint8Array.of(id, 0xff);
  const kind = { tag: id % 2 === 0 ? "A" : "B", value: undefined };
  return [BigInt(id), a, b, s, id / 2, id % 2 === 1, who, at, raw, kind];
}

/** The schema of section 17, with a few rows in `t`, `u` and `p`. `v` is a view and no table. */
export function openSample(): Datastore {
  const datastore = new Datastore();
  const tx = datastore.begin();
  const t = makeTable(datastore, tx, {
    name: "t",
    columns: {
      id: u64,
      a: u32,
      b: u32,
      s: string,
      f: primitive("f64"),
      ok: primitive("bool"),
      who: identityType,
      at: timestampType,
      raw: bytesType,
      kind: kindType,
    },
    indexes: [[0], [1], [6]],
    isUnique: true,
  });
  insertRows(tx, t, [
    rowOfT(1, 5, 9, "x", sender),
    rowOfT(2, 7, 2, "y", Identity.zero),
    rowOfT(3, 1000, 2, "5", sender),
    rowOfT(10, 7, 7, "AB", Identity.zero),
  ]);
  const u = makeTable(datastore, tx, {
    name: "u",
    columns: { id: u64, t_id: u64, b: u32 },
    indexes: [[0], [1]],
    isUnique: true,
  });
  insertRows(tx, u, [[1n, 1n, 1]]);
  makeTable(datastore, tx, { name: "n", columns: { x: u32 } });
  const p = makeTable(datastore, tx, { name: "p", columns: { x: u32 }, access: "private" });
  insertRows(tx, p, [[1], [2]]);
  makeTable(datastore, tx, {
    name: "ev",
    columns: { t_id: u64 },
    indexes: [[0]],
    isEvent: true,
  });
  datastore.commit(tx);
  datastore.release(tx);
  return datastore;
}

export const owner: SqlCaller = {
  identity: sender,
  isOwner: true,
  viewNames: new Set(["v"]),
};

export const visitor: SqlCaller = { ...owner, isOwner: false };

/** The first column of each row that a query finds, in no order worth relying on: sorted. */
export function idsOf(
  datastore: Datastore,
  text: string,
  caller: SqlCaller = visitor,
  use: TableQueryUse = "subscription",
): string[] {
  const query = compileTableQuery(text, datastore, caller, use);
  const { rows, schema } = query.table;
  const codec = compileCodec<number | bigint>((schema.columns[0] as ColumnSchema).type);
  const ids: string[] = [];
  runTableQuery(query, (row) => {
    ids.push(String(codec.read(new Reader(rows.page(row), rows.start(row)))));
  });
  return ids.sort();
}

/** What came of `run`: its result, or the code and message of its refusal. */
export function outcomeOf(run: () => string): string {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof LightconeError)) throw error;
    return `${error.code}: ${error.message}`;
  }
}

/** The whole answer to a statement, its rows as text; made of `slice` rows at a time. */
export function runSql(
  text: string,
  view: ReadView,
  caller: SqlCaller,
  slice: number = Number.POSITIVE_INFINITY,
): { readonly schemaJson: string; readonly rowsJson: string; readonly rowCount: number } {
  const cursor = beginSql(text, view, caller);
  try {
    while (!cursor.isDone) cursor.advance(slice);
    const rowsJson = Buffer.concat(cursor.rowsJson()).toString();
    const { length: rowCount } = JSON.parse(rowsJson) as unknown[];
    return { schemaJson: cursor.schemaJson, rowsJson, rowCount };
  } finally {
    cursor.close();
  }
}

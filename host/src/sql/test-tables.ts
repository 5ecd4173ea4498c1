// Tables for the tests of SQL, among them those of sql-and-subscriptions.md section 17.
import {
  type AlgebraicType,
  assert,
  bytesType,
  compileCodec,
  Identity,
  identityType,
  LightconeError,
  numberToBytes,
  primitive,
  Reader,
  sum,
  Timestamp,
  timestampType,
  unitType,
  type Value,
  Writer,
} from "@lightcone/abi";
import { encodeSystemRow } from "../datastore/catalog.ts";
import { createTable } from "../datastore/create-table.ts";
import { Datastore } from "../datastore/datastore.ts";
import type { ColumnSchema } from "../datastore/schema.ts";
import { systemTableId } from "../datastore/system-tables.ts";
import type { Table } from "../datastore/table.ts";
import type { Transaction } from "../datastore/tx.ts";
import type { RunChange, SqlStats } from "./change.ts";
import { compileQueries, type SingleQuery, type TableQueryUse } from "./table-query.ts";
import { prepareSql, runTableQuery, type SqlSettings } from "./run.ts";
import type { SqlCaller } from "./bind/visibility.ts";

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

/** Whose rows of the view `v` are whose: the sender's, and somebody else's. */
const viewHash = 0x1234n;
const otherViewHash = 0x5678n;

/** The schema of section 17, with a few rows in `t`, `u`, `n` and `p`. `v` is a view's backing table. */
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
  const n = makeTable(datastore, tx, { name: "n", columns: { x: u32 } });
  insertRows(tx, n, [[2]]);
  const p = makeTable(datastore, tx, { name: "p", columns: { x: u32 }, access: "private" });
  insertRows(tx, p, [[1], [2]]);
  makeTable(datastore, tx, {
    name: "ev",
    columns: { t_id: u64 },
    indexes: [[0]],
    isEvent: true,
  });
  const v = makeTable(datastore, tx, {
    name: "v",
    columns: { arg_hash: primitive("u256"), id: u64, a: u32 },
    indexes: [[0], [0, 1]],
  });
  insertRows(tx, v, [
    [viewHash, 1n, 5],
    [viewHash, 2n, 6],
    [otherViewHash, 3n, 7],
  ]);
  datastore.commit(tx);
  datastore.release(tx);
  return datastore;
}

export const owner: SqlCaller = {
  identity: sender,
  isOwner: true,
  view: (name) =>
    name === "v" ? { isPublic: true, argHash: numberToBytes(viewHash, 32) } : undefined,
};

export const visitor: SqlCaller = { ...owner, isOwner: false };

/** Compiles a text that is one query on one relation. */
export function compileSingle(
  text: string,
  datastore: Datastore,
  caller: SqlCaller,
  use: TableQueryUse,
): SingleQuery {
  const [query, ...others] = compileQueries(text, datastore, caller, use);
  assert(query?.kind === "single" && others.length === 0, `${text} is no single query`);
  return query;
}

/** The first column of each row that a query finds, in no order worth relying on: sorted. */
export function idsOf(
  datastore: Datastore,
  text: string,
  caller: SqlCaller = visitor,
  use: TableQueryUse = "subscription",
): string[] {
  const ids: string[] = [];
  for (const query of compileQueries(text, datastore, caller, use)) {
    const { rows, schema } = query.table;
    const first = query.rowOffset > 0 ? 1 : 0;
    const codec = compileCodec<number | bigint>((schema.columns[first] as ColumnSchema).type);
    runTableQuery(query, (row) => {
      const reader = new Reader(rows.page(row), rows.start(row) + query.rowOffset);
      ids.push(String(codec.read(reader)));
    });
  }
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

/** How a test runs a statement. */
interface RunOptions {
  /** Rows at a time. */
  readonly slice?: number;
  readonly settings?: SqlSettings;
}

/** The whole answer to a statement, its rows as text. A change is committed. */
export function runSql(
  text: string,
  view: Datastore,
  caller: SqlCaller,
  { slice = Number.POSITIVE_INFINITY, settings = {} }: RunOptions = {},
): { readonly schemaJson: string; readonly rowsJson: string; readonly rowCount: number } {
  const prepared = prepareSql(text, view, caller, settings);
  if (prepared.kind === "change") {
    const { inserted, deleted, updated } = runChange(view, prepared.run);
    return { schemaJson: "", rowsJson: `[[${inserted},${deleted},${updated}]]`, rowCount: 1 };
  }
  const { cursor, output } = prepared;
  try {
    while (!cursor.isDone) cursor.advance(slice);
    const rowsJson = Buffer.concat(output.finish()).toString();
    const { length: rowCount } = JSON.parse(rowsJson) as unknown[];
    return { schemaJson: output.schemaJson(), rowsJson, rowCount };
  } finally {
    cursor.close();
  }
}

function runChange(datastore: Datastore, run: RunChange): SqlStats {
  const tx = datastore.begin();
  try {
    const stats = run(tx);
    datastore.commit(tx);
    datastore.release(tx);
    return stats;
  } catch (thrown) {
    datastore.rollBack(tx);
    throw thrown;
  }
}

/** Adds a row rule to a table, as publishing a module does. */
export function addRule(datastore: Datastore, tableName: string, sql: string): void {
  const table_id = datastore.tableByName(tableName)?.schema.id ?? 0;
  const bytes = encodeSystemRow(systemTableId.rowLevelSecurity, { table_id, sql });
  const tx = datastore.begin();
  tx.insertAsIs(datastore.catalog.table(systemTableId.rowLevelSecurity), bytes, 0, bytes.length);
  datastore.commit(tx);
  datastore.release(tx);
}

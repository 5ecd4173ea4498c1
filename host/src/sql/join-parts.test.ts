// Joins that are made in parts: what they answer is of the state at their start, whatever is committed between two parts.
import { type JsonValue, primitive, type Value } from "@lightcone/abi";
import { test } from "tap";
import { limit } from "../base/limit.ts";
import { Datastore } from "../datastore/datastore.ts";
import { type PreparedSql, prepareSql } from "./run.ts";
import type { RowsJson } from "./run/rows-json.ts";
import { insertRows, makeTable, visitor } from "./test-tables.ts";

const rowCount = limit.selectFirstRows;

/** Two tables of so many rows: `x` has an index on `id`, `y` has none. */
function openPair(): Datastore {
  const datastore = new Datastore();
  const tx = datastore.begin();
  const columns = { id: primitive("u32"), k: primitive("u32") };
  const rows: Value[][] = Array.from({ length: rowCount }, (_, id) => [id, id % 100]);
  insertRows(tx, makeTable(datastore, tx, { name: "x", columns, indexes: [[0]] }), rows);
  insertRows(tx, makeTable(datastore, tx, { name: "y", columns }), rows);
  datastore.commit(tx);
  datastore.release(tx);
  return datastore;
}

/** Takes all rows out of both tables and puts others in their places. */
function replaceAll(datastore: Datastore): void {
  const tx = datastore.begin();
  for (const name of ["x", "y"]) {
    const table = datastore.tableByName(name);
    if (table === undefined) continue;
    for (let row = table.nextRow(-1); row >= 0; row = table.nextRow(row)) tx.delete(table, row);
    insertRows(
      tx,
      table,
      Array.from({ length: rowCount }, (_, i) => [i + 7, 5]),
    );
  }
  datastore.commit(tx);
  datastore.release(tx);
}

type Begun = Extract<PreparedSql<RowsJson>, { kind: "rows" }>;

function begin(datastore: Datastore, text: string): Begun {
  const prepared = prepareSql(text, datastore, visitor);
  if (prepared.kind !== "rows") throw new Error("not a SELECT");
  return prepared;
}

function answerOf({ cursor, output }: Begun, between: () => void): readonly JsonValue[] {
  cursor.advance(100);
  between();
  while (!cursor.isDone) cursor.advance(1000);
  const rows = JSON.parse(Buffer.concat(output.finish()).toString()) as JsonValue[];
  cursor.close();
  return rows;
}

const all = Array.from({ length: rowCount }, (_, id) => id);

const cases: readonly { what: string; text: string; wanted: readonly JsonValue[] }[] = [
  {
    what: "by an index",
    text: "SELECT y.id FROM y JOIN x ON y.id = x.id",
    wanted: all.map((id) => [id]),
  },
  {
    what: "by an index, with a condition on what it finds",
    text: "SELECT y.id FROM y JOIN x ON y.id = x.id WHERE x.k <> 3",
    wanted: all.filter((id) => id % 100 !== 3).map((id) => [id]),
  },
  {
    what: "by a hash, in an order",
    text: "SELECT a.id FROM y a JOIN y b ON a.id = b.id ORDER BY a.id",
    wanted: all.map((id) => [id]),
  },
  {
    what: "by trial",
    text: "SELECT x.id, y.id AS other FROM x JOIN y WHERE x.id < 3 AND y.id < 5000 AND x.k = y.k",
    wanted: [0, 1, 2].flatMap((id) =>
      all.filter((other) => other < 5000 && other % 100 === id).map((other) => [id, other]),
    ),
  },
  {
    what: "in groups",
    text: "SELECT a.k, COUNT(*) FROM x a JOIN y b ON a.id = b.id WHERE a.k < 2 OR b.k > 99 GROUP BY a.k ORDER BY 1",
    wanted: [0, 1].map((k) => [k, all.filter((id) => id % 100 === k).length]),
  },
];

const sorted = (rows: readonly JsonValue[]): string[] =>
  rows.map((row) => JSON.stringify(row)).sort();

for (const { what, text, wanted } of cases) {
  void test(`[SQL20] a join in parts is of one moment: ${what}`, (t) => {
    const datastore = openPair();
    const begun = begin(datastore, text);
    t.ok(begun.cursor.isLong);
    const rows = answerOf(begun, () => {
      replaceAll(datastore);
    });
    t.same(sorted(rows), sorted(wanted));
    if (text.includes("ORDER BY")) t.same(rows, wanted);
    t.end();
  });
}

void test("[SQL20] what is given up half way gives its rows back", (t) => {
  const datastore = openPair();
  const { cursor } = begin(datastore, "SELECT y.id FROM y JOIN x ON y.id = x.id");
  cursor.advance(100);
  cursor.close();
  cursor.close();
  replaceAll(datastore);
  const again = answerOf(begin(datastore, "SELECT COUNT(*) FROM y JOIN x ON y.id = x.id"), () => {
    t.pass();
  });
  t.same(again, [[rowCount]]);
  t.end();
});

void test("[SQL20] a join that tries too much is refused in a later part, and holds nothing then", (t) => {
  const datastore = openPair();
  const { cursor } = begin(
    datastore,
    "SELECT COUNT(*) FROM x a JOIN y b JOIN y c WHERE a.k <> b.k",
  );
  t.throws(
    () => {
      while (!cursor.isDone) cursor.advance(limit.readSliceRows);
    },
    { code: "LC_LIMIT" },
  );
  cursor.close();
  replaceAll(datastore);
  t.end();
});

void test("[SQL24] a column that ORDER BY names again changes nothing and costs nothing", (t) => {
  const datastore = openPair();
  const names = Array.from({ length: 9000 }, (_, i) => (i % 2 === 0 ? "k" : "k DESC")).join();
  const text = `SELECT k FROM y WHERE id < 300 ORDER BY ${names}`;
  const rows = answerOf(begin(datastore, text), () => undefined);
  t.same(
    rows,
    Array.from({ length: 300 }, (_, i) => [Math.floor(i / 3)]),
  );
  t.end();
});

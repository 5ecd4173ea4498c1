// The owner's limit on what others scan (sql-and-subscriptions.md section 7.4).
import { primitive } from "@lightcone/abi";
import { test } from "tap";
import { Datastore } from "../../datastore/datastore.ts";
import { checkQueryRowLimit, compileQueries } from "../table-query.ts";
import { insertRows, makeTable, outcomeOf, owner, runSql, visitor } from "../test-tables.ts";

/** `t` has 100 rows and ten values of `k`, `u` ten rows. */
function open(rowLimit: number): Datastore {
  const datastore = new Datastore();
  const tx = datastore.begin();
  const u32 = primitive("u32");
  const t = makeTable(datastore, tx, {
    name: "t",
    columns: { id: u32, k: u32, v: u32 },
    indexes: [[0], [1]],
    isUnique: true,
  });
  insertRows(
    tx,
    t,
    Array.from({ length: 100 }, (_, i) => [i, i % 10, i]),
  );
  const u = makeTable(datastore, tx, {
    name: "u",
    columns: { id: u32 },
    indexes: [[0]],
    isUnique: true,
  });
  insertRows(
    tx,
    u,
    Array.from({ length: 10 }, (_, i) => [i]),
  );
  datastore.commit(tx);
  datastore.release(tx);
  runSql(`SET row_limit = ${rowLimit}`, datastore, owner);
  return datastore;
}

void test("[SQL22] what queries are estimated to scan", async (t) => {
  const cases: readonly [text: string, scanned: number][] = [
    ["SELECT * FROM t", 100],
    ["SELECT * FROM t WHERE v = 1", 200],
    ["SELECT * FROM t WHERE k = 1", 10],
    ["SELECT * FROM t WHERE k = 1 AND v = 1", 20],
    ["SELECT * FROM t WHERE id = 1", 1],
    ["SELECT * FROM t WHERE id = 1 OR id = 2", 200],
    ["SELECT t.* FROM t JOIN u ON t.id = u.id", 20],
    ["SELECT u.* FROM u JOIN t ON u.id = t.k", 110],
    ["SELECT u.* FROM u JOIN t ON u.id = t.v", 10 + 100 + 10 * 100],
  ];
  for (const [text, scanned] of cases) {
    const refusal = `LC_SQL_FORBIDDEN: Estimated cardinality (${scanned} rows) exceeds limit (${scanned - 1} rows)`;
    const [tight, enough] = [open(scanned - 1), open(scanned)];
    t.equal(
      outcomeOf(() => runSql(text, tight, visitor).rowsJson),
      refusal,
      text,
    );
    t.match(
      outcomeOf(() => runSql(text, enough, visitor).rowsJson),
      /^\[/,
      text,
    );
    t.match(
      outcomeOf(() => runSql(text, tight, owner).rowsJson),
      /^\[/,
      "the owner",
    );
    const queries = compileQueries(text, tight, visitor, "oneOff");
    t.throws(() => checkQueryRowLimit(queries, tight, visitor), { code: "LC_SQL_FORBIDDEN" });
  }
});

void test("[SQL22] LIMIT counts where nothing is filtered; queries are summed", async (t) => {
  const datastore = open(50);
  const outcome = (text: string): string =>
    outcomeOf(() => runSql(text, datastore, visitor).rowsJson);
  t.match(outcome("SELECT id FROM t LIMIT 50"), /^\[/);
  t.match(outcome("SELECT id FROM t LIMIT 51"), /Estimated cardinality \(51 rows\)/);
  t.match(outcome("SELECT id FROM t WHERE v = 1 LIMIT 1"), /Estimated cardinality \(200 rows\)/);
  const queries = ["SELECT * FROM t WHERE k = 1", "SELECT * FROM t WHERE k = 2"].flatMap((text) => [
    ...compileQueries(text, datastore, visitor, "subscription"),
  ]);
  checkQueryRowLimit(queries, datastore, visitor);
  t.throws(
    () => checkQueryRowLimit([...queries, ...queries, ...queries], datastore, visitor),
    /Estimated cardinality \(60 rows\) exceeds limit \(50 rows\)/,
  );
});

// Joins: what general SQL and one-off queries find, and which ones subscriptions take (sql-and-subscriptions.md section 5).
import { identityType, primitive, toHex } from "@lightcone/abi";
import { test } from "tap";
import { limit } from "../base/limit.ts";
import { Datastore } from "../datastore/datastore.ts";
import { planJoin } from "./plan/join-plan.ts";
import { compileQueries } from "./table-query.ts";
import {
  idsOf,
  insertRows,
  makeTable,
  openSample,
  outcomeOf,
  owner,
  runSql,
  sender,
  visitor,
} from "./test-tables.ts";

const sample = openSample();

function rowsOf(text: string, datastore: Datastore = sample): string {
  const outcome = outcomeOf(() => {
    const rows = JSON.parse(runSql(text, datastore, visitor).rowsJson) as unknown[][];
    return rows
      .map((row) => row.join(" "))
      .sort()
      .join(", ");
  });
  return outcome.replace(/ \(line.*$/, "");
}

void test("[SQL20] columns of any relation, by hash, index or trying all", async (t) => {
  const cases: readonly [text: string, expected: string][] = [
    ["SELECT t.id, u.b FROM t JOIN u ON t.id = u.t_id", "1 1"],
    ["SELECT u.b AS x, t.a FROM u JOIN t ON u.t_id = t.id", "1 5"],
    ["SELECT x.id, y.id AS other FROM t x JOIN t y ON x.a = y.a WHERE x.id <> y.id", "10 2, 2 10"],
    ["SELECT x.id, n.x FROM t x JOIN n ON x.b = n.x", "2 2, 3 2"],
    ["SELECT x.id AS x, y.id AS y FROM t x CROSS JOIN t y WHERE x.a < y.b", "1 1, 1 10, 10 1, 2 1"],
    ["SELECT x.id AS x, u.id AS u FROM t x INNER JOIN u WHERE u.b = 1 AND x.ok", "1 1, 3 1"],
    ["SELECT COUNT(*) AS n FROM t x JOIN t y", "16"],
    ["SELECT COUNT(*) AS n FROM t x JOIN t y ON x.a = y.a", "6"],
    ["SELECT COUNT(*) AS n FROM t x JOIN t y JOIN t z ON z.id = x.id", "16"],
    ["SELECT COUNT(*) AS n FROM t x JOIN t y ON x.who = y.who WHERE x.f = y.f", "4"],
    ["SELECT COUNT(*) AS n FROM t x JOIN t y ON x.f = y.f", "4"],
    ["SELECT COUNT(*) AS n FROM t x JOIN t y WHERE (x.a = y.a) = (x.b = y.b)", "12"],
    ["SELECT v.a, t.a AS ta FROM v JOIN t ON v.id = t.id", "5 5, 6 7"],
    ["SELECT u.* FROM t JOIN u ON t.id = u.t_id JOIN v ON v.id = t.id", "1 1 1"],
    ["SELECT t.id FROM t JOIN ev ON t.id = ev.t_id", ""],
    ["SELECT x.id FROM t x JOIN t y LIMIT 3", "1, 1, 1"],
    ["SELECT x.id FROM t x JOIN t y LIMIT 0", ""],
    ["SELECT t.id FROM t JOIN u ON u.t_id = u.t_id WHERE t.id = 2", "2"],
    ["SELECT t.id, u.id FROM t JOIN u ON t.id = u.t_id", "LC_SQL_NAME: Duplicate name `id`"],
    ["SELECT t.id FROM t JOIN t ON t.id = t.id", "LC_SQL_NAME: Duplicate name `t`"],
    ["SELECT t.id FROM t JOIN u ON t.id = z.t_id JOIN u z", "LC_SQL_NAME: `z` is not in scope"],
    [
      "SELECT t.id FROM t JOIN u ON t.a = u.t_id",
      "LC_SQL_TYPE: Unexpected type: (expected) U32 != U64 (inferred)",
    ],
    ["SELECT t.id FROM t JOIN t x ON t.kind = x.kind", "1, 1, 10, 10, 2, 2, 3, 3"],
    [
      "SELECT t.id FROM t JOIN u ON t.id = u.t_id WHERE b = 1",
      "LC_SQL_NAME: Names must be qualified when using joins: `b`",
    ],
    [
      "SELECT t.id FROM t JOIN p ON t.a = p.x",
      "LC_SQL_NAME: no such table: `p`. If the table exists, it may be marked private.",
    ],
    ["SELECT v.arg_hash FROM v", "LC_SQL_NAME: `v` does not have a field `arg_hash`"],
  ];
  for (const [text, expected] of cases) t.equal(rowsOf(text), expected, text);
});

void test("[SQL20] a join tries so many rows, and joins so many tables, and no more", async (t) => {
  const datastore = new Datastore();
  const tx = datastore.begin();
  const table = makeTable(datastore, tx, { name: "t", columns: { x: primitive("u32") } });
  const count = Math.ceil(Math.sqrt(limit.joinRowCountMax)) + 1;
  insertRows(
    tx,
    table,
    Array.from({ length: count }, (_, i) => [i]),
  );
  datastore.commit(tx);
  datastore.release(tx);
  t.match(
    rowsOf("SELECT COUNT(*) AS n FROM t x JOIN t y", datastore),
    /^LC_LIMIT: the join has to try more/,
  );
  t.equal(rowsOf("SELECT COUNT(*) AS n FROM t x JOIN t y ON x.x = y.x", datastore), String(count));
  t.equal(rowsOf("SELECT x.x FROM t x JOIN t y LIMIT 2", datastore), "0, 0");
  const joins = (tables: number): string =>
    Array.from({ length: tables - 1 }, (_, i) => `JOIN n n${i} ON n${i}.x = n.x`).join(" ");
  const many = (tables: number): string => rowsOf(`SELECT COUNT(*) AS n FROM n ${joins(tables)}`);
  t.equal(many(limit.joinTableCountMax), "1");
  t.match(many(limit.joinTableCountMax + 1), /^LC_LIMIT: a query joins at most/);
  t.throws(
    () => planJoin({ relations: new Array(65).fill(undefined), equalities: [], conditions: [] }),
    {
      code: "LC_LIMIT",
    },
  );
});

/** Tables with indexes of one and of two columns, and events. */
function openIndexed(): Datastore {
  const datastore = new Datastore();
  const tx = datastore.begin();
  const u32 = primitive("u32");
  makeTable(datastore, tx, {
    name: "a",
    columns: { id: u32, k: u32, who: identityType },
    indexes: [[0]],
    isUnique: true,
  });
  makeTable(datastore, tx, { name: "b", columns: { a_id: u32, k: u32 }, indexes: [[1, 0]] });
  makeTable(datastore, tx, { name: "c", columns: { a_id: u32, k: u32 } });
  makeTable(datastore, tx, {
    name: "ev",
    columns: { a_id: u32, k: u32 },
    indexes: [[0]],
    isEvent: true,
  });
  datastore.commit(tx);
  datastore.release(tx);
  return datastore;
}

void test("[SQL21] which joins can be subscribed to: the table looked up needs an index", async (t) => {
  const noIndex = "LC_SQL_UNSUPPORTED: Subscriptions require indexes on join columns";
  const event =
    "LC_SQL_UNSUPPORTED: Event tables cannot be used as the lookup table in subscription joins";
  const datastore = openIndexed();
  const cases: readonly [text: string, expected: string][] = [
    ["SELECT a.* FROM c JOIN a ON c.a_id = a.id", "yes"],
    ["SELECT c.* FROM c JOIN a ON a.id = c.a_id", "yes"],
    // The right table is looked up, unless it alone is filtered.
    ["SELECT a.* FROM a JOIN c ON c.a_id = a.id", noIndex],
    ["SELECT a.* FROM a JOIN c ON c.a_id = a.id WHERE c.k = 1", "yes"],
    ["SELECT a.* FROM a JOIN c ON c.a_id = a.id WHERE c.k = 1 AND a.k = 1", noIndex],
    ["SELECT a.* FROM c JOIN a ON c.a_id = a.id WHERE a.k = 1", noIndex],
    ["SELECT a.* FROM c JOIN a ON c.a_id = a.id WHERE a.k = c.k", "yes"],
    // An index of two columns serves where the first is given.
    ["SELECT a.* FROM a JOIN b ON a.id = b.a_id", noIndex],
    ["SELECT a.* FROM a JOIN b ON a.id = b.a_id WHERE b.k = 1 AND a.k = 1", "yes"],
    ["SELECT a.* FROM a JOIN b ON a.id = b.a_id WHERE b.k > 1 AND a.k = 1", noIndex],
    ["SELECT a.* FROM a JOIN b ON a.k = b.k WHERE b.a_id = 1 AND a.k = 1", noIndex],
    ["SELECT a.* FROM c CROSS JOIN a", noIndex],
    ["SELECT a.* FROM c JOIN a WHERE c.a_id = a.id", noIndex],
    ["SELECT a.* FROM a JOIN ev ON a.id = ev.a_id", event],
    ["SELECT ev.* FROM ev JOIN a ON a.id = ev.a_id", "yes"],
    ["SELECT ev.* FROM a JOIN ev ON a.id = ev.a_id WHERE a.who = :sender", event],
    [
      "SELECT a.* FROM a JOIN a x ON a.id = x.id JOIN a y ON a.id = y.id",
      "LC_SQL_UNSUPPORTED: Invalid number of tables in subscription: 3",
    ],
  ];
  for (const [text, expected] of cases) {
    const outcome = outcomeOf(() => {
      compileQueries(text, datastore, visitor, "subscription");
      return "yes";
    });
    t.equal(outcome.replace(/, executing.*$/, ""), expected, text);
    t.same(idsOf(datastore, text, visitor, "oneOff"), [], "asked once, any join is fine");
  }
});

void test("[SQL14] joins are shared by what they ask, sender, owner and whose view it is", async (t) => {
  const key = (text: string, caller = visitor): string | undefined =>
    compileQueries(text, sample, caller, "subscription")[0].shareKey.replace(/^[\d,]+ /, "");
  const plain = "SELECT t.* FROM t JOIN u ON t.id = u.t_id";
  t.equal(key(plain), "  0 (0.0=1.1) ");
  t.equal(key(plain, owner), key(plain));
  t.equal(key("select x.* from t x join u as y on y.t_id = x.id"), key(plain));
  t.not(key("SELECT u.* FROM t JOIN u ON t.id = u.t_id"), key(plain));
  const mine = `${plain} WHERE t.who = :sender`;
  t.equal(key(mine), `${sender.toHex()}  0 (0.0=1.1) (0.6=x${toHex(sender.toBytes())})`);
  const secret = "SELECT p.* FROM p JOIN t ON p.x = t.a";
  t.equal(key(secret, owner), " owner 0 (0.0=1.1) ");
  const view = "SELECT * FROM v";
  t.equal(key(view), `  ${"3412".padEnd(64, "0")} 0 `);
});

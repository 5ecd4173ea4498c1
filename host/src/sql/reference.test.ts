// The test table of sql-and-subscriptions.md section 17, row by row: what subscriptions (SUB) and general SQL (GEN) answer,
// the latter with the reference's dialect alone and by default, and one-off queries, which have SUB's grammar without its
// rules for joins.
import { test } from "tap";
import type { Datastore } from "../datastore/datastore.ts";
import type { SqlSettings } from "./run.ts";
import { idsOf, openSample, outcomeOf, owner, visitor, runSql } from "./test-tables.ts";
import type { SqlCaller } from "./bind/visibility.ts";

/** Ids of the rows found, or how the refusal begins. */
type Expected = readonly string[] | string;

interface Row {
  readonly number: number;
  readonly text: string;
  readonly sub: Expected;
  /** General SQL with the reference's dialect alone, where it differs from `sub`. */
  readonly gen?: Expected;
  /** General SQL as it is by default, where it differs from `gen`. */
  readonly wide?: Expected;
  /** Where it differs from `sub`. */
  readonly oneOff?: Expected;
}

const all = ["1", "10", "2", "3"];
const syntax = "LC_SQL_SYNTAX: sql parser error: ";
const unsupported = "LC_SQL_UNSUPPORTED: Unsupported";
const nonSelect = "LC_SQL_UNSUPPORTED: Unsupported: Non-SELECT queries";
const projection = "LC_SQL_UNSUPPORTED: Column projections are not supported in subscriptions";
const noIndex = "LC_SQL_UNSUPPORTED: Subscriptions require indexes on join columns";
const forbidden = `LC_SQL_FORBIDDEN: Caller ${visitor.identity.toHex()} is not authorized to run SQL DML`;
const unreadable = (literal: string, type: string): string =>
  `LC_SQL_TYPE: The literal expression \`${literal}\` cannot be parsed as type \`${type}\``;
const select = (where: string): string => `SELECT * FROM t WHERE ${where}`;

const rows: readonly Row[] = [
  { number: 1, text: "SELECT * FROM t", sub: all },
  { number: 2, text: "select t.* from t where t.a = 5;", sub: ["1"] },
  {
    number: 3,
    text: "SELECT * FROM T",
    sub: "LC_SQL_NAME: no such table: `T`. If the table exists",
  },
  {
    number: 4,
    text: 'SELECT * FROM "t" AS x WHERE x.a > 1 AND (x.b <> 2 OR x.ok)',
    sub: ["1", "10", "3"],
  },
  { number: 5, text: "SELECT t.* FROM t AS x", sub: "LC_SQL_NAME: `t` is not in scope" },
  { number: 6, text: "SELECT a, b FROM t", sub: projection, gen: ["5", "1000", "7", "7"] },
  {
    number: 7,
    text: "SELECT a AS k, b AS k FROM t",
    sub: projection,
    gen: "LC_SQL_NAME: Duplicate name `k`",
  },
  {
    number: 8,
    text: "SELECT *, a FROM t",
    sub: "LC_SQL_UNSUPPORTED: Mixed wildcard projections are not supported",
  },
  { number: 9, text: "SELECT COUNT(*) AS n FROM t WHERE a = 7", sub: projection, gen: ["2"] },
  {
    number: 10,
    text: "SELECT COUNT(*) FROM t",
    sub: "LC_SQL_UNSUPPORTED: Aggregate expressions must have column aliases",
    wide: ["4"],
  },
  {
    number: 11,
    text: "SELECT COUNT(a) AS n FROM t",
    sub: `${unsupported} aggregate function`,
    wide: ["4"],
  },
  {
    number: 12,
    text: "SELECT * FROM t LIMIT 3",
    sub: `${unsupported}: LIMIT in subscriptions`,
    gen: ["1", "2", "3"],
  },
  { number: 13, text: "SELECT * FROM t LIMIT '3'", sub: `${unsupported} LIMIT expression` },
  { number: 14, text: "SELECT * FROM t ORDER BY a", sub: `${unsupported}: ORDER BY`, wide: all },
  {
    number: 15,
    text: "SELECT DISTINCT a FROM t",
    sub: `${unsupported} SELECT: DISTINCT`,
    wide: ["5", "7", "1000"],
  },
  { number: 16, text: select("NOT ok"), sub: `${unsupported} expression: NOT`, wide: ["10", "2"] },
  { number: 17, text: select("a IN (1, 2)"), sub: `${unsupported} expression: IN`, wide: [] },
  { number: 18, text: select("s LIKE 'a%'"), sub: `${unsupported} expression: LIKE`, wide: [] },
  { number: 19, text: select("a + 1 = 2"), sub: `${unsupported} binary operator: +` },
  { number: 20, text: select("a = 1e3"), sub: ["3"] },
  { number: 21, text: select("a = 1.5"), sub: unreadable("1.5", "U32") },
  { number: 22, text: select("a = -1"), sub: unreadable("-1", "U32") },
  { number: 23, text: select("a = '7'"), sub: ["10", "2"] },
  { number: 24, text: select("5 < a"), sub: ["10", "2", "3"] },
  {
    number: 25,
    text: select("1 = 1"),
    sub: "LC_SQL_TYPE: Cannot resolve type for literal expression",
  },
  { number: 26, text: select("TRUE = TRUE"), sub: all },
  {
    number: 27,
    text: select("a = id"),
    sub: "LC_SQL_TYPE: Unexpected type: (expected) U32 != U64 (inferred)",
  },
  { number: 28, text: select("a < b"), sub: ["1"] },
  { number: 29, text: select("who = :sender"), sub: ["1", "3"] },
  { number: 30, text: select("who = :SENDER"), sub: `${unsupported} expression: :SENDER` },
  {
    number: 31,
    text: select("a = :sender"),
    sub: "LC_SQL_TYPE: Unexpected type: (expected) U32 != Identity (inferred)",
  },
  { number: 32, text: select("who = 0x12"), sub: unreadable("12", "Identity") },
  { number: 33, text: select("raw = X'0aff'"), sub: ["10"] },
  { number: 34, text: select("at >= '2025-01-03 03:04:05Z'"), sub: ["10", "3"] },
  { number: 35, text: select("at > 1700000000"), sub: unreadable("1700000000", "Timestamp") },
  {
    number: 36,
    text: select("kind = 'A'"),
    sub: unreadable("A", "(A: () | B: ())"),
    wide: ["10", "2"],
  },
  { number: 37, text: select("s = NULL"), sub: `${unsupported} literal expression: NULL` },
  {
    number: 38,
    text: "SELECT t.* FROM t JOIN u ON t.id = u.t_id WHERE u.b = 1",
    sub: ["1"],
  },
  {
    number: 39,
    text: "SELECT * FROM t JOIN u ON t.id = u.t_id",
    sub: "LC_SQL_UNSUPPORTED: SELECT * is not supported for joins",
  },
  {
    number: 40,
    text: "SELECT t.* FROM t JOIN u ON id = t_id",
    sub: "LC_SQL_NAME: Names must be qualified when using joins",
  },
  {
    number: 41,
    text: "SELECT t.* FROM t JOIN n ON t.b = n.x",
    sub: noIndex,
    gen: ["2", "3"],
    oneOff: ["2", "3"],
  },
  {
    number: 42,
    text: "SELECT t.* FROM t JOIN u WHERE t.id = u.t_id",
    sub: noIndex,
    gen: ["1"],
    oneOff: ["1"],
  },
  {
    number: 43,
    text: "SELECT t.* FROM t LEFT JOIN u ON t.id = u.t_id",
    sub: "LC_SQL_UNSUPPORTED: Non-inner joins are not supported",
  },
  {
    number: 44,
    text: "SELECT t.* FROM t, u WHERE t.id = u.t_id",
    sub: "LC_SQL_UNSUPPORTED: Implicit joins are not supported",
  },
  {
    number: 45,
    text: "SELECT t.* FROM t JOIN u ON t.id = u.t_id AND u.b = 1",
    sub: `${unsupported} expression: ON takes one column = column`,
  },
  { number: 46, text: "SELECT x.* FROM t x JOIN t y ON x.id = y.id", sub: all },
  {
    number: 47,
    text: "SELECT x.* FROM t x JOIN u y ON x.id = y.t_id JOIN u z ON x.id = z.t_id",
    sub: "LC_SQL_UNSUPPORTED: Invalid number of tables in subscription: 3",
    gen: ["1"],
    oneOff: ["1"],
  },
  { number: 48, text: "SELECT * FROM p", sub: "LC_SQL_NAME: no such table: `p`. If the table" },
  { number: 49, text: "SELECT * FROM ev", sub: [] },
  {
    number: 50,
    text: "SELECT t.* FROM t JOIN ev ON t.id = ev.t_id",
    sub: "LC_SQL_UNSUPPORTED: Event tables cannot be used as the lookup table in subscription joins",
    gen: [],
    oneOff: [],
  },
  { number: 50, text: "SELECT t.* FROM ev JOIN t ON t.id = ev.t_id", sub: [] },
  { number: 51, text: "SELECT * FROM v", sub: ["1", "2"] },
  // The list forms of subscriptions know this text before it is parsed.
  { number: 52, text: "SELECT * FROM *", sub: `${syntax}expected a table, found *` },
  {
    number: 53,
    text: "SELECT * FROM t; SELECT * FROM u",
    sub: "LC_SQL_UNSUPPORTED: Multiple SQL statements are not supported",
  },
  {
    number: 54,
    text: "INSERT INTO u (id, t_id, b) VALUES (0, 1, 2), (0, 1, 3)",
    sub: nonSelect,
    gen: forbidden,
  },
  { number: 55, text: "INSERT INTO u VALUES (0, 1, 2)", sub: nonSelect, gen: forbidden },
  {
    number: 56,
    text: "INSERT INTO u (b, t_id, id) VALUES (9, 8, 7)",
    sub: nonSelect,
    gen: forbidden,
  },
  {
    number: 57,
    text: "UPDATE t SET b = 4, s = 'x' WHERE who = :sender",
    sub: nonSelect,
    gen: forbidden,
  },
  {
    number: 58,
    text: "UPDATE t SET b = b + 1",
    sub: `${unsupported} column/variable assignment expression`,
  },
  {
    number: 59,
    text: "DELETE FROM t WHERE at < '2020-01-01T00:00:00Z'",
    sub: nonSelect,
    gen: forbidden,
  },
  { number: 60, text: "DELETE FROM v", sub: nonSelect, gen: forbidden },
  { number: 61, text: "SET row_limit = 1000", sub: nonSelect, gen: forbidden },
  { number: 62, text: "SHOW row_limit", sub: nonSelect, gen: [] },
  { number: 63, text: "BEGIN", sub: nonSelect, gen: `${unsupported}: BEGIN` },
  {
    number: 64,
    text: "",
    sub: "LC_SQL_SYNTAX: SubscriptionError: Empty string",
    gen: "LC_SQL_SYNTAX: Empty SQL query",
  },
];

/** First cells of the answer of general SQL. */
function firstCells(
  text: string,
  datastore: Datastore,
  caller: SqlCaller,
  settings: SqlSettings,
): string[] {
  const { rowsJson } = runSql(text, datastore, caller, { settings });
  return (JSON.parse(rowsJson) as unknown[][]).map(([cell]) => String(cell)).sort();
}

const sample = openSample();
const strict: SqlSettings = { isStrict: true };

for (const { number, text, sub, gen = sub, wide = gen, oneOff = sub } of rows) {
  void test(`[SQL1] row ${number} of the reference's table: ${text}`, async (t) => {
    const check = (run: () => string[], expected: Expected, dialect: string): void => {
      const found = outcomeOf(() => run().join());
      if (typeof expected === "string") t.equal(found.slice(0, expected.length), expected, dialect);
      else t.equal(found, [...expected].sort().join(), dialect);
    };
    check(() => idsOf(sample, text), sub, "subscription");
    check(() => firstCells(text, sample, visitor, strict), gen, "general SQL, strict");
    check(() => firstCells(text, sample, visitor, {}), wide, "general SQL");
    if (number !== 12) {
      check(() => idsOf(sample, text, visitor, "oneOff"), oneOff, "one-off query");
    }
  });
}

void test("[SQL1] row 48 for the owner: a private table is read", async (t) => {
  t.same(idsOf(sample, "SELECT * FROM p", owner), ["1", "2"]);
  t.equal(runSql("SELECT * FROM p", sample, owner).rowsJson, "[[1],[2]]");
});

void test("[SQL1] rows 54 to 62 for the owner: what statements leave behind", async (t) => {
  const cases: readonly [
    number: number,
    text: string,
    outcome: RegExp,
    table: string,
    left: string,
    /** Where it differs by default. */
    wide?: { readonly outcome?: RegExp; readonly left?: string },
  ][] = [
    [
      54,
      "INSERT INTO u (id, t_id, b) VALUES (5, 1, 2), (6, 1, 3)",
      /^\[\[2,0,0\]\]$/,
      "u",
      "1,5,6",
    ],
    [
      55,
      "INSERT INTO u VALUES (0, 1, 2)",
      /^LC_SQL_TYPE: The number of fields \(0\)/,
      "u",
      "1",
      { outcome: /^LC_SQL_TYPE: INSERT names its columns: INSERT INTO u \(id, t_id, b\) VALUES/ },
    ],
    [
      56,
      "INSERT INTO u (b, t_id, id) VALUES (9, 8, 7)",
      /^\[\[1,0,0\]\]$/,
      "u",
      "1,9",
      { left: "1,7" },
    ],
    [
      57,
      "UPDATE t SET b = 4, s = 'x' WHERE who = :sender",
      /^\[\[0,0,2\]\]$/,
      "t WHERE t.b = 4",
      "1,3",
    ],
    [58, "UPDATE t SET b = b + 1", /^LC_SQL_UNSUPPORTED: Unsupported column/, "t", "1,10,2,3"],
    [59, "DELETE FROM t WHERE at < '2025-01-03T00:00:01Z'", /^\[\[0,2,0\]\]$/, "t", "10,3"],
    [60, "DELETE FROM v", /^LC_SQL_UNSUPPORTED: DML on views is not supported/, "v", "1,2"],
    [61, "SET row_limit = 1000", /^\[\[1,0,0\]\]$/, "st_var", "row_limit"],
    [62, "SHOW row_limit", /^\[\]$/, "st_var", ""],
  ];
  for (const [number, text, outcome, table, left, wide = {}] of cases) {
    for (const settings of [strict, {}]) {
      const expected = { outcome, left, ...(settings === strict ? {} : wide) };
      const datastore = openSample();
      const title = `row ${number}, ${settings === strict ? "strict" : "by default"}`;
      t.match(
        outcomeOf(() => runSql(text, datastore, owner, { settings }).rowsJson),
        expected.outcome,
        title,
      );
      const found = firstCells(`SELECT * FROM ${table}`, datastore, owner, settings);
      t.equal(found.join(), expected.left, `${title}: ${table}`);
    }
  }
});

void test("[SQL1] row 61: the limit can be set once, then shown by anyone", async (t) => {
  const datastore = openSample();
  runSql("SET row_limit = 1000", datastore, owner);
  t.throws(() => runSql("SET row_limit TO 5", datastore, owner), { code: "LC_SQL_CONSTRAINT" });
  t.equal(runSql("SHOW row_limit", datastore, visitor).rowsJson, "[[[8,1000]]]");
  runSql("DELETE FROM st_var WHERE name = 'row_limit'", datastore, owner);
  t.equal(runSql("SHOW row_limit", datastore, visitor).rowsJson, "[]");
});

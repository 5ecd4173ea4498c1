// INSERT, UPDATE, DELETE, SET: what they change, what they refuse (sql-and-subscriptions.md section 7).
import {
  type AlgebraicType,
  bytesType,
  identityType,
  option,
  primitive,
  timestampType,
  uuidType,
} from "@lightcone/abi";
import { test } from "tap";
import { createTable } from "../datastore/create-table.ts";
import { Datastore } from "../datastore/datastore.ts";
import {
  insertRows,
  makeTable,
  openSample,
  outcomeOf,
  owner,
  runSql,
  visitor,
} from "./test-tables.ts";
import type { SqlCaller } from "./bind/visibility.ts";

/** These are the statements as the reference has them; beside it change-wide.test.ts. */
function runStrict(text: string, datastore: Datastore, caller: SqlCaller): { rowsJson: string } {
  return runSql(text, datastore, caller, { settings: { isStrict: true } });
}

/** A table `g` whose `id` is generated and unique, and whose `n` is unique too. */
function openGenerated(): Datastore {
  const datastore = new Datastore();
  const tx = datastore.begin();
  const index = (column: string, position: number) =>
    ({
      name: `g_${column}_idx`,
      alias: `g_${column}_idx`,
      kind: "btree",
      columns: [position],
    }) as const;
  const table = createTable(datastore, tx, {
    name: "g",
    alias: "G",
    access: "private",
    columns: ["id", "n", "v"].map((name) => ({ name, alias: name, type: primitive("u32") })),
    primaryKey: 0,
    indexes: [index("id", 0), index("n", 1)],
    constraints: [
      { name: "g_id_key", columns: [0] },
      { name: "g_n_key", columns: [1] },
    ],
    sequences: [
      {
        name: "g_id_seq",
        column: 0,
        increment: 1n,
        start: undefined,
        min: undefined,
        max: undefined,
      },
    ],
    schedule: undefined,
    isEvent: false,
  });
  insertRows(tx, table, [
    [0, 1, 7],
    [0, 2, 7],
  ]);
  datastore.commit(tx);
  datastore.release(tx);
  return datastore;
}

/** The outcome of a statement, then the rows of `g`. */
function after(text: string, datastore: Datastore = openGenerated()): string {
  const outcome = outcomeOf(() => runStrict(text, datastore, owner).rowsJson);
  const left = JSON.parse(runStrict("SELECT * FROM g", datastore, owner).rowsJson) as number[][];
  return `${outcome.replace(/ \(line.*$/, "")} ${JSON.stringify(left.sort((a, b) => (a[0] ?? 0) - (b[0] ?? 0)))}`;
}

void test("[SQL18] statements and what they leave: inserted, deleted, updated; then the rows", async (t) => {
  const rest = "[[1,1,7],[2,2,7]]";
  const duplicate =
    "LC_SQL_CONSTRAINT: unique constraint violation: a row of table `g` has the same key";
  const rows: readonly [text: string, expected: string][] = [
    [
      "INSERT INTO g (id, n, v) VALUES (0, 3, 3), (0, 4, 4)",
      "[[2,0,0]] [[1,1,7],[2,2,7],[3,3,3],[4,4,4]]",
    ],
    ['INSERT INTO G (a, a, "order") VALUES (9, 0x5, 1e1);', "[[1,0,0]] [[1,1,7],[2,2,7],[9,5,10]]"],
    ["INSERT INTO g (id, n, v) VALUES (1, 1, 7)", `[[0,0,0]] ${rest}`],
    ["INSERT INTO g (id, n, v) VALUES (0, 3, 3), (0, 1, 1)", `${duplicate} ${rest}`],
    ["INSERT INTO g (id, n, v) VALUES (1, 5, 5)", `${duplicate} ${rest}`],
    ["UPDATE g SET v = 8 WHERE n = 2", "[[0,0,1]] [[1,1,7],[2,2,8]]"],
    ["UPDATE g SET v = 8, n = 9 WHERE g.id = 1", "[[0,0,1]] [[1,9,8],[2,2,7]]"],
    ["UPDATE g SET v = 7", `[[0,0,2]] ${rest}`],
    ["UPDATE g SET n = 3", `${duplicate} ${rest}`],
    ["UPDATE g SET v = 8 WHERE FALSE", `[[0,0,0]] ${rest}`],
    ["UPDATE g SET id = 0 WHERE n = 1", "[[0,0,1]] [[2,2,7],[3,1,7]]"],
    ["DELETE FROM g WHERE v = 7 AND n <> 1", "[[0,1,0]] [[1,1,7]]"],
    ["DELETE FROM g", "[[0,2,0]] []"],
  ];
  for (const [text, expected] of rows) t.equal(after(text), expected, text);
});

void test("[SQL18] rows may take each other's keys, and equal ones become one", async (t) => {
  const datastore = openSample();
  const ids = (): string => runStrict("SELECT x FROM p", datastore, owner).rowsJson;
  runStrict("INSERT INTO p (x) VALUES (3)", datastore, owner);
  t.equal(runStrict("UPDATE p SET x = 2 WHERE x > 1", datastore, owner).rowsJson, "[[0,0,2]]");
  t.equal(ids(), "[[1],[2]]");
});

void test("[SQL18] what statements refuse", async (t) => {
  const rows: readonly [text: string, expected: RegExp][] = [
    [
      "INSERT INTO u (id) VALUES (1, 2, 3)",
      /^LC_SQL_TYPE: The number of fields \(1\) in the INSERT does not match the number of columns \(3\) of the table `u`/,
    ],
    [
      "INSERT INTO u (id, t_id, b) VALUES (1, 2)",
      /^LC_SQL_TYPE: Inserting a row with 2 values into `u` which has 3 fields/,
    ],
    [
      "INSERT INTO u (id, t_id, b) VALUES (1, 2, '3')",
      /^LC_SQL_TYPE: Unexpected type: \(expected\) U32 != String \(inferred\)/,
    ],
    [
      "INSERT INTO u (id, t_id, b) VALUES (1, 2, TRUE)",
      /^LC_SQL_TYPE: The literal expression `TRUE` cannot be parsed as type `U32`/,
    ],
    [
      "INSERT INTO u (id, t_id, b) VALUES (1, 2, :sender)",
      /^LC_SQL_UNSUPPORTED: Unsupported literal expression/,
    ],
    [
      "INSERT INTO u (id, t_id, b) VALUES (1, 2, NULL)",
      /^LC_SQL_UNSUPPORTED: Unsupported literal expression/,
    ],
    [
      "INSERT INTO u (id, t_id, b) VALUES (1, 2, 3 + 4)",
      /^LC_SQL_UNSUPPORTED: Unsupported literal expression/,
    ],
    ["INSERT INTO u (id, t_id, b) SELECT * FROM u", /^LC_SQL_UNSUPPORTED: Unsupported INSERT/],
    [
      "INSERT INTO u (id, t_id, b) VALUES (1, 2, 3) ON CONFLICT DO NOTHING",
      /^LC_SQL_UNSUPPORTED: Unsupported INSERT/,
    ],
    [
      "INSERT INTO u (id, t_id, b) VALUES (1, 2, 3) RETURNING id",
      /^LC_SQL_UNSUPPORTED: Unsupported INSERT/,
    ],
    ["INSERT u (id) VALUES (1)", /^LC_SQL_SYNTAX: sql parser error: expected INTO/],
    ["UPDATE u SET c = 1", /^LC_SQL_NAME: `u` does not have a field `c`/],
    ["UPDATE u SET b = 1, b = 2", /^LC_SQL_NAME: Duplicate name `b`/],
    ["UPDATE u SET b = 'x'", /^LC_SQL_TYPE: Unexpected type/],
    [
      "UPDATE u SET b = b",
      /^LC_SQL_UNSUPPORTED: Unsupported column\/variable assignment expression/,
    ],
    ["UPDATE u x SET b = 1", /^LC_SQL_UNSUPPORTED: Unsupported: UPDATE takes no alias/],
    ["UPDATE u SET b = 1 FROM t", /^LC_SQL_UNSUPPORTED: Unsupported: FROM in UPDATE/],
    ["UPDATE u SET b = 1 WHERE t.b = 1", /^LC_SQL_NAME: `t` is not in scope/],
    ["DELETE u WHERE b = 1", /^LC_SQL_UNSUPPORTED: Multi-table DELETE is not supported/],
    ["DELETE FROM u, t", /^LC_SQL_UNSUPPORTED: Multi-table DELETE is not supported/],
    ["DELETE FROM u USING t", /^LC_SQL_UNSUPPORTED: Unsupported: USING in DELETE/],
    ["DELETE FROM (u)", /^LC_SQL_UNSUPPORTED: Unsupported table expression in DELETE/],
    ["DELETE FROM nothing", /^LC_SQL_NAME: no such table: `nothing`/],
    ["DELETE FROM st_table", /^LC_SQL_FORBIDDEN: system table `st_table` is not changed by SQL/],
    ["UPDATE v SET a = 1", /^LC_SQL_UNSUPPORTED: DML on views is not supported/],
    ["INSERT INTO v (id, a) VALUES (1, 2)", /^LC_SQL_UNSUPPORTED: DML on views is not supported/],
    ["SET other = 1", /^LC_SQL_NAME: `other` is not a valid system variable/],
    ["SHOW other", /^LC_SQL_NAME: `other` is not a valid system variable/],
    [
      "SET row_limit = 'x'",
      /^LC_SQL_TYPE: Unexpected type: \(expected\) U64 != String \(inferred\)/,
    ],
    [
      "SET row_limit = 0x10",
      /^LC_SQL_TYPE: Unexpected type: \(expected\) U64 != Array<U8> \(inferred\)/,
    ],
    ["SET row_limit = TRUE", /^LC_SQL_TYPE: The literal expression `TRUE`/],
    ["SET row_limit = -1", /^LC_SQL_TYPE: The literal expression `-1`/],
    ["SET row_limit", /^LC_SQL_SYNTAX: sql parser error: expected =/],
  ];
  const datastore = openSample();
  const outcome = (text: string): string =>
    outcomeOf(() => runStrict(text, datastore, owner).rowsJson);
  for (const [text, expected] of rows) t.match(outcome(text), expected, text);
  t.match(
    outcomeOf(() => runStrict("DELETE FROM nothing", datastore, visitor).rowsJson),
    /^LC_SQL_FORBIDDEN: Caller [0-9a-f]{64} is not authorized to run SQL DML statements$/,
    "who may not change anything learns no names",
  );
});

void test("[SQL18] which literals can be stored", async (t) => {
  const hex = "ab".repeat(16);
  const rows: readonly [type: AlgebraicType, literal: string, expected: RegExp][] = [
    [primitive("string"), "'it''s'", /^\["it's"\]$/],
    [primitive("string"), "5", /^\["5"\]$/],
    [primitive("f64"), "1e-1", /^\[0\.1\]$/],
    [primitive("bool"), "TRUE", /^\[true\]$/],
    [primitive("i8"), "-128", /^\[-128\]$/],
    [bytesType, "0x0aff", /^\["0aff"\]$/],
    [bytesType, "'0aff'", /^LC_SQL_TYPE: Unexpected type/],
    [identityType, `0x${hex}${hex}`, /^\[\["0x(ab){32}"\]\]$/],
    [uuidType, `0x${hex}`, /^\[\[\d+\]\]$/],
    [uuidType, `'${hex}'`, /^LC_SQL_TYPE: Unexpected type: \(expected\) Uuid != String/],
    [
      timestampType,
      "'2020-01-01T00:00:00Z'",
      /^LC_SQL_TYPE: Unexpected type: \(expected\) Timestamp/,
    ],
    [timestampType, "5", /^LC_SQL_TYPE: The literal expression `5` cannot be parsed as type/],
    [option(primitive("u8")), "5", /^LC_SQL_TYPE: The literal expression `5` cannot be parsed/],
  ];
  for (const [type, literal, expected] of rows) {
    const datastore = new Datastore();
    const tx = datastore.begin();
    makeTable(datastore, tx, { name: "t", columns: { x: type } });
    datastore.commit(tx);
    datastore.release(tx);
    const outcome = outcomeOf(() => {
      runStrict(`INSERT INTO t (x) VALUES (${literal})`, datastore, owner);
      return runStrict("SELECT * FROM t", datastore, owner).rowsJson.slice(1, -1);
    });
    t.match(outcome, expected, literal);
  }
});

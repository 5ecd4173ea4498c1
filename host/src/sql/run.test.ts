// General SQL: what the answers look like, byte for byte, and what is refused.
import {
  bytesType,
  connectionIdType,
  ConnectionId,
  identityType,
  option,
  primitive,
  timeDurationType,
  TimeDuration,
} from "@lightcone/abi";
import { test } from "tap";
import { Datastore } from "../datastore/datastore.ts";
import {
  insertRows,
  makeTable,
  openSample,
  outcomeOf,
  owner,
  sender,
  visitor,
  runSql,
} from "./test-tables.ts";

const sample = openSample();

function answer(text: string, datastore: Datastore = sample): string {
  return outcomeOf(() => {
    const { schemaJson, rowsJson, rowCount } = runSql(text, datastore, visitor);
    const { elements } = JSON.parse(schemaJson) as {
      elements: { name: { some: string }; algebraic_type: Record<string, unknown> }[];
    };
    const columns = elements.map(({ name, algebraic_type }) => {
      return `${name.some} ${Object.keys(algebraic_type).join()}`;
    });
    return `${columns.join(", ")}: ${rowCount} ${rowsJson}`;
  });
}

void test("[SQL15] an answer is a product type and rows, both as JSON", async (t) => {
  t.same(runSql("SELECT id, s AS text FROM t WHERE id = 3", sample, visitor), {
    schemaJson:
      '{"elements":[{"name":{"some":"id"},"algebraic_type":{"U64":[]}},' +
      '{"name":{"some":"text"},"algebraic_type":{"String":[]}}]}',
    rowsJson: '[[3,"5"]]',
    rowCount: 1,
  });
});

void test("[SQL15] cells of every kind", async (t) => {
  const datastore = new Datastore();
  const tx = datastore.begin();
  const table = makeTable(datastore, tx, {
    name: "t",
    columns: {
      text: primitive("string"),
      wide: primitive("u128"),
      huge: primitive("i256"),
      real: primitive("f64"),
      who: identityType,
      link: connectionIdType,
      span: timeDurationType,
      raw: bytesType,
      maybe: option(primitive("u8")),
    },
  });
  insertRows(tx, table, [
    [
      'say "hi"\n',
      2n ** 70n,
      -5n,
      0.5,
      sender,
      new ConnectionId(9n),
      new TimeDuration(-1n),
      Uint8Array.of(10, 255),
      7,
    ],
    [
      "",
      0n,
      255n,
      Number.NaN,
      sender,
      ConnectionId.zero,
      new TimeDuration(0n),
      new Uint8Array(0),
      undefined,
    ],
  ]);
  datastore.commit(tx);
  datastore.release(tx);
  const who = `["0x${sender.value.toString(16)}"]`;
  const cells = (first: string): string => {
    const { rowsJson } = runSql(`SELECT * FROM t WHERE text ${first} ''`, datastore, visitor);
    return rowsJson.replace(/\["0x0*(?=[1-9a-f])/, '["0x');
  };
  t.equal(
    cells("<>"),
    `[["say \\"hi\\"\\n",1180591620717411303424,"-0x5",0.5,${who},[9],[-1],"0aff",[0,7]]]`,
  );
  t.equal(cells("="), `[["",0,"0xff",null,${who},[0],[0],"",[1,[]]]]`);
  t.equal(
    runSql("SELECT maybe, text FROM t WHERE text <> ''", datastore, visitor).rowsJson,
    '[[[0,7],"say \\"hi\\"\\n"]]',
  );
});

void test("[SQL10] columns and their headers", async (t) => {
  const datastore = new Datastore();
  const tx = datastore.begin();
  const u32 = primitive("u32");
  const table = makeTable(datastore, tx, {
    name: "t",
    columns: { first_name: u32, b: u32 },
    columnAliases: { first_name: "firstName" },
  });
  insertRows(tx, table, [[1, 2]]);
  datastore.commit(tx);
  datastore.release(tx);
  const rows: readonly [text: string, expected: string][] = [
    ["SELECT * FROM t", "first_name U32, b U32: 1 [[1,2]]"],
    ["SELECT t.* FROM t", "first_name U32, b U32: 1 [[1,2]]"],
    ["SELECT firstName FROM t", "firstName U32: 1 [[1]]"],
    ["SELECT t.b, first_name FROM t", "b U32, first_name U32: 1 [[2,1]]"],
    ["SELECT b x, b AS y FROM t", "x U32, y U32: 1 [[2,2]]"],
    ["SELECT firstName, first_name FROM t", "firstName U32, first_name U32: 1 [[1,1]]"],
    ["SELECT b, b FROM t", "LC_SQL_NAME: Duplicate name `b` (line 1, column 11)"],
    ["SELECT b, t.b FROM t", "LC_SQL_NAME: Duplicate name `b` (line 1, column 11)"],
    ["SELECT c FROM t", "LC_SQL_NAME: `t` does not have a field `c` (line 1, column 8)"],
    ["SELECT x.b FROM t", "LC_SQL_NAME: `x` is not in scope (line 1, column 8)"],
    ["SELECT x.b FROM t x WHERE t.b = 2", "LC_SQL_NAME: `t` is not in scope (line 1, column 27)"],
    ["SELECT x.* FROM t", "LC_SQL_NAME: `x` is not in scope (line 1, column 8)"],
  ];
  for (const [text, expected] of rows) t.equal(answer(text, datastore), expected, text);
});

void test("[SQL11] COUNT and LIMIT", async (t) => {
  const rows: readonly [text: string, expected: string][] = [
    ["SELECT COUNT(*) AS n FROM t", "n U64: 1 [[4]]"],
    ["SELECT count(*) total FROM t WHERE a = 7", "total U64: 1 [[2]]"],
    ["SELECT COUNT(*) AS n FROM t WHERE FALSE", "n U64: 1 [[0]]"],
    ["SELECT COUNT(*) AS n FROM ev", "n U64: 1 [[0]]"],
    // LIMIT comes after the count, and a count is one row.
    ["SELECT COUNT(*) AS n FROM t LIMIT 0", "n U64: 1 [[4]]"],
    ["SELECT id FROM t LIMIT 2", "id U64: 2 [[1],[2]]"],
    ["SELECT id FROM t LIMIT 1e2", "id U64: 4 [[1],[2],[3],[10]]"],
    ["SELECT id FROM t LIMIT 0", "id U64: 0 []"],
    ["SELECT id FROM t WHERE a = 7 LIMIT 1", "id U64: 1 [[2]]"],
    ["SELECT id FROM t LIMIT 18446744073709551615;", "id U64: 4 [[1],[2],[3],[10]]"],
    [
      "SELECT id FROM t LIMIT 1.5",
      "LC_SQL_TYPE: The literal expression `1.5` cannot be parsed as type `U64` (line 1, column 24)",
    ],
    [
      "SELECT id FROM t LIMIT 18446744073709551616",
      "LC_SQL_TYPE: The literal expression `18446744073709551616` cannot be parsed as type `U64` (line 1, column 24)",
    ],
  ];
  for (const [text, expected] of rows) t.equal(answer(text), expected, text);
});

void test("[SQL12] statements that are no SELECT", async (t) => {
  t.equal(
    outcomeOf(
      () =>
        runSql("EXPLAIN SELECT * FROM t", sample, owner, { settings: { isStrict: true } }).rowsJson,
    ),
    "LC_SQL_UNSUPPORTED: Unsupported: EXPLAIN (line 1, column 1)",
  );
  t.equal(answer("DROP TABLE t"), "LC_SQL_UNSUPPORTED: Unsupported: DROP (line 1, column 1)");
});

void test("[SQL5] system tables are public", async (t) => {
  const text =
    "SELECT table_name, table_access FROM st_table WHERE table_type = 'user' AND table_id = 4096";
  t.equal(runSql(text, sample, visitor).rowsJson, '[["t","public"]]');
  t.equal(runSql("SELECT COUNT(*) AS n FROM p", sample, owner).rowsJson, "[[2]]");
});

void test("[SQL15] a result has a limit, however few bytes it comes from", async (t) => {
  const datastore = new Datastore();
  const tx = datastore.begin();
  const table = makeTable(datastore, tx, { name: "t", columns: { s: primitive("string") } });
  // In JSON each of these characters takes six.
  insertRows(tx, table, [["\u0001".repeat(400_000)]]);
  datastore.commit(tx);
  datastore.release(tx);
  const times = (count: number): string => {
    const columns = Array.from({ length: count }, (_, i) => `s AS c${i}`);
    return `SELECT ${columns.join()} FROM t`;
  };
  t.equal(runSql(times(2), datastore, visitor).rowsJson.length, 2 * 2_400_002 + 5);
  t.throws(() => runSql(times(60), datastore, visitor), { code: "LC_LIMIT" });
});

// Whole-row queries: names, types, who may read what, sharing, and the condition by which changes are found.
import {
  bytesType,
  connectionIdType,
  identityType,
  option,
  primitive,
  timeDurationType,
  toHex,
  uuidType,
} from "@lightcone/abi";
import { test } from "tap";
import { Datastore } from "../datastore/datastore.ts";
import { allTableTexts, isAllTables } from "./table-query.ts";
import {
  compileSingle,
  idsOf,
  insertRows,
  kindType,
  makeTable,
  openSample,
  outcomeOf,
  owner,
  sender,
  visitor,
} from "./test-tables.ts";
import type { SqlCaller } from "./bind/visibility.ts";

const sample = openSample();

/** The ids found in `t`, or how the refusal begins; the text that a refusal quotes is cut off. */
function found(datastore: Datastore, text: string, caller: SqlCaller = visitor): string {
  const outcome = outcomeOf(() => idsOf(datastore, text, caller).join());
  return outcome.replace(/ \(line \d+, column \d+\), executing: [^]*$/, "");
}

type Row = readonly [text: string, expected: string];

/** A table whose names in the source differ from its names in the database, and others with names that need quotes. */
function openNames(): Datastore {
  const datastore = new Datastore();
  const tx = datastore.begin();
  const u32 = primitive("u32");
  const aliased = makeTable(datastore, tx, {
    name: "user_score",
    alias: "UserScore",
    columns: { first_name: u32, other: u32 },
    columnAliases: { first_name: "firstName", other: "first_name" },
  });
  insertRows(tx, aliased, [[1, 100]]);
  const library = makeTable(datastore, tx, { name: "lib.inner.t", columns: { order: u32 } });
  insertRows(tx, library, [[7]]);
  makeTable(datastore, tx, { name: 'odd "name"', columns: { x: u32 } });
  // Its name is another table's alias: the canonical name goes first.
  const shadow = makeTable(datastore, tx, { name: "shadow", alias: "x1", columns: { x: u32 } });
  insertRows(tx, shadow, [[1]]);
  makeTable(datastore, tx, { name: "x1", alias: "x2", columns: { x: u32 } });
  datastore.commit(tx);
  datastore.release(tx);
  return datastore;
}

void test("[SQL4] names of tables and columns", async (t) => {
  const datastore = openNames();
  const rows: readonly Row[] = [
    ["SELECT * FROM user_score", "1"],
    ["SELECT * FROM UserScore", "1"],
    ["SELECT UserScore.* FROM UserScore", "1"],
    [
      "SELECT user_score.* FROM UserScore",
      "LC_SQL_NAME: `user_score` is not in scope; did you mean `UserScore`?",
    ],
    [
      "SELECT * FROM userscore",
      "LC_SQL_NAME: no such table: `userscore`. If the table exists, it may be marked private. Did you mean `user_score`?",
    ],
    ["SELECT * FROM user_score WHERE firstName = 1", "1"],
    ["SELECT * FROM user_score WHERE user_score.firstName = 1", "1"],
    // An alias comes before a canonical name, even that of another column.
    ["SELECT * FROM user_score WHERE first_name = 100", "1"],
    ["SELECT * FROM user_score WHERE other = 100", "1"],
    [
      "SELECT * FROM user_score WHERE FirstName = 1",
      "LC_SQL_NAME: `user_score` does not have a field `FirstName`; did you mean `first_name`?",
    ],
    ["SELECT * FROM user_score u WHERE u.firstName = 1", "1"],
    [
      "SELECT * FROM user_score u WHERE user_score.firstName = 1",
      "LC_SQL_NAME: `user_score` is not in scope",
    ],
    ['SELECT * FROM lib.inner.t WHERE lib.inner.t."order" = 7', "7"],
    ['SELECT * FROM "lib"."inner"."t" WHERE "lib.inner"."t"."order" = 7', "7"],
    ['SELECT * FROM "lib.inner.t"', "7"],
    ['SELECT * FROM "odd ""name"""', ""],
    ["SELECT * FROM x1", ""],
  ];
  for (const [text, expected] of rows) t.equal(found(datastore, text), expected, text);
});

void test("[SQL5] who may read what", async (t) => {
  const rows: readonly [caller: SqlCaller, text: string, expected: RegExp][] = [
    [
      visitor,
      "SELECT * FROM p",
      /^LC_SQL_NAME: no such table: `p`. If the table exists, it may be marked private.$/,
    ],
    [owner, "SELECT * FROM p", /^1,2$/],
    [visitor, "SELECT * FROM st_table", /^1,10,11,12/],
    [visitor, "SELECT * FROM st_connection_credentials", /^LC_SQL_NAME: no such table/],
    [owner, "SELECT * FROM st_connection_credentials", /^$/],
    [visitor, "SELECT * FROM v", /^1,2$/],
    [owner, "SELECT * FROM v", /^1,2$/],
    [
      { ...visitor, view: () => ({ isPublic: false, argHash: new Uint8Array(32) }) },
      "SELECT * FROM v",
      /^LC_SQL_NAME: no such table: `v`/,
    ],
    [visitor, "SELECT * FROM nothing", /^LC_SQL_NAME: no such table: `nothing`/],
  ];
  for (const [caller, text, expected] of rows) t.match(found(sample, text, caller), expected, text);
});

void test("[SQL7] types of comparisons", async (t) => {
  const invalid = (type: string): string =>
    `LC_SQL_TYPE: Invalid binary operator \`=\` for type \`${type}\``;
  const mismatch = (a: string, b: string): string =>
    `LC_SQL_TYPE: Unexpected type: (expected) ${a} != ${b} (inferred)`;
  const rows: readonly Row[] = [
    ["a > 5 AND 1000 >= a", "10,2,3"],
    ["7 <> a", "1,3"],
    ["s < 'x'", "10,3"],
    ["s = 5", "3"],
    ["s = 0xAB", "10"],
    ["f >= 1.5", "10,3"],
    ["f = '1'", "2"],
    ["raw < 0x02ff", "1"],
    ["who <> :sender", "10,2"],
    [`who = 0x${"abc".padStart(64, "0")}`, "1,3"],
    ["b <= b", "1,10,2,3"],
    ["at = '2025-01-02T00:00:00Z'", "1"],
    ["ok", "1,3"],
    ["ok = FALSE", "10,2"],
    ["FALSE < ok", "1,3"],
    ["ok = 1", "LC_SQL_TYPE: The literal expression `1` cannot be parsed as type `Bool`"],
    ["(a = 7) = (b = 7)", "1,10,3"],
    ["(a = 7) <> ok", "1,10,2,3"],
    ["(a = 7) > (b = 7)", "2"],
    ["TRUE", "1,10,2,3"],
    ["FALSE OR 1000 = a", "3"],
    ["TRUE > FALSE AND ok", "1,3"],
    ["a = TRUE", mismatch("U32", "Bool")],
    ["s = TRUE", mismatch("String", "Bool")],
    ["a = s", mismatch("U32", "String")],
    ["a", mismatch("Bool", "U32")],
    ["ok AND who", mismatch("Bool", "Identity")],
    [":sender", mismatch("Bool", "Identity")],
    ["kind", mismatch("Bool", "(A: () | B: ())")],
    ["1", "LC_SQL_TYPE: The literal expression `1` cannot be parsed as type `Bool`"],
    ["'a' < 1", "LC_SQL_TYPE: Cannot resolve type for literal expression"],
    ["kind = kind", invalid("(A: () | B: ())")],
  ];
  for (const [where, expected] of rows) {
    t.equal(found(sample, `SELECT * FROM t WHERE ${where}`), expected, where);
  }
});

void test("[SQL7] types that cannot be compared", async (t) => {
  const datastore = new Datastore();
  const tx = datastore.begin();
  makeTable(datastore, tx, {
    name: "t",
    columns: {
      d: timeDurationType,
      o: option(uuidType),
      c: connectionIdType,
      l: { kind: "array", element: kindType },
    },
  });
  datastore.commit(tx);
  datastore.release(tx);
  const rows: readonly Row[] = [
    ["d = d", "LC_SQL_TYPE: Invalid binary operator `=` for type `TimeDuration`"],
    ["o < o", "LC_SQL_TYPE: Invalid binary operator `<` for type `(some: Uuid | none: ())`"],
    ["l <> l", "LC_SQL_TYPE: Invalid binary operator `<>` for type `Array<(A: () | B: ())>`"],
    ["d = 5", "LC_SQL_TYPE: The literal expression `5` cannot be parsed as type `TimeDuration`"],
    ["c = c", ""],
  ];
  for (const [where, expected] of rows) {
    t.equal(found(datastore, `SELECT * FROM t WHERE ${where}`), expected, where);
  }
});

void test("[SQL8] the sender", async (t) => {
  const datastore = new Datastore();
  const tx = datastore.begin();
  const table = makeTable(datastore, tx, {
    name: "t",
    columns: { id: primitive("u32"), who: identityType, raw: bytesType, wide: primitive("u256") },
  });
  const bigEndian = sender.toBytes().reverse();
  insertRows(tx, table, [
    [1, sender, bigEndian, sender.value],
    [2, sender, sender.toBytes(), 0n],
  ]);
  datastore.commit(tx);
  datastore.release(tx);
  const rows: readonly Row[] = [
    [":sender = who", "1,2"],
    ["raw = :sender", "1"],
    [":sender >= raw", "1"],
    ["wide = :sender", "LC_SQL_TYPE: Unexpected type: (expected) U256 != Identity (inferred)"],
    [`wide = ${sender.value}`, "1"],
    [":sender = :sender", "1,2"],
    [`:sender = 0x${sender.toHex()}`, "1,2"],
    [`:sender < '${sender.toHex()}'`, ""],
  ];
  for (const [where, expected] of rows) {
    t.equal(found(datastore, `SELECT * FROM t WHERE ${where}`), expected, where);
  }
});

void test("[SQL14] equal keys mean equal results", async (t) => {
  const key = (text: string, caller: SqlCaller): string =>
    compileSingle(text, sample, caller, "subscription").shareKey.replace(/^[\d,]+ /, "");
  t.equal(key("SELECT * FROM t", visitor), key("SELECT * FROM t", owner));
  const mine = "SELECT * FROM t WHERE FALSE AND who = :sender";
  t.equal(key(mine, visitor), `${sender.toHex()}  0 false`);
  t.ok(compileSingle(mine, sample, visitor, "subscription").usesSender);
  t.equal(key("SELECT * FROM p", owner), " owner 0 ");
});

void test("[SUB1] what is asked in other words is the same, what differs is not", async (t) => {
  const key = (text: string): string =>
    compileSingle(text, sample, visitor, "subscription").shareKey;
  const same: readonly (readonly [string, string])[] = [
    [" SELECT * FROM t\n", "select t.* from t;"],
    ["SELECT * FROM t WHERE a = 5", "SELECT * FROM t x WHERE ((x.a) = 5)"],
    ["SELECT * FROM t WHERE a = 1000", "SELECT * FROM t WHERE 1e3 = a"],
    ["SELECT * FROM t WHERE a < 5 AND b = 6", "SELECT * FROM t WHERE '6' = b AND (5 > a)"],
    [
      "SELECT * FROM t WHERE a = 1 OR (a = 2 OR b = 3)",
      "SELECT * FROM t WHERE b = 3 OR a = 2 OR a = 1",
    ],
    ["SELECT * FROM t WHERE a = 1 AND a = 1", "SELECT * FROM t WHERE a = 1"],
    ["SELECT * FROM t WHERE a < b", "SELECT * FROM t WHERE b > a"],
    ["SELECT * FROM t WHERE ok", "SELECT * FROM t WHERE ok = TRUE"],
  ];
  for (const [one, other] of same) t.equal(key(one), key(other), `${one} and ${other}`);
  const different = [
    "SELECT * FROM t",
    "SELECT * FROM t WHERE a = 5",
    "SELECT * FROM t WHERE b = 5",
    "SELECT * FROM t WHERE a <> 5",
    "SELECT * FROM t WHERE a < 5",
    "SELECT * FROM t WHERE a > 5",
    "SELECT * FROM t WHERE a = 5 AND b = 5",
    "SELECT * FROM t WHERE a = 5 OR b = 5",
    "SELECT * FROM t WHERE a < b",
    "SELECT * FROM t WHERE a > b",
    "SELECT * FROM t WHERE a = 5 AND (b = 5 OR id = 5)",
    "SELECT * FROM t WHERE (a = 5 AND b = 5) OR id = 5",
  ];
  t.equal(new Set(different.map(key)).size, different.length);
});

void test("[SQL14] the condition by which changes can be found by value", async (t) => {
  const rows: readonly [where: string, expected: string][] = [
    ["a = 5", "a 05000000"],
    ["5 = a", "a 05000000"],
    ["b = 1 AND a = 5 AND f = 1", "a 05000000"],
    ["a = 5 AND (b = 1 AND id = 2)", "id 0200000000000000"],
    ["b = 1 AND a > 5", "b 01000000"],
    ["ok AND s = 'x'", "s 0100000078"],
    ["ok", "ok 01"],
    ["who = :sender", `who ${toHex(sender.toBytes())}`],
    // Zero and minus zero are equal and have different bytes.
    ["f = 0", "none"],
    ["a = 5 OR a = 6", "none"],
    ["a <> 5", "none"],
    ["a = b", "none"],
    ["TRUE", "none"],
  ];
  for (const [where, expected] of rows) {
    const text = `SELECT * FROM t WHERE ${where}`;
    const { equality, table } = compileSingle(text, sample, visitor, "subscription");
    const shown =
      equality === undefined
        ? "none"
        : `${table.schema.columns[equality.column]?.name} ${toHex(equality.value)}`;
    t.equal(shown, expected, where);
  }
});

void test("[SQL14] an index changes the way, not the result", async (t) => {
  const rows: readonly [where: string, access: string, expected: string][] = [
    ["id = 3", "point 0", "3"],
    ["id = 99", "point 0", ""],
    ["a = 7", "point 1", "10,2"],
    ["a = 7 AND b = 7", "point 1", "10"],
    ["a = 7 AND id = 2", "point 0", "2"],
    ["a = 7 AND a = 5", "point 1", ""],
    ["a = 7 OR id = 1", "scan", "1,10,2"],
    ["b = 2", "scan", "2,3"],
    ["FALSE", "nothing", ""],
    ["a = 7 AND FALSE", "nothing", ""],
    ["ok OR TRUE", "scan", "1,10,2,3"],
  ];
  for (const [where, expectedAccess, expected] of rows) {
    const text = `SELECT * FROM t WHERE ${where}`;
    const { access, table } = compileSingle(text, sample, visitor, "oneOff");
    const way =
      access.kind === "point" ? `point ${table.indexes.indexOf(access.index)}` : access.kind;
    t.equal(way, expectedAccess, where);
    t.equal(found(sample, text), expected, where);
  }
});

void test("[SQL14] an index of several columns is used when all are given", async (t) => {
  const datastore = new Datastore();
  const tx = datastore.begin();
  const u32 = primitive("u32");
  const table = makeTable(datastore, tx, {
    name: "t",
    columns: { a: u32, s: primitive("string"), b: u32 },
    indexes: [[0], [2, 1]],
  });
  insertRows(tx, table, [
    [1, "x", 1],
    [2, "x", 2],
    [3, "y", 2],
  ]);
  datastore.commit(tx);
  datastore.release(tx);
  const way = (where: string): string => {
    const text = `SELECT * FROM t WHERE ${where}`;
    const { access } = compileSingle(text, datastore, visitor, "oneOff");
    const name = access.kind === "point" ? table.indexes.indexOf(access.index) : access.kind;
    return `${name}: ${idsOf(datastore, text).join()}`;
  };
  t.equal(way("s = 'x' AND b = 2"), "1: 2");
  t.equal(way("s = 'x' AND b = 2 AND a = 2"), "1: 2");
  t.equal(way("b = 2"), "scan: 2,3");
  t.equal(way("b = 2 AND a = 3"), "0: 3");
});

void test("[SQL13] SELECT * FROM * is known in any form", async (t) => {
  const yes = ["SELECT * FROM *", " select\n*\tfrom * ; ", "SELECT*FROM*"];
  const no = ["SELECT * FROM t", "SELECT * FROM * WHERE a", "x SELECT * FROM *", ""];
  for (const text of yes) t.ok(isAllTables(text), text);
  for (const text of no) t.notOk(isAllTables(text), text);
  t.notOk(
    isAllTables(`SELECT * FROM *${" ".repeat(5_000_000)}x`),
    "a long text takes no long time",
  );
});

void test("[SQL13] SELECT * FROM * stands for the tables that the caller may read", async (t) => {
  const texts = (datastore: Datastore, caller: SqlCaller): string[] =>
    allTableTexts(datastore, caller);
  const all = ['SELECT * FROM "t"', 'SELECT * FROM "u"', 'SELECT * FROM "n"'];
  const view = 'SELECT * FROM "v"';
  t.same(texts(sample, visitor), [...all, view]);
  t.same(texts(sample, owner), [...all, 'SELECT * FROM "p"', view]);
  t.ok(texts(openNames(), visitor).includes('SELECT * FROM "odd ""name"""'));
});

void test("[SQL16] refusals say where and quote the text", async (t) => {
  const message = (text: string): string => outcomeOf(() => idsOf(sample, text).join());
  t.equal(
    message("SELECT * FROM t\nWHERE a = 'x'"),
    "LC_SQL_TYPE: The literal expression `x` cannot be parsed as type `U32` (line 2, column 11), " +
      "executing: `SELECT * FROM t\nWHERE a = 'x'`",
  );
  t.match(message(`SELECT ${"x".repeat(50_000)}`), /maximum allowed length: .*, executing: `…`$/);
  t.match(
    outcomeOf(() => idsOf(sample, "SELECT * FROM t LIMIT 1", visitor, "oneOff").join()),
    /^LC_SQL_UNSUPPORTED: Unsupported: LIMIT in one-off queries/,
  );
});

// INSERT and UPDATE of the wide dialect: values go to the columns that the list names, and more literals can be stored.
import {
  type AlgebraicType,
  bytesType,
  connectionIdType,
  identityType,
  option,
  primitive,
  sum,
  timestampType,
  unitType,
  uuidType,
  Writer,
} from "@lightcone/abi";
import { test } from "tap";
import { createTable } from "../datastore/create-table.ts";
import { Datastore } from "../datastore/datastore.ts";
import type { SqlSettings } from "./run.ts";
import { kindType, makeTable, outcomeOf, owner, runSql } from "./test-tables.ts";

function openWith(columns: Readonly<Record<string, AlgebraicType>>): Datastore {
  const datastore = new Datastore();
  const tx = datastore.begin();
  makeTable(datastore, tx, { name: "t", columns });
  datastore.commit(tx);
  datastore.release(tx);
  return datastore;
}

/** A table with a generated key, a column that has a default, an Option, and one that has nothing of the kind. */
function openDefaults(): { readonly datastore: Datastore; readonly settings: SqlSettings } {
  const datastore = new Datastore();
  const tx = datastore.begin();
  const column = (name: string, type: AlgebraicType) => ({ name, alias: name, type });
  createTable(datastore, tx, {
    name: "d",
    alias: "D",
    access: "public",
    columns: [
      column("id", primitive("u64")),
      column("text", primitive("string")),
      { ...column("given_name", primitive("string")), alias: "givenName" },
      column("maybe", option(primitive("u8"))),
    ],
    primaryKey: 0,
    indexes: [{ name: "d_id", alias: "d_id", kind: "btree", columns: [0] }],
    constraints: [{ name: "d_key", columns: [0] }],
    sequences: [{ name: "d_id_seq", column: 0, increment: 1n, start: 1n, min: 1n, max: 1000n }],
    schedule: undefined,
    isEvent: false,
  });
  datastore.commit(tx);
  datastore.release(tx);
  const writer = new Writer();
  writer.string("as declared");
  const declared = writer.finish();
  return {
    datastore,
    settings: {
      columnDefault: (table, name) => (table === "d" && name === "text" ? declared : undefined),
    },
  };
}

void test("[SQL30] values go to the columns that the list names", async (t) => {
  const cases: readonly [text: string, expected: string][] = [
    ["INSERT INTO d (given_name) VALUES ('x')", '[[1,"as declared","x",[1,[]]]]'],
    ["INSERT INTO D (maybe, givenName) VALUES (7, 'x')", '[[1,"as declared","x",[0,7]]]'],
    [
      "INSERT INTO d (givenName, text, id) VALUES ('a', 'b', 9), ('c', 'd', 0)",
      '[[9,"b","a",[1,[]]],[1,"d","c",[1,[]]]]',
    ],
    ["INSERT INTO d (given_name, maybe) VALUES ('x', NULL)", '[[1,"as declared","x",[1,[]]]]'],
    [
      "INSERT INTO d (id, text) VALUES (1, 'x')",
      "LC_SQL_TYPE: INSERT leaves out `given_name`, for which `d` has no default (line 1, column 1)",
    ],
    [
      "INSERT INTO d (given_nme) VALUES ('x')",
      "LC_SQL_NAME: `d` does not have a field `given_nme`; did you mean `given_name`? (line 1, column 16)",
    ],
    [
      "INSERT INTO d (given_name, givenName) VALUES ('x', 'y')",
      "LC_SQL_NAME: Duplicate name `givenName` (line 1, column 28)",
    ],
    [
      "INSERT INTO d (given_name) VALUES ('x', 'y')",
      "LC_SQL_TYPE: Inserting a row with 2 values for 1 columns of `d` (line 1, column 1)",
    ],
    [
      "INSERT INTO d VALUES (1, 'a', 'b', 1)",
      "LC_SQL_TYPE: INSERT names its columns: INSERT INTO d (id, text, given_name, maybe) VALUES … (line 1, column 1)",
    ],
    [
      "INSERT INTO d (given_name) VALUES (NULL)",
      "LC_SQL_TYPE: Unexpected type: (expected) String != NULL (inferred) (line 1, column 36)",
    ],
  ];
  for (const [text, expected] of cases) {
    const { datastore, settings } = openDefaults();
    const found = outcomeOf(() => {
      runSql(text, datastore, owner, { settings });
      return runSql("SELECT * FROM d", datastore, owner).rowsJson;
    });
    t.equal(found, expected, text);
  }
});

void test("[SQL30] which literals can be stored", async (t) => {
  const hex = "ab".repeat(16);
  const cases: readonly [type: AlgebraicType, literal: string, expected: RegExp][] = [
    [primitive("string"), "'it''s'", /^\["it's"\]$/],
    [primitive("u32"), "'5'", /^LC_SQL_TYPE: Unexpected type: \(expected\) U32 != String/],
    [bytesType, "0x0aff", /^\["0aff"\]$/],
    [bytesType, "'0aff'", /^LC_SQL_TYPE: Unexpected type/],
    [identityType, `'${hex}${hex}'`, /^\[\["0x(ab){32}"\]\]$/],
    [identityType, `'0x${hex}${hex}'`, /^\[\["0x(ab){32}"\]\]$/],
    [identityType, "'ab'", /^LC_SQL_TYPE: The literal expression `ab` cannot be parsed/],
    [connectionIdType, `'${hex}'`, /^\[\[\d+\]\]$/],
    [uuidType, "'abababab-abab-abab-abab-abababababab'", /^\[\[\d+\]\]$/],
    [timestampType, "'2020-01-01T00:00:00Z'", /^\[\[1577836800000000\]\]$/],
    [timestampType, "'2020-01-01'", /^LC_SQL_TYPE: The literal expression/],
    [option(timestampType), "'2020-01-01 00:00:00Z'", /^\[\[0,\[1577836800000000\]\]\]$/],
    [option(primitive("u8")), "5", /^\[\[0,5\]\]$/],
    [option(primitive("u8")), "null", /^\[\[1,\[\]\]\]$/],
    [option(primitive("u8")), "256", /^LC_SQL_TYPE: The literal expression `256` cannot be parsed/],
    [primitive("u8"), "NULL", /^LC_SQL_TYPE: Unexpected type: \(expected\) U8 != NULL/],
    [kindType, "'B'", /^\[\[1,\[\]\]\]$/],
    [kindType, "'b'", /: its variants are `A`, `B`; did you mean `B`\? \(line 1, column 27\)$/],
    [kindType, "1", /^LC_SQL_TYPE: The literal expression `1` cannot be parsed as type/],
    [
      sum({ A: unitType, Size: primitive("u32") }),
      "'A'",
      /^LC_SQL_TYPE: Unexpected type: \(expected\) \(A: \(\) \| Size: U32\) != String/,
    ],
  ];
  for (const [type, literal, expected] of cases) {
    const datastore = openWith({ x: type });
    const outcome = outcomeOf(() => {
      runSql(`INSERT INTO t (x) VALUES (${literal})`, datastore, owner);
      return runSql("SELECT * FROM t", datastore, owner).rowsJson.slice(1, -1);
    });
    t.match(outcome, expected, literal);
  }
});

void test("[SQL30] UPDATE stores the same, and its WHERE is of the wide dialect", async (t) => {
  const datastore = openWith({ id: primitive("u32"), at: timestampType, maybe: option(kindType) });
  const at = "'2020-01-01T00:00:00Z'";
  runSql(`INSERT INTO t (id, at) VALUES (1, ${at}), (2, ${at}), (3, ${at})`, datastore, owner);
  const stats = (text: string): string => runSql(text, datastore, owner).rowsJson;
  t.equal(stats("UPDATE t SET maybe = 'B' WHERE id IN (1, 3)"), "[[0,0,2]]");
  t.equal(
    stats("UPDATE t SET at = '1970-01-01T00:00:01Z' WHERE maybe = 'B' AND NOT id = 3"),
    "[[0,0,1]]",
  );
  t.equal(stats("UPDATE t SET maybe = NULL WHERE id BETWEEN 2 AND 9"), "[[0,0,2]]");
  t.equal(stats("DELETE FROM t WHERE maybe IS NULL AND id <> 2"), "[[0,1,0]]");
  t.same(JSON.parse(stats("SELECT * FROM t ORDER BY id")), [
    [1, [1_000_000], [0, [1, []]]],
    [2, [1_577_836_800_000_000], [1, []]],
  ]);
});

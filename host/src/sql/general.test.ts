// The wide dialect of general SQL: what each construct gives, and what it refuses.
import {
  type AlgebraicType,
  option,
  primitive,
  sum,
  Timestamp,
  timestampType,
  unitType,
  type Value,
} from "@lightcone/abi";
import { type Test, test } from "tap";
import { limit } from "../base/limit.ts";
import { Datastore } from "../datastore/datastore.ts";
import {
  insertRows,
  kindType,
  makeTable,
  openSample,
  outcomeOf,
  owner,
  runSql,
  visitor,
} from "./test-tables.ts";

const sample = openSample();

const shapeType: AlgebraicType = sum({ Dot: unitType, Circle: primitive("u32") });

/** A table with Options, enums and wide numbers. */
function openMixed(): Datastore {
  const datastore = new Datastore();
  const tx = datastore.begin();
  const table = makeTable(datastore, tx, {
    name: "m",
    columns: {
      id: primitive("u32"),
      maybe: option(primitive("i16")),
      kind: kindType,
      maybe_kind: option(kindType),
      shape: shapeType,
      wide: primitive("u128"),
      huge: primitive("i256"),
      name: option(primitive("string")),
    },
    indexes: [[0]],
    isUnique: true,
  });
  const tag = (name: string): Value => ({ tag: name, value: undefined });
  const circle: Value = { tag: "Circle", value: 3 };
  const most = 2n ** 128n - 1n;
  insertRows(tx, table, [
    [1, 5, tag("A"), undefined, tag("Dot"), most, -1n, "ann"],
    [2, undefined, tag("B"), tag("A"), circle, most, 2n ** 255n - 1n, undefined],
    [3, -7, tag("B"), tag("B"), circle, 1n, 1n, "bob_"],
  ]);
  datastore.commit(tx);
  datastore.release(tx);
  return datastore;
}

const mixed = openMixed();

/** Columns with their types, then the rows. */
function answer(text: string, datastore: Datastore): string {
  const found = outcomeOf(() => {
    const { schemaJson, rowsJson } = runSql(text, datastore, visitor);
    const { elements } = JSON.parse(schemaJson) as {
      elements: { name: { some: string }; algebraic_type: Record<string, unknown> }[];
    };
    const columns = elements.map(({ name, algebraic_type }) => {
      const [type] = Object.keys(algebraic_type);
      return `${name.some} ${type}`;
    });
    return `${columns.join(", ")}: ${rowsJson}`;
  });
  return found;
}

function check(
  rows: readonly [text: string, expected: string][],
  datastore: Datastore = sample,
): (t: Test) => void {
  return (t) => {
    for (const [text, expected] of rows) t.equal(answer(text, datastore), expected, text);
    t.end();
  };
}

void test(
  "[SQL24] ORDER BY, LIMIT, OFFSET, DISTINCT",
  check([
    ["SELECT id FROM t ORDER BY a DESC, b", "id U64: [[3],[2],[10],[1]]"],
    ["SELECT id FROM t ORDER BY id DESC LIMIT 2", "id U64: [[10],[3]]"],
    ["SELECT id FROM t ORDER BY id LIMIT 2 OFFSET 1", "id U64: [[2],[3]]"],
    ["SELECT id FROM t ORDER BY id OFFSET 1 LIMIT 2", "id U64: [[2],[3]]"],
    ["SELECT id FROM t ORDER BY id OFFSET 9", "id U64: []"],
    ["SELECT id AS a FROM t ORDER BY a", "a U64: [[1],[2],[3],[10]]"],
    ["SELECT id AS x, a FROM t ORDER BY x DESC LIMIT 1", "x U64, a U32: [[10,7]]"],
    ["SELECT s, id FROM t ORDER BY 2 DESC LIMIT 1", 's String, id U64: [["AB",10]]'],
    ["SELECT id FROM t ORDER BY s", "id U64: [[3],[10],[1],[2]]"],
    ["SELECT id FROM t ORDER BY ok, who, id", "id U64: [[2],[10],[1],[3]]"],
    ["SELECT DISTINCT a FROM t ORDER BY a", "a U32: [[5],[7],[1000]]"],
    ["SELECT DISTINCT a FROM t ORDER BY a DESC LIMIT 1 OFFSET 1", "a U32: [[7]]"],
    [
      "SELECT DISTINCT ok, b FROM t ORDER BY 2, 1",
      "ok Bool, b U32: [[false,2],[true,2],[false,7],[true,9]]",
    ],
    ["SELECT t.id, u.b FROM t JOIN u ON t.id = u.t_id ORDER BY u.b", "id U64, b U32: [[1,1]]"],
    [
      "SELECT x.id, y.id AS y FROM t x JOIN t y ON x.a = y.a ORDER BY x.id DESC, y.id LIMIT 3",
      "id U64, y U64: [[10,2],[10,10],[3,3]]",
    ],
    ["SELECT id FROM v ORDER BY id DESC", "id U64: [[2],[1]]"],
    [
      "SELECT id FROM t ORDER BY 2",
      "LC_SQL_NAME: ORDER BY 2: the select list has 1 items (line 1, column 27)",
    ],
    [
      "SELECT DISTINCT a FROM t ORDER BY b",
      "LC_SQL_UNSUPPORTED: SELECT DISTINCT is put in order by what it selects (line 1, column 35)",
    ],
    [
      "SELECT id FROM t ORDER BY idd",
      "LC_SQL_NAME: `t` does not have a field `idd`; did you mean `id`? (line 1, column 27)",
    ],
    [
      "SELECT id FROM t ORDER id",
      "LC_SQL_SYNTAX: sql parser error: expected BY, found id (line 1, column 24)",
    ],
    [
      "SELECT id FROM t ORDER BY id NULLS LAST",
      "LC_SQL_UNSUPPORTED: Unsupported: NULLS FIRST and LAST (line 1, column 30)",
    ],
    [
      "SELECT id FROM t LIMIT 1 OFFSET -1",
      "LC_SQL_UNSUPPORTED: Unsupported OFFSET expression: not an unsigned number (line 1, column 33)",
    ],
    [
      "SELECT id FROM t ORDER BY COUNT(*)",
      "LC_SQL_UNSUPPORTED: `id` must stand in GROUP BY or in an aggregate (line 1, column 8)",
    ],
  ]),
);

void test(
  "[SQL25] aggregates, GROUP BY, HAVING",
  check([
    ["SELECT COUNT(*) FROM t", "count U64: [[4]]"],
    ["SELECT COUNT(*) AS n FROM t LIMIT 0", "n U64: [[4]]"],
    ["SELECT COUNT(a) FROM t LIMIT 0", "count U64: []"],
    [
      "SELECT COUNT(*), SUM(a) AS s, MIN(id), MAX(id), AVG(b) FROM t",
      "count U64, s U128, min Sum, max Sum, avg F64: [[4,1019,[0,1],[0,10],5.0]]",
    ],
    ["SELECT SUM(f), AVG(f) FROM t", "sum F64, avg F64: [[8.0,2.0]]"],
    ["SELECT MIN(s), MAX(at) FROM t", 'min Sum, max Sum: [[[0,"5"],[0,[1736553600000000]]]]'],
    [
      "SELECT COUNT(*), SUM(a), AVG(a), MIN(a) FROM t WHERE a = 6",
      "count U64, sum U128, avg F64, min Sum: [[0,0,null,[1,[]]]]",
    ],
    [
      "SELECT a, COUNT(*) AS n FROM t GROUP BY a ORDER BY a",
      "a U32, n U64: [[5,1],[7,2],[1000,1]]",
    ],
    [
      "SELECT MIN(id), a FROM t GROUP BY a ORDER BY 1 DESC",
      "min U64, a U32: [[3,1000],[2,7],[1,5]]",
    ],
    [
      "SELECT ok, a, SUM(b) FROM t GROUP BY a, ok ORDER BY SUM(b), a",
      "ok Bool, a U32, sum U128: [[true,1000,2],[true,5,9],[false,7,9]]",
    ],
    ["SELECT a FROM t GROUP BY a HAVING COUNT(*) > 1", "a U32: [[7]]"],
    [
      "SELECT a, SUM(b) AS total FROM t GROUP BY a HAVING total = 9 AND a < 7",
      "a U32, total U128: [[5,9]]",
    ],
    ["SELECT COUNT(*) AS n FROM t HAVING n > 4", "n U64: []"],
    ["SELECT DISTINCT COUNT(*) AS n FROM t GROUP BY a ORDER BY n", "n U64: [[1],[2]]"],
    [
      "SELECT a FROM t GROUP BY a ORDER BY COUNT(*) DESC, a LIMIT 2 OFFSET 1",
      "a U32: [[5],[1000]]",
    ],
    [
      "SELECT t.a, COUNT(*) FROM t JOIN t x ON t.a = x.a GROUP BY t.a ORDER BY t.a",
      "a U32, count U64: [[5,1],[7,4],[1000,1]]",
    ],
    ["SELECT a, COUNT(*) FROM t WHERE FALSE GROUP BY a", "a U32, count U64: []"],
    ["SELECT MAX(id) FROM v", "max Sum: [[[0,2]]]"],
    ["SELECT COUNT(t_id), MIN(t_id) FROM ev", "count U64, min Sum: [[0,[1,[]]]]"],
    [
      "SELECT id, COUNT(*) FROM t",
      "LC_SQL_UNSUPPORTED: `id` must stand in GROUP BY or in an aggregate (line 1, column 8)",
    ],
    [
      "SELECT * FROM t GROUP BY a",
      "LC_SQL_UNSUPPORTED: Unsupported SELECT: * beside GROUP BY; name the columns (line 1, column 8)",
    ],
    [
      "SELECT SUM(a), SUM(b) FROM t",
      "LC_SQL_NAME: Duplicate name `sum`; name one with AS (line 1, column 16)",
    ],
    [
      "SELECT SUM(s) FROM t",
      "LC_SQL_TYPE: Invalid aggregate `SUM` for type `String` (line 1, column 8)",
    ],
    [
      "SELECT MAX(kind) FROM t",
      "LC_SQL_TYPE: Invalid aggregate `MAX` for type `(A: () | B: ())` (line 1, column 8)",
    ],
    [
      "SELECT id FROM t WHERE COUNT(*) > 1",
      "LC_SQL_UNSUPPORTED: Unsupported expression: COUNT here; aggregates stand in the select list, HAVING and ORDER BY (line 1, column 24)",
    ],
    [
      "SELECT COUNT(DISTINCT a) FROM t",
      "LC_SQL_UNSUPPORTED: Unsupported aggregate function: COUNT(DISTINCT …) (line 1, column 14)",
    ],
    [
      "SELECT MEDIAN(a) FROM t",
      "LC_SQL_UNSUPPORTED: Unsupported aggregate function: MEDIAN; there are COUNT, SUM, MIN, MAX and AVG (line 1, column 8)",
    ],
    [
      "SELECT SUM(a + 1) FROM t",
      "LC_SQL_UNSUPPORTED: Unsupported aggregate function: SUM takes one column (line 1, column 14)",
    ],
  ]),
);

void test(
  "[SQL25] sums of wide numbers, and of Options",
  check(
    [
      ["SELECT SUM(wide) FROM m", `sum U256: [["0x${(2n ** 129n - 1n).toString(16)}"]]`],
      ["SELECT SUM(huge) FROM m WHERE id <> 2", 'sum I256: [["0x0"]]'],
      [
        "SELECT SUM(huge) FROM m WHERE id > 1",
        `LC_LIMIT: the sum ${2n ** 255n} is out of the range of I256`,
      ],
      [
        "SELECT COUNT(maybe), COUNT(*) AS n, SUM(maybe), AVG(maybe), MIN(maybe), MAX(maybe) FROM m",
        "count U64, n U64, sum I128, avg F64, min Sum, max Sum: [[2,3,-2,-1.0,[0,-7],[0,5]]]",
      ],
      [
        "SELECT kind, MAX(maybe) FROM m GROUP BY kind ORDER BY kind DESC",
        "kind Sum, max Sum: [[[1,[]],[0,-7]],[[0,[]],[0,5]]]",
      ],
      [
        "SELECT maybe_kind, COUNT(*) FROM m GROUP BY maybe_kind HAVING MIN(maybe) IS NULL",
        "maybe_kind Sum, count U64: [[[0,[0,[]]],1]]",
      ],
      ["SELECT id FROM m ORDER BY maybe", "id U32: [[3],[1],[2]]"],
      ["SELECT id FROM m ORDER BY maybe DESC", "id U32: [[2],[1],[3]]"],
    ],
    mixed,
  ),
);

void test(
  "[SQL26] IN, BETWEEN, LIKE, IS NULL, NOT",
  check([
    ["SELECT id FROM t WHERE id IN (1, 3, 4) ORDER BY id", "id U64: [[1],[3]]"],
    ["SELECT id FROM t WHERE s IN ('x', '5') ORDER BY id", "id U64: [[1],[3]]"],
    ["SELECT id FROM t WHERE id NOT IN (1, 3) ORDER BY id", "id U64: [[2],[10]]"],
    ["SELECT id FROM t WHERE a IN (7, b) ORDER BY id", "id U64: [[2],[10]]"],
    ["SELECT id FROM t WHERE who IN (:sender) ORDER BY id", "id U64: [[1],[3]]"],
    ["SELECT id FROM t WHERE id BETWEEN 2 AND 3 AND b = 2 ORDER BY id", "id U64: [[2],[3]]"],
    ["SELECT id FROM t WHERE id NOT BETWEEN 2 AND 3 ORDER BY id", "id U64: [[1],[10]]"],
    [
      "SELECT id FROM t WHERE at BETWEEN '2025-01-03T00:00:00Z' AND '2025-01-04T00:00:00Z' ORDER BY id",
      "id U64: [[2],[3]]",
    ],
    ["SELECT id FROM t WHERE s LIKE 'A%'", "id U64: [[10]]"],
    ["SELECT id FROM t WHERE s LIKE '_' ORDER BY id", "id U64: [[1],[2],[3]]"],
    ["SELECT id FROM t WHERE s NOT LIKE '%B' ORDER BY id", "id U64: [[1],[2],[3]]"],
    ["SELECT id FROM t WHERE NOT ok ORDER BY id", "id U64: [[2],[10]]"],
    ["SELECT id FROM t WHERE NOT NOT ok ORDER BY id", "id U64: [[1],[3]]"],
    ["SELECT id FROM t WHERE NOT (a = 7 AND b = 7) AND NOT a > 7 ORDER BY id", "id U64: [[1],[2]]"],
    ["SELECT id FROM t WHERE NOT (a = 5) = ok", "id U64: [[3]]"],
    [
      "SELECT id FROM t WHERE a IN ()",
      "LC_SQL_SYNTAX: sql parser error: expected an expression, found ) (line 1, column 30)",
    ],
    [
      "SELECT id FROM t WHERE a IN (SELECT 1)",
      "LC_SQL_UNSUPPORTED: Unsupported expression: a query inside a query (line 1, column 30)",
    ],
    [
      "SELECT id FROM t WHERE a NOT = 1",
      "LC_SQL_SYNTAX: sql parser error: expected IN, BETWEEN or LIKE, found = (line 1, column 30)",
    ],
    [
      "SELECT id FROM t WHERE a LIKE 'x'",
      "LC_SQL_TYPE: Invalid binary operator `LIKE` for type `U32` (line 1, column 26)",
    ],
    [
      "SELECT id FROM t WHERE s LIKE 'x!' ESCAPE '!'",
      "LC_SQL_SYNTAX: the pattern ends with its escape character (line 1, column 31)",
    ],
    [
      "SELECT id FROM t WHERE s LIKE 'x' ESCAPE 'ab'",
      "LC_SQL_SYNTAX: ESCAPE takes one character (line 1, column 42)",
    ],
    [
      `SELECT id FROM t WHERE s LIKE '${"a".repeat(limit.likeBytesMax + 1)}'`,
      "LC_LIMIT: a pattern of LIKE has at most 1024 bytes",
    ],
    [
      "SELECT id FROM t WHERE a IS NULL",
      "LC_SQL_TYPE: Invalid operator `IS NULL` for type `U32`: only an Option can be NULL (line 1, column 26)",
    ],
    [
      "SELECT id FROM t WHERE s = NULL",
      "LC_SQL_UNSUPPORTED: Unsupported literal expression: NULL; write IS NULL (line 1, column 28)",
    ],
  ]),
);

void test(
  "[SQL27] Options are compared by their value, enums by the names of their variants",
  check(
    [
      ["SELECT id FROM m WHERE maybe = 5", "id U32: [[1]]"],
      ["SELECT id FROM m WHERE 0 > maybe", "id U32: [[3]]"],
      ["SELECT id FROM m WHERE NOT maybe = 5", "id U32: [[3]]"],
      ["SELECT id FROM m WHERE maybe IN (5, 6, -7) ORDER BY id", "id U32: [[1],[3]]"],
      ["SELECT id FROM m WHERE maybe NOT IN (5, 6)", "id U32: [[3]]"],
      ["SELECT id FROM m WHERE maybe BETWEEN -9 AND 0", "id U32: [[3]]"],
      ["SELECT id FROM m WHERE maybe IS NULL OR maybe = 5 ORDER BY id", "id U32: [[1],[2]]"],
      ["SELECT id FROM m WHERE maybe IS NOT NULL AND id < 3", "id U32: [[1]]"],
      ["SELECT id FROM m WHERE name LIKE '%b%'", "id U32: [[3]]"],
      ["SELECT id FROM m WHERE name NOT LIKE '%b%'", "id U32: [[1]]"],
      ["SELECT id FROM m WHERE name LIKE '%!_' ESCAPE '!'", "id U32: [[3]]"],
      ["SELECT id FROM m WHERE kind = 'B' ORDER BY id", "id U32: [[2],[3]]"],
      ["SELECT id FROM m WHERE kind <> 'B'", "id U32: [[1]]"],
      ["SELECT id FROM m WHERE kind IN ('A', 'B') ORDER BY id", "id U32: [[1],[2],[3]]"],
      ["SELECT id FROM m WHERE maybe_kind <> 'B'", "id U32: [[2]]"],
      ["SELECT id FROM m WHERE shape = 'Circle' ORDER BY id", "id U32: [[2],[3]]"],
      [
        "SELECT id FROM m WHERE kind = 'b'",
        "LC_SQL_TYPE: The literal expression `b` cannot be parsed as type `(A: () | B: ())`: its variants are `A`, `B`; did you mean `B`? (line 1, column 31)",
      ],
      [
        "SELECT id FROM m WHERE shape = 'Circel'",
        "LC_SQL_TYPE: The literal expression `Circel` cannot be parsed as type `(Dot: () | Circle: U32)`: its variants are `Dot`, `Circle`; did you mean `Circle`? (line 1, column 32)",
      ],
      [
        "SELECT id FROM m WHERE kind < 'B'",
        "LC_SQL_TYPE: Invalid binary operator `<` for type `(A: () | B: ())` (line 1, column 29)",
      ],
      [
        "SELECT id FROM m WHERE maybe = 'x'",
        "LC_SQL_TYPE: The literal expression `x` cannot be parsed as type `I16` (line 1, column 32)",
      ],
      [
        "SELECT id FROM m WHERE maybe = maybe",
        "LC_SQL_TYPE: Invalid binary operator `=` for type `(some: I16 | none: ())` (line 1, column 30)",
      ],
      [
        "SELECT id FROM m WHERE (maybe = 5) = TRUE",
        "LC_SQL_UNSUPPORTED: Unsupported expression: a condition on an Option compared with another (line 1, column 36)",
      ],
    ],
    mixed,
  ),
);

void test(
  "[SQL16] a misspelt name or word: the near one is named, private ones never",
  check([
    [
      "SELECT id FROM v1",
      "LC_SQL_NAME: no such table: `v1`. If the table exists, it may be marked private. (line 1, column 16)",
    ],
    [
      "SELECT id FROM T",
      "LC_SQL_NAME: no such table: `T`. If the table exists, it may be marked private. Did you mean `t`? (line 1, column 16)",
    ],
    [
      "SELECT id FROM P",
      "LC_SQL_NAME: no such table: `P`. If the table exists, it may be marked private. (line 1, column 16)",
    ],
    [
      "SELECT kidn FROM t",
      "LC_SQL_NAME: `t` does not have a field `kidn`; did you mean `kind`? (line 1, column 8)",
    ],
    ["SELECT tt.id FROM t ttt", "LC_SQL_NAME: `tt` is not in scope (line 1, column 8)"],
    [
      "SELECT left.id FROM t lefft",
      "LC_SQL_NAME: `left` is not in scope; did you mean `lefft`? (line 1, column 8)",
    ],
    [
      "SELECT id FROM t WHERE a = 1 ODRER BY id",
      "LC_SQL_SYNTAX: sql parser error: expected the end of the statement, found ODRER; did you mean `ORDER`? (line 1, column 30)",
    ],
    [
      "SELCT id FROM t",
      "LC_SQL_SYNTAX: sql parser error: expected a statement, found SELCT; did you mean `SELECT`? (line 1, column 1)",
    ],
  ]),
);

void test("[SQL16] the owner is told of private tables, too", async (t) => {
  t.match(
    outcomeOf(() => runSql("SELECT x FROM P", sample, owner).rowsJson),
    /Did you mean `p`\?/,
  );
});

/** Numbers in an order of their own, in a table that is read in parts. */
function openLarge(count: number): Datastore {
  const datastore = new Datastore();
  const tx = datastore.begin();
  const table = makeTable(datastore, tx, {
    name: "n",
    columns: { id: primitive("u32"), x: primitive("u32"), at: timestampType },
    indexes: [[0]],
    isUnique: true,
  });
  const values = Array.from({ length: count }, (_, id): Value[] => {
    return [id, (id * 7919) % count, new Timestamp(BigInt(id % 100))];
  });
  insertRows(tx, table, values);
  datastore.commit(tx);
  datastore.release(tx);
  return datastore;
}

void test("[SQL24] many rows are sorted and grouped in parts, of one state", async (t) => {
  const count = limit.readSliceRows * 2 + 5;
  const datastore = openLarge(count);
  const texts = [
    "SELECT x FROM n ORDER BY x",
    "SELECT x FROM n ORDER BY x DESC LIMIT 10 OFFSET 3",
    `SELECT x FROM n ORDER BY x LIMIT ${limit.topRowCountMax + 1}`,
    "SELECT at, COUNT(*) AS n, SUM(x) AS s, MIN(x) AS least FROM n GROUP BY at ORDER BY at",
    "SELECT DISTINCT at FROM n ORDER BY at",
  ];
  for (const text of texts) {
    const whole = runSql(text, datastore, visitor).rowsJson;
    t.equal(runSql(text, datastore, visitor, { slice: 1000 }).rowsJson, whole, text);
  }
  const sorted = JSON.parse(
    runSql("SELECT x FROM n ORDER BY x", datastore, visitor).rowsJson,
  ) as number[][];
  t.same(
    sorted.map(([x]) => x),
    Array.from({ length: count }, (_, x) => x),
  );
  const top = runSql("SELECT x FROM n ORDER BY x DESC LIMIT 3", datastore, visitor).rowsJson;
  t.equal(top, JSON.stringify([[count - 1], [count - 2], [count - 3]]));
});

void test("[SQL24] rows that have to be held have a limit", async (t) => {
  const datastore = new Datastore();
  const tx = datastore.begin();
  const wide = makeTable(datastore, tx, {
    name: "wide",
    columns: { id: primitive("u32"), s: primitive("string") },
    indexes: [[0]],
    isUnique: true,
  });
  const size = 8 * 1024 * 1024;
  insertRows(tx, wide, [[1, "x".repeat(size)]]);
  const many = makeTable(datastore, tx, { name: "many", columns: { x: primitive("u32") } });
  const count = limit.selectBytesMax / size + 1;
  insertRows(
    tx,
    many,
    Array.from({ length: count }, (_, x) => [x]),
  );
  datastore.commit(tx);
  datastore.release(tx);
  const outcome = (clauses: string): string =>
    outcomeOf(
      () => runSql(`SELECT wide.id FROM wide JOIN many ${clauses}`, datastore, visitor).rowsJson,
    );
  t.match(
    outcome("ORDER BY wide.s"),
    /^LC_LIMIT: the query has to keep more than 268435456 bytes of rows/,
  );
  t.equal(outcome("ORDER BY wide.s LIMIT 1"), "[[1]]", "with a LIMIT few rows are held");
});

// Random queries of the wide dialect, by the engine and by a naive evaluation of decoded rows: no difference, whatever index,
// order or slice is used. FC_SEED replays a run.
import { type AlgebraicType, option, primitive, sum, unitType, type Value } from "@lightcone/abi";
import fc from "fast-check";
import { test } from "tap";
import { Datastore } from "../datastore/datastore.ts";
import {
  type Column,
  type Condition,
  evaluate,
  type ModelAggregate,
  type ModelQuery,
  type ModelRow,
  querySql,
} from "./general-model.ts";
import { insertRows, makeTable, owner, runSql } from "./test-tables.ts";

const columns: readonly Column[] = ["id", "a", "b", "s", "f", "o", "k"];

const kind: AlgebraicType = sum({ A: unitType, B: unitType, C: unitType });

/** Sets of indexes, so that each query meets points, ranges, prefixes and none. */
const indexSets: readonly (readonly number[][])[] = [
  [[0]],
  [[0], [1], [3], [4]],
  [[0], [1, 2], [3, 1], [6]],
  [[0], [2, 1, 3], [4, 0]],
];

const text = fc.string({ unit: fc.constantFrom("a", "b", "%", "_", "B"), maxLength: 4 });
const float = fc.constantFrom(-1.5, -0, 0, 0.25, 1e9, Number.NaN);

const row: fc.Arbitrary<Omit<ModelRow, "id">> = fc.record({
  a: fc.integer({ min: 0, max: 5 }),
  b: fc.integer({ min: -3, max: 3 }),
  s: text,
  f: float,
  o: fc.option(fc.integer({ min: 0, max: 4 })),
  k: fc.constantFrom("A" as const, "B" as const, "C" as const),
});

function open({ rows, indexes, partners }: Case): Datastore {
  const datastore = new Datastore();
  const tx = datastore.begin();
  const table = makeTable(datastore, tx, {
    name: "r",
    columns: {
      id: primitive("u32"),
      a: primitive("u8"),
      b: primitive("i16"),
      s: primitive("string"),
      f: primitive("f64"),
      o: option(primitive("u64")),
      k: kind,
    },
    indexes,
    isUnique: true,
  });
  const values = rows.map(({ id, a, b, s, f, o, k }): Value[] => {
    return [id, a, b, s, f, o === null ? undefined : BigInt(o), { tag: k, value: undefined }];
  });
  insertRows(tx, table, values);
  const q = makeTable(datastore, tx, {
    name: "q",
    columns: { id: primitive("u32"), a: primitive("u8") },
    indexes: indexes.length % 2 === 0 ? [[0], [1]] : [[0]],
    isUnique: true,
  });
  insertRows(
    tx,
    q,
    partners.map((a, id) => [id, a]),
  );
  datastore.commit(tx);
  datastore.release(tx);
  return datastore;
}

const valuesOf: Readonly<Record<Column, fc.Arbitrary<number | string>>> = {
  id: fc.integer({ min: 0, max: 40 }),
  a: fc.integer({ min: 0, max: 6 }),
  b: fc.integer({ min: -4, max: 4 }),
  s: text,
  f: fc.constantFrom(-1.5, 0, 0.25, 7),
  o: fc.integer({ min: 0, max: 4 }),
  k: fc.constantFrom("A", "B", "C"),
};

const ordered = fc.constantFrom<Column>("id", "a", "b", "s", "f", "o");
const column = fc.constantFrom(...columns);

const leaf: fc.Arbitrary<Condition> = fc.oneof(
  column.chain((name) =>
    fc.record({
      kind: fc.constant("compare" as const),
      column: fc.constant(name),
      operator: fc.constantFrom(
        ...(name === "k" ? ["=", "<>"] : ["=", "=", "<>", "<", "<=", ">", ">="]),
      ),
      value: valuesOf[name],
    }),
  ),
  column.chain((name) =>
    fc.record({
      kind: fc.constant("in" as const),
      column: fc.constant(name),
      values: fc.array(valuesOf[name], { minLength: 1, maxLength: 4 }),
      isNegated: fc.boolean(),
    }),
  ),
  ordered.chain((name) =>
    fc.record({
      kind: fc.constant("between" as const),
      column: fc.constant(name),
      least: valuesOf[name],
      greatest: valuesOf[name],
      isNegated: fc.boolean(),
    }),
  ),
  fc.record({
    kind: fc.constant("like" as const),
    pattern: fc
      .array(fc.constantFrom("a", "b", "B", "%", "_", "!%", "!_", "!!"), { maxLength: 4 })
      .map((parts) => parts.join("")),
    isNegated: fc.boolean(),
  }),
  fc.record({ kind: fc.constant("isNull" as const), isNegated: fc.boolean() }),
);

const { condition } = fc.letrec<{ condition: Condition }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    leaf,
    fc.record({ kind: fc.constant("not" as const), inner: tie("condition") }),
    fc.record({
      kind: fc.constantFrom("and" as const, "and" as const, "or" as const),
      parts: fc.array(tie("condition"), { minLength: 2, maxLength: 3 }),
    }),
  ),
}));

const aggregate: fc.Arbitrary<ModelAggregate> = fc.oneof(
  fc.constant<ModelAggregate>({ name: "COUNT", column: undefined }),
  fc.record({ name: fc.constant("COUNT" as const), column }),
  fc.record({
    name: fc.constantFrom("SUM" as const, "AVG" as const),
    // Sums of numbers that are whole have no rounding that depends on their order.
    column: fc.constantFrom<Column>("id", "a", "b", "o"),
  }),
  fc.record({
    name: fc.constantFrom("MIN" as const, "MAX" as const),
    column: ordered,
  }),
);

const count = fc.option(fc.integer({ min: 0, max: 12 }), { nil: undefined });
const someColumns = (minLength: number): fc.Arbitrary<Column[]> =>
  fc.uniqueArray(column, { minLength, maxLength: 4 });
const where = fc.option(condition, { nil: undefined });
const isJoined = fc.boolean();

/** Keys of ORDER BY, or none; where they leave rows equal, `others` follow, so that there is one order only. */
function orders(
  keys: readonly Column[],
  others: readonly Column[],
): fc.Arbitrary<ModelQuery["orderBy"]> {
  if (keys.length === 0) return fc.constant([]);
  const chosen = fc.uniqueArray(fc.constantFrom(...keys), { maxLength: 3 });
  return fc
    .option(fc.tuple(chosen, fc.array(fc.boolean(), { minLength: 8, maxLength: 8 })), {
      nil: undefined,
    })
    .map((drawn) => {
      if (drawn === undefined) return [];
      const [first, directions] = drawn;
      const all = [...first, ...others.filter((one) => !first.includes(one))];
      return all.map((name, i) => ({ column: name, isDescending: directions[i] === true }));
    });
}

const plain: fc.Arbitrary<ModelQuery> = fc
  .tuple(someColumns(1), fc.boolean())
  .chain(([names, isDistinct]) =>
    fc.record({
      columns: fc.constant(names),
      isDistinct: fc.constant(isDistinct),
      isJoined,
      where,
      aggregates: fc.constant(undefined),
      havingMoreThan: fc.constant(undefined),
      orderBy: isDistinct ? orders(names, names) : orders(columns, ["id"]),
      limit: count,
      offset: count,
    }),
  );

const grouped: fc.Arbitrary<ModelQuery> = someColumns(0).chain((names) =>
  fc.record({
    columns: fc.constant(names),
    isDistinct: fc.constant(false),
    isJoined,
    where,
    aggregates: fc.array(aggregate, { minLength: 1, maxLength: 3 }),
    havingMoreThan: fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined }),
    orderBy: orders(names, names),
    // The count of all rows is one row, whatever LIMIT says: run.test.ts.
    limit: names.length === 0 ? fc.constant(undefined) : count,
    offset: names.length === 0 ? fc.constant(undefined) : count,
  }),
);

interface Case {
  readonly rows: readonly ModelRow[];
  readonly indexes: readonly number[][];
  /** The column `a` of the rows of `q`. */
  readonly partners: readonly number[];
  /** Making a database costs more than a query does. */
  readonly queries: readonly { readonly query: ModelQuery; readonly slice: number }[];
}

const cases: fc.Arbitrary<Case> = fc.record({
  rows: fc.array(row, { maxLength: 40 }).map((rows) => rows.map((given, id) => ({ id, ...given }))),
  indexes: fc.constantFrom(...indexSets),
  partners: fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 6 }),
  queries: fc.array(
    fc.record({
      query: fc.oneof(plain, grouped),
      slice: fc.constantFrom(1, 7, Number.POSITIVE_INFINITY),
    }),
    { minLength: 10, maxLength: 10 },
  ),
});

function show(rows: readonly unknown[]): string[] {
  return rows.map((each) => JSON.stringify(each));
}

/** What is wrong with an answer, or undefined. */
function difference(
  datastore: Datastore,
  { rows, partners }: Case,
  { query, slice }: Case["queries"][number],
): string | undefined {
  const sql = querySql(query);
  const { rowsJson } = runSql(sql, datastore, owner, { slice });
  const found = show(JSON.parse(rowsJson) as unknown[]);
  const all = show(evaluate(query, rows, partners));
  const { offset = 0, limit = Number.POSITIVE_INFINITY, orderBy } = query;
  const wanted = all.slice(offset, offset + limit);
  runSql(`EXPLAIN ${sql}`, datastore, owner);
  const [left, right] =
    orderBy.length > 0 || wanted.length < all.length
      ? [found, wanted]
      : [[...found].sort(), [...wanted].sort()];
  if (orderBy.length === 0 && wanted.length < all.length) {
    // Any of the rows may be those that are wanted.
    const rest = [...all];
    const strangers = found.filter((each) => {
      const at = rest.indexOf(each);
      if (at >= 0) rest.splice(at, 1);
      return at < 0;
    });
    if (strangers.length === 0 && found.length === wanted.length) return undefined;
  } else if (left.join("\n") === right.join("\n")) return undefined;
  return `${sql}\nfound  ${found.join(" ")}\nwanted ${wanted.join(" ")}`;
}

void test("[SQL24] random queries against a naive evaluation", { timeout: 60_000 }, async (t) => {
  const seed = process.env["FC_SEED"];
  let runs = 0;
  fc.assert(
    fc.property(cases, (given) => {
      const datastore = open(given);
      for (const each of given.queries) {
        runs++;
        const found = difference(datastore, given, each);
        if (found !== undefined) throw new Error(found);
      }
    }),
    { numRuns: 300, ...(seed === undefined ? {} : { seed: Number(seed) }) },
  );
  t.ok(runs >= 2000, `${runs} queries`);
});

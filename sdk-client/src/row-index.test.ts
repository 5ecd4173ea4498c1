// Look-ups by index against filters over all rows.
import {
  array,
  compileCodec,
  identityType,
  Identity,
  primitive,
  product,
  type ProductValue,
  ref,
  sum,
  Timestamp,
  timestampType,
  unitType,
} from "@lightcone/abi";
import fc from "fast-check";
import { test } from "tap";
import { message, show } from "../test/chat.ts";
import { connectClient, settled, startHost } from "../test/client.ts";
import { rowList } from "../test/row-list.ts";
import { RowDecoder, TableCache } from "./cache.ts";
import { compileOrder } from "./order.ts";
import { type Bounds, rowIndexes } from "./row-index.ts";
import type { TableSchema } from "./schema.ts";

void test("by the index of a table", async (t) => {
  const host = await startHost(t);
  host.commit({
    insert: { message: [message(1, "b", 3), message(2, "a", 3), message(3, "c", 1)] },
  });
  const client = await connectClient(t, host);
  const { index } = client.connection.db.message;
  await client.connection.subscribe("SELECT * FROM message").applied;
  const shown = (rows: readonly object[]): string => rows.map(show).join(" ");
  t.equal(shown(index.byLikes.filter(3)), "1/b/3 2/a/3");
  t.equal(shown(index.byLikesAndText.filter(3)), "2/a/3 1/b/3");
  t.equal(shown(index.byLikesAndText.filter(3, "b")), "1/b/3");
  t.equal(shown(index.byLikesAndText.filter()), "3/c/1 2/a/3 1/b/3");
  t.equal(shown(index.byLikes.range({ ge: 1, lt: 3 })), "3/c/1");
  t.equal(shown(index.byLikesAndText.range(3, { gt: "a" })), "1/b/3");
  host.commit({
    insert: { message: [message(1, "b", 9), message(4, "d", 2)] },
    delete: { message: [message(1, "b", 3)] },
  });
  await settled(client);
  t.equal(shown(index.byLikes.range({ ge: 2 })), "4/d/2 2/a/3 1/b/9");
  const loose = index.byLikes as unknown as { filter(...values: readonly number[]): unknown };
  t.throws(() => loose.filter(1, 2), {
    code: "LC_VALUE_INVALID",
    message: "byLikes has 1 columns, given 2 values",
  });
});

const types = [product({ id: primitive("u32"), a: primitive("u8"), b: primitive("string") })];
const schema: TableSchema = {
  name: "t",
  row: ref(0),
  primaryKey: undefined,
  uniques: [],
  isEvent: false,
};

interface Index {
  filter(...values: readonly unknown[]): readonly ProductValue[];
  range(...values: readonly unknown[]): readonly ProductValue[];
}

const step = fc.record({
  id: fc.nat(1500),
  a: fc.nat(3),
  b: fc.constantFrom("", "x", "y", "\u{1f30d}", "\uffee"),
});
const bounds: fc.Arbitrary<Bounds<number>> = fc.record(
  { gt: fc.nat(4), ge: fc.nat(4), lt: fc.nat(4), le: fc.nat(4) },
  { requiredKeys: [] },
);

void test("an index that follows changes finds what a filter finds", (t) => {
  const codec = compileCodec<ProductValue>(ref(0), types);
  const checkRun = (rounds: readonly (readonly ProductValue[])[], within: Bounds<number>): void => {
    const cache = new TableCache(schema, types, new RowDecoder(schema, types));
    const indexes = rowIndexes({ byA: ["a"], byAAndB: ["a", "b"] })(cache);
    const [byA, byAAndB] = [indexes["byA"] as Index, indexes["byAAndB"] as Index];
    const rows = new Map<string, ProductValue>();
    for (const [i, round] of rounds.entries()) {
      // From the second round on both indexes follow.
      if (i > 0) t.equal(byA.filter().length + byAAndB.filter().length, rows.size * 2);
      const wanted = new Map(round.map((row) => [show(row), row]));
      cache.insert(
        rowList(
          codec,
          [...wanted].flatMap(([key, row]) => (rows.has(key) ? [] : [row])),
        ),
      );
      cache.delete(
        rowList(
          codec,
          [...wanted].flatMap(([key, row]) => (rows.has(key) ? [row] : [])),
        ),
      );
      cache.settle();
      for (const [key, row] of wanted) if (!rows.delete(key)) rows.set(key, row);
    }
    const { gt = -1, ge = 0, lt = 9, le = 9 } = within;
    const isWithin = (value: number): boolean =>
      value > gt && value >= ge && value < lt && value <= le;
    const expected = [...rows.values()].filter((row) => isWithin(row["a"] as number));
    const keys = (found: readonly ProductValue[]): string[] => found.map(show).toSorted();
    t.same(keys(byA.range(within)), keys(expected));
    const exact = [...rows.values()].filter((row) => row["a"] === 1 && row["b"] === "x");
    t.same(keys(byAAndB.filter(1, "x")), keys(exact));
    const ordered = byAAndB.filter().map((row) => [row["a"], row["b"]] as const);
    const order = compileOrder(primitive("string"), types)!.compare;
    t.ok(
      ordered.every((row, i) => {
        const before = ordered[i - 1];
        if (before === undefined || before[0]! < row[0]!) return true;
        return before[0] === row[0] && order(before[1], row[1]) <= 0;
      }),
      "in order",
    );
  };
  fc.assert(
    fc.property(
      fc.array(fc.array(step, { maxLength: 60 }), { minLength: 2, maxLength: 6 }),
      bounds,
      checkRun,
    ),
    { numRuns: 60 },
  );
  // Chunks are split, and emptied again.
  const many = Array.from({ length: 3000 }, (_, id) => ({ id, a: id % 4, b: "" }));
  checkRun([[], many, many.slice(200)], { ge: 1 });
  t.end();
});

void test("the order of values", (t) => {
  const enumType = sum({ low: unitType, high: unitType });
  const sorted: readonly (readonly [Parameters<typeof compileOrder>[0], readonly unknown[]])[] = [
    [primitive("bool"), [false, true]],
    [primitive("i64"), [-5n, 0n, 7n]],
    [primitive("f64"), [Number.NEGATIVE_INFINITY, -1, 0, 1, Number.POSITIVE_INFINITY, Number.NaN]],
    [primitive("string"), ["", "Z", "a", "aa", "\uffee", "\u{1f30d}"]],
    [
      array(primitive("u8")),
      [Uint8Array.of(), Uint8Array.of(1), Uint8Array.of(1, 0), Uint8Array.of(2)],
    ],
    [identityType, [new Identity(1n), new Identity(2n)]],
    [timestampType, [new Timestamp(-1n), new Timestamp(1n)]],
    [enumType, [{ tag: "low" }, { tag: "high" }]],
  ];
  for (const [type, values] of sorted) {
    const order = compileOrder(type, [])!.compare;
    for (const [i, a] of values.entries()) {
      for (const [j, b] of values.entries()) {
        const found = Math.sign(order(a as never, b as never));
        t.equal(found, Math.sign(i - j), `${String(a)} and ${String(b)}`);
      }
    }
  }
  const none = [
    product({ a: primitive("u8") }),
    array(primitive("u16")),
    sum({ a: primitive("u8") }),
  ];
  for (const type of none) t.equal(compileOrder(type, []), undefined);
  t.end();
});

void test("ranks never fall, and exact ones tell all values apart", (t) => {
  const kinds: readonly (readonly [Parameters<typeof compileOrder>[0], fc.Arbitrary<unknown>])[] = [
    [primitive("string"), fc.string({ unit: "binary", maxLength: 6 })],
    [primitive("string"), fc.string({ unit: fc.constantFrom("\0", "a", "\uffff"), maxLength: 5 })],
    [primitive("f64"), fc.double()],
    [primitive("i64"), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })],
    [primitive("i64"), fc.bigInt({ min: 2n ** 53n - 3n, max: 2n ** 53n + 3n })],
    [primitive("i32"), fc.integer()],
    [array(primitive("u8")), fc.uint8Array({ maxLength: 8 })],
    [identityType, fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }).map((n) => new Identity(n))],
  ];
  for (const [type, values] of kinds) {
    const { compare, rank, isExact } = compileOrder(type, [])!;
    fc.assert(
      fc.property(values, values, (one, other) => {
        const [a, b] = [rank(one as never), rank(other as never)];
        const order = compare(one as never, other as never);
        if (Number.isNaN(a) || Number.isNaN(b)) return false;
        if (a !== b) return a < b === order < 0;
        return !isExact(a) || order === 0;
      }),
      { numRuns: 2000 },
    );
  }
  t.pass("for all kinds of values");
  t.end();
});

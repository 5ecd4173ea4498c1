import { type AlgebraicType, compileCodec, encode, primitive, type Value } from "@lightcone/abi";
import fc from "fast-check";
import { test } from "tap";
import { columnTypes, valuesOf } from "../../test/datastore/arbitrary.ts";
import { compareValues } from "../../test/datastore/value-order.ts";
import {
  bytesEqual,
  type Compare,
  compared,
  compileCompare,
  compileCompareAll,
  compileWords,
  hasFloats,
  hashBytes,
  KeyWords,
} from "./key.ts";

interface Pair {
  readonly type: AlgebraicType;
  readonly a: Value;
  readonly b: Value;
}

const pairs: fc.Arbitrary<Pair> = columnTypes.chain((type) => {
  const values = valuesOf(type);
  const both = fc.oneof(
    fc.tuple(values, values),
    values.map((value): [Value, Value] => [value, value]),
  );
  return both.map(([a, b]) => ({ type, a, b }));
});

/** The BSATN of a value with other bytes around it: nothing may read those. */
function embedded(type: AlgebraicType, value: Value, before: number): Uint8Array {
  const bytes = encode(compileCodec(type), value);
  const whole = new Uint8Array(before + bytes.length + 5).fill(0xa5);
  whole.set(bytes, before);
  return whole;
}

function lengthOf(type: AlgebraicType, value: Value): number {
  return encode(compileCodec(type), value).length;
}

function orderOf(compare: Compare, type: AlgebraicType, a: Value, b: Value): number {
  return Math.sign(compare(embedded(type, a, 3), 3, embedded(type, b, 8), 8));
}

function orderOfWords(a: KeyWords, b: KeyWords): number {
  return Math.sign(a.high - b.high) || Math.sign(a.low - b.low);
}

const runs = { numRuns: 1500 };

void test("the order of keys is that of their values", async (t) => {
  fc.assert(
    fc.property(pairs, ({ type, a, b }) => {
      const compare = compileCompare(type);
      const expected = Math.sign(compareValues(type, a, b));
      if (orderOf(compare, type, a, b) !== expected) return false;
      // Values that were just found equal may have tails that differ: this says where they begin.
      return expected !== 0 || compared.length === lengthOf(type, a);
    }),
    runs,
  );
  t.pass("held");
});

void test("several columns are compared one after another", async (t) => {
  const columns = fc.array(pairs, { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(columns, (parts) => {
      const join = (side: "a" | "b"): Uint8Array =>
        Buffer.concat(parts.map((part) => encode(compileCodec(part.type), part[side])));
      const orders = parts.map(({ type, a, b }) => Math.sign(compareValues(type, a, b)));
      const compare = compileCompareAll(parts.map(({ type }) => type));
      return Math.sign(compare(join("a"), 0, join("b"), 0)) === (orders.find((o) => o !== 0) ?? 0);
    }),
    runs,
  );
  t.pass("held");
});

void test("words order as keys do, and tell all where they say so", async (t) => {
  let exactCount = 0;
  fc.assert(
    fc.property(pairs, ({ type, a, b }) => {
      const { load, isExact } = compileWords(type);
      const [aWords, bWords] = [new KeyWords(), new KeyWords()];
      load(embedded(type, a, 2), 2, aWords);
      load(embedded(type, b, 0), 0, bWords);
      const order = orderOfWords(aWords, bWords);
      const expected = Math.sign(compareValues(type, a, b));
      const areWords = [aWords.high, aWords.low].every((word) => word === (word | 0));
      if (isExact) exactCount++;
      return areWords && (order === expected || (order === 0 && !isExact));
    }),
    runs,
  );
  t.ok(exactCount > runs.numRuns / 10, `${exactCount} exact pairs were seen`);
});

const floats = [NaN, 0, -0, 5e-324, 2 ** -149, 1.5, 2 ** 127, Infinity].flatMap((x) => [x, -x]);

void test("all floats against all others", async (t) => {
  for (const type of [primitive("f32"), primitive("f64")]) {
    const { load } = compileWords(type);
    const wordsOf = (value: number): KeyWords => {
      const words = new KeyWords();
      load(embedded(type, value, 0), 0, words);
      return words;
    };
    for (const a of floats) {
      for (const b of floats) {
        const round = type.kind === "f32" ? Math.fround : Number;
        const expected = Math.sign(compareValues(type, round(a), round(b)));
        const found = [
          orderOf(compileCompare(type), type, a, b),
          orderOfWords(wordsOf(a), wordsOf(b)),
        ];
        t.same(found, [expected, expected], `${a} and ${b} as ${type.kind}`);
      }
    }
  }
});

void test("which words are exact", async (t) => {
  const exact = ["bool", "u8", "i16", "u32", "i64", "u64", "f32", "f64"] as const;
  for (const kind of exact) t.equal(compileWords({ kind }).isExact, true, kind);
  const inexact = ["u128", "i256", "string"] as const;
  for (const kind of inexact) t.equal(compileWords({ kind }).isExact, false, kind);
});

void test("keys without floats are equal where their bytes are", async (t) => {
  fc.assert(
    fc.property(pairs, ({ type, a, b }) => {
      if (hasFloats(type)) return true;
      const [x, y] = [embedded(type, a, 1), embedded(type, b, 6)];
      const [xEnd, yEnd] = [x.length - 5, y.length - 5];
      const isEqual = compareValues(type, a, b) === 0;
      const isHashEqual = hashBytes(x, 1, xEnd) === hashBytes(y, 6, yEnd);
      return bytesEqual(x, 1, xEnd, y, 6, yEnd) === isEqual && (isHashEqual || !isEqual);
    }),
    runs,
  );
  t.pass("held");
});

void test("floats anywhere in a type are found", async (t) => {
  const f32: AlgebraicType = { kind: "f32" };
  const inside: readonly (readonly [AlgebraicType, boolean])[] = [
    [f32, true],
    [{ kind: "array", element: f32 }, true],
    [{ kind: "sum", variants: [{ name: "a", type: { kind: "f64" } }] }, true],
    [{ kind: "product", elements: [{ name: "a", type: { kind: "array", element: f32 } }] }, true],
    [{ kind: "product", elements: [{ name: "a", type: { kind: "u8" } }] }, false],
  ];
  for (const [type, expected] of inside) t.equal(hasFloats(type), expected);
});

void test("hashes of small numbers are spread", async (t) => {
  const slots = new Set<number>();
  const bytes = new Uint8Array(4);
  for (let i = 0; i < 4096; i++) {
    new DataView(bytes.buffer).setUint32(0, i * 1024, true);
    slots.add(hashBytes(bytes, 0, 4) & 4095);
  }
  // By pure chance 1 - 1/e of the slots would be taken.
  t.ok(slots.size > 4096 * 0.6, `${slots.size} of 4096 slots are taken`);
});

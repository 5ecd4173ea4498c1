// Ranges found by a value are those that a look at all of them finds, whatever came and went.
import { compileCodec, encode, primitive } from "@lightcone/abi";
import fc from "fast-check";
import { test } from "tap";
import { compileCompare } from "../datastore/key.ts";
import type { Range } from "../sql/plan/column-range.ts";
import { IntervalTree } from "./interval-tree.ts";

type Kind = "i16" | "string" | "f64";

const values: Readonly<Record<Kind, readonly (number | string)[]>> = {
  i16: [-300, -1, 0, 1, 2, 255, 256],
  string: ["", "a", "ab", "b", "ba"],
  f64: [-1, -0, 0, 0.5, Number.POSITIVE_INFINITY, Number.NaN],
};

interface Interval {
  readonly low: number | undefined;
  readonly hasLow: boolean;
  readonly high: number | undefined;
  readonly hasHigh: boolean;
}

/** Bounds as positions in the list of values, and whether they belong to the range. */
const interval = (count: number): fc.Arbitrary<Interval> => {
  const bound = fc.option(fc.nat(count - 1), { nil: undefined });
  return fc.record({ low: bound, hasLow: fc.boolean(), high: bound, hasHigh: fc.boolean() });
};

for (const kind of ["i16", "string", "f64"] as const) {
  void test(`ranges of ${kind}`, async (t) => {
    const compare = compileCompare(primitive(kind));
    const codec = compileCodec(primitive(kind));
    const encoded = values[kind].map((value) => encode(codec, value));
    const rangeOf = ({ low, hasLow, high, hasHigh }: Interval): Range => ({
      low:
        low === undefined ? undefined : { value: encoded[low] as Uint8Array, isInclusive: hasLow },
      high:
        high === undefined
          ? undefined
          : { value: encoded[high] as Uint8Array, isInclusive: hasHigh },
    });
    const holds = ({ low, high }: Range, bytes: Uint8Array): boolean => {
      const above = low === undefined ? 1 : compare(bytes, 0, low.value, 0);
      const below = high === undefined ? -1 : compare(bytes, 0, high.value, 0);
      return (
        (above > 0 || (above === 0 && low?.isInclusive === true)) &&
        (below < 0 || (below === 0 && high?.isInclusive === true))
      );
    };
    const steps = fc.array(
      fc.tuple(interval(encoded.length), fc.option(fc.nat(), { nil: undefined })),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(steps, (drawn) => {
        const tree = new IntervalTree<number>(compare);
        const present: { readonly range: Range; readonly item: number }[] = [];
        drawn.forEach(([made, removed], item) => {
          const range = rangeOf(made);
          tree.add(range, item);
          present.push({ range, item });
          if (removed === undefined) return;
          const [gone] = present.splice(removed % present.length, 1);
          if (gone !== undefined) tree.remove(gone.range, gone.item);
        });
        for (const bytes of encoded) {
          const found: number[] = [];
          tree.find(bytes, 0, (item) => found.push(item));
          const expected = present.filter(({ range }) => holds(range, bytes));
          t.same(
            found.sort((a, b) => a - b),
            expected.map(({ item }) => item),
          );
        }
        for (const { range, item } of present) tree.remove(range, item);
        t.ok(tree.isEmpty);
      }),
      { numRuns: 200 },
    );
  });
}

void test("a value is found among ten thousand ranges without a look at them", async (t) => {
  let comparisons = 0;
  const compareValues = compileCompare(primitive("u32"));
  const tree = new IntervalTree<number>((a, aAt, b, bAt) => {
    comparisons++;
    return compareValues(a, aAt, b, bAt);
  });
  const codec = compileCodec(primitive("u32"));
  const bytes = (value: number): Uint8Array => encode(codec, value);
  const count = 10_000;
  for (let i = 0; i < count; i++) {
    const low = { value: bytes(i * 10), isInclusive: true };
    // Half of them have a lower end alone, beyond everything that is asked for.
    if (i % 2 === 0) tree.add({ low, high: { value: bytes(i * 10 + 5), isInclusive: true } }, i);
    else tree.add({ low: { ...low, value: bytes(count * 20 + i) }, high: undefined }, i);
  }
  for (let i = 0; i < count; i += 37) {
    comparisons = 0;
    const found: number[] = [];
    tree.find(bytes(i * 10 + 3), 0, (item) => found.push(item));
    t.same(found, i % 2 === 0 ? [i] : []);
    t.ok(comparisons < 150, `${comparisons} comparisons for ${i}`);
  }
});

// The store against a plain map, with keys of all kinds of places in a row.
import {
  compileCodec,
  fixedSize,
  option,
  primitive,
  product,
  type ProductType,
  type ProductValue,
  Reader,
  Writer,
} from "@lightcone/abi";
import fc from "fast-check";
import { test } from "tap";
import { compileKeyFinder, hashBytes, type KeyFinder } from "./row-key.ts";
import { type RowSpan, RowStore, shownFlag, touchedFlag } from "./row-store.ts";

const keyFirst = product({ id: primitive("u32"), text: primitive("string") });
const keyBehindText = product({
  text: primitive("string"),
  maybe: option(primitive("u8")),
  id: primitive("u32"),
});
const fixed = product({ a: primitive("f64"), id: primitive("u32"), b: primitive("u8") });

/** The span of one row, as a list of rows would have it: somewhere in the bytes. */
function spanOf(type: ProductType, findKey: KeyFinder, row: ProductValue, offset: number): RowSpan {
  const writer = new Writer();
  for (let i = 0; i < offset; i++) writer.u8(0xee);
  compileCodec<ProductValue>(type, []).write(writer, row);
  const end = writer.length;
  writer.u8(0xee);
  const reader = new Reader(writer.finish());
  const span: RowSpan = { reader, start: offset, end, keyStart: 0, keyEnd: 0 };
  findKey(span);
  return span;
}

function hashOf({ reader, keyStart, keyEnd }: RowSpan): number {
  return hashBytes(reader.view, keyStart, keyEnd);
}

for (const [title, type, key, start, length] of [
  ["in front", keyFirst, "id", 0, 4],
  ["behind a text and an option", keyBehindText, "id", 6, 4],
  ["a text", keyFirst, "text", 4, 6],
  ["between numbers", fixed, "id", 8, 4],
  ["the whole row", fixed, undefined, 0, fixedSize(fixed, []) ?? 0],
] as const) {
  void test(`the key is found: ${title}`, (t) => {
    const row = { id: 7, text: "ab", maybe: undefined, a: 1.5, b: 3 };
    // An option that is empty has one byte, a text of two has six.
    const expected = type === keyBehindText ? 7 : start;
    const { keyStart, keyEnd } = spanOf(type, compileKeyFinder(type, key, []), row, 5);
    t.same([keyStart - 5, keyEnd - 5], [expected, expected + length]);
    t.end();
  });
}

void test("a row that ends before its key is refused", (t) => {
  const span: RowSpan = {
    reader: new Reader(Uint8Array.from([9, 0, 0, 0, 1, 2])),
    start: 0,
    end: 6,
    keyStart: 0,
    keyEnd: 0,
  };
  t.throws(() => compileKeyFinder(keyBehindText, "id", [])(span), { code: "LC_BSATN_DECODE" });
  t.throws(() => compileKeyFinder(fixed, "id", [])(span), { code: "LC_BSATN_DECODE" });
  t.end();
});

void test("equal bytes have equal hashes wherever they lie, others mostly others", (t) => {
  const hashes = new Set<number>();
  for (let i = 0; i < 10_000; i++) {
    const bytes = new Uint8Array(20);
    const view = new DataView(bytes.buffer);
    view.setUint32(3, i, true);
    view.setUint32(13, i, true);
    t.equal(hashBytes(view, 3, 8), hashBytes(view, 13, 18));
    hashes.add(hashBytes(view, 3, 7));
  }
  t.ok(hashes.size > 9_990, `${hashes.size} of 10,000 numbers have hashes of their own`);
  t.end();
});

interface Step {
  readonly id: number;
  /** The text's length; some are longer than a block of rows. */
  readonly length: number;
  readonly fill: string;
}

const step: fc.Arbitrary<Step> = fc.record({
  id: fc.nat(40),
  length: fc.oneof(
    { weight: 20, arbitrary: fc.nat(40) },
    { weight: 3, arbitrary: fc.nat(3000) },
    { weight: 1, arbitrary: fc.constantFrom(65_520, 70_000) },
  ),
  fill: fc.constantFrom("x", "y"),
});

void test("rows come, are found and go", (t) => {
  const findKey = compileKeyFinder(keyFirst, "id", []);
  const run = (steps: readonly Step[]): boolean => {
    const store = new RowStore();
    /** What should be there: the row's number in the store, by its key and its text. */
    const known = new Map<string, { readonly id: number; readonly span: RowSpan }>();
    for (const { id, length, fill } of steps) {
      const row = { id, text: fill.repeat(length + 1) };
      const name = `${id} ${row.text}`;
      const span = spanOf(keyFirst, findKey, row, length % 5);
      const there = known.get(name);
      if (store.find(span, hashOf(span)) !== (there?.id ?? 0)) return false;
      if (there === undefined) {
        const added = store.add(span, hashOf(span), row);
        if (store.row(added) !== row || store.countOf(added) !== 0) return false;
        if (store.hasFlag(added, shownFlag) || store.hasFlag(added, touchedFlag)) return false;
        store.setFlag(added, shownFlag, fill === "x");
        store.setCount(added, row.text.length);
        known.set(name, { id: added, span });
      } else {
        store.remove(there.id);
        if (store.row(there.id) !== undefined) return false;
        known.delete(name);
      }
      const byKey = store.findShown(span.reader.view, span.keyStart, span.keyEnd, hashOf(span));
      const shown = [...known].filter(([key]) => key.startsWith(`${id} x`));
      if (!shown.some((each) => each[1].id === byKey) && byKey !== (shown.length > 0 ? -1 : 0)) {
        return false;
      }
    }
    return [...known].every(([name, { id, span }]) => {
      const { text } = store.row(id) as { readonly text: string };
      const isSame = store.find(span, hashOf(span)) === id && store.countOf(id) === text.length;
      const like = store.findShownLike(id);
      const isShown = like === 0 || store.hasFlag(like, shownFlag);
      return isSame && isShown && name.endsWith(text);
    });
  };
  fc.assert(fc.property(fc.array(step, { maxLength: 150 }), run), { numRuns: 150 });
  // The tables are enlarged a few times, and numbers are used again.
  const many = Array.from({ length: 3000 }, (_, id) => ({ id, length: id % 90, fill: "x" }));
  t.ok(run([...many, ...many.slice(500, 2500), ...many.slice(1000)]));
  t.end();
});

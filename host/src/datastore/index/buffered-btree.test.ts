// Rows that wait beside a tree, and what it takes to make them go in.
import { type AlgebraicType, compileCodec, encode, primitive, product } from "@lightcone/abi";
import { Rng } from "@lightcone/fixtures/rng";
import { test } from "tap";
import { testSeeds } from "../../../test/datastore/seeds.ts";
import { treeFaults } from "../../../test/datastore/tree-check.ts";
import { RowIds } from "../rows/ids.ts";
import { RowLayout } from "../row-layout.ts";
import { VariableRowStore } from "../rows/variable-store.ts";
import { BufferedBTreeIndex } from "./buffered-btree.ts";
import { IndexKey } from "./contract.ts";

class Rows {
  readonly index: BufferedBTreeIndex;
  readonly #store = new VariableRowStore();
  readonly #encode: (value: unknown) => Uint8Array;
  readonly live: number[] = [];

  constructor(type: AlgebraicType) {
    const codec = compileCodec(product({ key: type }));
    this.#encode = (value) => encode(codec, { key: value } as never);
    this.index = new BufferedBTreeIndex(new IndexKey([0], this.#store, new RowLayout([type])));
  }

  add(value: unknown): number {
    const bytes = this.#encode(value);
    const row = this.#store.add(bytes, 0, bytes.length);
    this.#store.live.ensure(row);
    this.#store.live.add(row);
    this.index.add(row);
    this.live.push(row);
    return row;
  }

  /** Removes the row at a position of `live`. */
  removeAt(position: number): void {
    const row = this.live[position]!;
    this.live[position] = this.live.at(-1)!;
    this.live.pop();
    this.index.remove(row);
    this.#store.live.remove(row);
    this.#store.free(row);
  }

  withKey(value: unknown): number[] {
    const bytes = this.#encode(value);
    const found = new RowIds();
    this.index.scanPoint(bytes, 0, bytes.length, found);
    return [...found.ids.subarray(0, found.count)];
  }
}

interface KeyKind {
  readonly type: AlgebraicType;
  /** A key below `limit`, by number. */
  readonly key: (number: number) => unknown;
}

const keyKinds: Record<string, KeyKind> = {
  "u32 keys": { type: primitive("u32"), key: (n) => n },
  "u64 keys that differ in both words": {
    type: primitive("u64"),
    key: (n) => BigInt(n) * 0x1_0000_0001n,
  },
  "i64 keys around 0": { type: primitive("i64"), key: (n) => BigInt(n) - 500n },
  "u8 keys": { type: primitive("u8"), key: (n) => n % 256 },
  "keys of which words do not tell all": {
    type: primitive("string"),
    key: (n) => `one beginning and ${n}`,
  },
};

const batchSizes = [1, 3, 191, 192, 500, 3_000];

for (const [title, { type, key }] of Object.entries(keyKinds)) {
  void test(`batches of many sizes: ${title}`, async (t) => {
    for (const seed of testSeeds(3)) {
      const rng = new Rng(seed);
      const rows = new Rows(type);
      for (let step = 0; step < 24; step++) {
        const size = batchSizes[rng.nextBelow(batchSizes.length)]!;
        // All over the tree, in one place of it, or in order.
        const [least, spread] = [
          [0, 1_000],
          [rng.nextBelow(1_000), 3],
          [step * 40, 0],
        ][rng.nextBelow(3)] as [number, number];
        for (let i = 0; i < size; i++) {
          rows.add(key(spread === 0 ? least + (i >> 4) : least + rng.nextBelow(spread)));
        }
        t.same(treeFaults(rows.index, rows.live.length), [], `seed ${seed} step ${step}`);
        for (let left = rng.nextBelow(2) * rng.nextBelow(rows.live.length); left > 0; left--) {
          rows.removeAt(rng.nextBelow(rows.live.length));
        }
        t.same(treeFaults(rows.index, rows.live.length), [], `seed ${seed} step ${step}, removed`);
      }
    }
  });
}

void test("more rows than may wait", async (t) => {
  const rows = new Rows(primitive("u32"));
  const count = 150_000;
  for (let i = 0; i < count; i++) rows.add((i * 7_919) % 10_000);
  t.ok(rows.index.byteLength > 65_536 * 12, "many wait");
  t.same(treeFaults(rows.index, count), []);
});

void test("whoever asks sees the rows that wait", async (t) => {
  const whole = { bytes: new Uint8Array(0), start: 0, columnCount: 0 };
  const lower = { ...whole, side: "before" } as const;
  const upper = { ...whole, side: "after" } as const;
  const rows = new Rows(primitive("u32"));
  const found = new RowIds();
  const [a, b] = [rows.add(2), rows.add(1)];
  t.same(rows.withKey(2), [a], "a point");
  const c = rows.add(3);
  rows.index.scanRange(lower, upper, found);
  t.same([...found.ids.subarray(0, found.count)], [b, a, c], "a range");
  const d = rows.add(4);
  found.clear();
  rows.index.scanEnd(lower, upper, 2, true, found);
  t.same([...found.ids.subarray(0, found.count)], [d, c], "the end of a range");
  const e = rows.add(5);
  t.equal(rows.index.find(Uint8Array.of(5, 0, 0, 0), 0, 4), e, "any row");
  rows.add(6);
  rows.removeAt(rows.live.length - 1);
  t.same(rows.withKey(6), [], "a row that waited and left");
  t.same(treeFaults(rows.index, 5), []);
});

void test("a tree whose rows went in by half is not used again", async (t) => {
  const rows = new Rows(primitive("u32"));
  rows.add(1);
  const { key } = rows.index;
  const load = t.capture(key, "loadProbe", () => {
    throw new RangeError("the end of the stack");
  });
  t.throws(() => rows.withKey(1), /the end of the stack/);
  load.restore();
  t.throws(() => rows.withKey(1), /entered in part/);
  t.throws(() => {
    rows.index.settle();
  }, /entered in part/);
});

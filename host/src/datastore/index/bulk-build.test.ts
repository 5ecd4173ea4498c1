// Indexes built from all rows at once, beside the same built row by row.
import {
  type AlgebraicType,
  compileCodec,
  encode,
  primitive,
  product,
  type Value,
} from "@lightcone/abi";
import { Rng } from "@lightcone/fixtures/rng";
import { test } from "tap";
import { indexFaults, indexKinds } from "../../../test/datastore/index-kinds.ts";
import { RowIds } from "../rows/ids.ts";
import { RowLayout } from "../row-layout.ts";
import type { RowStore } from "../rows/store.ts";
import { VariableRowStore } from "../rows/variable-store.ts";
import { nodeCapacity } from "./btree-pages.ts";
import { BTreeIndex } from "./btree.ts";
import { IndexKey } from "./contract.ts";

function storeOf(
  type: AlgebraicType,
  values: readonly Value[],
): { store: RowStore; key: IndexKey } {
  const codec = compileCodec(product({ key: type }));
  const store = new VariableRowStore();
  for (const value of values) {
    const bytes = encode(codec, { key: value });
    const row = store.add(bytes, 0, bytes.length);
    store.live.ensure(row);
    store.live.add(row);
  }
  return { store, key: new IndexKey([0], store, new RowLayout([type])) };
}

function allRows(index: BTreeIndex): number[] {
  const found = new RowIds();
  const whole = { bytes: new Uint8Array(0), start: 0, columnCount: 0 };
  index.scanRange({ ...whole, side: "before" }, { ...whole, side: "after" }, found);
  return [...found.ids.subarray(0, found.count)];
}

function shuffled<T>(items: readonly T[], rng: Rng): T[] {
  const order = [...items];
  for (let i = order.length - 1; i > 0; i--) {
    const j = rng.nextBelow(i + 1);
    [order[i], order[j]] = [order[j] as T, order[i] as T];
  }
  return order;
}

const sizes = [
  0,
  1,
  nodeCapacity,
  nodeCapacity + 1,
  nodeCapacity ** 2,
  nodeCapacity ** 2 + 1,
  9000,
];

const uniqueKinds = Object.entries(indexKinds).filter(([, { takes }]) =>
  takes([primitive("u32")], true),
);

for (const [kind, { make }] of uniqueKinds) {
  void test(`${kind}: as many rows as fill nodes, and one more`, async (t) => {
    for (const size of sizes) {
      const numbers = Array.from({ length: size }, (_, i) => BigInt(i) * 7n);
      const { store, key } = storeOf(primitive("u64"), shuffled(numbers, new Rng(size)));
      const index = make(key, true);
      t.equal(index.build(store.live, size), undefined);
      t.same(indexFaults(index, size), [], `${size} rows`);
    }
  });

  void test(`${kind}: two rows with one unique key are named`, async (t) => {
    const numbers = Array.from({ length: 3000 }, (_, i) => (i === 2500 ? 44 : i));
    const { store, key } = storeOf(primitive("u32"), numbers);
    t.same(make(key, true).build(store.live, 3000), { row: 44, other: 2500 });
  });
}

void test("a segment of a hash index splits, and shrinks when its keys leave", async (t) => {
  const count = 120_000;
  const { key } = storeOf(
    primitive("u64"),
    Array.from({ length: count }, (_, i) => BigInt(i)),
  );
  const index = (indexKinds["hash"] as (typeof indexKinds)[string]).make(key, true);
  for (let row = 0; row < count; row++) index.add(row);
  t.same(indexFaults(index, count), []);
  const { byteLength } = index;
  t.ok(byteLength >= count * 12, `${byteLength} bytes are those of more than one segment`);
  for (let row = 1000; row < count; row++) index.remove(row);
  t.same(indexFaults(index, 1000), []);
  t.ok(index.byteLength < byteLength / 16, `${index.byteLength} bytes are left of ${byteLength}`);
});

void test("a B-tree gives memory back when most rows have left", async (t) => {
  const rng = new Rng(5);
  const count = 40_000;
  const { store, key } = storeOf(
    primitive("u64"),
    shuffled(
      Array.from({ length: count }, (_, i) => BigInt(i)),
      rng,
    ),
  );
  const index = new BTreeIndex(key, true);
  for (let row = 0; row < count; row++) index.add(row);
  const { byteLength } = index;
  for (let row = 4000; row < count; row++) index.remove(row);
  t.same(indexFaults(index, 4000), []);
  t.ok(index.byteLength < byteLength / 3, `${index.byteLength} bytes are left of ${byteLength}`);
  for (let row = 4000; row < count; row++) index.add(row);
  t.same(indexFaults(index, count), [], "rows come back into full leaves");
  t.equal(allRows(index).length, count);
  t.equal(store.limit, count);
});

void test("texts that begin alike are sorted by what follows", async (t) => {
  const texts = Array.from({ length: 2000 }, (_, i) => `the same beginning ${(i * 7919) % 1000}`);
  const { store, key } = storeOf(primitive("string"), texts);
  const index = new BTreeIndex(key, false);
  t.equal(index.build(store.live, texts.length), undefined);
  t.same(indexFaults(index, texts.length), []);
  const order = texts.map((_, row) => row);
  const [a, b] = [
    allRows(index),
    order.sort((x, y) => (texts[x]! < texts[y]! ? -1 : texts[x] === texts[y] ? x - y : 1)),
  ];
  t.same(a, b, "by key, then by row id");
  t.match(new BTreeIndex(key, true).build(store.live, texts.length), {
    row: Number,
    other: Number,
  });
});

import { primitive, product, sum, unitType, Writer } from "@lightcone/abi";
import { test } from "tap";
import { directFaults } from "../../../test/datastore/direct-check.ts";
import { RowIds } from "../rows/ids.ts";
import { RowLayout } from "../row-layout.ts";
import { FixedRowStore } from "../rows/fixed-store.ts";
import { IndexKey } from "./contract.ts";
import { chunkSize } from "./direct-pages.ts";
import { DirectIndex, isDirectType } from "./direct.ts";

/** A direct index over one u64 column, whose row ids count from 0. */
class NumberRows {
  readonly index: DirectIndex;
  readonly store = new FixedRowStore(8);

  constructor() {
    const layout = new RowLayout([primitive("u64")]);
    this.index = new DirectIndex(new IndexKey([0], this.store, layout));
  }

  add(value: bigint): number {
    const row = this.store.add(bytesOf(value), 0, 8);
    this.store.live.ensure(row);
    this.store.live.add(row);
    this.index.add(row);
    return row;
  }

  remove(row: number): void {
    this.index.remove(row);
    this.store.live.remove(row);
    this.store.free(row);
  }

  find(value: bigint): number {
    return this.index.find(bytesOf(value), 0, 8);
  }

  between(lower: bigint, upper: bigint): number[] {
    const found = new RowIds();
    this.index.scanRange(
      { bytes: bytesOf(lower), start: 0, columnCount: 1, side: "before" },
      { bytes: bytesOf(upper), start: 0, columnCount: 1, side: "after" },
      found,
    );
    return [...found.ids.subarray(0, found.count)];
  }
}

function bytesOf(value: bigint): Uint8Array {
  const writer = new Writer(8);
  writer.u64(value);
  return writer.finish();
}

void test("dense numbers cost four bytes each", async (t) => {
  const rows = new NumberRows();
  for (let value = 0n; value < 100_000n; value++) rows.add(value);
  t.same(directFaults(rows.index, 100_000), []);
  const { otherCount, pages } = rows.index.structure;
  t.equal(otherCount, 0);
  t.equal(pages.chunkCount, Math.ceil(100_000 / chunkSize));
  t.equal(rows.find(77_777n), 77_777);
  t.equal(rows.find(100_000n), -1);
});

void test("numbers far apart go to the tree, and what they cost is bounded", async (t) => {
  const rows = new NumberRows();
  const count = 20_000;
  for (let i = 0; i < count; i++) rows.add(BigInt(i) * 214_748n);
  t.same(directFaults(rows.index, count), []);
  const { otherCount, pages } = rows.index.structure;
  t.ok(otherCount > count / 2, `${otherCount} rows are in the tree`);
  t.ok(pages.byteLength <= 2 ** 21 + 32 * count + 4 * chunkSize, `${pages.byteLength} bytes`);
});

void test("numbers that fill up later leave the tree", async (t) => {
  const rows = new NumberRows();
  const count = 100_000n;
  for (let i = 0n; i < 600n; i++) rows.add(2n ** 31n + i * 2048n);
  // Each of these would be the first of its chunk, and there are no more chunks than rows are worth.
  for (let value = 0n; value < count; value += 400n) rows.add(value);
  const { pages } = rows.index.structure;
  t.equal(pages.chunkOf(90_000), undefined, "90000 is in the tree");
  for (let value = 0n; value < count; value++) if (value % 400n !== 0n) rows.add(value);
  t.same(directFaults(rows.index, 100_600), []);
  t.ok(pages.chunkOf(90_000), "90000 is in a chunk");
  t.equal(rows.between(0n, count).length, 100_000);
});

void test("the greatest numbers of each part are in their order", async (t) => {
  const rows = new NumberRows();
  const values = [0n, 1n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 64n - 1n];
  for (const value of values.toReversed()) rows.add(value);
  const rowOf = (value: bigint): number => values.length - 1 - values.indexOf(value);
  t.same(rows.between(0n, 2n ** 64n - 1n), values.map(rowOf));
  t.same(rows.between(2n ** 32n - 1n, 2n ** 32n), [2n ** 32n - 1n, 2n ** 32n].map(rowOf));
  t.same(rows.between(2n ** 53n + 1n, 2n ** 53n + 1n), [rowOf(2n ** 53n + 1n)]);
  t.same(rows.between(2n ** 32n, 5n), [], "the wrong way round");
  t.same(rows.between(5n, 2n), [], "the wrong way round in one chunk");
});

void test("chunks without rows go", async (t) => {
  const rows = new NumberRows();
  const ids = Array.from({ length: 5000 }, (_, i) => rows.add(BigInt(i)));
  for (const row of ids) rows.remove(row);
  t.equal(rows.index.structure.pages.chunkCount, 0);
  t.same(directFaults(rows.index, 0), []);
});

// The tree guesses rows by how far ids and keys are apart, and finds such a row in the store, before it is in the index.
void test("a row is not taken for one that is in the index already, while that is built (soak, case 151, step 385000)", async (t) => {
  const rows = new NumberRows();
  const values = [2n ** 40n, ...Array.from({ length: 50 }, (_, i) => 2n ** 31n + BigInt(i) + 1n)];
  for (const value of values) rows.add(value);
  t.equal(rows.find(2n ** 31n + 50n), 50, "ids and keys have this distance");
  const built = new DirectIndex(rows.index.key);
  t.equal(built.build(rows.store.live, values.length), undefined);
  t.same(directFaults(built, values.length), []);
});

void test("which types can be keys", async (t) => {
  for (const kind of ["u8", "u16", "u32", "u64"] as const)
    t.ok(isDirectType(primitive(kind)), kind);
  for (const kind of ["i8", "u128", "string", "bool", "f32"] as const) {
    t.notOk(isDirectType(primitive(kind)), kind);
  }
  t.ok(isDirectType(sum({ a: unitType, b: unitType })), "a plain enum");
  t.notOk(isDirectType(sum({ a: unitType, b: primitive("u8") })), "a payload");
  t.notOk(isDirectType(product({ a: primitive("u8") })), "a product");
});

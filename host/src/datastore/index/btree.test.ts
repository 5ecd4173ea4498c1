import { primitive } from "@lightcone/abi";
import { Rng } from "@lightcone/fixtures/rng";
import { test } from "tap";
import { treeFaults } from "../../../test/datastore/tree-check.ts";
import { RowIds } from "../rows/ids.ts";
import { RowLayout } from "../row-layout.ts";
import { FixedRowStore } from "../rows/fixed-store.ts";
import { nodeCapacity } from "./btree-pages.ts";
import { BTreeIndex } from "./btree.ts";
import { type Cut, IndexKey } from "./contract.ts";

const count = 10_000;

/** A tree over one u32 column, whose row ids count from 0. */
class NumberTree {
  readonly tree: BTreeIndex;
  readonly #store = new FixedRowStore(4);
  readonly #bytes = new Uint8Array(4);

  constructor(isUnique: boolean) {
    const layout = new RowLayout([primitive("u32")]);
    this.tree = new BTreeIndex(new IndexKey([0], this.#store, layout), isUnique);
  }

  #put(value: number): Uint8Array {
    new DataView(this.#bytes.buffer).setUint32(0, value, true);
    return this.#bytes;
  }

  add(value: number): number {
    const row = this.#store.add(this.#put(value), 0, 4);
    this.#store.live.ensure(row);
    this.#store.live.add(row);
    this.tree.add(row);
    return row;
  }

  remove(row: number): void {
    this.tree.remove(row);
    this.#store.live.remove(row);
    this.#store.free(row);
  }

  find(value: number): number {
    return this.tree.find(this.#put(value), 0, 4);
  }

  rowsInOrder(): RowIds {
    const found = new RowIds();
    const whole = { bytes: new Uint8Array(0), start: 0, columnCount: 0 };
    this.tree.scanRange({ ...whole, side: "before" }, { ...whole, side: "after" }, found);
    return found;
  }
}

/** A place before or behind all rows with a number, as `scanRange` takes it. */
function cutAt(value: number, side: Cut["side"]): Cut {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return { bytes, start: 0, columnCount: 1, side };
}

const ascending = Array.from({ length: count }, (_, i) => i);

function shuffled(seed: number): number[] {
  const rng = new Rng(seed);
  const order = [...ascending];
  for (let i = count - 1; i > 0; i--) {
    const j = rng.nextBelow(i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

const orders: Record<string, readonly number[]> = {
  ascending,
  descending: ascending.toReversed(),
  random: shuffled(1),
};

for (const [addTitle, addOrder] of Object.entries(orders)) {
  for (const [removeTitle, removeOrder] of Object.entries({ ...orders, random: shuffled(2) })) {
    void test(`a tree filled ${addTitle} and emptied ${removeTitle}`, async (t) => {
      const numbers = new NumberTree(true);
      const rowByValue = new Map(addOrder.map((value) => [value, numbers.add(value)]));
      t.same(treeFaults(numbers.tree, count), [], "full");
      t.equal(numbers.tree.structure.depth, 2);
      const rows = numbers.rowsInOrder();
      t.ok(
        ascending.every((value) => rows.at(value) === rowByValue.get(value)),
        "in order",
      );
      removeOrder.forEach((value, i) => {
        numbers.remove(rowByValue.get(value)!);
        if (i % 1000 === 500) t.same(treeFaults(numbers.tree, count - 1 - i), [], `without ${i}`);
        if (numbers.find(value) >= 0) t.fail(`${value} is still found`);
      });
      t.same(treeFaults(numbers.tree, 0), [], "empty");
      t.equal(numbers.tree.structure.depth, 0, "the root is a leaf again");
    });
  }
}

void test("leaves that fill in order are left full", async (t) => {
  const numbers = new NumberTree(true);
  for (const value of ascending) numbers.add(value);
  const { leaves, depth } = numbers.tree.structure;
  t.equal(depth, 2);
  const full = leaves.counts.filter((entries) => entries === nodeCapacity);
  t.equal(full.length, Math.floor(count / nodeCapacity));
});

void test("a queue uses its nodes again", async (t) => {
  const numbers = new NumberTree(true);
  const rows = ascending.slice(0, 1000).map((value) => numbers.add(value));
  for (let value = 1000; value < 20_000; value++) {
    rows.push(numbers.add(value));
    numbers.remove(rows.shift()!);
  }
  t.same(treeFaults(numbers.tree, 1000), []);
  const { leaves } = numbers.tree.structure;
  t.ok(leaves.counts.length <= 32, `${leaves.counts.length} nodes for 16 full ones`);
});

void test("rows with one key lie together, by row id", async (t) => {
  const numbers = new NumberTree(false);
  const rng = new Rng(3);
  const rows = Array.from({ length: 3000 }, () => numbers.add(rng.nextBelow(3)));
  const found = new RowIds();
  for (let value = 0; value < 3; value++) {
    numbers.tree.scanPoint(Uint8Array.of(value, 0, 0, 0), 0, 4, found);
  }
  t.equal(found.count, rows.length);
  t.same(treeFaults(numbers.tree, rows.length), []);
  for (const row of rows.toReversed()) numbers.remove(row);
  t.same(treeFaults(numbers.tree, 0), []);
});

void test("a row found lately is forgotten when it leaves", async (t) => {
  const numbers = new NumberTree(true);
  const row = numbers.add(7);
  t.equal(numbers.find(7), row);
  t.equal(numbers.find(7), row, "found without a search");
  numbers.remove(row);
  t.equal(numbers.find(7), -1);
  const next = numbers.add(7);
  t.equal(numbers.find(7), next);
});

void test("rows are found where ids follow keys, where they no longer do, and where bytes of old rows lie about", async (t) => {
  const numbers = new NumberTree(true);
  const rowByValue = new Map(ascending.map((value) => [value, numbers.add(value)]));
  const checkAll = (title: string): void => {
    const wrong = [...ascending, count].filter(
      (value) => numbers.find(value) !== (rowByValue.get(value) ?? -1),
    );
    t.same(wrong, [], title);
  };
  checkAll("ids follow keys");
  for (let value = 0; value < count; value += 3) {
    numbers.remove(rowByValue.get(value)!);
    rowByValue.delete(value);
  }
  checkAll("a third is gone, and its bytes are still there");
  for (let value = 0; value < count; value += 6) rowByValue.set(value, numbers.add(value));
  checkAll("some came back to places of others");
  for (const row of rowByValue.values()) numbers.remove(row);
  rowByValue.clear();
  checkAll("all are gone");
  for (const value of shuffled(4)) rowByValue.set(value, numbers.add(value));
  checkAll("all came back in another order");
});

void test("removing what is not there breaks an invariant", async (t) => {
  const numbers = new NumberTree(true);
  const row = numbers.add(1);
  numbers.remove(row);
  t.throws(() => numbers.remove(row), /broken invariant/);
});

void test("the first and the last rows of a range are those that the whole range begins and ends with", async (t) => {
  const rng = new Rng(7);
  const numbers = new NumberTree(false);
  // Each number comes several times, and most rows are gone again, so that leaves differ in how full they are.
  const rows = Array.from({ length: count }, () => numbers.add(rng.nextBelow(count / 4)));
  for (const row of rows.filter(() => rng.nextBelow(3) > 0)) numbers.remove(row);
  const ids = ({ ids: found, count: length }: RowIds): number[] => [...found.subarray(0, length)];
  const sides = ["before", "after"] as const;
  for (let i = 0; i < 500; i++) {
    const lower = cutAt(rng.nextBelow(count / 4), sides[i & 1] ?? "before");
    const upper = cutAt(rng.nextBelow(count / 4), sides[(i >> 1) & 1] ?? "before");
    const countMax = i % 5 === 0 ? Number.POSITIVE_INFINITY : rng.nextBelow(200);
    const [whole, first, last] = [new RowIds(), new RowIds(), new RowIds()];
    numbers.tree.scanRange(lower, upper, whole);
    numbers.tree.scanEnd(lower, upper, countMax, false, first);
    numbers.tree.scanEnd(lower, upper, countMax, true, last);
    t.same(ids(first), ids(whole).slice(0, countMax), `range ${i} from its start`);
    t.same(ids(last), ids(whole).reverse().slice(0, countMax), `range ${i} from its end`);
  }
});

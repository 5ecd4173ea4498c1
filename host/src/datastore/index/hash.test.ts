// A hash index of numbers: small ones are told by their slots, and all go on being found when great ones come.
import { primitive, Writer } from "@lightcone/abi";
import { Rng } from "@lightcone/fixtures/rng";
import { test } from "tap";
import { hashFaults } from "../../../test/datastore/hash-check.ts";
import { testSeeds } from "../../../test/datastore/seeds.ts";
import { hashWords } from "../key.ts";
import { RowIds } from "../rows/ids.ts";
import { RowLayout } from "../row-layout.ts";
import { FixedRowStore } from "../rows/fixed-store.ts";
import { IndexKey } from "./contract.ts";
import { HashIndex } from "./hash.ts";

/** A hash index over one u64 column. */
class NumberRows {
  readonly store = new FixedRowStore(8);
  readonly #layout = new RowLayout([primitive("u64")]);
  readonly #isUnique: boolean;
  index: HashIndex;

  constructor(isUnique: boolean) {
    this.#isUnique = isUnique;
    this.index = this.#empty();
  }

  #empty(): HashIndex {
    return new HashIndex(new IndexKey([0], this.store, this.#layout), this.#isUnique);
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

  /** Rows with the value, ascending. */
  rowsOf(value: bigint): number[] {
    const found = new RowIds();
    this.index.scanPoint(bytesOf(value), 0, 8, found);
    return [...found.ids.subarray(0, found.count)].sort((a, b) => a - b);
  }

  /** The same rows in an index that is built at once. */
  buildAnew(): void {
    this.index = this.#empty();
    this.index.build(this.store.live, this.store.live.count);
  }
}

function bytesOf(value: bigint): Uint8Array {
  const writer = new Writer(8);
  writer.u64(value);
  return writer.finish();
}

/** A number that has the same hash as `value`, which is below 2^32, and the given first word. */
function twinOf(value: bigint, first: number): bigint {
  const wanted = Math.imul(Number(value & 0xffffffffn), 0x9e3779b1);
  const last = wanted ^ Math.imul(first, 0x9e3779b1);
  return (BigInt(last >>> 0) << 32n) | BigInt(first);
}

void test("numbers below 2^32 are found, and greater ones are not before they come", async (t) => {
  for (const isUnique of [true, false]) {
    const rows = new NumberRows(isUnique);
    const expected = new Map<bigint, number[]>();
    const add = (value: bigint): void => {
      expected.set(value, [...(expected.get(value) ?? []), rows.add(value)]);
    };
    const wrong = (): bigint[] =>
      [...expected]
        .filter(([value, ids]) => rows.rowsOf(value).join() !== ids.join())
        .map(([v]) => v);
    for (let value = 0n; value < 3000n; value++) add(value * 0x10_0001n);
    if (!isUnique) for (let value = 0n; value < 300n; value++) add(value * 0x10_0001n);
    const small = 7n * 0x10_0001n;
    const twin = twinOf(small, 0x1234_5678);
    t.equal(
      hashWords(0x1234_5678, Number(twin >> 32n) | 0),
      hashWords(Number(small), 0),
      "two numbers with one hash",
    );
    t.same(rows.rowsOf(twin), [], "one that is not there, with the hash of one that is");
    t.same(rows.rowsOf(small | (1n << 63n)), []);
    t.same(wrong(), [], "small ones");
    for (const value of [twin, 2n ** 64n - 1n, 1n << 32n, twinOf(small, 5)]) add(value);
    t.same(wrong(), [], "both kinds");
    t.same(hashFaults(rows.index, rows.store.live.count), []);
    rows.buildAnew();
    t.same(wrong(), [], "both kinds, built at once");
    for (const row of expected.get(small) ?? []) rows.remove(row);
    expected.set(small, []);
    t.same(wrong(), [], "the twins of one that is gone");
    t.same(hashFaults(rows.index, rows.store.live.count), []);
  }
});

void test("numbers of both kinds against a model", async (t) => {
  for (const seed of testSeeds(10)) {
    const rng = new Rng(seed);
    const rows = new NumberRows(true);
    const model = new Map<bigint, number>();
    for (let step = 0; step < 3000; step++) {
      const small = BigInt(rng.nextBelow(500));
      // Great ones come late, and all that share a hash with a small one.
      const isTwin = step > 1500 && rng.nextBelow(3) === 0;
      const value = isTwin ? twinOf(small, rng.nextBelow(4) + 1000) : small;
      const row = model.get(value);
      if (rows.rowsOf(value).join() !== String(row ?? ""))
        t.fail(`seed ${seed} step ${step}: ${value}`);
      if (row === undefined) model.set(value, rows.add(value));
      else if (rng.nextBelow(2) === 0) {
        rows.remove(row);
        model.delete(value);
      }
    }
    t.same(hashFaults(rows.index, model.size), [], `seed ${seed}`);
  }
});

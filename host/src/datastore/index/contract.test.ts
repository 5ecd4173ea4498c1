// What the contract of an index promises, asked of every index there is. A new one adds a row to `kinds`.
import { type AlgebraicType, bytesType, primitive, product, type Value } from "@lightcone/abi";
import { Rng } from "@lightcone/fixtures/rng";
import { test, type Test } from "tap";
import {
  type Answer,
  IndexWorld,
  keyTypes,
  type Shape,
} from "../../../test/datastore/index-world.ts";
import { testSeeds } from "../../../test/datastore/seeds.ts";
import { treeFaults } from "../../../test/datastore/tree-check.ts";
import { hasFloats } from "../key.ts";
import { BTreeIndex } from "./btree.ts";
import type { Index, IndexKey } from "./contract.ts";
import { HashIndex } from "./hash.ts";

const u8 = primitive("u8");
const u64 = primitive("u64");
const i32 = primitive("i32");
const i128 = primitive("i128");
const string = primitive("string");

/** Texts that share a beginning with others, end or not, and hold characters that UTF-16 orders otherwise. */
function text(rng: Rng): string {
  const beginning = rng.pick(["", "common ", "common prefix "]);
  return beginning + "b\uffff\u{1f600}a".slice(0, rng.nextBelow(5)) + String(rng.nextBelow(40));
}

const shapes: Record<string, Shape> = {
  "u32, unique": {
    columns: { id: primitive("u32"), x: i32 },
    key: [0],
    isUnique: true,
    row: (rng) => [rng.nextBelow(3000), 1],
  },
  "u64, unique, far apart": {
    columns: { x: u8, id: u64 },
    key: [1],
    isUnique: true,
    row: (rng) => [0, BigInt(rng.nextBelow(2000)) << BigInt(rng.pick([0, 30, 50]))],
  },
  "i32 of few values": { columns: { n: i32 }, key: [0], row: (rng) => [rng.nextBelow(9) - 4] },
  i128: {
    columns: { n: i128, x: u8 },
    key: [0],
    row: (rng) => [(BigInt(rng.nextBelow(40)) - 20n) << BigInt(rng.pick([0, 62, 120])), 0],
  },
  text: { columns: { x: u8, name: string }, key: [1], row: (rng) => [1, text(rng)] },
  "bytes behind a text": {
    columns: { name: string, data: bytesType },
    key: [1],
    row: (rng) => [text(rng), rng.bytes(rng.nextBelow(3)).map((byte) => byte & 3)],
  },
  "floats, which may equal others of other bytes": {
    columns: { x: primitive("f64"), n: u8 },
    key: [0, 1],
    row: (rng) => [rng.pick([0, -0, NaN, Infinity, -Infinity, 1.5, -1.5]), rng.nextBelow(20)],
  },
  "three columns side by side": {
    columns: { x: u8, a: primitive("bool"), b: u8, c: i32 },
    key: [1, 2, 3],
    row: (rng) => [0, rng.nextBelow(2) === 1, rng.nextBelow(6), rng.nextBelow(20) - 10],
  },
  "three columns, apart and in another order": {
    columns: { a: string, b: u64, c: i32, d: string, e: u8 },
    key: [3, 0, 2],
    row: (rng) => [text(rng).slice(-2), 7n, rng.nextBelow(5) - 2, rng.pick(["", "a", "b"]), 9],
  },
  "two columns, unique": {
    columns: { a: string, b: u8 },
    key: [1, 0],
    isUnique: true,
    row: (rng) => [text(rng), rng.nextBelow(30)],
  },
  "a product of two": {
    columns: { p: product({ a: u8, b: string }), x: u8 },
    key: [0],
    row: (rng): Value[] => [{ a: rng.nextBelow(5), b: text(rng) }, 0],
  },
};

interface Kind {
  readonly make: (key: IndexKey, isUnique: boolean) => Index;
  readonly takes: (types: readonly AlgebraicType[]) => boolean;
}

const kinds: Record<string, Kind> = {
  "B-tree": { make: (key, isUnique) => new BTreeIndex(key, isUnique), takes: () => true },
  hash: {
    make: (key, isUnique) => new HashIndex(key, isUnique),
    takes: (types) => !types.some((type) => hasFloats(type)),
  },
};

const byNumber = (a: number, b: number): number => a - b;

/** Asks the index something at random; undefined if the answer is right. */
function wrongAnswer(world: IndexWorld, rng: Rng): Answer | undefined {
  const { isOrdered } = world.index;
  const question = rng.nextBelow(isOrdered ? 3 : 2);
  if (question === 0) {
    const answer = world.find();
    return answer.found.length === 0 ? undefined : answer;
  }
  const { found, expected } = question === 1 ? world.scanPoint() : world.scanRange();
  const [a, b] = isOrdered
    ? [found, expected]
    : [found.toSorted(byNumber), expected.toSorted(byNumber)];
  return String(a) === String(b) ? undefined : { found, expected };
}

/** Grows and shrinks an index by turns; asks it something in every third step. */
function drive(t: Test, title: string, world: IndexWorld, rng: Rng, steps: number): void {
  let isGrowing = true;
  for (let step = 0; step < steps; step++) {
    if (step % 700 === 0) isGrowing = step % 1400 === 0;
    if (step % 3 === 2) {
      const wrong = wrongAnswer(world, rng);
      if (wrong !== undefined) t.same(wrong.found, wrong.expected, `${title} step ${step}`);
    } else if (rng.nextBelow(10) < (isGrowing ? 9 : 1) || world.entries.length === 0) {
      world.add();
    } else {
      world.remove();
    }
    if (step % 400 === 0 && world.index instanceof BTreeIndex) {
      t.same(treeFaults(world.index, world.entries.length), [], `${title} step ${step}`);
    }
  }
  while (world.entries.length > 0) world.remove();
  t.same(world.find(), { found: [], expected: [] }, `${title}: empty again`);
}

for (const [kindTitle, { make, takes }] of Object.entries(kinds)) {
  for (const [title, shape] of Object.entries(shapes)) {
    if (!takes(keyTypes(shape))) continue;
    void test(`${kindTitle} index of ${title}`, async (t) => {
      for (const seed of testSeeds(4)) {
        const rng = new Rng(seed);
        drive(t, `seed ${seed}`, new IndexWorld(shape, make, rng), rng, 2500);
      }
    });
  }
}

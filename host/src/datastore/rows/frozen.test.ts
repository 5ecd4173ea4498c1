// Rows that are held while the store goes on, and stores made of what was held.
import { Rng } from "@lightcone/fixtures/rng";
import { test } from "tap";
import { testSeeds } from "../../../test/datastore/seeds.ts";
import { FixedRowStore } from "./fixed-store.ts";
import type { FrozenRows, RowImage, RowReader, RowStore } from "./store.ts";
import { VariableRowStore } from "./variable-store.ts";

const kinds: Record<string, [make: () => RowStore, size: (rng: Rng) => number]> = {
  "rows of 12 bytes": [() => new FixedRowStore(12), () => 12],
  "rows of 3000 bytes": [() => new FixedRowStore(3000), () => 3000],
  "rows larger than a page": [() => new FixedRowStore(70_000), () => 70_000],
  "rows without bytes": [() => new FixedRowStore(0), () => 0],
  "rows that differ": [
    () => new VariableRowStore(),
    (rng) => rng.nextBelow(rng.pick([1, 10, 1000, 50_000])),
  ],
};

function liveRows({ live }: RowReader): number[] {
  const rows: number[] = [];
  for (let row = live.next(0); row >= 0; row = live.next(row + 1)) rows.push(row);
  return rows;
}

function contents(rows: RowReader): Map<number, string> {
  return new Map(
    liveRows(rows).map((row) => {
      const start = rows.start(row);
      const bytes = rows.page(row).subarray(start, start + rows.size(row));
      return [row, Buffer.from(bytes).toString("latin1")];
    }),
  );
}

/** Adds, changes and removes rows as a table would. */
class Changes {
  readonly store: RowStore;
  readonly #rng: Rng;
  readonly #size: (rng: Rng) => number;

  constructor(store: RowStore, rng: Rng, size: (rng: Rng) => number) {
    this.store = store;
    this.#rng = rng;
    this.#size = size;
  }

  #bytes(): Uint8Array {
    const bytes = new Uint8Array(this.#size(this.#rng)).fill(this.#rng.nextU32());
    if (bytes.length > 0) bytes[0] = this.#rng.nextU32();
    return bytes;
  }

  step(): void {
    const { store } = this;
    const rows = liveRows(store);
    const bytes = this.#bytes();
    const action = this.#rng.nextBelow(rows.length > 30 ? 12 : 6);
    if (rows.length === 0 || action < 3) {
      const row = store.add(bytes, 0, bytes.length);
      store.live.ensure(row);
      store.live.add(row);
      return;
    }
    const row = this.#rng.pick(rows);
    if (action === 3) store.overwrite(row, bytes, 0, bytes.length);
    else if (action === 4) store.free(store.displace(row, bytes, 0, bytes.length));
    else if (action === 5) store.restore(row, store.displace(row, bytes, 0, bytes.length));
    else {
      store.live.remove(row);
      store.free(row);
    }
  }
}

function copyOf(make: () => RowStore, { header, blocks }: RowImage): RowStore {
  const store = make();
  store.thaw(
    header,
    blocks.map(({ bytes }) => bytes.slice()),
  );
  return store;
}

for (const [title, [make, size]] of Object.entries(kinds)) {
  void test(`${title} are read as they were, and make up a store again`, async (t) => {
    for (const seed of testSeeds(4)) {
      const rng = new Rng(seed);
      const changes = new Changes(make(), rng, size);
      const held: [FrozenRows, Map<number, string>][] = [];
      for (let step = 0; step < 400; step++) {
        changes.step();
        if (step % 37 === 0) held.push([changes.store.freeze(), contents(changes.store)]);
        if (step % 50 !== 49) continue;
        const [frozen, expected] = held.splice(rng.nextBelow(held.length), 1)[0]!;
        t.same(contents(frozen.rows), expected, `seed ${seed} step ${step}: as it was`);
        frozen.release();
        const present = contents(changes.store);
        const image = changes.store.image();
        for (let i = 0; i < 10; i++) changes.step();
        const again = new Changes(copyOf(make, image), rng, size);
        image.release();
        t.same(contents(again.store), present, `seed ${seed} step ${step}: again`);
        for (let i = 0; i < 60; i++) again.step();
        t.ok(again.store.limit < 120, "free ids are used again");
      }
      for (const [frozen, expected] of held) t.same(contents(frozen.rows), expected);
    }
  });
}

void test("a hash that was left with a page is forgotten when the page changes", async (t) => {
  const store = new FixedRowStore(8);
  const row = store.add(new Uint8Array(8), 0, 8);
  store.live.add(row);
  const first = store.image();
  const page = first.blocks.at(-1)!;
  page.digest = Uint8Array.of(1);
  first.release();
  const second = store.image();
  t.same(second.blocks.at(-1), page, "the same page");
  t.same(second.blocks.at(-1)?.digest, Uint8Array.of(1), "and nothing has changed");
  second.release();
  store.overwrite(row, new Uint8Array(8).fill(1), 0, 8);
  t.equal(store.image().blocks.at(-1)?.digest, undefined);
});

void test("pages that a mass deletion left empty are given back", async (t) => {
  const store = new FixedRowStore(64);
  const rows = Array.from({ length: 100_000 }, () => store.add(new Uint8Array(64), 0, 64));
  const full = store.byteLength;
  for (const row of rows.slice(10_000)) store.free(row);
  t.ok(store.byteLength < full / 4, `${store.byteLength} of ${full} bytes`);
  const again = Array.from({ length: 90_000 }, () => store.add(new Uint8Array(64), 0, 64));
  t.equal(new Set([...again, ...rows.slice(0, 10_000)]).size, 100_000, "every slot serves again");
});

void test("pages that are left far apart do not keep the memory between them", async (t) => {
  const store = new FixedRowStore(64);
  const rowOf = (number: number): Uint8Array => new Uint8Array(64).fill(number % 251);
  const rows = Array.from({ length: 100_000 }, (_, i) => store.add(rowOf(i), 0, 64));
  for (const row of rows) {
    store.live.ensure(row);
    store.live.add(row);
  }
  const full = store.byteLength;
  const frozen = store.freeze();
  const expected = contents(frozen.rows);
  // Pages of 1024 rows: of each 20, one stays, and one goes when nobody holds it any more.
  const free = (from: number, end: number): void => {
    for (const row of rows.filter((each) => each % 20_480 >= from && each % 20_480 < end)) {
      store.live.remove(row);
      store.free(row);
    }
  };
  free(2048, 20_480);
  const later = store.freeze();
  free(1024, 1536);
  const seen = contents(frozen.rows);
  t.same(
    rows.filter((row) => seen.get(row) !== expected.get(row)),
    [],
    "held as it was",
  );
  // Held pages stay where they are while others move away from them, and are copied when they are written to.
  frozen.release();
  free(1536, 2048);
  store.overwrite(0, rowOf(7), 0, 64);
  t.equal(contents(later.rows).get(0), expected.get(0), "the image has the old bytes");
  store.overwrite(0, rowOf(0), 0, 64);
  later.release();
  t.ok(store.byteLength < full / 2, `${store.byteLength} of ${full} bytes`);
  const present = contents(store);
  t.equal(present.size, 5 * 1024);
  t.same(
    [...present.keys()].filter((row) => present.get(row) !== expected.get(row)),
    [],
    "what is left has its bytes",
  );
});

void test("what does not fit together is refused", async (t) => {
  const store = new VariableRowStore();
  for (const length of [3, 700, 40]) {
    const row = store.add(new Uint8Array(length), 0, length);
    store.live.ensure(row);
    store.live.add(row);
  }
  const { header, blocks } = store.image();
  const bytes = blocks.map((block) => block.bytes.slice());
  const refuses = (
    make: () => RowStore,
    head: Uint8Array,
    given: Uint8Array[],
    rule: RegExp,
  ): void => void t.throws(() => make().thaw(head, given), { code: "LC_SNAPSHOT", message: rule });
  const variable = (): RowStore => new VariableRowStore();
  refuses(() => new FixedRowStore(3), header, bytes, /another size/);
  refuses(variable, Uint8Array.of(9, ...header.subarray(1)), bytes, /unknown version 9/);
  refuses(variable, header, bytes.slice(0, -1), /too few blocks/);
  refuses(variable, header, [...bytes, bytes[0]!], /too many blocks/);
  refuses(variable, header, [bytes[0]!, bytes[1]!.slice(4), ...bytes.slice(2)], /locations/);
  refuses(variable, header, [bytes[0]!, bytes[1]!, bytes[2]!.slice(1), ...bytes.slice(3)], /pages/);
  refuses(variable, header, [...bytes.slice(0, -1), new Uint8Array(0)], /no place for row/);
});

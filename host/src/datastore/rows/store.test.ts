import { Rng } from "@lightcone/fixtures/rng";
import { test } from "tap";
import { testSeeds } from "../../../test/datastore/seeds.ts";
import { FixedRowStore } from "./fixed-store.ts";
import type { RowStore } from "./store.ts";
import { VariableRowStore } from "./variable-store.ts";

interface Kind {
  readonly make: () => RowStore;
  readonly size: (rng: Rng) => number;
}

const kinds: Record<string, Kind> = {
  "rows of 12 bytes": { make: () => new FixedRowStore(12), size: () => 12 },
  "rows of 3000 bytes": { make: () => new FixedRowStore(3000), size: () => 3000 },
  "rows larger than a page": { make: () => new FixedRowStore(70_000), size: () => 70_000 },
  "rows without bytes": { make: () => new FixedRowStore(0), size: () => 0 },
  "rows that differ": {
    make: () => new VariableRowStore(),
    size: (rng) => rng.nextBelow(rng.pick([1, 10, 100, 1000, 100_000])),
  },
};

function bytesOf(store: RowStore, row: number): Uint8Array {
  const start = store.start(row);
  return store.page(row).slice(start, start + store.size(row));
}

/** Rows as they should be; `displaced` has, by the row whose bytes moved, the row that they moved to. */
class Model {
  readonly store: RowStore;
  readonly rows = new Map<number, Uint8Array>();
  readonly displaced = new Map<number, number>();
  readonly #rng: Rng;
  readonly #kind: Kind;

  constructor(kind: Kind, rng: Rng) {
    this.#kind = kind;
    this.#rng = rng;
    this.store = kind.make();
  }

  /** Random bytes, and where in them a row is to be read. */
  #row(): [bytes: Uint8Array, start: number, end: number] {
    const size = this.#kind.size(this.#rng);
    const start = this.#rng.nextBelow(4);
    const bytes = new Uint8Array(start + size + 2).fill(this.#rng.nextU32());
    bytes[start] = this.#rng.nextU32();
    return [bytes, start, start + size];
  }

  /** A row that is not kept only to be restored. */
  #any(): number | undefined {
    const kept = new Set(this.displaced.values());
    const rows = [...this.rows.keys()].filter((row) => !kept.has(row));
    return rows.length === 0 ? undefined : this.#rng.pick(rows);
  }

  step(): void {
    const [bytes, start, end] = this.#row();
    const row = this.#any();
    const action = this.#rng.nextBelow(row === undefined ? 1 : this.rows.size > 40 ? 9 : 6);
    if (row === undefined || action <= 1) {
      this.rows.set(this.store.add(bytes, start, end), bytes.slice(start, end));
    } else if (action === 2) {
      this.store.overwrite(row, bytes, start, end);
      this.rows.set(row, bytes.slice(start, end));
    } else if (action === 3 && !this.displaced.has(row)) {
      const before = this.store.displace(row, bytes, start, end);
      this.rows.set(before, this.rows.get(row)!);
      this.rows.set(row, bytes.slice(start, end));
      this.displaced.set(row, before);
    } else if (action === 4) {
      this.#restore();
    } else {
      this.#free(row);
    }
  }

  #restore(): void {
    for (const [row, before] of this.displaced) {
      this.displaced.delete(row);
      this.store.restore(row, before);
      this.rows.set(row, this.rows.get(before)!);
      this.rows.delete(before);
      return;
    }
  }

  #free(row: number): void {
    if (this.displaced.has(row)) return;
    this.store.free(row);
    this.rows.delete(row);
  }

  wrongRows(): number[] {
    return [...this.rows]
      .filter(([row, expected]) => Buffer.compare(bytesOf(this.store, row), expected) !== 0)
      .map(([row]) => row);
  }
}

for (const [title, kind] of Object.entries(kinds)) {
  void test(`${title} keep their bytes whatever happens to others`, async (t) => {
    for (const seed of testSeeds(5)) {
      const model = new Model(kind, new Rng(seed));
      for (let step = 0; step < 600; step++) {
        model.step();
        if (step % 20 === 0) t.same(model.wrongRows(), [], `seed ${seed} step ${step}`);
      }
      t.ok(model.store.limit < 80, `${model.store.limit} row ids serve ${model.rows.size} rows`);
    }
  });
}

void test("memory is used again", async (t) => {
  for (const { make, size } of Object.values(kinds)) {
    const store = make();
    const bytes = new Uint8Array(size(new Rng(1)));
    const fill = (): number[] =>
      Array.from({ length: 300 }, () => store.add(bytes, 0, bytes.length));
    fill().forEach((row) => store.free(row));
    const { limit, byteLength } = store;
    for (let round = 0; round < 3; round++) fill().forEach((row) => store.free(row));
    t.equal(store.limit, limit);
    t.equal(store.byteLength, byteLength);
  }
});

// Rows of a table that shrank move together in bounded steps, and memory between them goes back.
import { Rng } from "@lightcone/fixtures/rng";
import { test } from "tap";
import { testSeeds } from "../../../test/datastore/seeds.ts";
import { FixedRowStore } from "./fixed-store.ts";
import type { RowReader, RowStore } from "./store.ts";
import { VariableRowStore } from "./variable-store.ts";

/** What a step moves at most: the last page may begin just below the limit. */
const stepBytesMax = (256 + 64) * 1024;

const rowBytes = 512;
const rowCount = 40_000;
/** Rows of a page: far fewer rows in many pages keep as many pages. */
const pageRows = 128;

/** A row that says which one it is, and how often it was changed. */
function rowOf(number: number, version = 0): Uint8Array {
  const bytes = new Uint8Array(rowBytes).fill(number % 251);
  new DataView(bytes.buffer).setUint32(0, number, true);
  bytes[4] = version;
  return bytes;
}

function enter(store: RowStore, number: number): number {
  const row = store.add(rowOf(number), 0, rowBytes);
  store.live.ensure(row);
  store.live.add(row);
  return row;
}

function leave(store: RowStore, row: number): void {
  store.live.remove(row);
  store.free(row);
}

/** Live rows whose bytes are not those that `versions` says; a row's number is its id. */
function wrongRows(rows: RowReader, versions: ReadonlyMap<number, number>): number[] {
  const wrong: number[] = [];
  for (let row = rows.live.next(0); row >= 0; row = rows.live.next(row + 1)) {
    const start = rows.start(row);
    const expected = rowOf(row, versions.get(row) ?? 0);
    const isSame =
      rows.size(row) === rowBytes &&
      Buffer.compare(rows.page(row).subarray(start, start + rowBytes), expected) === 0 &&
      rows.word(row, 0) === row &&
      rows.view(row).getUint8(start + 4) === expected[4];
    if (!isSame) wrong.push(row);
  }
  return wrong;
}

const stores: Record<string, () => RowStore> = {
  "rows of one size": () => new FixedRowStore(rowBytes),
  "rows that differ": () => new VariableRowStore(),
};

for (const [title, make] of Object.entries(stores)) {
  void test(`${title}: what is left of many moves together, little at once`, async (t) => {
    const store = make();
    for (let number = 0; number < rowCount; number++) enter(store, number);
    const full = store.byteLength;
    t.ok(store.isTidy);
    t.equal(store.tidy(), 0, "nothing is to be done");
    // One page of eight stays.
    for (let row = 0; row < rowCount; row++) {
      if (Math.floor(row / pageRows) % 8 !== 0) leave(store, row);
    }
    t.notOk(store.isTidy);
    t.ok(store.byteLength > full / 2, "blocks are held for a few pages each");
    const steps: number[] = [];
    while (!store.isTidy) steps.push(store.tidy());
    t.ok(steps.length > 3, `${steps.length} steps`);
    t.same(
      steps.filter((byteCount) => byteCount > stepBytesMax),
      [],
      "no step moves more than it may",
    );
    const moved = steps.reduce((total, byteCount) => total + byteCount, 0);
    t.ok(moved <= full / 7, `${moved} bytes were moved in all`);
    t.ok(store.byteLength < full / 4, `${store.byteLength} of ${full} bytes are left`);
    t.same(wrongRows(store, new Map()), [], "rows have their bytes");
    const again = Array.from({ length: 1000 }, () => store.add(rowOf(0), 0, rowBytes));
    t.equal(new Set(again).size, 1000, "free ids serve again");
  });

  void test(`${title}: images see nothing of it, and writers go on`, async (t) => {
    for (const seed of testSeeds(3)) {
      const rng = new Rng(seed);
      const store = make();
      const versions = new Map<number, number>();
      for (let number = 0; number < rowCount / 4; number++) enter(store, number);
      const full = store.byteLength;
      const before = store.freeze();
      const rows = Array.from({ length: rowCount / 4 }, (_, row) => row);
      const kept = rows.filter((row) => Math.floor(row / pageRows) % 8 === 0);
      for (const row of rows) if (Math.floor(row / pageRows) % 8 !== 0) leave(store, row);
      t.same(wrongRows(before.rows, new Map()), [], `seed ${seed}: before`);
      before.release();
      t.notOk(store.isTidy, "what the image alone held is gone");
      const after = store.image();
      const digest = Uint8Array.of(1);
      for (const block of after.blocks.slice(1)) if ("taken" in block) block.digest = digest;
      const held = store.freeze();
      while (!store.isTidy) {
        t.ok(store.tidy() <= stepBytesMax);
        // Between two steps rows are changed, taken back and removed.
        const row = rng.pick(kept);
        if (!store.live.has(row)) continue;
        const changed = rowOf(row, 7);
        const displaced = store.displace(row, changed, 0, rowBytes);
        const action = rng.nextBelow(3);
        if (action === 0) store.restore(row, displaced);
        else store.free(displaced);
        if (action === 1) versions.set(row, 7);
        else if (action === 2) leave(store, row);
      }
      t.same(wrongRows(store, versions), [], `seed ${seed}: present`);
      t.same(wrongRows(held.rows, new Map()), [], `seed ${seed}: held`);
      const copy = make();
      copy.thaw(
        after.header,
        after.blocks.map(({ bytes }) => bytes.slice()),
      );
      t.same(wrongRows(copy, new Map()), [], `seed ${seed}: an image makes up a store again`);
      const present = store.image();
      const changedPages = present.blocks.filter(({ digest: known, bytes }) => {
        if (known === undefined) return false;
        const same = after.blocks.find(({ bytes: old }) => Buffer.compare(old, bytes) === 0);
        return same === undefined;
      });
      t.same(changedPages, [], `seed ${seed}: no page that changed has the old hash`);
      const whole = store.byteLength;
      for (const each of [after, held, present]) each.release();
      while (!store.isTidy) store.tidy();
      const left = store.byteLength;
      t.ok(left < whole && left < full / 2, `seed ${seed}: ${left} of ${full} bytes are left`);
      t.same(wrongRows(store, versions), [], `seed ${seed}: in the end`);
    }
  });

  void test(`${title}: a store that is emptied meanwhile is tidy and small`, async (t) => {
    const store = make();
    for (let number = 0; number < rowCount; number++) enter(store, number);
    for (let row = 0; row < rowCount; row++) {
      if (Math.floor(row / pageRows) % 8 !== 0) leave(store, row);
    }
    store.tidy();
    t.notOk(store.isTidy);
    for (let row = store.live.next(0); row >= 0; row = store.live.next(row + 1)) leave(store, row);
    while (!store.isTidy) t.equal(store.tidy(), 0, "nothing is left to be moved");
    t.ok(store.byteLength < 256 * 1024, `${store.byteLength} bytes are left`);
    for (let number = 0; number < 3000; number++) enter(store, number);
    t.same(wrongRows(store, new Map()), []);
  });
}

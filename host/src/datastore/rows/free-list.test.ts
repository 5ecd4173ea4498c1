// A stack of ids against a plain array, across the borders of its chunks.
import { Rng } from "@lightcone/fixtures/rng";
import { test } from "tap";
import { testSeeds } from "../../../test/datastore/seeds.ts";
import { FreeList } from "./free-list.ts";

const chunkIds = 16 * 1024;

void test("ids come back last first", async (t) => {
  for (const seed of testSeeds(5)) {
    const rng = new Rng(seed);
    const list = new FreeList();
    const model: number[] = [];
    for (let step = 0; step < 60; step++) {
      // Some more and some less than a chunk.
      const count = rng.pick([1, 15, chunkIds - 1, chunkIds, chunkIds + 1, rng.nextBelow(40_000)]);
      const isPush = rng.nextBelow(100) < (step < 30 ? 65 : 35);
      for (let i = 0; i < count; i++) {
        if (isPush) {
          const id = rng.nextBelow(2 ** 31);
          list.push(id);
          model.push(id);
        } else if (list.pop() !== (model.pop() ?? -1)) t.fail(`seed ${seed} step ${step}`);
      }
      const most = (model.length + 2 * chunkIds) * 4;
      if (list.byteLength > most) t.fail(`${list.byteLength} bytes for ${model.length} ids`);
    }
    list.clear();
    t.equal(list.pop(), -1, `seed ${seed}: nothing is left`);
    t.ok(list.byteLength <= 4096, "and little memory");
    list.push(7);
    t.equal(list.pop(), 7);
  }
});

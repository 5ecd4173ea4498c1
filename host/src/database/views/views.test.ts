// Views kept up to date by random transactions under made-up views. `LIGHTCONE_SEEDS` names seeds for longer runs.
import { test } from "tap";
import { Rng } from "@lightcone/fixtures/rng";
import { ViewWorld } from "../../../test/database/view-world.ts";
import { testSeeds } from "../../../test/datastore/seeds.ts";
import { limit } from "../../base/limit.ts";

const transactionCount = 120;

/** Returns the first faults of a history, and the world it led to. */
function runHistory(seed: number): { faults: string[]; world: ViewWorld } {
  const rng = new Rng(seed);
  const world = new ViewWorld(rng, 12);
  let now = 0;
  const faults: string[] = [];
  for (let i = 0; i < transactionCount && faults.length === 0; i++) {
    if (rng.nextBelow(4) === 0) faults.push(...world.materialise());
    if (rng.nextBelow(20) === 0) faults.push(...world.sweep((now += limit.viewIdleMillisMax)));
    faults.push(...world.transaction());
  }
  return { faults, world };
}

void test("rows on their way out still go after a view was computed again in vain", async (t) => {
  const found = 9;
  t.same(runHistory(found).faults, []);
});

void test("after each commit a view's rows are those of a fresh run, and only those it concerns were run", async (t) => {
  let runCount = 0;
  let possibleCount = 0;
  for (const seed of testSeeds(10)) {
    const { faults, world } = runHistory(seed);
    t.same(faults, [], `seed ${seed}`);
    runCount += world.runCount;
    possibleCount += world.possibleCount;
  }
  t.ok(runCount > 0, `${runCount} runs`);
  t.ok(runCount < possibleCount / 2, `${runCount} runs of ${possibleCount} possible ones`);
});

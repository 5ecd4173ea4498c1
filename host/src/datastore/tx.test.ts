import { Rng } from "@lightcone/fixtures/rng";
import { test } from "tap";
import { testSeeds } from "../../test/datastore/seeds.ts";
import { randomTables, World } from "../../test/datastore/world.ts";

const transactionsPerSeed = 1000;

void test("random transactions leave what a map of rows would hold", async (t) => {
  let steps = 0;
  const seeds = testSeeds(5);
  for (const seed of seeds) {
    const world = new World(randomTables, new Rng(seed));
    for (let i = 0; i < transactionsPerSeed; i++) {
      const faults = world.transaction();
      if (faults.length > 0) t.same(faults, [], `seed ${seed} transaction ${i}`);
    }
    steps += world.stepCount;
    for (const { table, model } of world.pairs) {
      const { limit } = table.rows;
      // Rows of the largest table, and two for each of a transaction's 20 steps.
      t.ok(limit <= 150, `${model.sketch.name}: ${limit} row ids after ${world.stepCount} steps`);
    }
  }
  t.ok(steps > seeds.length * 10_000, `${steps} steps`);
});

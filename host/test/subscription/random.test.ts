// Random subscriptions under random transactions; see world.ts. scripts/subscription-soak.mjs runs more of them.
import { test } from "tap";
import { testSeeds } from "../datastore/seeds.ts";
import { World } from "./world.ts";

const stepsPerSeed = 150;

/** Seeds that failed once. */
const regressions: readonly number[] = [];

for (const [title, hasRules] of [
  ["without rules", false],
  ["with row rules", true],
] as const) {
  void test(`[SQL17] caches kept by deltas equal queries from scratch, ${title}`, async (t) => {
    const total = { transactions: 0, subscriptions: 0, joins: 0, changedRows: 0 };
    for (const seed of [...regressions, ...testSeeds(20)]) {
      const world = new World(seed, hasRules);
      try {
        for (let step = 0; step < stepsPerSeed; step++) world.step();
      } catch (thrown) {
        t.fail(`seed ${seed}: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
        return;
      }
      total.transactions += world.tally.transactions;
      total.subscriptions += world.tally.subscriptions;
      total.joins += world.tally.joins;
      total.changedRows += world.tally.changedRows;
    }
    t.ok(total.joins > 20 && total.changedRows > total.transactions, JSON.stringify(total));
  });
}

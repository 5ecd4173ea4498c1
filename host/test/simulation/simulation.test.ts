// The simulated world as a test: a fixed set of seeds, and seeds that once failed. `scripts/simulate.mjs` runs more seeds; docs/simulation.md says what came of them.
import { t, test } from "tap";
import { testSeeds } from "../datastore/seeds.ts";
import { regressions } from "./regressions.ts";
import { runSeed, stepCount } from "./run.ts";
import { Tally } from "./tally.ts";

// Long histories take their time on a busy machine.
t.setTimeout(180_000);

/** Seeds that each run of the tests has, and those it may add until every kind of fault has happened. */
const [seedCountMin, seedCountMax] = [150, 450];

void test("[LOG16] [LOG17] [LOG18] [LOG19] [LOG20] whatever happens to disk and machine, what is found is what the model says", async (t) => {
  const seeds = testSeeds(seedCountMax);
  const tally = new Tally();
  let count = 0;
  for (const seed of seeds) {
    if (count >= seedCountMin && tally.missing.length === 0) break;
    const found = await runSeed(seed, tally);
    if (found !== undefined) t.fail(`seed ${seed}: ${found.fault}`);
    count++;
  }
  t.ok(stepCount >= 200);
  t.ok(tally.crashCount >= count, `${tally.crashCount} crashes in ${count} seeds`);
  if (seeds.length === seedCountMax) t.same(tally.missing, [], "every kind of fault happened");
});

for (const { seed, title } of regressions) {
  void test(`seed ${seed}: ${title}`, async (t) => {
    t.equal(await runSeed(seed, new Tally()), undefined);
  });
}

void test("a seed repeats itself", async (t) => {
  const [first, second] = [new Tally(), new Tally()];
  await runSeed(7, first);
  await runSeed(7, second);
  t.same(first.toJSON(), second.toJSON());
});

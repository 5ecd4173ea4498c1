// One mode as a test.
import { t, test } from "tap";
import { testSeeds } from "../datastore/seeds.ts";
import type { ModeName } from "./random-script.ts";
import { soak, soakSeed } from "./soak.ts";
import { newTally, type Tally } from "./tally.ts";

const transactionCount = 100_000;

/** What a run of all transactions must have done at least, or it says little. */
type Least = Partial<Record<keyof Tally, number>>;

/**
 * Runs the transactions of a mode, a hundred thousand of them or the seeds that LIGHTCONE_SEEDS names, and checks that they did enough.
 * A failure is printed as a script for fixtures/regressions/subscription.
 */
export function testMode(mode: ModeName, least: Least): void {
  // A busy machine takes several times as long as an idle one.
  t.setTimeout(600_000);
  void test(`[SQL17] caches kept by deltas equal queries from scratch: ${mode}`, async (t) => {
    const tally = newTally();
    const named = process.env["LIGHTCONE_SEEDS"] === undefined ? [] : testSeeds(0);
    for (const seed of named) t.equal(soakSeed(mode, seed, tally)?.report, undefined);
    if (named.length > 0) return;
    const failure = soak(mode, 1, transactionCount, tally);
    if (failure !== undefined) t.fail(`${failure.report}\n${JSON.stringify(failure.script)}`);
    t.comment(JSON.stringify(tally));
    for (const [what, count] of Object.entries(least)) {
      const done = tally[what as keyof Tally];
      t.ok(Number(done) >= count, `${what}: ${Number(done)}, at least ${count}`);
    }
  });
}

// The simulation finds known faults: each within a few seeds, or it would not find unknown ones.
import { t, test } from "tap";
import { makeMutant, mutantNames } from "./mutant.ts";
import { runSeed } from "./run.ts";
import { Tally } from "./tally.ts";

// Long histories take their time on a busy machine.
t.setTimeout(180_000);

/** Seeds within which a mutant is found. */
const seedCount = 200;

for (const name of mutantNames) {
  void test(`the mutant ${name} is found`, async (t) => {
    const mutant = await makeMutant(name);
    t.teardown(mutant.remove);
    let fault: string | undefined;
    let count = 0;
    for (; fault === undefined && count < seedCount; count++) {
      fault = (await runSeed(mutant.seed + count, new Tally(), mutant.options))?.fault;
    }
    t.ok(fault !== undefined, `${mutant.what}: ${fault} (${count} seeds)`);
  });
}

// Scripts that have failed are run whatever the seeds are; and a script is all that it takes to repeat a run.
import { test } from "tap";
import { modeNames, randomScript } from "./random-script.ts";
import { readRegressions } from "./regressions.ts";
import type { Script } from "./script.ts";
import { newTally } from "./tally.ts";
import { runScript } from "./world.ts";

for (const [name, script] of readRegressions()) {
  void test(`[SQL17] the script ${name}`, async (t) => {
    t.equal(runScript(script)?.message, undefined);
  });
}

void test("a seed repeats itself, also as JSON", async (t) => {
  for (const mode of modeNames) {
    const script = randomScript(mode, 7, 40);
    t.same(randomScript(mode, 7, 40), script, mode);
    const [first, second] = [newTally(), newTally()];
    runScript(script, first);
    runScript(JSON.parse(JSON.stringify(script)) as Script, second);
    t.same(second, first, mode);
  }
});

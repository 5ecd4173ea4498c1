// Random subscriptions under random transactions; after every commit what each client holds is compared with its queries from scratch.
//
//   npm run build && node scripts/subscription-soak.mjs --transactions 1000000
//   node scripts/subscription-soak.mjs --mode "row rules" --seed 7      one of the modes, from that seed on
//
// Prints what each mode did. Where a client and its query differ it prints the script that shows it, cut down, first as text and then as
// JSON for fixtures/regressions/subscription, and ends with 1.
import { parseArgs } from "node:util";

const folder = new URL("../host/dist/test/subscription/", import.meta.url);
const { soak } = await import(new URL("soak.js", folder).href);
const { modeNames } = await import(new URL("random-script.js", folder).href);
const { newTally } = await import(new URL("tally.js", folder).href);

const { values } = parseArgs({
  options: {
    transactions: { type: "string", default: "100000" },
    seed: { type: "string", default: "1000000" },
    mode: { type: "string", multiple: true, default: [...modeNames] },
  },
});

for (const mode of values.mode) {
  const tally = newTally();
  const start = performance.now();
  const failure = soak(mode, Number(values.seed), Number(values.transactions), tally);
  if (failure !== undefined) {
    console.log(failure.report);
    console.log(JSON.stringify(failure.script));
    process.exitCode = 1;
  }
  const perSecond = Math.round((tally.transactions / (performance.now() - start)) * 1000);
  console.log(`${mode}: ${JSON.stringify(tally)}, ${perSecond} transactions/s`);
}

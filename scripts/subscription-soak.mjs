// Random subscriptions under random transactions, each client's cache compared with its query from scratch after every commit.
//
//   npm run build && node scripts/subscription-soak.mjs --transactions 100000
//   node scripts/subscription-soak.mjs --transactions 1000 --seed 7
//
// Prints what was done and ends with 1, naming the seed, where a cache and its query differed.
import { parseArgs } from "node:util";

const compiled = new URL("../host/dist/test/subscription/world.js", import.meta.url);
const { World } = await import(compiled.href);

const { values } = parseArgs({
  options: {
    transactions: { type: "string", default: "20000" },
    seed: { type: "string", default: "1000" },
    steps: { type: "string", default: "200" },
  },
});

const wanted = Number(values.transactions);
const total = { transactions: 0, subscriptions: 0, joins: 0, refused: 0, changedRows: 0 };

for (let seed = Number(values.seed); total.transactions < wanted; seed++) {
  const world = new World(seed, seed % 2 === 0);
  try {
    for (let step = 0; step < Number(values.steps); step++) world.step();
  } catch (thrown) {
    console.error(`seed ${seed}: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
    process.exit(1);
  }
  for (const key of Object.keys(total)) total[key] += world.tally[key];
}
console.log(JSON.stringify(total));

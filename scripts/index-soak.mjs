// Random operations on every kind of index with every type of key, each beside a model that cannot be wrong.
//
//   npm run build && node scripts/index-soak.mjs --operations 1000000
//   node scripts/index-soak.mjs --operations 1000000 --from 20 --to 40    some of the cases, by number
//   node scripts/index-soak.mjs --operations 5000 --seed 7 --only "hash index of string"
//
// Prints one line for each case and ends with 1 if an index and its model differed anywhere.
import { parseArgs } from "node:util";

const compiled = new URL("../host/dist/test/datastore/index-cases.js", import.meta.url);
const { indexCases } = await import(compiled.href);

const { values } = parseArgs({
  options: {
    operations: { type: "string", default: "100000" },
    seed: { type: "string", default: "1" },
    from: { type: "string", default: "0" },
    to: { type: "string", default: "1000" },
    only: { type: "string", default: "" },
  },
});

const limits = {
  steps: Number(values.operations),
  stepsGrowing: 4000,
  stepsPerCheck: 20_000,
  stepsPerBuild: 5000,
};

const cases = indexCases()
  .map((one, number) => ({ ...one, number }))
  .slice(Number(values.from), Number(values.to))
  .filter(({ title }) => title.includes(values.only));

let failed = 0;
for (const { title, number, run } of cases) {
  const { counts, faults } = run(Number(values.seed), limits);
  const operations = Object.values(counts).reduce((total, count) => total + count, 0);
  const listed = Object.entries(counts).map(([name, count]) => `${count} ${name}`);
  console.log(`${number} ${title}: ${operations} operations (${listed.join(", ")})`);
  for (const fault of faults) console.log(`  FAULT ${fault.slice(0, 500)}`);
  if (faults.length > 0) failed++;
}
console.log(`${cases.length} cases, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;

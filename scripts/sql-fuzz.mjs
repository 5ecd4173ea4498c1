// Random texts of SQL, by a grammar, some of them spoilt; see host/test/sql/fuzz.ts for what must hold for each.
//
//   npm run build && node scripts/sql-fuzz.mjs --texts 1000000
//   node scripts/sql-fuzz.mjs --texts 50000 --seed 7
//
// Prints how many texts came to what, and the slowest. Ends with 1 and the text, cut down, where something is wrong.
import { parseArgs } from "node:util";

const compiled = new URL("../host/dist/test/sql/fuzz.js", import.meta.url);
const { fuzz, SqlFuzz } = await import(compiled.href);

/** Texts of one seed. */
const textsPerSeed = 10_000;

const { values } = parseArgs({
  options: {
    texts: { type: "string", default: "100000" },
    seed: { type: "string", default: "1000" },
  },
});

const wanted = Number(values.texts);
const run = new SqlFuzz();
for (let seed = Number(values.seed); run.tally.texts < wanted; seed++) {
  const fault = fuzz(run, seed, Math.min(textsPerSeed, wanted - run.tally.texts));
  if (fault === undefined) continue;
  console.log(fault);
  process.exitCode = 1;
  break;
}
const { texts, answers, slowestMillis, slowestText } = run.tally;
for (const [what, count] of [...answers].sort(([a], [b]) => (a < b ? -1 : 1)))
  console.log(`${what} ${count}`);
console.log(
  `${texts} texts, the slowest ${slowestMillis.toFixed(1)} ms: ${slowestText.slice(0, 200)}`,
);

// Adds up TAP files and prints, as its only line on standard output, "N passed, N failed".
//
//   node scripts/count-results.mjs FILE.tap...
//
// It exits 1 when a test failed, when none ran, or, under LIGHTCONE_REQUIRE_ALL=1, when one was
// left out; those then count as failed. The names go to standard error.
import { leftOutLines, readResults } from "./tap-results.mjs";

const results = readResults(process.argv.slice(2));
const requireAll = process.env.LIGHTCONE_REQUIRE_ALL === "1";
const failedCount = results.failed.length + (requireAll ? results.leftOut.length : 0);

for (const title of results.failed) console.error(`failed: ${title}`);
if (results.leftOut.length > 0) console.error(["left out:", ...leftOutLines(results)].join("\n"));
console.log(`${results.passed} passed, ${failedCount} failed`);
process.exitCode = failedCount > 0 || results.passed === 0 ? 1 : 0;

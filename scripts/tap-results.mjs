// Reads raw TAP, as tap writes it, into counts that mean something to a person.
//
// A test is counted once, by its title: the innermost titled block, whatever number of assertions
// it makes. Counting assertions would let one loop outweigh a hundred tests.
import { existsSync, readFileSync } from "node:fs";
import { Parser } from "tap-parser";

/**
 * @typedef {object} Results
 * @property {number} passed titled tests that passed
 * @property {string[]} failed full titles; a file that died outside its tests counts as one
 * @property {{title: string, reason: string}[]} leftOut skipped or postponed tests and assertions
 */

/** @returns {Results} what the TAP files hold together */
export function readResults(/** @type {string[]} */ files) {
  /** @type {Results} */
  const results = { passed: 0, failed: [], leftOut: [] };
  for (const file of files) {
    const failedBefore = results.failed.length;
    const text = existsSync(file) ? readFileSync(file, "utf8") : "";
    const parser = new Parser();
    collect(parser, results, 0);
    parser.on("bailout", (reason) => results.failed.push(`bail out: ${reason}`));
    parser.end(text);
    const whole = parser.ok && text.trim() !== "";
    if (!whole && results.failed.length === failedBefore) results.failed.push(`${file}: cut short`);
  }
  return results;
}

/** Depth 0 holds files, depth 1 and below the tests in them. */
function collect(parser, results, depth) {
  let titledInside = 0;
  parser.on("child", (child) => {
    const before = results.failed.length;
    const inside = collect(child, results, depth + 1);
    titledInside += 1;
    // The test point that closes a block follows it at once, so the pair can be joined here.
    parser.once("assert", (point) => {
      const known = results.failed.length > before;
      if (!point.ok) {
        if (!known) results.failed.push(point.fullname);
      } else if (depth > 0 && inside() === 0 && !isLeftOut(point)) {
        results.passed += 1;
      }
    });
  });
  parser.on("assert", (point) => {
    if (isLeftOut(point)) {
      results.leftOut.push({ title: point.fullname, reason: reasonOf(point) });
    } else if (!point.ok && !point.closingTestPoint && depth < 2) {
      results.failed.push(point.fullname);
    }
  });
  return () => titledInside;
}

function isLeftOut(point) {
  return point.skip !== false || point.todo !== false;
}

function reasonOf(point) {
  const directive = point.skip === false ? point.todo : point.skip;
  return typeof directive === "string" && directive !== "" ? directive : "no reason given";
}

/** The lines that name what was left out, one for each reason. */
export function leftOutLines(/** @type {Results} */ { leftOut }) {
  const countByReason = new Map();
  for (const { reason } of leftOut) countByReason.set(reason, (countByReason.get(reason) ?? 0) + 1);
  return [...countByReason].map(
    ([reason, count]) => `  ${reason} (${count} ${count === 1 ? "test" : "tests"})`,
  );
}

// Soup of SQL tokens: whatever the text, the answer is rows or a LightconeError, and it comes soon.
import { LightconeError } from "@lightcone/abi";
import fc from "fast-check";
import { test } from "tap";
import { idsOf, openSample, owner, visitor, runSql } from "./test-tables.ts";

const pieces = (
  "SELECT FROM WHERE AND OR NOT LIMIT AS JOIN ON INNER CROSS COUNT ( ) ( ) * , . ; = <> != < <= > >= + - / % || :: " +
  "TRUE FALSE NULL :sender :x $1 ? ' '' \" x' X'0f' 0x0f 0x 1 1.5 1e3 1e999999 -1 .5 'x' 'it''s' '5' \"t\" -- /* */ " +
  "t t t u p ev v a b s f ok who at raw kind id t.a t.* x lib GROUP ORDER BY IN LIKE IS BETWEEN UNION DISTINCT INSERT " +
  "ö 𝄞 \0 \ud800 \\ ` @a # ~ { [ 2025-01-01T00:00:00Z '2025-01-01T00:00:00Z' " +
  `${"(".repeat(600)} ${"0".repeat(300)} '${"ab".repeat(32)}' 0x${"ab".repeat(32)}`
).split(" ");

const soup = fc
  .array(fc.constantFrom(...pieces), { maxLength: 24 })
  .chain((parts) => fc.constantFrom(" ", "", "\n").map((glue) => parts.join(glue)));

/** Soup where the grammar lets it in: most texts of plain soup end at their first word. */
const seasoned = fc.oneof(
  soup,
  soup.map((text) => `SELECT * FROM t WHERE ${text}`),
  soup.map((text) => `SELECT ${text} FROM t`),
  soup.map((text) => `SELECT * FROM ${text}`),
  fc
    .array(fc.constantFrom(..."a b s f ok who 1 'x' TRUE = < AND OR ( )".split(" ")), {
      maxLength: 9,
    })
    .map((parts) => `SELECT * FROM t WHERE ${parts.join(" ")}`),
);

/** "rows" or the code of the refusal. Anything but a LightconeError is thrown on. */
function kindOf(run: () => unknown): string {
  try {
    run();
    return "rows";
  } catch (error) {
    if (error instanceof LightconeError) return error.code;
    throw error;
  }
}

void test("[SQL3] no text breaks the parser", { timeout: 60_000 }, async (t) => {
  const datastore = openSample();
  const seen = new Map<string, number>();
  // Most texts end in a refusal, whose stack nobody reads.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  t.teardown(() => (Error.stackTraceLimit = stackTraceLimit));
  fc.assert(
    fc.property(seasoned, (text) => {
      for (const kind of [
        kindOf(() => idsOf(datastore, text, owner)),
        kindOf(() => runSql(text, datastore, visitor)),
      ]) {
        seen.set(kind, (seen.get(kind) ?? 0) + 1);
      }
    }),
    { numRuns: 20_000 },
  );
  for (const kind of [
    "rows",
    "LC_SQL_SYNTAX",
    "LC_SQL_UNSUPPORTED",
    "LC_SQL_NAME",
    "LC_SQL_TYPE",
  ]) {
    t.ok((seen.get(kind) ?? 0) > 20, `${kind}: ${seen.get(kind)}`);
  }
});

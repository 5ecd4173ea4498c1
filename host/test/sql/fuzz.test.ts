// Texts of a grammar, some spoilt: see fuzz.ts. scripts/sql-fuzz.mjs checks more of them; docs/sql.md says what came of it.
import { t, test } from "tap";
import { testSeeds } from "../datastore/seeds.ts";
import { fuzz, SqlFuzz } from "./fuzz.ts";

// A busy machine takes several times as long as an idle one.
t.setTimeout(600_000);

const textCount = 20_000;
/** Of those that are as long or as deep as can be. */
const hardTextCount = 20;

void test("[SQL3] [SQL5] [SQL16] no text breaks SQL, keeps it busy or makes it tell of private tables", async (t) => {
  const run = new SqlFuzz();
  for (const seed of testSeeds(1)) {
    t.equal(fuzz(run, seed, textCount), undefined);
    t.equal(fuzz(run, seed, hardTextCount, "deep"), undefined);
    t.equal(fuzz(run, seed, hardTextCount, "wide"), undefined);
  }
  const { answers, slowestMillis } = run.tally;
  t.comment(JSON.stringify({ ...Object.fromEntries(answers), slowestMillis }, undefined, 1));
  for (const way of ["subscription", "one-off query", "SQL"]) {
    for (const kind of [
      "rows",
      "LC_SQL_SYNTAX",
      "LC_SQL_UNSUPPORTED",
      "LC_SQL_NAME",
      "LC_SQL_TYPE",
    ]) {
      const count = answers.get(`${way} for others: ${kind}`) ?? 0;
      t.ok(count > 200, `${way}, ${kind}: ${count}`);
    }
  }
});

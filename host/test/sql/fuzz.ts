// What must hold for any text of SQL whatever: rows or a documented refusal, soon, and no word to others than the owner about tables that
// they may not see.
import { LightconeError } from "@lightcone/abi";
import { Rng } from "@lightcone/fixtures/rng";
import { allTableTexts, compileQueries, isAllTables } from "../../src/sql/table-query.ts";
import { runTableQuery, prepareSql } from "../../src/sql/run.ts";
import type { SqlCaller } from "../../src/sql/bind/visibility.ts";
import { viewsOf } from "../../src/sql/bind/views-of.ts";
import { openFuzzDatabase, type FuzzDatabase } from "./fuzz-tables.ts";
import { expand, grammar } from "./grammar.ts";
import { mutate } from "./mutate.ts";

/** How long a text may take. */
const millisMax = 100;

/** Time of the processor: on a busy machine a text may have to wait for others. */
function processorMillis(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

interface Answer {
  /** "rows", or the code of the refusal. */
  readonly kind: string;
  /** All that the caller is told. */
  readonly told: string;
}

type Ask = (text: string, database: FuzzDatabase, caller: SqlCaller) => string;

function askForRows(use: "subscription" | "oneOff"): Ask {
  return (text, { datastore }, caller) => {
    const texts = isAllTables(text) ? allTableTexts(datastore, caller) : [text];
    const rows: string[] = [];
    for (const query of texts.flatMap((each) => compileQueries(each, datastore, caller, use))) {
      const { rows: stored, schema } = query.table;
      runTableQuery(query, (row) => {
        const start = stored.start(row) + query.rowOffset;
        const bytes = stored.page(row).subarray(start, stored.start(row) + stored.size(row));
        rows.push(`${schema.name} ${Buffer.from(bytes).toString("hex")}`);
      });
    }
    return rows.join("\n");
  };
}

/** General SQL; what it changes is undone. */
const askGeneral: Ask = (text, { datastore }, caller) => {
  const prepared = prepareSql(text, datastore, caller);
  if (prepared.kind === "change") {
    const tx = datastore.begin();
    try {
      return JSON.stringify(prepared.run(tx));
    } finally {
      datastore.rollBack(tx);
    }
  }
  const { cursor, output } = prepared;
  try {
    cursor.advance(Number.POSITIVE_INFINITY);
    return `${output.schemaJson()} ${Buffer.concat(output.finish()).toString()}`;
  } finally {
    cursor.close();
  }
};

const ways: Readonly<Record<string, Ask>> = {
  subscription: askForRows("subscription"),
  "one-off query": askForRows("oneOff"),
  SQL: askGeneral,
};

function isDocumented(code: string): boolean {
  return code.startsWith("LC_SQL_") || code === "LC_LIMIT";
}

/** Names of tables and columns that are private. */
const hiddenNames = /zq(?:hidden|view|alias|secret|column)/i;

/** What fuzzing found out. */
export class FuzzTally {
  texts = 0;
  /** How often each way of asking came to what. */
  readonly answers: Map<string, number> = new Map();
  slowestMillis = 0;
  slowestText = "";
}

export class SqlFuzz {
  readonly tally: FuzzTally = new FuzzTally();
  readonly #withHidden: FuzzDatabase = openFuzzDatabase(true);
  readonly #withoutHidden: FuzzDatabase = openFuzzDatabase(false);

  /** Asks one text in every way; returns what is wrong with the answers. */
  check(text: string): string | undefined {
    this.tally.texts++;
    const { datastore, visitor } = this.#withHidden;
    viewsOf(text, datastore, visitor);
    for (const [way, ask] of Object.entries(ways)) {
      const fault = this.#checkWay(way, ask, text);
      if (fault !== undefined) return `${way}: ${fault}`;
    }
    return undefined;
  }

  #checkWay(way: string, ask: Ask, text: string): string | undefined {
    const { owner, visitor } = this.#withHidden;
    try {
      const asOwner = this.#timed(text, () => ask(text, this.#withHidden, owner));
      if (asOwner === undefined) return "it takes too long";
      this.#count(`${way} for the owner: ${asOwner.kind}`);
      const told = this.#timed(text, () => ask(text, this.#withHidden, visitor));
      if (told === undefined) return "it takes too long";
      this.#count(`${way} for others: ${told.kind}`);
      // The tables that describe tables name them all.
      if (/st_/i.test(text)) return undefined;
      const { visitor: other } = this.#withoutHidden;
      const toldWithout = answerOf(() => ask(text, this.#withoutHidden, other)).told;
      if (told.told !== toldWithout) return `others are told ${told.told}\nnot ${toldWithout}`;
      const isHint = hiddenNames.test(told.told) && !hiddenNames.test(text);
      return isHint ? `others are told ${told.told}` : undefined;
    } catch (thrown) {
      return thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
    }
  }

  #count(what: string): void {
    this.tally.answers.set(what, (this.tally.answers.get(what) ?? 0) + 1);
  }

  /** The answer, or undefined if it took too long again and again: once it may be the collection of garbage. */
  #timed(text: string, run: () => string): Answer | undefined {
    let best = Number.POSITIVE_INFINITY;
    for (let tries = 0; tries < 5; tries++) {
      const start = processorMillis();
      const answer = answerOf(run);
      best = Math.min(best, processorMillis() - start);
      if (best > millisMax) continue;
      if (best > this.tally.slowestMillis) {
        this.tally.slowestMillis = best;
        this.tally.slowestText = text;
      }
      return answer;
    }
    return undefined;
  }
}

/** What is thrown besides documented refusals is thrown on. */
function answerOf(run: () => string): Answer {
  try {
    return { kind: "rows", told: run() };
  } catch (thrown) {
    if (!(thrown instanceof LightconeError) || !isDocumented(thrown.code)) throw thrown;
    return { kind: thrown.code, told: `${thrown.code}: ${thrown.message}` };
  }
}

/** A text by chance: of the grammar, or nearly. */
function randomText(rng: Rng, symbol: string): string {
  const text = (): string => expand(rng, grammar, symbol);
  return rng.nextBelow(3) > 0 ? text() : mutate(rng, text(), text);
}

/** Leaves out as much of a text as it can while `fails` holds. */
function shrinkText(text: string, fails: (text: string) => boolean): string {
  let left = text;
  for (let size = left.length >> 1; size >= 1; size >>= 1) {
    for (let at = 0; at < left.length;) {
      const without = left.slice(0, at) + left.slice(at + size);
      if (fails(without)) left = without;
      else at += size;
    }
  }
  return left;
}

/** Checks `count` texts that a symbol of the grammar stands for; returns what is wrong with the first that is, cut down. */
export function fuzz(
  run: SqlFuzz,
  seed: number,
  count: number,
  symbol = "text",
): string | undefined {
  const rng = new Rng(seed);
  // Most texts end in a refusal, whose stack nobody reads.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    for (let i = 0; i < count; i++) {
      const text = randomText(rng, symbol);
      if (run.check(text) === undefined) continue;
      Error.stackTraceLimit = stackTraceLimit;
      const shrunk = shrinkText(text, (shorter) => run.check(shorter) !== undefined);
      return `seed ${seed}, text ${i}: ${JSON.stringify(shrunk)}\n${run.check(shrunk)}`;
    }
    return undefined;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

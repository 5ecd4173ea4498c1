// Random subscriptions notice known faults of the host, each within a few seeds; or they would not notice unknown ones.
import { pathToFileURL } from "node:url";
import { present } from "@lightcone/abi";
import { t, test } from "tap";
import { makePatchedCopy, type Patch } from "../patched-copy.ts";
import { loadEngine } from "./engine.ts";
import type { ModeName } from "./random-script.ts";
import { readRegressions } from "./regressions.ts";
import { soak } from "./soak.ts";
import { newTally } from "./tally.ts";
import { runScript } from "./world.ts";

// Copies of the host and long runs take their time on a busy machine.
t.setTimeout(600_000);

const transactionsMax = 20_000;

interface Mutation extends Patch {
  readonly what: string;
  readonly mode: ModeName;
}

const mutations: Readonly<Record<string, Mutation>> = {
  "changes-of-both-sides": {
    what: "rows that changed on both sides of a join count twice",
    mode: "join",
    file: "subscription/join-delta.js",
    from: "this.#joinDelta(join, work, lead, lead === first ? second : first);",
    to: "",
  },
  "changes-of-one-side": {
    what: "changed rows of the second side of a join meet nobody",
    mode: "self-join",
    file: "subscription/join-delta.js",
    from: "this.#joinState(join, work, second, first);",
    to: "",
  },
  "lost-deletes": {
    what: "deleted rows are told to nobody",
    mode: "one table",
    file: "subscription/evaluate.js",
    from: "this.#matchRows(queries, delta.deletes, false);",
    to: "",
  },
  "shared-whatever-value": {
    what: "queries that ask for other values, such as that of :sender, are taken for one",
    mode: "overlapping",
    file: "sql/plan/block-key.js",
    from: "x${toHex(value)})`",
    to: "x)`",
  },
  "shared-whatever-conditions": {
    what: "queries with other conditions are taken for one",
    mode: "overlapping",
    file: "sql/plan/block-key.js",
    from: 'chainKey("and", conditions)',
    to: '""',
  },
  "shared-views": {
    what: "clients share a query on a view of the sender's",
    mode: "views",
    file: "sql/table-query.js",
    from: "parts.push(toHex(keyPrefix));",
    to: ";",
  },
  "rules-of-rules": {
    what: "the rules of tables that rules speak of do not apply",
    mode: "row rules",
    file: "sql/bind/rules.js",
    from: "this.expand(rule.block, [...path, id])",
    to: "[rule.block]",
  },
  "one-rule": {
    what: "of several rules on a table one applies",
    mode: "row rules",
    file: "sql/bind/rules.js",
    from: "return texts.flatMap(",
    to: "return texts.slice(0, 1).flatMap(",
  },
  "found-by-key": {
    what: "a join is not found by the row that a changed row goes with",
    mode: "join",
    file: "subscription/join-group.js",
    from: "keyProbe.find(page, at, layout.columnEnd(column, page, at), found);",
    to: "",
  },
  "stale-views": {
    what: "a view is not run again for the keys that it has looked up",
    mode: "views",
    file: "module/read-set.js",
    from: "this.points.push({ handle, key: bytes.slice(start, end) });",
    to: "",
  },
  "kept-listener": {
    what: "whoever ends a query set ends somebody else's",
    mode: "overlapping",
    file: "subscription/registry.js",
    from: "this.#dropListener(listener);",
    to: "this.#dropListener(listener.query.listeners.find((one) => one.querySetId === querySetId));",
  },
};

const folders = [
  "base",
  "datastore",
  "sql",
  "module",
  "subscription",
  "log",
  "database",
  "session",
];

const regressions = readRegressions();

for (const [name, { what, mode, ...patch }] of Object.entries(mutations)) {
  void test(`the mutant ${name} is found`, async (t) => {
    const { folder, remove } = makePatchedCopy(name, patch, folders);
    t.teardown(remove);
    const tally = newTally();
    const engine = await loadEngine(pathToFileURL(`${folder}/`));
    const failure = soak(mode, 1, transactionsMax, tally, engine);
    t.ok(failure !== undefined, `${what}: found after ${tally.transactions} transactions`);
    const script = present(regressions.get(name), `the script that tells ${name}`);
    t.ok(runScript(script, newTally(), engine) !== undefined, "found by its script");
  });
}

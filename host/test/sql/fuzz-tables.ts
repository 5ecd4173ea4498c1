// The tables that fuzzed texts speak of, once with private ones that others than the owner must not notice and once without.
import { numberToBytes, primitive } from "@lightcone/abi";
import type { Datastore } from "../../src/datastore/datastore.ts";
import { addRule, insertRows, makeTable, openSample, owner } from "../../src/sql/test-tables.ts";
import type { SqlCaller } from "../../src/sql/bind/visibility.ts";
import { kindNames, kinds } from "../subscription/kinds.ts";

const u32 = primitive("u32");
const u64 = primitive("u64");

/** A table with a column of each type, `c0` and on, and one that others see a part of, twice. */
function addPublicTables(datastore: Datastore): void {
  const tx = datastore.begin();
  const columns = kindNames.map((kind, i) => [`c${i}`, kinds[kind].type] as const);
  const every = makeTable(datastore, tx, {
    name: "every",
    alias: "EVERY",
    columns: { ...Object.fromEntries(columns), maybe: kinds.option.type },
    columnAliases: { c0: "first" },
    indexes: [[0], [1, 2]],
  });
  const rows = [0, 1, 2, 3].map((n) => {
    const cells = kindNames.map((kind) => kinds[kind].cells);
    return [...cells.map((list) => list[n % list.length]?.value), kinds.option.cells[n % 3]?.value];
  });
  insertRows(tx, every, rows);
  const dotted = makeTable(datastore, tx, { name: "lib.t", columns: { k: u32 }, indexes: [[0]] });
  insertRows(tx, dotted, [[1], [2], [3]]);
  // Long enough for a pattern that is tried in every way to take for ever.
  const prose = makeTable(datastore, tx, {
    name: "prose",
    columns: { id: u32, body: primitive("string") },
  });
  insertRows(tx, prose, [
    [1, "a".repeat(20_000)],
    [2, "ab\u{1f600}".repeat(2000)],
  ]);
  const shadow = makeTable(datastore, tx, { name: "shadow", columns: { a: u32, id: u64 } });
  insertRows(tx, shadow, [
    [1, 1n],
    [5, 2n],
  ]);
  datastore.commit(tx);
  datastore.release(tx);
  addRule(datastore, "shadow", "SELECT * FROM shadow WHERE a = 5");
  addRule(datastore, "shadow", "SELECT shadow.* FROM t JOIN shadow ON t.id = shadow.id");
}

/** What only the owner knows of. Made last, so that all other tables are the same without it. */
function addHiddenTables(datastore: Datastore): void {
  const tx = datastore.begin();
  const hidden = makeTable(datastore, tx, {
    name: "zqhidden",
    alias: "zqalias",
    access: "private",
    columns: { id: u64, zqsecret: u32, a: u32 },
    columnAliases: { zqsecret: "zqcolumn" },
    indexes: [[0], [2]],
    isUnique: true,
  });
  insertRows(tx, hidden, [[1n, 77, 5]]);
  const view = makeTable(datastore, tx, {
    name: "zqview",
    access: "private",
    columns: { arg_hash: primitive("u256"), id: u64, zqsecret: u32 },
    indexes: [[0]],
  });
  insertRows(tx, view, [[0x1234n, 1n, 77]]);
  datastore.commit(tx);
  datastore.release(tx);
}

/** A datastore, and how its callers see views. */
export interface FuzzDatabase {
  readonly datastore: Datastore;
  readonly owner: SqlCaller;
  readonly visitor: SqlCaller;
}

export function openFuzzDatabase(hasHidden: boolean): FuzzDatabase {
  const datastore = openSample();
  addPublicTables(datastore);
  if (hasHidden) addHiddenTables(datastore);
  const hiddenView = { isPublic: false, argHash: numberToBytes(0x1234n, 32) };
  const view: SqlCaller["view"] = (name) =>
    name === "zqview" && hasHidden ? hiddenView : owner.view(name);
  return { datastore, owner: { ...owner, view }, visitor: { ...owner, isOwner: false, view } };
}

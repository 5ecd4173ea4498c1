// A datastore under random transactions, watched by random subscriptions: after each commit, every client's cache, kept by the
// deltas alone, must be what a plain evaluation finds from scratch.
import {
  type AlgebraicType,
  assert,
  compileCodec,
  Identity,
  identityType,
  numberToBytes,
  primitive,
  Reader,
  readRowList,
  type RowListView,
  rowCount,
  rowStart,
  type Value,
  Writer,
} from "@lightcone/abi";
import { LightconeError } from "@lightcone/abi";
import { Rng } from "@lightcone/fixtures/rng";
import { encodeSystemRow } from "../../src/datastore/catalog.ts";
import { createTable } from "../../src/datastore/create-table.ts";
import { Datastore } from "../../src/datastore/datastore.ts";
import { systemTableId } from "../../src/datastore/system-tables.ts";
import type { Table } from "../../src/datastore/table.ts";
import type { Transaction } from "../../src/datastore/tx.ts";
import { prepareSql, runTableQuery } from "../../src/sql/run.ts";
import { compileQueries } from "../../src/sql/table-query.ts";
import type { SqlCaller } from "../../src/sql/visibility.ts";
import { Evaluator } from "../../src/subscription/evaluate.ts";
import {
  type SharedQuery,
  Subscriber,
  SubscriptionRegistry,
} from "../../src/subscription/registry.ts";
import { newTable, type TableSketch } from "../datastore/tables.ts";
import {
  type Cell,
  evaluateModel,
  type ModelCaller,
  type ModelColumn,
  type ModelQuery,
  type ModelRow,
  type ModelRule,
  type ModelTable,
  queryText,
  rowText,
} from "./model-query.ts";
import {
  identities,
  modelTables,
  randomCell,
  randomQuery,
  randomRules,
  viewKeys,
} from "./random-query.ts";

const types: Readonly<Record<ModelColumn["kind"], AlgebraicType>> = {
  u32: primitive("u32"),
  string: primitive("string"),
  identity: identityType,
  f64: primitive("f64"),
  hash: primitive("u256"),
};

const toValue: Readonly<Record<ModelColumn["kind"], (cell: Cell) => Value>> = {
  u32: (cell) => cell,
  string: (cell) => cell,
  identity: (cell) => Identity.fromHex(String(cell)),
  f64: (cell) => cell,
  hash: (cell) => BigInt(cell),
};

const toCell: Readonly<Record<ModelColumn["kind"], (value: Value) => Cell>> = {
  u32: (value) => value as number,
  string: (value) => value as string,
  identity: (value) => (value as Identity).toHex(),
  f64: (value) => value as number,
  hash: (value) => (value as bigint).toString(),
};

/** Keys of a table by chance; what joins need is there more often than not. */
function sketch(rng: Rng, { name, columns, isView }: ModelTable): TableSketch {
  const kinds = ["btree", "btree", "hash"] as const;
  const indexes: [kind: (typeof kinds)[number], ...columns: number[]][] = [];
  const unique: number[][] = [];
  if (isView) indexes.push(["btree", 0], [rng.pick(kinds), 0, 1]);
  else {
    columns.forEach((_, column) => {
      if (rng.nextBelow(3) > 0) indexes.push([rng.pick(kinds), column]);
    });
    if (rng.nextBelow(2) === 0) indexes.push([rng.pick(kinds), 1, 0]);
    const first = indexes.findIndex(([, ...at]) => at.length === 1 && at[0] === 0);
    if (columns[0]?.name === "id" && first >= 0 && rng.nextBelow(3) > 0) unique.push([0]);
  }
  const columnTypes = Object.fromEntries(columns.map((each) => [each.name, types[each.kind]]));
  return { name, columns: columnTypes, indexes, unique };
}

interface Watch {
  readonly query: ModelQuery;
  readonly text: string;
  readonly caller: ModelCaller;
  readonly subscriber: Subscriber;
  readonly setId: number;
  /** How often the client holds each row, by its text. */
  readonly held: Map<string, number>;
}

/** What a run did, so that a test can tell whether it tested anything. */
export interface WorldTally {
  transactions: number;
  subscriptions: number;
  joins: number;
  refused: number;
  changedRows: number;
}

const callers: readonly ModelCaller[] = [
  { identity: identities[0] as string, isOwner: false, viewKey: viewKeys[0] as string },
  { identity: identities[1] as string, isOwner: false, viewKey: viewKeys[1] as string },
  { identity: identities[0] as string, isOwner: true, viewKey: viewKeys[0] as string },
];

function sqlCaller({ identity, isOwner, viewKey }: ModelCaller): SqlCaller {
  const sqlView = { isPublic: true, argHash: numberToBytes(BigInt(viewKey), 32) };
  return {
    identity: Identity.fromHex(identity),
    isOwner,
    view: (name) => (name === "w" ? sqlView : undefined),
  };
}

const watchCountMax = 8;

export class World {
  readonly tally: WorldTally = {
    transactions: 0,
    subscriptions: 0,
    joins: 0,
    refused: 0,
    changedRows: 0,
  };
  readonly #rng: Rng;
  readonly #datastore = new Datastore();
  readonly #registry = new SubscriptionRegistry();
  readonly #evaluator = new Evaluator(this.#registry);
  readonly #tables = new Map<string, Table>();
  readonly #rules: readonly ModelRule[];
  readonly #watches: Watch[] = [];
  #lastSetId = 0;

  constructor(seed: number, hasRules: boolean) {
    this.#rng = new Rng(seed);
    const tx = this.#datastore.begin();
    for (const table of modelTables) {
      const made = createTable(this.#datastore, tx, newTable(sketch(this.#rng, table)));
      this.#tables.set(table.name, made);
    }
    this.#rules = hasRules ? randomRules(this.#rng) : [];
    const seen = new Set<string>();
    for (const { table, query } of this.#rules) {
      const sql = queryText(query);
      if (!seen.has(sql)) this.#insertRule(tx, table, sql);
      seen.add(sql);
    }
    this.#rules = this.#rules.filter(
      ({ query }, i, all) =>
        all.findIndex((other) => queryText(other.query) === queryText(query)) === i,
    );
    this.#datastore.commit(tx);
    this.#datastore.release(tx);
  }

  #insertRule(tx: Transaction, table: string, sql: string): void {
    const tableId = this.#tables.get(table)?.schema.id ?? 0;
    const bytes = encodeSystemRow(systemTableId.rowLevelSecurity, { table_id: tableId, sql });
    const rules = this.#datastore.catalog.table(systemTableId.rowLevelSecurity);
    tx.insertAsIs(rules, bytes, 0, bytes.length);
  }

  #rows(name: string): ModelRow[] {
    const table = this.#tables.get(name);
    const rows: ModelRow[] = [];
    if (table === undefined) return rows;
    for (let row = table.nextRow(-1); row >= 0; row = table.nextRow(row)) {
      const start = table.rows.start(row);
      rows.push(decodeRow(modelTable(name), table.rows.page(row), start, 0));
    }
    return rows;
  }

  /** One step: subscriptions come and go, a transaction commits, all is compared. Throws what differs. */
  step(): void {
    const rng = this.#rng;
    if (this.#watches.length < watchCountMax && rng.nextBelow(4) === 0) this.#subscribe();
    if (this.#watches.length > 0 && rng.nextBelow(20) === 0) this.#unsubscribe();
    this.#transact();
    for (const watch of this.#watches) this.#check(watch);
    if (rng.nextBelow(8) === 0) this.#askOnce();
  }

  #subscribe(): void {
    const rng = this.#rng;
    const caller = rng.pick(callers);
    const query = randomQuery(rng, modelTables, rng.nextBelow(3) === 0 ? 1 : 2);
    const text = queryText(query);
    let compiled;
    try {
      compiled = compileQueries(text, this.#datastore, sqlCaller(caller), "subscription");
    } catch (thrown) {
      if (!(thrown instanceof LightconeError) || thrown.code !== "LC_SQL_UNSUPPORTED") throw thrown;
      this.tally.refused++;
      return;
    }
    this.tally.subscriptions++;
    if (compiled.some(({ kind }) => kind === "join")) this.tally.joins++;
    const setId = ++this.#lastSetId;
    const subscriber = new Subscriber(setId);
    const held = new Map<string, number>();
    const watch = { query, text, caller, subscriber, setId, held };
    for (const shared of this.#registry.add(subscriber, setId, compiled)) {
      const writer = new Writer();
      this.#evaluator.writeRows([shared.query], writer);
      apply(watch, readRowList(new Reader(writer.finish())), 1);
    }
    this.#watches.push(watch);
    this.#check(watch);
  }

  #unsubscribe(): void {
    const [watch] = this.#watches.splice(this.#rng.nextBelow(this.#watches.length), 1);
    if (watch !== undefined) this.#registry.remove(watch.subscriber, watch.setId);
  }

  #transact(): void {
    const tx = this.#datastore.begin();
    const count = 1 + this.#rng.nextBelow(this.#rng.nextBelow(10) === 0 ? 30 : 4);
    for (let i = 0; i < count; i++) this.#change(tx);
    this.tally.transactions++;
    if (this.#rng.nextBelow(10) === 0) {
      this.#datastore.rollBack(tx);
      return;
    }
    const delta = this.#datastore.commit(tx);
    if (delta !== undefined) {
      const affected = this.#evaluator.evaluate(delta);
      for (const subscriber of affected) this.#take(subscriber);
    } else this.#evaluator.forget();
    this.#datastore.release(tx);
  }

  #change(tx: Transaction): void {
    const rng = this.#rng;
    const model = rng.pick(modelTables);
    const table = this.#tables.get(model.name) as Table;
    const bytes = this.#randomRow(model);
    const kind = rng.nextBelow(table.rowCount > 12 ? 4 : 6);
    if (kind >= 3) {
      tx.insert(table, bytes, 0, bytes.length);
      return;
    }
    const unique = table.schema.indexes.findIndex(({ isUnique }) => isUnique);
    if (kind === 2 && unique >= 0) {
      tx.update(table, table.indexes[unique] as Table["indexes"][number], bytes, 0, bytes.length);
      return;
    }
    const live: number[] = [];
    for (let row = table.nextRow(-1); row >= 0; row = table.nextRow(row)) live.push(row);
    if (live.length > 0) tx.delete(table, rng.pick(live));
  }

  #randomRow({ columns }: ModelTable): Uint8Array {
    const writer = new Writer();
    for (const column of columns) {
      const value = toValue[column.kind](randomCell(this.#rng, column));
      compileCodec(types[column.kind]).write(writer, value);
    }
    return writer.finish();
  }

  /** Takes a client's share of a transaction. */
  #take(subscriber: Subscriber): void {
    const watch = this.#watches.find((each) => each.subscriber === subscriber);
    assert(watch !== undefined, "somebody who does not watch is told");
    for (const { query } of subscriber.parts) this.#takePart(watch, query);
  }

  #takePart(watch: Watch, { partStart, partEnd }: SharedQuery): void {
    const reader = new Reader(this.#evaluator.bytes, partStart, partEnd);
    assert(reader.u8() === 0, "a part of a table that is no event's is persistent");
    const inserts = readRowList(reader);
    const deletes = readRowList(reader);
    assert(rowCount(inserts) + rowCount(deletes) > 0, "a part without rows was sent");
    const gained = new Set(rowTexts(watch, inserts));
    const both = rowTexts(watch, deletes).filter((row) => gained.has(row));
    assert(both.length === 0, `${watch.text}: ${both.join()} comes and goes at once`);
    this.tally.changedRows += rowCount(inserts) + rowCount(deletes);
    apply(watch, deletes, -1);
    apply(watch, inserts, 1);
  }

  #check(watch: Watch): void {
    const { query, text, caller, held } = watch;
    const expected = this.#evaluate(query, caller);
    const found = [...held].flatMap(([row, count]) => new Array<string>(count).fill(row)).sort();
    if (found.join("\n") === expected.join("\n")) return;
    throw new Error(
      `${describe(text, caller)}\nheld: ${found.join(" ")}\nshould be: ${expected.join(" ")}`,
    );
  }

  #evaluate(query: ModelQuery, caller: ModelCaller): string[] {
    const state = { rows: (name: string) => this.#rows(name), rules: this.#rules };
    return evaluateModel(state, query, caller);
  }

  /** A query of any number of tables that is asked once. */
  #askOnce(): void {
    const rng = this.#rng;
    const caller = rng.pick(callers);
    const query = randomQuery(rng, modelTables, 1 + rng.nextBelow(3));
    const text = queryText(query);
    const found: string[] = [];
    const table = query.tables[query.returned] as ModelTable;
    for (const compiled of compileQueries(text, this.#datastore, sqlCaller(caller), "oneOff")) {
      const { rows } = compiled.table;
      runTableQuery(compiled, (row) => {
        const start = rows.start(row) + compiled.rowOffset;
        found.push(rowText(decodeRow(table, rows.page(row), start, table.isView ? 1 : 0)));
      });
    }
    const expected = this.#evaluate(query, caller);
    const counted = this.#count(text, caller);
    assert(counted === expected.length, `${describe(text, caller)}: ${counted} were counted`);
    if (found.sort().join("\n") === expected.join("\n")) return;
    throw new Error(
      `${describe(text, caller)}\nfound: ${found.join(" ")}\nshould be: ${expected.join(" ")}`,
    );
  }

  /** How many rows general SQL says that there are. */
  #count(text: string, caller: ModelCaller): number {
    const countText = text.replace(/^SELECT \S+/, "SELECT COUNT(*) AS n");
    const prepared = prepareSql(countText, this.#datastore, sqlCaller(caller));
    assert(prepared.kind === "rows", "a SELECT changes nothing");
    prepared.cursor.advance(Number.POSITIVE_INFINITY);
    const rows = Buffer.concat(prepared.cursor.rowsJson()).toString();
    prepared.cursor.close();
    return Number(rows.slice(2, -2));
  }
}

function describe(text: string, { identity, isOwner }: ModelCaller): string {
  return `${text} for ${isOwner ? "the owner" : identity.slice(-1)}`;
}

function modelTable(name: string): ModelTable {
  return modelTables.find((table) => table.name === name) as ModelTable;
}

function decodeRow(
  { columns }: ModelTable,
  page: Uint8Array,
  start: number,
  firstColumn: number,
): Cell[] {
  const reader = new Reader(page, start);
  return columns
    .slice(firstColumn)
    .map(({ kind }) => toCell[kind](compileCodec<Value>(types[kind]).read(reader)));
}

/** The rows of a list as a client sees them. */
function rowTexts({ query }: Watch, list: RowListView): string[] {
  const table = query.tables[query.returned] as ModelTable;
  return Array.from({ length: rowCount(list) }, (_, i) =>
    rowText(decodeRow(table, list.data, rowStart(list, i), table.isView ? 1 : 0)),
  );
}

function apply(watch: Watch, list: RowListView, sign: 1 | -1): void {
  for (const row of rowTexts(watch, list)) {
    const count = (watch.held.get(row) ?? 0) + sign;
    assert(count >= 0, `${watch.text}: ${row} was taken away and never given`);
    if (count === 0) watch.held.delete(row);
    else watch.held.set(row, count);
  }
}

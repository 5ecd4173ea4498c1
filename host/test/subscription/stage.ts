// The engine's side of a run: a datastore with a script's tables, rules and views, and transactions as calls of reducers make them.
import {
  array,
  assert,
  Identity,
  type ModuleDef,
  option,
  present,
  type ProductType,
  ref,
  Writer,
} from "@lightcone/abi";
import type { LiveView } from "../../src/database/views/live-view.ts";
import { instanceKey, type RunView, type ViewCaller } from "../../src/database/views/views.ts";
import type { Index } from "../../src/datastore/index/contract.ts";
import { RowIds } from "../../src/datastore/rows/ids.ts";
import { systemTableId } from "../../src/datastore/system-tables.ts";
import type { Table } from "../../src/datastore/table.ts";
import type { Transaction } from "../../src/datastore/tx.ts";
import type { ReadSet } from "../../src/module/read-set.ts";
import type { SqlCaller } from "../../src/sql/bind/visibility.ts";
import type { Subscriber } from "../../src/subscription/registry.ts";
import { newTable } from "../datastore/tables.ts";
import type { Engine } from "./engine.ts";
import { callerNumbers, kinds } from "./kinds.ts";
import { cellOf, firstOf, isViewRow } from "./model.ts";
import { RowBook } from "./rows.ts";
import {
  type Change,
  type ClientSpec,
  queryText,
  type Row,
  type Script,
  type TableSpec,
  type ViewSpec,
} from "./script.ts";

function sketchOf({ name, columns, indexes, unique, isEvent }: TableSpec) {
  const types = columns.map((column) => [column.name, kinds[column.kind].type] as const);
  return { name, columns: Object.fromEntries(types), indexes, unique, isEvent };
}

/** What a module with these views says of itself. */
function definitionOf({ tables, views }: Script): ModuleDef {
  const rowType = ({ source }: ViewSpec): ProductType => ({
    kind: "product",
    elements: (tables[source]?.columns ?? []).map(({ name, kind }) => ({
      name,
      type: kinds[kind].type,
    })),
  });
  return {
    version: 10,
    typespace: views.map(rowType),
    types: [],
    tables: [],
    reducers: [],
    procedures: [],
    views: views.map((view, index) => ({
      name: view.name,
      sourceName: view.name,
      index,
      isAnonymous: view.isAnonymous,
      isPublic: view.isPublic,
      params: { kind: "product", elements: [] },
      returnType: view.isOption ? option(ref(index)) : array(ref(index)),
      primaryKey: tables[view.source]?.unique.length === 1 ? 0 : undefined,
    })),
    rowLevelSecurity: [],
    httpHandlers: [],
    httpRoutes: [],
  };
}

/** What a transaction came to. */
export interface Settled {
  /** Who must be told; see `Evaluator`. */
  readonly affected: readonly Subscriber[];
  /** By event table: what happened. */
  readonly events: ReadonlyMap<number, readonly Row[]>;
}

export class Stage {
  readonly script: Script;
  readonly engine: Engine;
  readonly datastore: InstanceType<Engine["Datastore"]>;
  readonly registry: InstanceType<Engine["SubscriptionRegistry"]>;
  readonly evaluator: InstanceType<Engine["Evaluator"]>;
  readonly books: readonly RowBook[];
  /** How often views were run. */
  viewRunCount = 0;
  readonly #tables: readonly Table[];
  readonly #views: InstanceType<Engine["Views"]>;
  readonly #liveViews: ReadonlyMap<string, LiveView>;

  constructor(script: Script, engine: Engine) {
    this.script = script;
    this.engine = engine;
    this.datastore = new engine.Datastore();
    this.registry = new engine.SubscriptionRegistry();
    this.evaluator = new engine.Evaluator(this.registry);
    this.#views = new engine.Views();
    this.books = script.tables.map(({ columns }) => new RowBook(columns.map(({ kind }) => kind)));
    const { datastore } = this;
    const tx = datastore.begin();
    this.#tables = script.tables.map((spec) => {
      const access = spec.isPrivate ? "private" : "public";
      return engine.createTable(datastore, tx, { ...newTable(sketchOf(spec)), access });
    });
    const definition = definitionOf(script);
    engine.createViewTables(datastore, tx, definition);
    this.#liveViews = engine.liveViews(definition);
    this.#insertRules(tx);
    datastore.commit(tx);
    datastore.release(tx);
  }

  #insertRules(tx: Transaction): void {
    const { script, datastore, engine } = this;
    const rules = datastore.catalog.table(systemTableId.rowLevelSecurity);
    for (const { table, query } of script.rules) {
      const sql = queryText(script, query);
      const row = { table_id: this.table(table).schema.id, sql };
      const bytes = engine.encodeSystemRow(systemTableId.rowLevelSecurity, row);
      tx.insertAsIs(rules, bytes, 0, bytes.length);
    }
  }

  table(position: number): Table {
    return present(this.#tables[position], "a table of the script");
  }

  /** The rows of a table now. */
  rows(position: number): Row[] {
    const table = this.table(position);
    const found: Row[] = [];
    for (let row = table.nextRow(-1); row >= 0; row = table.nextRow(row)) {
      found.push(this.#rowAt(position, row));
    }
    return found;
  }

  #rowAt(position: number, row: number): Row {
    const { rows } = this.table(position);
    const start = rows.start(row);
    return present(this.books[position], "a book for each table").rowOf(
      rows.page(row),
      start,
      start + rows.size(row),
    );
  }

  sqlCaller({ caller, isOwner }: ClientSpec): SqlCaller {
    const identity = new Identity(callerNumbers[caller] ?? 0n);
    const bytes = identityBytes(identity);
    return { identity, isOwner, view: this.engine.callerViews(this.#liveViews, bytes) };
  }

  #viewCaller(view: LiveView, { caller }: ClientSpec): ViewCaller {
    const identity = new Identity(callerNumbers[caller] ?? 0n);
    return {
      identityHex: identity.toHex(),
      // Only `#run` reads it.
      sender: [BigInt(caller), 0n, 0n, 0n],
      argHash: this.engine.viewArgHash(view.definition, identityBytes(identity)),
    };
  }

  /** Computes the views that texts read and nobody uses yet, as subscribing does. Returns undefined if there are none. */
  prepareViews(texts: readonly string[], client: ClientSpec): Settled | undefined {
    const caller = this.sqlCaller(client);
    const names = new Set(
      texts.flatMap((text) => [...this.engine.viewsOf(text, this.datastore, caller)]),
    );
    const missing = [...names]
      .map((name) => present(this.#liveViews.get(name), "a view of the script"))
      .filter(({ definition }) => definition.isPublic || client.isOwner)
      .filter(
        (view) => this.#views.find(instanceKey(view, this.#viewCaller(view, client))) === undefined,
      );
    if (missing.length === 0) return undefined;
    const tx = this.datastore.begin();
    for (const view of missing) {
      const table = present(this.datastore.tableByName(view.definition.name), "a backing table");
      const made = this.#views.materialise(
        tx,
        this.#run,
        view,
        this.#viewCaller(view, client),
        table,
      );
      assert(!("message" in made), `a view fails: ${JSON.stringify("message" in made && made)}`);
    }
    return this.#settle(tx, false);
  }

  /** A view as a module would run it: it looks at rows through a read set. */
  readonly #run: RunView = (view, [caller], reads) => {
    this.viewRunCount++;
    const position = this.script.views.findIndex(({ name }) => name === view.definition.name);
    const { behaviour, source, isOption } = present(this.script.views[position], "a view");
    if (behaviour.kind === "query") {
      const text = queryText(this.script, behaviour.query);
      return this.engine.runViewQuery(text, view, this.datastore, reads);
    }
    const read = this.#read(source, behaviour, Number(caller), reads);
    const found = read.filter((row) => isViewRow(this.script, position, row, Number(caller)));
    const rows = isOption ? firstOf(found) : found;
    const writer = new Writer();
    writer.u32(rows.length);
    for (const row of rows) writer.raw(present(this.books[source], "a book").encode(row));
    const bytes = writer.finish();
    return { kind: "rows", bytes, start: 0, end: bytes.length };
  };

  #read(
    source: number,
    behaviour: Exclude<ViewSpec["behaviour"], { kind: "query" }>,
    caller: number,
    reads: ReadSet,
  ): Row[] {
    const table = this.table(source);
    if (behaviour.kind === "scan") {
      reads.wholeTable(table);
      return this.rows(source);
    }
    const { index: position, value } = behaviour;
    const { columns, isUnique } = present(table.schema.indexes[position], "an index");
    const { kind } = present(this.script.tables[source]?.columns[columns[0] ?? 0], "a column");
    const { bytes } = present(kinds[kind].cells[cellOf(kind, value, caller)], "a cell");
    const index = table.indexes[position] as Index;
    reads.point({ table, index, isUnique }, bytes, 0, bytes.length);
    const found = new RowIds();
    index.scanPoint(bytes, 0, bytes.length, found);
    return Array.from({ length: found.count }, (_, i) => this.#rowAt(source, found.at(i)));
  }

  /** One transaction, as a call makes it. */
  transact(changes: readonly Change[], isRolledBack: boolean): Settled | undefined {
    const tx = this.datastore.begin();
    for (const change of changes) this.#change(tx, change);
    return this.#settle(tx, isRolledBack);
  }

  #settle(tx: Transaction, isRolledBack: boolean): Settled | undefined {
    for (const instance of this.#views.affectedBy(tx)) {
      const failure = this.#views.run(tx, this.#run, instance);
      assert(failure === undefined, `a view fails: ${failure?.message}`);
    }
    if (isRolledBack) {
      this.evaluator.forget();
      this.datastore.rollBack(tx);
      this.#views.rolledBack();
      return undefined;
    }
    const events = new Map(
      this.script.tables.flatMap(({ isEvent }, i) => (isEvent ? [[i, this.rows(i)] as const] : [])),
    );
    const delta = this.datastore.commit(tx);
    if (delta === undefined) this.evaluator.forget();
    const affected = delta === undefined ? [] : this.evaluator.evaluate(delta);
    this.datastore.release(tx);
    this.#views.committed();
    return { affected, events };
  }

  #change(tx: Transaction, change: Change): void {
    const table = this.table(change.table);
    switch (change.kind) {
      case "clear":
        tx.clear(table);
        return;
      case "insert":
      case "update":
      case "flicker":
        this.#write(tx, table, change);
        return;
      case "delete":
      case "rewrite": {
        const row = nthRow(table, change.place);
        if (row < 0) return;
        const start = table.rows.start(row);
        const bytes = table.rows.page(row).slice(start, start + table.rows.size(row));
        tx.delete(table, row);
        if (change.kind === "rewrite") tx.insert(table, bytes, 0, bytes.length);
      }
    }
  }

  #write(
    tx: Transaction,
    table: Table,
    { kind, table: position, row }: Extract<Change, { readonly row: Row }>,
  ): void {
    const bytes = present(this.books[position], "a book").encode(row);
    const unique = table.schema.indexes.findIndex(({ isUnique }) => isUnique);
    if (kind === "update" && unique >= 0) {
      tx.update(table, table.indexes[unique] as Index, bytes, 0, bytes.length);
      return;
    }
    // Small tables: every combination of rows is tried by the model.
    if (table.rowCount >= 14) tx.delete(table, nthRow(table, 0));
    const outcome = tx.insert(table, bytes, 0, bytes.length);
    if (kind === "flicker" && outcome === "done") {
      tx.delete(table, table.findRow(bytes, 0, bytes.length));
    }
  }
}

function identityBytes(identity: Identity): Uint8Array {
  return Uint8Array.from(Buffer.from(identity.toHex(), "hex")).reverse();
}

/** A row by its place among all, counted round and round; -1 if there is none. */
function nthRow(table: Table, place: number): number {
  if (table.rowCount === 0) return -1;
  let row = table.nextRow(-1);
  for (let i = place % table.rowCount; i > 0; i--) row = table.nextRow(row);
  return row;
}

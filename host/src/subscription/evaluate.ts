// A transaction's delta against all subscriptions: each affected query is evaluated and encoded once (design decision 7;
// sql-and-subscriptions.md section 11).
import { RowListWriter, writeEventPart, writePersistentPart, Writer } from "@lightcone/abi";
import type { TableDelta, TxData } from "../datastore/delta.ts";
import { RowIds } from "../datastore/rows/ids.ts";
import type { Table } from "../datastore/table.ts";
import { runTableQuery } from "../sql/run.ts";
import type { TableQuery } from "../sql/table-query.ts";
import { JoinDelta } from "./join-delta.ts";
import { type JoinGroup, JoinWork, type TouchJoin, type WatchedJoin } from "./join-group.ts";
import {
  noRows,
  type SharedQuery,
  type Subscriber,
  type SubscriptionRegistry,
  type TableQueries,
} from "./registry.ts";

/** Buffers that one large transaction made larger than this are given back. */
const keptBytes = 16 * 1024 * 1024;

interface ChangedRow {
  row: number;
  page: Uint8Array;
  start: number;
  isInsert: boolean;
}

/** Turns deltas into what subscribers must be told. */
export class Evaluator {
  readonly #registry: SubscriptionRegistry;
  #bytes = new Writer(4096);
  #rowList = new RowListWriter();
  readonly #pending: SharedQuery[] = [];
  readonly #affected: Subscriber[] = [];
  /** Fields rather than arguments: what is found by value is visited by one function, made once. */
  readonly #changedRow: ChangedRow = {
    row: 0,
    page: new Uint8Array(0),
    start: 0,
    isInsert: true,
  };
  readonly #joinDelta = new JoinDelta();
  readonly #pendingGroups = new Set<JoinGroup<SharedQuery>>();
  readonly #pendingJoins: WatchedJoin<SharedQuery>[] = [];
  /** What joins of earlier transactions no longer need. */
  readonly #spareWork: JoinWork[] = [];
  /** Lists that queries without changes do not need. */
  readonly #spareRows: RowIds[] = [];

  /** Queries that transactions have concerned so far. */
  matchedCount = 0;

  constructor(registry: SubscriptionRegistry) {
    this.#registry = registry;
  }

  /** The memory that `partStart` and `partEnd` of a query point into, until the next evaluation. */
  get bytes(): Uint8Array {
    return this.#bytes.memory;
  }

  /**
   * Evaluates a delta and returns the subscribers that see a change; each one's `parts` say what. A query's encoded part is
   * one TableUpdateRows of protocol v2.
   */
  evaluate(delta: TxData): readonly Subscriber[] {
    this.forget();
    if (this.#registry.isEmpty) return this.#affected;
    for (const table of delta.tables) {
      const queries = this.#registry.queriesOn(table.table);
      if (queries !== undefined) this.#matchTable(queries, table);
    }
    if (this.#pendingGroups.size > 0) this.#evaluateJoins();
    this.matchedCount += this.#pending.length;
    for (const query of this.#pending) this.#encode(query);
    return this.#affected;
  }

  /** Drops the results of the last evaluation. */
  forget(): void {
    // Nearly always nobody watches what changed, and then there is nothing to forget.
    if (this.#pending.length === 0) return;
    for (const subscriber of this.#affected) subscriber.parts.length = 0;
    this.#affected.length = 0;
    this.#pending.length = 0;
    if (this.#bytes.memory.length > keptBytes) {
      this.#bytes = new Writer(4096);
      this.#rowList = new RowListWriter();
    }
    this.#bytes.clear();
  }

  /**
   * Writes one list of all rows that match queries on one table now, each as often as it comes; returns how many there are, and
   * tells so before it writes. Throws as `runTableQuery`.
   */
  writeRows(
    queries: readonly TableQuery[],
    writer: Writer,
    onCount?: (rowCount: number) => void,
  ): number {
    const list = this.#rowList;
    list.clear();
    for (const query of queries) {
      const { table, rowOffset } = query;
      const { rows } = table;
      runTableQuery(query, (row) => {
        const start = rows.start(row);
        list.append(rows.page(row), start + rowOffset, start + rows.size(row));
      });
    }
    const { count } = list;
    onCount?.(count);
    list.writeTo(writer);
    if (list.dataLength > keptBytes) this.#rowList = new RowListWriter();
    return count;
  }

  #matchTable(queries: TableQueries, delta: TableDelta): void {
    this.#matchRows(queries, delta.inserts, true);
    this.#matchRows(queries, delta.deletes, false);
    for (const group of queries.joins) {
      this.#pendingGroups.add(group);
      group.route(delta, this.#touchJoin);
    }
  }

  /** A changed row may concern a join; the same row comes again and again at once, if at all. */
  readonly #touchJoin: TouchJoin<SharedQuery> = (join, side, row, isInsert) => {
    if (join.work === undefined) {
      join.work = this.#spareWork.pop() ?? new JoinWork();
      this.#pendingJoins.push(join);
    }
    const { inserts, deletes } = join.work.changed[side];
    const rows = isInsert ? inserts : deletes;
    if (rows.count === 0 || rows.at(rows.count - 1) !== row) rows.push(row);
  };

  #evaluateJoins(): void {
    for (const join of this.#pendingJoins) {
      const { owner, work } = join;
      if (work === undefined) continue;
      this.#lendRows(owner);
      this.#joinDelta.evaluate(join, work, owner.inserts, owner.deletes);
      work.clear();
      this.#spareWork.push(work);
      join.work = undefined;
      if (owner.query.table.schema.isEvent) owner.deletes.clear();
      if (owner.inserts.count + owner.deletes.count > 0) this.#pend(owner);
      else this.#takeRows(owner);
    }
    this.#pendingJoins.length = 0;
    for (const group of this.#pendingGroups) group.end();
    this.#pendingGroups.clear();
  }

  #lendRows(query: SharedQuery): void {
    query.inserts = this.#spareRows.pop() ?? new RowIds();
    query.deletes = this.#spareRows.pop() ?? new RowIds();
  }

  #takeRows(query: SharedQuery): void {
    for (const rows of [query.inserts, query.deletes]) {
      rows.clear();
      if (rows.ids.byteLength <= keptBytes) this.#spareRows.push(rows);
    }
    query.inserts = noRows;
    query.deletes = noRows;
  }

  #pend(query: SharedQuery): void {
    query.isPending = true;
    this.#pending.push(query);
  }

  #matchRows(queries: TableQueries, rows: RowIds, isInsert: boolean): void {
    const { table, scanning, byColumn } = queries;
    const at = this.#changedRow;
    at.isInsert = isInsert;
    for (let i = 0; i < rows.count; i++) {
      at.row = rows.at(i);
      at.page = table.rows.page(at.row);
      at.start = table.rows.start(at.row);
      for (const query of scanning) this.#matchRow(query);
      for (let j = 0; j < byColumn.length; j++) {
        (byColumn[j] as (typeof byColumn)[number]).find(at.page, at.start, this.#matchRow);
      }
    }
  }

  /** The changed row under evaluation belongs to a query if that wants it. */
  readonly #matchRow = (query: SharedQuery): void => {
    const { row, page, start, isInsert } = this.#changedRow;
    const { predicate } = query;
    if (predicate !== undefined && !predicate(page, start)) return;
    if (!query.isPending) {
      this.#lendRows(query);
      this.#pend(query);
    }
    (isInsert ? query.inserts : query.deletes).push(row);
  };

  #encode(query: SharedQuery): void {
    const writer = this.#bytes;
    const { table, rowOffset } = query.query;
    query.partStart = writer.length;
    query.partRowCount = query.inserts.count + query.deletes.count;
    if (table.schema.isEvent) {
      writeEventPart(writer);
      this.#writeList(table, rowOffset, query.inserts);
      query.partMiddle = writer.length;
    } else {
      writePersistentPart(writer);
      this.#writeList(table, rowOffset, query.inserts);
      query.partMiddle = writer.length;
      this.#writeList(table, rowOffset, query.deletes);
    }
    query.partEnd = writer.length;
    this.#takeRows(query);
    query.isPending = false;
    const { listeners } = query;
    for (let i = 0; i < listeners.length; i++) {
      const listener = listeners[i] as (typeof listeners)[number];
      const { parts } = listener.subscriber;
      if (parts.length === 0) this.#affected.push(listener.subscriber);
      parts.push(listener);
    }
  }

  #writeList(table: Table, rowOffset: number, rows: RowIds): void {
    const list = this.#rowList;
    list.clear();
    for (let i = 0; i < rows.count; i++) {
      const row = rows.at(i);
      const start = table.rows.start(row);
      list.append(table.rows.page(row), start + rowOffset, start + table.rows.size(row));
    }
    list.writeTo(this.#bytes);
  }
}

// Who watches what: query sets of subscribers, and the queries they share (sql-and-subscriptions.md section 10).
import { LightconeError } from "@lightcone/abi";
import { hasFloats, hashBytes } from "../datastore/key.ts";
import { RowIds } from "../datastore/rows/ids.ts";
import type { Table } from "../datastore/table.ts";
import type { TableQuery } from "../sql/table-query.ts";

/** One query set's share of one transaction: a query of the set has changed rows. */
export interface UpdatePart {
  readonly querySetId: number;
  readonly query: SharedQuery;
}

/** A client that watches. The session layer makes one for each connection. */
export class Subscriber {
  /** Number of the connection, for messages and for whoever delivers. */
  readonly id: number;
  readonly sets: Map<number, readonly SharedQuery[]> = new Map();
  /** What the last evaluated transaction means for this client; valid until the next evaluation. */
  readonly parts: UpdatePart[] = [];

  constructor(id: number) {
    this.id = id;
  }
}

interface Listener {
  readonly subscriber: Subscriber;
  readonly querySetId: number;
}

/** One query, evaluated once for each transaction however many watch it. */
export class SharedQuery {
  query: TableQuery;
  readonly listeners: Listener[] = [];
  /** Matching rows of the transaction under evaluation. */
  readonly inserts: RowIds = new RowIds();
  readonly deletes: RowIds = new RowIds();
  isPending = false;
  /** Where the encoded change lies in the evaluator's bytes. */
  partStart = 0;
  partEnd = 0;

  constructor(query: TableQuery) {
    this.query = query;
  }
}

/** The queries on one column that name a value, found by the value. */
interface ByValue {
  readonly column: number;
  readonly queriesByHash: Map<number, SharedQuery[]>;
}

/** All queries on one table. */
export class TableQueries {
  readonly table: Table;
  /** Queries that must look at every changed row. */
  readonly scanning: Set<SharedQuery> = new Set();
  readonly byValue: ByValue[] = [];

  constructor(table: Table) {
    this.table = table;
  }

  #valuesOf(query: SharedQuery): { map: Map<number, SharedQuery[]>; hash: number } | undefined {
    const { equality } = query.query;
    if (equality === undefined) return undefined;
    const type = this.table.layout.columnTypes[equality.column];
    // Equal floats may differ in their bytes, so their hash finds nothing for sure.
    if (type === undefined || hasFloats(type)) return undefined;
    let values = this.byValue.find(({ column }) => column === equality.column);
    if (values === undefined) {
      values = { column: equality.column, queriesByHash: new Map() };
      this.byValue.push(values);
    }
    const hash = hashBytes(equality.value, 0, equality.value.length);
    return { map: values.queriesByHash, hash };
  }

  add(query: SharedQuery): void {
    const place = this.#valuesOf(query);
    if (place === undefined) {
      this.scanning.add(query);
      return;
    }
    const bucket = place.map.get(place.hash);
    if (bucket === undefined) place.map.set(place.hash, [query]);
    else bucket.push(query);
  }

  remove(query: SharedQuery): void {
    const place = this.#valuesOf(query);
    if (place === undefined) {
      this.scanning.delete(query);
      return;
    }
    const rest = (place.map.get(place.hash) ?? []).filter((other) => other !== query);
    if (rest.length === 0) place.map.delete(place.hash);
    else place.map.set(place.hash, rest);
  }
}

/** The subscriptions of one database. */
export class SubscriptionRegistry {
  readonly #queryByKey = new Map<string, SharedQuery>();
  readonly #byTable = new Map<Table, TableQueries>();

  /** Whether nobody watches anything. */
  get isEmpty(): boolean {
    return this.#queryByKey.size === 0;
  }

  queriesOn(table: Table): TableQueries | undefined {
    return this.#byTable.get(table);
  }

  /** Registers a query set; a query that occurs twice in it counts once. Refuses an id in use: LC_SUBSCRIPTION. */
  add(
    subscriber: Subscriber,
    querySetId: number,
    queries: readonly TableQuery[],
  ): readonly SharedQuery[] {
    if (subscriber.sets.has(querySetId)) {
      throw new LightconeError(
        "LC_SUBSCRIPTION",
        `Subscription with id ${querySetId} already exists for this client`,
      );
    }
    const shared = [...new Set(queries.map((query) => this.#share(query)))];
    for (const query of shared) query.listeners.push({ subscriber, querySetId });
    subscriber.sets.set(querySetId, shared);
    return shared;
  }

  #share(query: TableQuery): SharedQuery {
    const known = this.#queryByKey.get(query.shareKey);
    if (known !== undefined) return known;
    const shared = new SharedQuery(query);
    this.#queryByKey.set(query.shareKey, shared);
    let queries = this.#byTable.get(query.table);
    if (queries === undefined) {
      queries = new TableQueries(query.table);
      this.#byTable.set(query.table, queries);
    }
    queries.add(shared);
    return shared;
  }

  /** Ends a query set and returns its queries. Refuses an unknown id: LC_SUBSCRIPTION. */
  remove(subscriber: Subscriber, querySetId: number): readonly SharedQuery[] {
    const queries = subscriber.sets.get(querySetId);
    if (queries === undefined) {
      throw new LightconeError("LC_SUBSCRIPTION", `Subscription not found: ${querySetId}`);
    }
    subscriber.sets.delete(querySetId);
    for (const query of queries) this.#dropListener(query, subscriber, querySetId);
    return queries;
  }

  /** Ends all of a subscriber's sets. */
  removeAll(subscriber: Subscriber): void {
    for (const querySetId of subscriber.sets.keys()) this.remove(subscriber, querySetId);
  }

  /**
   * Follows tables whose schema has changed: queries on them are compiled again. Returns the subscribers of those that cannot
   * be, and of all that watch a table in `hidden`: they must be ended.
   */
  recompile(tables: readonly Table[], hidden: ReadonlySet<Table>): ReadonlySet<Subscriber> {
    const lost = new Set<Subscriber>();
    for (const table of tables) {
      if (!this.#byTable.has(table)) continue;
      const queries = new TableQueries(table);
      for (const shared of this.#queryByKey.values()) {
        if (shared.query.table !== table) continue;
        const isKept = !hidden.has(table) && recompiled(shared);
        if (!isKept) for (const { subscriber } of shared.listeners) lost.add(subscriber);
        queries.add(shared);
      }
      this.#byTable.set(table, queries);
    }
    return lost;
  }

  #dropListener(query: SharedQuery, subscriber: Subscriber, querySetId: number): void {
    const { listeners } = query;
    const position = listeners.findIndex(
      (one) => one.subscriber === subscriber && one.querySetId === querySetId,
    );
    const last = listeners.pop();
    if (last !== undefined && position < listeners.length) listeners[position] = last;
    if (listeners.length > 0) return;
    this.#queryByKey.delete(query.query.shareKey);
    this.#byTable.get(query.query.table)?.remove(query);
  }
}

/** Whether the query can still be asked; then it is compiled again. */
function recompiled(shared: SharedQuery): boolean {
  try {
    // The key stays: it is what the query is registered under.
    shared.query = { ...shared.query.recompile(), shareKey: shared.query.shareKey };
    return true;
  } catch (thrown) {
    if (!(thrown instanceof LightconeError)) throw thrown;
    return false;
  }
}

// Who watches what: query sets of subscribers, and the queries they share (sql-and-subscriptions.md section 10).
import { assert, LightconeError } from "@lightcone/abi";
import { hasFloats, hashBytes } from "../datastore/key.ts";
import { RowIds } from "../datastore/rows/ids.ts";
import type { Table } from "../datastore/table.ts";
import type { Equality } from "../sql/plan.ts";
import type { RowPredicate } from "../sql/predicate.ts";
import type { TableQuery } from "../sql/table-query.ts";
import { JoinGroup, WatchedJoin } from "./join-group.ts";

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
  /** Which rows a query on one relation wants; undefined for all, and for joins. */
  predicate: RowPredicate | undefined;
  /** A condition by which a query on one relation is found; see `TablePlan`. */
  equality: Equality | undefined;
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
    this.predicate = query.kind === "single" ? query.predicate : undefined;
    this.equality = query.kind === "single" ? query.equality : undefined;
  }

  /** Goes on with another plan for the same text; one on one table stays one. */
  replace(query: TableQuery): void {
    this.query = query;
    if (query.kind === "join") return;
    this.predicate = query.predicate;
    this.equality = query.equality;
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
  /** Joins that this table is a side of. */
  readonly joins: JoinGroup<SharedQuery>[] = [];

  constructor(table: Table) {
    this.table = table;
  }

  #valuesOf(query: SharedQuery): { map: Map<number, SharedQuery[]>; hash: number } | undefined {
    const { equality } = query;
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
  readonly #joinByQuery = new Map<SharedQuery, WatchedJoin<SharedQuery>>();

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
    this.#link(shared);
    return shared;
  }

  /** Enters a query where changed rows will find it. */
  #link(shared: SharedQuery): void {
    const { query } = shared;
    if (query.kind === "single") this.#queriesOf(query.table).add(shared);
    else this.#addJoin(shared);
  }

  /**
   * Follows tables whose schema has changed: queries on them are compiled again. Returns the subscribers of those that cannot
   * be, and of all that watch a table in `hidden`: they must be ended.
   */
  recompile(tables: readonly Table[], hidden: ReadonlySet<Table>): ReadonlySet<Subscriber> {
    const lost = new Set<Subscriber>();
    const changed = new Set([...tables, ...hidden]);
    // Where a query is found may depend on any of its tables, so all are entered anew.
    this.#byTable.clear();
    this.#joinByQuery.clear();
    for (const shared of this.#queryByKey.values()) {
      const { relations } = shared.query;
      const isKept =
        !relations.some(({ table }) => hidden.has(table)) &&
        (!relations.some(({ table }) => changed.has(table)) || recompiled(shared));
      if (isKept) this.#link(shared);
      else for (const { subscriber } of shared.listeners) lost.add(subscriber);
    }
    return lost;
  }

  /** Whether a query is watched already. */
  has(query: TableQuery): boolean {
    return this.#queryByKey.has(query.shareKey);
  }

  #queriesOf(table: Table): TableQueries {
    let queries = this.#byTable.get(table);
    if (queries === undefined) {
      queries = new TableQueries(table);
      this.#byTable.set(table, queries);
    }
    return queries;
  }

  #addJoin(shared: SharedQuery): void {
    const { query } = shared;
    assert(query.kind === "join" && query.pair !== undefined, "a join was compiled to be watched");
    const { sides } = query.pair;
    const known = this.#queriesOf(sides[0].table).joins.find((group) => group.fits(sides));
    const group = known ?? new JoinGroup<SharedQuery>(sides);
    const watched = new WatchedJoin(shared, query.pair, group);
    group.add(watched);
    this.#joinByQuery.set(shared, watched);
    if (known !== undefined) return;
    for (const table of group.tables) this.#queriesOf(table).joins.push(group);
  }

  #removeJoin(shared: SharedQuery): void {
    const watched = this.#joinByQuery.get(shared);
    if (watched === undefined) return;
    this.#joinByQuery.delete(shared);
    const { group } = watched;
    group.remove(watched);
    if (!group.isEmpty) return;
    for (const table of group.tables) {
      const { joins } = this.#queriesOf(table);
      joins.splice(joins.indexOf(group), 1);
    }
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

  /** Ends all sets of all subscribers. */
  clear(): void {
    for (const { listeners } of this.#queryByKey.values()) {
      for (const { subscriber } of listeners) subscriber.sets.clear();
    }
    this.#queryByKey.clear();
    this.#byTable.clear();
    this.#joinByQuery.clear();
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
    if (query.query.kind === "join") this.#removeJoin(query);
    else this.#byTable.get(query.query.table)?.remove(query);
  }
}

/** Whether the query can still be asked; then it goes on with a new plan. */
function recompiled(shared: SharedQuery): boolean {
  try {
    // The key stays: it is what the query is registered under.
    const { shareKey, relations } = shared.query;
    const next = shared.query.recompile();
    // A name in the text may have passed to another table.
    if (!relations.every(({ table }, i) => table === next.relations[i]?.table)) return false;
    shared.replace({ ...next, shareKey });
    return true;
  } catch (thrown) {
    if (!(thrown instanceof LightconeError)) throw thrown;
    return false;
  }
}

// Who watches what: query sets of subscribers, and the queries they share (sql-and-subscriptions.md section 10).
import { assert, LightconeError } from "@lightcone/abi";
import { RowIds } from "../datastore/rows/ids.ts";
import type { Table } from "../datastore/table.ts";
import type { RowPredicate } from "../sql/plan/predicate.ts";
import type { SingleQuery, TableQuery } from "../sql/table-query.ts";
import { ColumnWatch } from "./column-watch.ts";
import { type Condition, conditionOf } from "./condition.ts";
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
  readonly sets: Map<number, readonly Listener[]> = new Map();
  /** What the last evaluated transaction means for this client; valid until the next evaluation. */
  readonly parts: UpdatePart[] = [];

  constructor(id: number) {
    this.id = id;
  }
}

/** One text of one query set; it is also what the set is told through. */
interface Listener extends UpdatePart {
  readonly subscriber: Subscriber;
  readonly textKey: string;
  /** Another one once a table has changed. */
  query: SharedQuery;
  /** Where it stands among the query's listeners: one that goes is not searched for. */
  position: number;
}

/** What tells texts and the queries that each is compiled to apart. */
function textKeyOf({ fragment, text }: TableQuery): string {
  return `${fragment} ${text}`;
}

/** Stands where a query has no rows; nothing is added to it. */
export const noRows: RowIds = new RowIds();

/** What was compiled from a text, and for how many listeners. */
interface WatchedText {
  readonly query: TableQuery;
  listenerCount: number;
}

/** One query, evaluated once for each transaction however many watch it, in whatever words. */
export class SharedQuery {
  /** The texts that ask for it, by `textKeyOf`. */
  readonly texts: Map<string, WatchedText> = new Map();
  /** What was compiled from one of them: any will do. */
  readonly query: TableQuery;
  /** Which rows a query on one relation wants; undefined for all, and for joins. */
  readonly predicate: RowPredicate | undefined;
  readonly listeners: Listener[] = [];
  /** Matching rows of the transaction under evaluation; lent by the evaluator, since most queries have none most of the time. */
  inserts: RowIds = noRows;
  deletes: RowIds = noRows;
  isPending = false;
  /** Where the encoded change lies in the evaluator's bytes: a tag, the inserted rows, from the middle on the deleted ones. */
  partStart = 0;
  partMiddle = 0;
  partEnd = 0;
  partRowCount = 0;

  constructor(query: TableQuery) {
    this.query = query;
    this.predicate = query.kind === "single" ? query.predicate : undefined;
  }
}

/** All queries on one table. */
export class TableQueries {
  readonly table: Table;
  /** Queries that must look at every changed row. */
  readonly scanning: Set<SharedQuery> = new Set();
  /** Queries that a row's value in one column finds. */
  readonly byColumn: ColumnWatch<SharedQuery>[] = [];
  /** Joins that this table is a side of. */
  readonly joins: JoinGroup<SharedQuery>[] = [];
  readonly #conditions = new Map<SharedQuery, Condition>();
  readonly #usesConditions: boolean;

  constructor(table: Table, usesConditions: boolean) {
    this.table = table;
    this.#usesConditions = usesConditions;
  }

  #watch(column: number): ColumnWatch<SharedQuery> {
    let watch = this.byColumn.find((each) => each.column === column);
    if (watch === undefined) {
      watch = new ColumnWatch(this.table, column);
      this.byColumn.push(watch);
    }
    return watch;
  }

  add(shared: SharedQuery, query: SingleQuery): void {
    const condition = this.#usesConditions ? conditionOf(query) : undefined;
    if (condition === undefined) {
      this.scanning.add(shared);
      return;
    }
    this.#conditions.set(shared, condition);
    if (condition.kind !== "never") this.#watch(condition.column).add(condition, shared);
  }

  remove(shared: SharedQuery): void {
    this.scanning.delete(shared);
    const condition = this.#conditions.get(shared);
    this.#conditions.delete(shared);
    if (condition === undefined || condition.kind === "never") return;
    this.#watch(condition.column).remove(condition, shared);
  }
}

/** How subscriptions are kept. */
export interface RegistryOptions {
  /** Whether queries are found by the values that changed rows have; off, each looks at every row, for tests to compare. */
  readonly isPruning: boolean;
}

/** The subscriptions of one database. */
export class SubscriptionRegistry {
  readonly #options: RegistryOptions;
  readonly #queryByKey = new Map<string, SharedQuery>();
  readonly #byTable = new Map<Table, TableQueries>();
  readonly #joinByQuery = new Map<SharedQuery, WatchedJoin<SharedQuery>>();

  constructor(options: RegistryOptions = { isPruning: true }) {
    this.#options = options;
  }

  /** Whether nobody watches anything. */
  get isEmpty(): boolean {
    return this.#queryByKey.size === 0;
  }

  /** How many different queries are watched. */
  get queryCount(): number {
    return this.#queryByKey.size;
  }

  /** By how many texts of query sets they are. */
  get listenerCount(): number {
    let count = 0;
    for (const { listeners } of this.#queryByKey.values()) count += listeners.length;
    return count;
  }

  queriesOn(table: Table): TableQueries | undefined {
    return this.#byTable.get(table);
  }

  /** Registers a query set; a text that occurs twice in it counts once. Refuses an id in use: LC_SUBSCRIPTION. */
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
    const byText = new Map(queries.map((query) => [textKeyOf(query), query]));
    const set: Listener[] = [];
    for (const [textKey, compiled] of byText) {
      const query = this.#share(compiled, textKey);
      const listener = { subscriber, querySetId, textKey, query, position: 0 };
      listen(listener, query);
      set.push(listener);
    }
    subscriber.sets.set(querySetId, set);
    return set.map(({ query }) => query);
  }

  #share(query: TableQuery, textKey: string): SharedQuery {
    let shared = this.#queryByKey.get(query.shareKey);
    if (shared === undefined) {
      shared = new SharedQuery(query);
      this.#queryByKey.set(query.shareKey, shared);
      this.#link(shared);
    }
    const text = shared.texts.get(textKey);
    if (text === undefined) shared.texts.set(textKey, { query, listenerCount: 1 });
    else text.listenerCount++;
    return shared;
  }

  /** Enters a query where changed rows will find it. */
  #link(shared: SharedQuery): void {
    const { query } = shared;
    if (query.kind === "single") this.#queriesOf(query.table).add(shared, query);
    else this.#addJoin(shared);
  }

  /**
   * Follows tables whose schema has changed, and no result with it: queries on them are compiled again, and shared by what they
   * ask now. Returns the subscribers of those that cannot be, and of all that watch a table in `hidden`: they must be ended, and
   * watch nothing any more.
   */
  recompile(tables: readonly Table[], hidden: ReadonlySet<Table>): ReadonlySet<Subscriber> {
    const changed = new Set([...tables, ...hidden]);
    const lost = new Set<Subscriber>();
    const moves: Move[] = [];
    for (const shared of this.#queryByKey.values()) {
      const { relations } = shared.query;
      const isHidden = relations.some(({ table }) => hidden.has(table));
      const isChanged = relations.some(({ table }) => changed.has(table));
      const nextByText = new Map<string, TableQuery | undefined>();
      for (const [textKey, { query }] of shared.texts) {
        nextByText.set(textKey, isHidden ? undefined : isChanged ? recompiled(query) : query);
      }
      for (const listener of shared.listeners) {
        const next = nextByText.get(listener.textKey);
        if (next === undefined) lost.add(listener.subscriber);
        else moves.push({ listener, next });
      }
    }
    this.#forgetQueries();
    // Where a query is found, and what it is shared by, may depend on any of its tables: all are entered anew.
    for (const { listener, next } of moves) {
      if (!lost.has(listener.subscriber)) listen(listener, this.#share(next, listener.textKey));
    }
    for (const { sets } of lost) sets.clear();
    return lost;
  }

  /** Whether a query is watched already. */
  has(query: TableQuery): boolean {
    return this.#queryByKey.has(query.shareKey);
  }

  #queriesOf(table: Table): TableQueries {
    let queries = this.#byTable.get(table);
    if (queries === undefined) {
      queries = new TableQueries(table, this.#options.isPruning);
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
    const watched = new WatchedJoin(shared, query.pair, group, this.#options.isPruning);
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
    const set = subscriber.sets.get(querySetId);
    if (set === undefined) {
      throw new LightconeError("LC_SUBSCRIPTION", `Subscription not found: ${querySetId}`);
    }
    subscriber.sets.delete(querySetId);
    for (const listener of set) this.#dropListener(listener);
    return set.map(({ query }) => query);
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
    this.#forgetQueries();
  }

  #forgetQueries(): void {
    this.#queryByKey.clear();
    this.#byTable.clear();
    this.#joinByQuery.clear();
  }

  #dropListener({ query, textKey, position }: Listener): void {
    const { listeners, texts } = query;
    const text = texts.get(textKey);
    if (text !== undefined && --text.listenerCount === 0) texts.delete(textKey);
    const last = listeners.pop();
    if (last !== undefined && position < listeners.length) {
      listeners[position] = last;
      last.position = position;
    }
    if (listeners.length > 0) return;
    this.#queryByKey.delete(query.query.shareKey);
    if (query.query.kind === "join") this.#removeJoin(query);
    else this.#byTable.get(query.query.table)?.remove(query);
  }
}

/** A listener, and what its text asks for from now on. */
interface Move {
  readonly listener: Listener;
  readonly next: TableQuery;
}

function listen(listener: Listener, query: SharedQuery): void {
  listener.query = query;
  listener.position = query.listeners.push(listener) - 1;
}

/** A text's query with its tables as they are now; undefined if it cannot be asked any more. */
function recompiled(query: TableQuery): TableQuery | undefined {
  try {
    const next = query.recompile();
    // A name in the text may have passed to another table.
    const isSame = query.relations.every(({ table }, i) => table === next.relations[i]?.table);
    return isSame ? next : undefined;
  } catch (thrown) {
    if (!(thrown instanceof LightconeError)) throw thrown;
    return undefined;
  }
}

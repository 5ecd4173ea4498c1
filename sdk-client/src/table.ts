// Tables as programs see them: `connection.db.message`. Reads go to the cache and never wait.
import type { ProductValue, RowListView } from "@lightcone/abi";
import { isEmptyChange, type RowChange, type RowDecoder, type TableCache } from "./cache.ts";
import { type ErrorReporter, type EventContext, Listeners, type Stop } from "./event.ts";
import type { RowIndex, RowIndexes } from "./row-index.ts";

/** A table whose rows pass by once: they are seen by callbacks, and nothing keeps them. */
export interface EventTable<Row> {
  /** Calls `callback` for each row that arrives. Returns what ends that. */
  onInsert(callback: (row: Row, event: EventContext) => void): Stop;
}

/**
 * The rows of a table that the subscriptions of this connection select. Rows are shared: do not change them.
 *
 * Callbacks run after a whole transaction has been applied to all tables: for each table first those of deleted, then
 * of updated, then of inserted rows.
 */
export interface Table<Row> extends EventTable<Row> {
  /** The rows, in no order that means anything. */
  [Symbol.iterator](): IterableIterator<Row>;
  /** As iterating over the table itself. */
  iter(): IterableIterator<Row>;
  /** How many rows there are. */
  count(): number;
  onDelete(callback: (row: Row, event: EventContext) => void): Stop;
  /**
   * Calls `callback` once for each transaction that changed the table, with all its changes, after the callbacks of the rows
   * of all tables: the place to draw anew.
   */
  onChange(callback: (change: TableChange<Row>, event: EventContext) => void): Stop;
  /** Another number after each change, before any callback: what was made of the rows under this one is still right. */
  readonly version: number;
}

/** What one transaction did to the rows of a table that the cache holds. */
export interface TableChange<Row> {
  readonly inserted: readonly Row[];
  readonly deleted: readonly Row[];
  /** Rows replaced by one with the same primary key; they are not among the others. */
  readonly updated: readonly (readonly [before: Row, after: Row])[];
}

/** A table with indexes, by name, each a list of columns: `table.index.byAge.range({ ge: 18 })`. */
export interface IndexedTable<
  Row,
  Indexes extends Readonly<Record<string, readonly (keyof Row)[]>>,
> {
  readonly index: { readonly [Name in keyof Indexes]: RowIndex<Row, Indexes[Name]> };
}

/** A table that has columns with unique values. `Key` is an object of one such column, or of several unique together. */
export interface UniqueTable<Row, Key> extends Table<Row> {
  /** The row that has these values: `find({ id: 5n })`. One look-up in a map, however many rows there are. */
  find(key: Key): Row | undefined;
}

/** A table with a primary key, so that a row that changed is known from one that came and one that went. */
export interface KeyedTable<Row, Key> extends UniqueTable<Row, Key> {
  /** For rows replaced by one with the same primary key, which are neither deleted nor inserted. */
  onUpdate(callback: (before: Row, after: Row, event: EventContext) => void): Stop;
}

type RowListeners = Listeners<[row: ProductValue, event: EventContext]>;

/** The one implementation of all kinds of tables that are kept; which methods a table shows is up to its type. */
export class CachedTable implements KeyedTable<ProductValue, ProductValue> {
  /** By name. */
  readonly index: Readonly<Record<string, object>>;
  readonly #cache: TableCache;
  readonly #inserted: RowListeners = new Listeners();
  readonly #deleted: RowListeners = new Listeners();
  readonly #updated = new Listeners<[ProductValue, ProductValue, EventContext]>();
  readonly #changed = new Listeners<[TableChange<ProductValue>, EventContext]>();
  #version = 0;

  constructor(cache: TableCache, indexes?: RowIndexes) {
    this.#cache = cache;
    this.index = indexes?.(cache) ?? {};
  }

  [Symbol.iterator](): IterableIterator<ProductValue> {
    return this.#cache.rows();
  }

  iter(): IterableIterator<ProductValue> {
    return this.#cache.rows();
  }

  count(): number {
    return this.#cache.size;
  }

  get version(): number {
    return this.#version;
  }

  find(key: ProductValue): ProductValue | undefined {
    return this.#cache.find(key);
  }

  onInsert(callback: (row: ProductValue, event: EventContext) => void): Stop {
    return this.#inserted.add(callback);
  }

  onDelete(callback: (row: ProductValue, event: EventContext) => void): Stop {
    return this.#deleted.add(callback);
  }

  onUpdate(
    callback: (before: ProductValue, after: ProductValue, event: EventContext) => void,
  ): Stop {
    return this.#updated.add(callback);
  }

  onChange(callback: (change: TableChange<ProductValue>, event: EventContext) => void): Stop {
    return this.#changed.add(callback);
  }

  /** Comes before all callbacks. */
  countChange(change: RowChange): void {
    if (!isEmptyChange(change)) this.#version++;
  }

  /** Tells what became of the table as a whole, unless nothing did. */
  emitChange(report: ErrorReporter, change: RowChange, event: EventContext): void {
    if (!isEmptyChange(change)) this.#changed.emit(report, change, event);
  }

  emit(report: ErrorReporter, change: RowChange, event: EventContext): void {
    if (!this.#deleted.isEmpty) {
      for (const row of change.deleted) this.#deleted.emit(report, row, event);
    }
    if (!this.#updated.isEmpty) {
      for (const [before, after] of change.updated) {
        this.#updated.emit(report, before, after, event);
      }
    }
    if (!this.#inserted.isEmpty) {
      for (const row of change.inserted) this.#inserted.emit(report, row, event);
    }
  }
}

/** An event table: decodes rows as they pass, if anybody looks. */
export class PassingTable implements EventTable<ProductValue> {
  readonly #decoder: RowDecoder;
  readonly #inserted: RowListeners = new Listeners();

  constructor(decoder: RowDecoder) {
    this.#decoder = decoder;
  }

  onInsert(callback: (row: ProductValue, event: EventContext) => void): Stop {
    return this.#inserted.add(callback);
  }

  decode(list: RowListView): ProductValue[] {
    return this.#inserted.isEmpty ? [] : this.#decoder.decodeAll(list);
  }

  emit(report: ErrorReporter, rows: readonly ProductValue[], event: EventContext): void {
    for (const row of rows) this.#inserted.emit(report, row, event);
  }
}

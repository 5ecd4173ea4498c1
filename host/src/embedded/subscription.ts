// What a client of the same process watches: the rows of its queries, kept up to date, and a word of each transaction that changes them.
import type { ProductValue, QuerySetUpdate, TableRows } from "@lightcone/abi";
import { RowSet, type TableChange } from "./row-set.ts";
import type { Schema } from "./schema.ts";
import type { ModuleTypes, RowOf, TableName } from "./types.ts";

export type ChangeListener = (changes: readonly TableChange[]) => void;

/** What a subscription needs of its client. */
interface SubscriptionOwner {
  readonly schema: Schema;
  endSubscription(id: number): Promise<void>;
}

export class EmbeddedSubscription<M extends ModuleTypes> {
  readonly id: number;
  /** Its queries, as SQL. */
  readonly queries: readonly string[];
  readonly #owner: SubscriptionOwner;
  readonly #sets = new Map<string, RowSet>();
  readonly #listeners = new Set<ChangeListener>();
  #isActive = true;

  constructor(owner: SubscriptionOwner, id: number, queries: readonly string[]) {
    this.#owner = owner;
    this.id = id;
    this.queries = queries;
  }

  /** False once it was ended, or its client was. The rows stay as they were then. */
  get isActive(): boolean {
    return this.#isActive;
  }

  /** The rows of a table or view that its queries select, in no particular order. Throws LC_TABLE_UNKNOWN. */
  rows<Name extends TableName<M>>(table: Name): RowOf<M, Name>[] {
    return this.rowSet(table).rows() as RowOf<M, Name>[];
  }

  /**
   * Calls `listener` after each transaction that changed rows it watches, with one entry for each table. Returns what ends that.
   * What a listener throws is an uncaught exception of the process.
   */
  onChange(listener: ChangeListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Ends it; resolves when the database has taken that. Without effect if it has ended. */
  async unsubscribe(): Promise<void> {
    if (this.#isActive) await this.#owner.endSubscription(this.id);
  }

  /** For its client: the rows by their bytes. */
  rowSet(table: string): RowSet {
    const schema = this.#owner.schema.table(table);
    let set = this.#sets.get(schema.name);
    if (set === undefined) {
      set = new RowSet(schema);
      this.#sets.set(schema.name, set);
    }
    return set;
  }

  /** For its client: the rows that it begins with. */
  fill(tables: readonly TableRows[]): void {
    for (const { table, rows } of tables) this.rowSet(table).fill(rows);
  }

  /** For its client: what a transaction changed. */
  apply({ tables }: QuerySetUpdate): void {
    const changes: TableChange[] = [];
    for (const { table, rows } of tables) {
      const change = this.rowSet(table).apply(rows);
      if (change !== undefined) changes.push(change);
    }
    if (changes.length === 0) return;
    // The database is in the middle of its work: nothing that a listener does may get in its way.
    for (const listener of this.#listeners) {
      queueMicrotask(() => {
        if (this.#listeners.has(listener)) listener(changes);
      });
    }
  }

  /** For its client. */
  end(): void {
    this.#isActive = false;
    this.#listeners.clear();
  }
}

/** The rows of one table that any of several subscriptions holds, each once. */
export function unionRows<M extends ModuleTypes>(
  subscriptions: Iterable<EmbeddedSubscription<M>>,
  table: string,
): ProductValue[] {
  const rows = new Map<string, ProductValue>();
  for (const subscription of subscriptions) {
    for (const [key, { row }] of subscription.rowSet(table).entries()) rows.set(key, row);
  }
  return [...rows.values()];
}

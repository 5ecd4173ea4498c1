// Stores for Svelte 3 and newer, or for whatever else knows its store contract: `subscribe` calls back at once with the
// value of now, then with each new one, and returns what ends that. Nothing of Svelte is needed for it.
import type { DbConnection } from "../connection.ts";
import type { ConnectionStatus, Stop } from "../event.ts";
import { type Call, CallState } from "../live/call-state.ts";
import { statusOf } from "../live/connection-view.ts";
import { rowView } from "../live/row-view.ts";
import { type RowsOptions, rowsView } from "../live/rows-view.ts";
import type { Source } from "../live/source.ts";
import {
  heldSource,
  type Queries,
  queriesKey,
  type SubscriptionStatus,
} from "../live/subscription-pool.ts";
import type { Table, UniqueTable } from "../table.ts";

export type { Call, CallOutcome } from "../live/call-state.ts";
export type { RowsOptions, Where } from "../live/rows-view.ts";
export type { Queries, QueryText, SubscriptionStatus } from "../live/subscription-pool.ts";

/** A store that is read: `$rows` in a component. */
export interface Readable<T> {
  subscribe(run: (value: T) => void): Stop;
}

/** What `choose` makes of a source, told when it is another value. */
function store<T, Value>(source: Source<T>, choose: (value: T) => Value): Readable<Value> {
  return {
    subscribe: (run) => {
      let told: { readonly value: Value } | undefined;
      const tell = (): void => {
        const value = choose(source.get());
        if (told !== undefined && Object.is(told.value, value)) return;
        told = { value };
        run(value);
      };
      const stop = source.subscribe(tell);
      tell();
      return stop;
    },
  };
}

function same<T>(value: T): T {
  return value;
}

/** A connection with its status as a store. */
export interface ConnectionStores<C extends DbConnection> {
  readonly connection: C;
  readonly db: C["db"];
  readonly reducers: C["reducers"];
  readonly status: Readable<ConnectionStatus>;
}

/** It neither opens nor closes the connection. */
export function useConnection<C extends DbConnection>(connection: C): ConnectionStores<C> {
  const { db, reducers } = connection;
  return { connection, db, reducers, status: store(statusOf(connection), same) };
}

/**
 * Keeps the rows of these queries in the cache as long as somebody is subscribed to the store, and a second longer. All
 * who ask for the same share one subscription of the connection.
 */
export function useSubscription(
  connection: DbConnection,
  queries: Queries,
): Readable<SubscriptionStatus> {
  return store(heldSource(connection, queriesKey(queries)), same);
}

/**
 * The rows of a table that are in the cache, in the order in which they came; another array only if one of its rows
 * changed.
 */
export function useRows<Row extends object>(
  table: Table<Row>,
  { where }: RowsOptions<Row> = {},
): Readable<readonly Row[]> {
  return store(rowsView(table, where), same);
}

/** The row with these values in columns that are unique together. */
export function useRow<Row extends object, Key extends object>(
  table: UniqueTable<Row, Key>,
  key: Key,
): Readable<Row | undefined> {
  return store(rowView(table, key), same);
}

/** How a call stands, and what makes it. */
export interface CallStores<Args extends readonly unknown[], Result> {
  /** Never rejects: `const { ok } = await call({ text })`. */
  readonly call: Call<Args, Result>;
  /** Forgets the error, and calls that are under way. */
  readonly reset: () => void;
  readonly isPending: Readable<boolean>;
  readonly error: Readable<Error | undefined>;
}

/** Calls of a reducer from a component: `useCall(reducers.sendMessage)`. */
export function useCall<Args extends readonly unknown[], Result>(
  method: (...args: Args) => Promise<Result>,
): CallStores<Args, Result> {
  const state = new CallState();
  return {
    call: state.bind(method),
    reset: state.reset,
    isPending: store(state, ({ isPending }) => isPending),
    error: store(state, ({ error }) => error),
  };
}

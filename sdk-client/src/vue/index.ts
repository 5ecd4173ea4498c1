// Composables for Vue 3: shallow references to rows, which end with the scope they were made in. Every argument may be a
// value, a reference or a getter; with another value of it they follow something else.
import { LightconeError } from "@lightcone/abi";
import {
  type App,
  computed,
  type ComputedRef,
  inject,
  type InjectionKey,
  type MaybeRefOrGetter,
  type Plugin,
  shallowRef,
  type ShallowRef,
  toValue,
  watch,
} from "vue";
import type { DbConnection } from "../connection.ts";
import type { ConnectionStatus } from "../event.ts";
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

const connectionKey: InjectionKey<DbConnection> = Symbol("lightcone connection");

/** `app.use(lightcone(connection))` gives the connection to all components. It is neither opened nor closed. */
export function lightcone(connection: DbConnection): Plugin {
  return {
    install: (app: App) => {
      app.provide(connectionKey, connection);
    },
  };
}

function provided(): DbConnection {
  const connection = inject(connectionKey, undefined);
  if (connection !== undefined) return connection;
  throw new LightconeError("LC_CONFIG", "composables need app.use(lightcone(connection))");
}

/** Follows the source that `choose` makes, and another one when what `choose` reads has changed. */
function follow<T>(choose: () => Source<T>): ShallowRef<T> {
  const value = shallowRef<T>() as ShallowRef<T>;
  const start = (source: Source<T>, _: unknown, onCleanup: (stop: () => void) => void): void => {
    const show = (): void => {
      value.value = source.get();
    };
    onCleanup(source.subscribe(show));
    show();
  };
  watch(choose, start, { immediate: true, flush: "sync" });
  return value;
}

/** A connection with its status as a reference. */
export interface ConnectionRefs<C extends DbConnection> {
  readonly connection: C;
  readonly db: C["db"];
  readonly reducers: C["reducers"];
  readonly status: Readonly<ShallowRef<ConnectionStatus>>;
}

/** The connection of the app; the type is that of your bindings: `useConnection<DbConnection>()`. */
export function useConnection<C extends DbConnection = DbConnection>(): ConnectionRefs<C> {
  const connection = provided() as C;
  const { db, reducers } = connection;
  return { connection, db, reducers, status: follow(() => statusOf(connection)) };
}

/**
 * Keeps the rows of these queries in the cache until the scope ends, and a second longer. All who ask for the same share
 * one subscription.
 */
export function useSubscription(
  queries: MaybeRefOrGetter<Queries>,
): Readonly<ShallowRef<SubscriptionStatus>> {
  const connection = provided();
  const key = computed(() => queriesKey(toValue(queries)));
  return follow(() => heldSource(connection, key.value));
}

/**
 * The rows of a table that are in the cache, in the order in which they came; another array only if one of its rows
 * changed. For a condition that depends on references give the options as a getter.
 */
export function useRows<Row extends object>(
  table: MaybeRefOrGetter<Table<Row>>,
  options: MaybeRefOrGetter<RowsOptions<Row>> = {},
): Readonly<ShallowRef<readonly Row[]>> {
  return follow(() => rowsView(toValue(table), toValue(options).where));
}

/** The row with these values in columns that are unique together. */
export function useRow<Row extends object, Key extends object>(
  table: UniqueTable<Row, Key>,
  key: MaybeRefOrGetter<Key>,
): Readonly<ShallowRef<Row | undefined>> {
  return follow<Row | undefined>(() => rowView(table, toValue(key)));
}

/** How a call stands, and what makes it. */
export interface CallRefs<Args extends readonly unknown[], Result> {
  /** Never rejects: `const { ok } = await call({ text })`. */
  readonly call: Call<Args, Result>;
  /** Forgets the error, and calls that are under way. */
  readonly reset: () => void;
  readonly isPending: ComputedRef<boolean>;
  readonly error: ComputedRef<Error | undefined>;
}

/** Calls of a reducer from a component: `useCall(reducers.sendMessage)`. */
export function useCall<Args extends readonly unknown[], Result>(
  method: (...args: Args) => Promise<Result>,
): CallRefs<Args, Result> {
  const state = new CallState();
  const status = follow(() => state);
  return {
    call: state.bind(method),
    reset: state.reset,
    isPending: computed(() => status.value.isPending),
    error: computed(() => status.value.error),
  };
}

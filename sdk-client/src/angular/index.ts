// A service for Angular 19 and newer whose methods give signals. They end with the component, service or injector in
// whose construction they are called. No decorator is used, so that it needs no compiler of Angular's.
import {
  computed,
  DestroyRef,
  effect,
  type EnvironmentProviders,
  inject,
  makeEnvironmentProviders,
  type Signal,
  signal,
  untracked,
} from "@angular/core";
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

/** A value, or a function that reads signals: with another value of it the method follows something else. */
export type ValueOrGetter<T extends object | string> = T | (() => T);

/** How a call stands, and what makes it. */
export interface CallSignals<Args extends readonly unknown[], Result> {
  /** Never rejects: `const { ok } = await call({ text })`. */
  readonly call: Call<Args, Result>;
  /** Forgets the error, and calls that are under way. */
  readonly reset: () => void;
  readonly isPending: Signal<boolean>;
  readonly error: Signal<Error | undefined>;
}

/** A connection and what components watch of it. The methods need an injection context. */
export class LightconeService<C extends DbConnection = DbConnection> {
  readonly connection: C;
  readonly db: C["db"];
  readonly reducers: C["reducers"];
  readonly status: Signal<ConnectionStatus>;

  constructor(connection: C) {
    this.connection = connection;
    this.db = connection.db;
    this.reducers = connection.reducers;
    this.status = follow(statusOf(connection));
  }

  /**
   * Keeps the rows of these queries in the cache until the component ends, and a second longer. All who ask for the same
   * share one subscription.
   */
  subscription(queries: ValueOrGetter<Queries>): Signal<SubscriptionStatus> {
    return followChosen(queries, (value) => heldSource(this.connection, queriesKey(value)));
  }

  /**
   * The rows of a table that are in the cache, in the order in which they came; another array only if one of its rows
   * changed. For a condition that depends on signals give the options as a function.
   */
  rows<Row extends object>(
    table: Table<Row>,
    options: ValueOrGetter<RowsOptions<Row>> = {},
  ): Signal<readonly Row[]> {
    return followChosen(options, ({ where }) => rowsView(table, where));
  }

  /** The row with these values in columns that are unique together. */
  row<Row extends object, Key extends object>(
    table: UniqueTable<Row, Key>,
    key: ValueOrGetter<Key>,
  ): Signal<Row | undefined> {
    return followChosen<Key, Row | undefined>(key, (value) => rowView(table, value));
  }

  /** Calls of a reducer: `call(reducers.sendMessage)`. */
  call<Args extends readonly unknown[], Result>(
    method: (...args: Args) => Promise<Result>,
  ): CallSignals<Args, Result> {
    const state = new CallState();
    const status = follow(state);
    return {
      call: state.bind(method),
      reset: state.reset,
      isPending: computed(() => status().isPending),
      error: computed(() => status().error),
    };
  }
}

/** A provider of the service for `bootstrapApplication`. The connection is neither opened nor closed. */
export function provideLightcone(connection: DbConnection): EnvironmentProviders {
  return makeEnvironmentProviders([
    { provide: LightconeService, useFactory: () => new LightconeService(connection) },
  ]);
}

/** The service; the type is that of your bindings: `injectLightcone<DbConnection>()`. */
export function injectLightcone<C extends DbConnection = DbConnection>(): LightconeService<C> {
  return inject<LightconeService<C>>(LightconeService);
}

function follow<T>(source: Source<T>): Signal<T> {
  const value = signal(source.get());
  const show = (): void => value.set(source.get());
  inject(DestroyRef).onDestroy(source.subscribe(show));
  show();
  return value.asReadonly();
}

function followChosen<Value extends object | string, T>(
  argument: ValueOrGetter<Value>,
  choose: (value: Value) => Source<T>,
): Signal<T> {
  if (typeof argument !== "function") return follow(choose(argument));
  const source = computed(() => choose(argument()));
  const value = signal(untracked(source).get());
  effect((onCleanup) => {
    const chosen = source();
    const show = (): void => value.set(chosen.get());
    onCleanup(chosen.subscribe(show));
    untracked(show);
  });
  return value.asReadonly();
}

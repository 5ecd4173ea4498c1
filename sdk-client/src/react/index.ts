// Hooks for React 18.2 and newer. State lives outside of React, so that rendering twice, throwing a render away and
// mounting twice cost nothing: hooks read it, and are told when it has changed.
import { LightconeError } from "@lightcone/abi";
import {
  createContext,
  createElement,
  type ReactElement,
  type ReactNode,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from "react";
import type { DbConnection } from "../connection.ts";
import type { ConnectionStatus } from "../event.ts";
import { type Call, CallState, type CallStatus, idleCall } from "../live/call-state.ts";
import { type ConnectionView, statusOf } from "../live/connection-view.ts";
import { subscribePerFrame } from "../live/frame.ts";
import { type Group, type ItemKey, regroup } from "../live/groups.ts";
import { keyText, rowView } from "../live/row-view.ts";
import { type RowsOptions, rowsView } from "../live/rows-view.ts";
import {
  liveStatus,
  pendingStatus,
  type Queries,
  queriesKey,
  type SharedSubscription,
  sharedSubscription,
  type SubscriptionStatus,
} from "../live/subscription-pool.ts";
import type { Table, UniqueTable } from "../table.ts";

export type { Call, CallOutcome, CallStatus } from "../live/call-state.ts";
export type { ConnectionView } from "../live/connection-view.ts";
export type { Group, ItemKey } from "../live/groups.ts";
export { haveSameItems, type RowsOptions, type Where } from "../live/rows-view.ts";
export type { Queries, QueryText, SubscriptionStatus } from "../live/subscription-pool.ts";

// What a server renders, and a browser first of all on top of that: nothing is connected there.
const noRows: readonly never[] = [];
const noGroups: readonly Group<never>[] = [];
const connecting: ConnectionStatus = { kind: "connecting" };

const ConnectionContext = createContext<DbConnection | undefined>(undefined);

export interface LightconeProviderProps {
  /** Made outside of components: those are rendered twice and thrown away as React likes. */
  readonly connection: DbConnection;
  readonly children?: ReactNode;
}

/** Gives a connection to all components below it. It neither opens nor closes it. */
export function LightconeProvider(props: LightconeProviderProps): ReactElement {
  return createElement(ConnectionContext.Provider, { value: props.connection }, props.children);
}

function useProvided(): DbConnection {
  const connection = useContext(ConnectionContext);
  if (connection !== undefined) return connection;
  throw new LightconeError("LC_CONFIG", "hooks need a LightconeProvider above their component");
}

/** The connection of the nearest provider; the type is that of your bindings: `useConnection<DbConnection>()`. */
export function useConnection<C extends DbConnection = DbConnection>(): ConnectionView<C> {
  const connection = useProvided() as C;
  const source = statusOf(connection);
  const status = useSyncExternalStore(source.subscribe, source.get, () => connecting);
  return useMemo(
    () => ({ connection, db: connection.db, reducers: connection.reducers, status }),
    [connection, status],
  );
}

function useShared(queries: Queries): SharedSubscription {
  const connection = useProvided();
  const key = queriesKey(queries);
  const shared = useMemo(() => sharedSubscription(connection, key), [connection, key]);
  useEffect(shared.hold, [shared]);
  return shared;
}

/**
 * Keeps the rows of these queries in the cache as long as the component is mounted, and a second longer. Components that
 * ask for the same share one subscription.
 */
export function useSubscription(queries: Queries): SubscriptionStatus {
  const shared = useShared(queries);
  return useSyncExternalStore(shared.subscribe, shared.get, () => pendingStatus);
}

/**
 * The rows of a table that are in the cache, in the order in which they came. The array is another one only if one of
 * its rows changed. A condition that is the same function in each render (outside of the component, or from
 * `useCallback`) is only asked about rows that changed.
 */
export function useRows<Row extends object>(
  table: Table<Row>,
  { where }: RowsOptions<Row> = {},
): readonly Row[] {
  const shown = useRef<readonly Row[]>(noRows);
  const view = useMemo(() => rowsView(table, where, shown.current), [table, where]);
  const rows = useSyncExternalStore(subscribePerFrame(view), view.get, () => noRows);
  useEffect(() => {
    shown.current = rows;
  }, [rows]);
  return rows;
}

/**
 * What `select` makes of the rows of a table: a count, a sum, all keys. The component is only rendered when it is another
 * value for `isEqual`: by default `Object.is`; for lists there is `haveSameItems`.
 */
export function useSelected<Row extends object, Value>(
  table: Table<Row>,
  select: (rows: readonly Row[]) => Value,
  isEqual: (one: Value, other: Value) => boolean = Object.is,
): Value {
  const view = rowsView(table);
  const get = useMemo(() => {
    let last: { readonly rows: readonly Row[]; readonly value: Value } | undefined;
    return (): Value => {
      const rows = view.get();
      if (last?.rows === rows) return last.value;
      const value = select(rows);
      last = { rows, value: last !== undefined && isEqual(last.value, value) ? last.value : value };
      return last.value;
    };
  }, [view, select, isEqual]);
  const getOnServer = useMemo(() => {
    const value = select(noRows);
    return () => value;
  }, [select]);
  return useSyncExternalStore(subscribePerFrame(view), get, getOnServer);
}

/** How many items a group of a list has, before some come or go. */
const groupSizeWanted = 100;

/**
 * A long list in groups of about a hundred items, for lists of thousands: rows, sorted rows, keys. A group stays the same
 * object until one of its items changes, so that a memoised component for a group, in an element of its own, keeps React
 * and the browser from going through the whole list for a change of one item. `keyOf` is as the `key` of an item:
 * `useGroups(rows, ({ id }) => id)`; without it an item is known by itself, as keys are.
 */
export function useGroups<T>(items: readonly T[], keyOf: ItemKey<T> = itself): readonly Group<T>[] {
  const shown = useRef<readonly Group<T>[]>(noGroups);
  const groups = useMemo(
    () => regroup(items, shown.current, keyOf, groupSizeWanted),
    [items, keyOf],
  );
  useEffect(() => {
    shown.current = groups;
  }, [groups]);
  return groups;
}

function itself(item: unknown): unknown {
  return item;
}

/** The row with these values in columns that are unique together. Only changes of this row render the component. */
export function useRow<Row extends object, Key extends object>(
  table: UniqueTable<Row, Key>,
  key: Key,
): Row | undefined {
  const text = keyText(key);
  // The text stands for the key, which is mostly written in place.
  const view = useMemo(() => rowView(table, key), [table, text]);
  return useSyncExternalStore(subscribePerFrame(view), view.get, () => undefined);
}

/**
 * As `useRows`, and subscribes. Suspends the component until the rows are there, be it those of an earlier visit; what
 * the server refuses is thrown, for the nearest error boundary.
 */
export function useSuspenseRows<Row extends object>(
  table: Table<Row>,
  queries: Queries,
  options: RowsOptions<Row> = {},
): readonly Row[] {
  const shared = useShared(queries);
  // A server has nothing to wait for: it renders no rows, and the browser waits on top of that.
  const status = useSyncExternalStore(shared.subscribe, shared.get, () => liveStatus);
  const rows = useRows(table, options);
  // A promise is how a component is suspended; no rule of errors applies.
  // oxlint-disable-next-line typescript/only-throw-error
  if (status.kind === "pending") throw shared.expect();
  if (status.kind === "failed") throw status.error;
  return rows;
}

/** How a call stands, and what makes it. */
export interface CallHandle<Args extends readonly unknown[], Result> extends CallStatus {
  /** Never rejects: `const { ok } = await call({ text })`. The same function in each render as long as the method is. */
  readonly call: Call<Args, Result>;
  /** Forgets the error, and calls that are under way. */
  readonly reset: () => void;
}

/** Calls of a reducer from a component: `useCall(reducers.sendMessage)`. A component may go while one is under way. */
export function useCall<Args extends readonly unknown[], Result>(
  method: (...args: Args) => Promise<Result>,
): CallHandle<Args, Result> {
  const [state] = useState(() => new CallState());
  const { isPending, error } = useSyncExternalStore(state.subscribe, state.get, () => idleCall);
  const call = useMemo(() => state.bind(method), [state, method]);
  const { reset } = state;
  return useMemo(() => ({ call, reset, isPending, error }), [call, reset, isPending, error]);
}

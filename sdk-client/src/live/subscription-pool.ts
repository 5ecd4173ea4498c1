// Subscriptions that many parts of a user interface ask for: one on the server for equal queries, kept a little longer
// than anybody needs it, since what is unmounted is often mounted again at once.
//
//     idle ──hold, expect──▶ pending or cached ──applied──▶ live       nobody holds it for `lingerMs`: idle again
//                                     └──refused──▶ failed ◀──refused──┘
import { LightconeError } from "@lightcone/abi";
import type { DbConnection } from "../connection.ts";
import { Deferred } from "../deferred.ts";
import type { Stop } from "../event.ts";
import type { Subscription } from "../subscription.ts";
import { Notifier, type Source } from "./source.ts";

/** Where the rows of some queries stand. */
export type SubscriptionStatus =
  /** The server has not answered yet. */
  | { readonly kind: "pending"; readonly error: undefined }
  /** The same, and rows of an earlier visit are shown meanwhile. */
  | { readonly kind: "cached"; readonly error: undefined }
  /** The rows are there and are kept up to date. */
  | { readonly kind: "live"; readonly error: undefined }
  /** The server refuses the queries (LC_SUBSCRIPTION), or the connection is closed for good (LC_CONNECTION). */
  | { readonly kind: "failed"; readonly error: LightconeError };

export const pendingStatus: SubscriptionStatus = { kind: "pending", error: undefined };
const cachedStatus: SubscriptionStatus = { kind: "cached", error: undefined };
export const liveStatus: SubscriptionStatus = { kind: "live", error: undefined };

/** The part of a connection that is used here. */
type Subscribable = Pick<DbConnection, "subscribe" | "isStale" | "onStale">;

/** How long a subscription outlives those who hold it. */
const lingerMs = 1000;

export class SharedSubscription implements Source<SubscriptionStatus> {
  readonly #connection: Subscribable;
  readonly #queries: readonly string[];
  /** Called when it begins, and when it is idle again. */
  readonly #setActive: (isActive: boolean) => void;
  readonly #notifier = new Notifier();
  #status: SubscriptionStatus = pendingStatus;
  #subscription: Subscription | undefined;
  #stopStale: Stop | undefined;
  #settled = new Deferred<void>();
  #holdCount = 0;
  /** Whether somebody waits who cannot hold it before it is settled: a component that is suspended. */
  #isExpected = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    connection: Subscribable,
    queries: readonly string[],
    setActive: (isActive: boolean) => void,
  ) {
    this.#connection = connection;
    this.#queries = queries;
    this.#setActive = setActive;
  }

  readonly get = (): SubscriptionStatus => this.#status;

  readonly subscribe = (listener: () => void): Stop => this.#notifier.add(listener);

  /** Keeps it until what is returned is called. */
  readonly hold = (): Stop => {
    // One that failed is tried again by whoever comes next.
    if (this.#holdCount === 0 && this.#status.kind === "failed") this.#end();
    this.#holdCount++;
    this.#isExpected = false;
    this.#stopTimer();
    this.#open();
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#holdCount--;
      this.#linger();
    };
  };

  /** Begins it for somebody who will hold it once it is settled. Fulfilled then, whether it is live or has failed. */
  expect(): Promise<void> {
    this.#isExpected = true;
    this.#open();
    this.#linger();
    return this.#settled.promise;
  }

  #open(): void {
    if (this.#subscription !== undefined) return;
    this.#setActive(true);
    this.#settled = new Deferred();
    try {
      this.#subscription = this.#connection.subscribe(this.#queries, {
        onApplied: () => this.#settle(liveStatus),
        onError: (error) => this.#settle({ kind: "failed", error }),
      });
    } catch (thrown) {
      if (!(thrown instanceof LightconeError)) throw thrown;
      this.#settle({ kind: "failed", error: thrown });
      return;
    }
    const subscription = this.#subscription;
    // No callback tells of a connection that is closed for good.
    subscription.applied.catch((error: LightconeError) => {
      const isPresent = this.#subscription === subscription;
      if (isPresent && this.#status.kind !== "failed") this.#settle({ kind: "failed", error });
    });
    this.#stopStale = this.#connection.onStale(() => this.#showStale());
    this.#showStale();
  }

  #showStale(): void {
    if (this.#status.kind === "live" || this.#status.kind === "failed") return;
    this.#change(this.#connection.isStale ? cachedStatus : pendingStatus);
  }

  #settle(status: SubscriptionStatus): void {
    this.#change(status);
    this.#settled.resolve();
  }

  #change(status: SubscriptionStatus): void {
    if (status === this.#status) return;
    this.#status = status;
    this.#notifier.notify();
  }

  #linger(): void {
    if (this.#holdCount > 0) return;
    this.#stopTimer();
    this.#timer = setTimeout(() => {
      if (this.#isExpected && this.#status.kind === "pending") this.#linger();
      else this.#end();
    }, lingerMs);
  }

  #stopTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #end(): void {
    const subscription = this.#subscription;
    this.#stopTimer();
    this.#subscription = undefined;
    this.#isExpected = false;
    this.#stopStale?.();
    if (this.#status.kind !== "failed") void subscription?.unsubscribe();
    this.#change(pendingStatus);
    this.#setActive(false);
  }
}

const pools = new WeakMap<object, Map<string, SharedSubscription>>();

/** SQL, or what a query builder made. */
export type QueryText = string | { toSql(): string };

/** One query, or several that are kept together. */
export type Queries = QueryText | readonly QueryText[];

/** What two lists of queries that ask the same have in common. */
export function queriesKey(queries: Queries): string {
  const list = isList(queries) ? queries : [queries];
  const texts = list.map((query) => (typeof query === "string" ? query : query.toSql()));
  return JSON.stringify([...new Set(texts)].sort());
}

function isList(queries: Queries): queries is readonly QueryText[] {
  return Array.isArray(queries);
}

/** The subscription of a connection to some queries, which begins once somebody holds it. */
export function sharedSubscription(connection: Subscribable, key: string): SharedSubscription {
  const pool = pools.get(connection) ?? new Map<string, SharedSubscription>();
  pools.set(connection, pool);
  const known = pool.get(key);
  if (known !== undefined) return known;
  const shared = new SharedSubscription(connection, JSON.parse(key) as string[], (isActive) => {
    if (isActive) pool.set(key, shared);
    else pool.delete(key);
  });
  // Two components that are rendered for the first time must find the same one before either holds it.
  pool.set(key, shared);
  return shared;
}

/** A shared subscription that is held by those who listen. */
export function heldSource(connection: Subscribable, key: string): Source<SubscriptionStatus> {
  const shared = sharedSubscription(connection, key);
  return {
    get: shared.get,
    subscribe: (listener) => {
      const release = shared.hold();
      const stop = shared.subscribe(listener);
      return () => {
        stop();
        release();
      };
    },
  };
}

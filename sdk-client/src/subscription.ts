// One subscription: its life, and what a program sees of it. subscriptions.ts speaks to the server about it.
import { LightconeError } from "@lightcone/abi";
import { Deferred } from "./deferred.ts";
import type { ErrorReporter, EventContext } from "./event.ts";

export interface SubscriptionCallbacks {
  /** Called once, when the first rows are in the cache and their callbacks have run. */
  readonly onApplied?: (() => void) | undefined;
  /** Called when the server refuses the queries (LC_SUBSCRIPTION), or fails to keep them up to date later. */
  readonly onError?: ((error: LightconeError) => void) | undefined;
  /**
   * Called once for each transaction that changed rows of these queries in the cache, after the callbacks of rows and tables,
   * and once after a reconnection that brought changes. The first rows are told by onApplied instead.
   */
  readonly onChange?: ((event: EventContext) => void) | undefined;
  /** Called once, when the subscription has ended, in whatever way; `error` of the subscription has the reason, if any. */
  readonly onEnded?: (() => void) | undefined;
}

/** Queries whose rows are kept in the cache. */
export interface Subscription {
  readonly queries: readonly string[];
  /** Whether the rows are in the cache; stays true while a lost connection is being restored. */
  readonly isActive: boolean;
  /** `pending` before the first rows are there, `ending` while an `unsubscribe()` is on its way. */
  readonly state: SubscriptionState;
  /** Why it ended; undefined where the program ended it, or where it has not. */
  readonly error: LightconeError | undefined;
  /**
   * Fulfilled when the first rows are in the cache; rejected with LC_SUBSCRIPTION if the server refuses the queries, with
   * LC_CONNECTION if the connection is closed before. Need not be awaited.
   */
  readonly applied: Promise<void>;
  /** Fulfilled when it has ended, in whatever way. Never rejected. */
  readonly ended: Promise<void>;
  /**
   * Ends it. Fulfilled when the rows that no other subscription selects are out of the cache and their callbacks have
   * run: while the connection is lost, that is after the next reconnection.
   */
  unsubscribe(): Promise<void>;
}

/**
 * A subscription's life:
 *
 *     pending ──applied──▶ active ──unsubscribe()──▶ ending ──answered──▶ ended
 *        └──unsubscribe()─────────────────────────────▲        refused ────▲
 */
export type SubscriptionState = "pending" | "active" | "ending" | "ended";

/** What the server at the other end of the present socket knows of a subscription. */
export type ServerSide = "unsent" | "sent" | "applied";

/** What a subscription needs of its connection: to be ended on the server, if it is there, and then marked as ended. */
export type EndSubscription = (subscription: LiveSubscription) => void;

export class LiveSubscription implements Subscription {
  readonly querySetId: number;
  readonly queries: readonly string[];
  readonly #callbacks: SubscriptionCallbacks;
  readonly #endSubscription: EndSubscription;
  readonly #report: ErrorReporter;
  readonly #applied = new Deferred<void>();
  readonly #ended = new Deferred<void>();
  #state: SubscriptionState = "pending";
  #error: LightconeError | undefined;
  serverSide: ServerSide = "unsent";

  constructor(
    querySetId: number,
    queries: readonly string[],
    callbacks: SubscriptionCallbacks,
    endSubscription: EndSubscription,
    report: ErrorReporter,
  ) {
    this.querySetId = querySetId;
    this.queries = queries;
    this.#callbacks = callbacks;
    this.#endSubscription = endSubscription;
    this.#report = report;
  }

  get state(): SubscriptionState {
    return this.#state;
  }

  get isActive(): boolean {
    return this.#state === "active";
  }

  get error(): LightconeError | undefined {
    return this.#error;
  }

  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  get applied(): Promise<void> {
    return this.#applied.promise;
  }

  unsubscribe(): Promise<void> {
    if (this.#state === "pending" || this.#state === "active") {
      this.#state = "ending";
      this.#endSubscription(this);
    }
    return this.#ended.promise;
  }

  /** Its rows are in the cache. After a reconnection this comes again, and only the first time counts. */
  markApplied(): void {
    const isFirst = this.#state === "pending";
    if (isFirst) this.#state = "active";
    this.#applied.resolve();
    if (isFirst) this.#guard(this.#callbacks.onApplied);
  }

  /** Its rows are out of the cache, as was asked for. */
  markEnded(): void {
    const reason = new LightconeError("LC_CONNECTION", "unsubscribed before it was applied");
    this.#settle(undefined, reason);
    this.#guard(this.#callbacks.onEnded);
  }

  /** The server does not keep it, or not any more. */
  markFailed(error: LightconeError): void {
    const wasWanted = this.#state !== "ending";
    this.#settle(wasWanted ? error : undefined, error);
    if (wasWanted) this.#guard(() => this.#callbacks.onError?.(error));
    this.#guard(this.#callbacks.onEnded);
  }

  /** The connection is closed for good: that is told by other callbacks. */
  markClosed(error: LightconeError): void {
    this.#settle(error, error);
    this.#guard(this.#callbacks.onEnded);
  }

  /** A transaction changed its rows. */
  tellChange(event: EventContext): void {
    if (this.#state === "active") this.#guard(() => this.#callbacks.onChange?.(event));
  }

  #settle(error: LightconeError | undefined, reasonNotApplied: LightconeError): void {
    this.#state = "ended";
    this.#error = error;
    this.#applied.reject(reasonNotApplied);
    this.#ended.resolve();
  }

  /** Calls a callback; what it throws is reported and stops nothing. */
  #guard(call: (() => void) | undefined): void {
    try {
      call?.();
    } catch (thrown) {
      this.#report(thrown);
    }
  }
}

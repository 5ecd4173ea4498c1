// What one connection subscribes to. Subscriptions outlive sockets: the live ones are sent again over each new one.
import {
  LightconeError,
  type ServerMessage,
  writeSubscribe,
  writeUnsubscribe,
} from "@lightcone/abi";
import type { ErrorReporter, EventContext } from "./event.ts";
import { limit } from "./limit.ts";
import { type Changes, isSilent, type Mirror } from "./mirror.ts";
import type { Send } from "./request.ts";
import type { Resync } from "./resync.ts";
import { LiveSubscription, type Subscription, type SubscriptionCallbacks } from "./subscription.ts";

type MessageOf<Kind extends ServerMessage["kind"]> = Extract<
  ServerMessage,
  { readonly kind: Kind }
>;

type Phase =
  | { readonly kind: "down" }
  | { readonly kind: "up" }
  | { readonly kind: "closed"; readonly error: LightconeError };

export interface SubscriptionsOptions {
  readonly mirror: Mirror;
  readonly resync: Resync;
  readonly send: Send;
  readonly report: ErrorReporter;
  /** Drops the socket, so that the cache is fetched anew. */
  readonly restart: (error: LightconeError) => void;
  /** Rows of an earlier visit have been replaced by the server's. */
  readonly confirmed: () => void;
}

/**
 * Rows of an earlier visit: they may be shown until the first subscription is sent; then its answer is gathered apart, as
 * after a reconnection, and replaces them.
 */
type Cached = "possible" | "shown" | "compared" | "over";

export class Subscriptions {
  readonly #options: SubscriptionsOptions;
  /** Those that have not ended, by the number of their query set. */
  readonly #byId = new Map<number, LiveSubscription>();
  #lastId = 0;
  #phase: Phase = { kind: "down" };
  #cached: Cached = "possible";

  constructor(options: SubscriptionsOptions) {
    this.#options = options;
  }

  /** Throws LC_LIMIT. */
  add(queries: readonly string[], callbacks: SubscriptionCallbacks): Subscription {
    if (this.#byId.size >= limit.subscriptionsMax) {
      const message = `a connection has at most ${limit.subscriptionsMax} subscriptions`;
      throw new LightconeError("LC_LIMIT", message);
    }
    const id = ++this.#lastId;
    const end = (each: LiveSubscription): void => this.#end(each);
    const { report } = this.#options;
    const subscription = new LiveSubscription(id, queries, callbacks, end, report);
    if (this.#phase.kind === "closed") {
      subscription.markClosed(this.#phase.error);
      return subscription;
    }
    this.#byId.set(id, subscription);
    if (this.#phase.kind !== "up") return subscription;
    if (this.#cached === "compared") this.#options.resync.expect(id);
    else this.#compareCached();
    this.#send(subscription);
    return subscription;
  }

  /** Whether rows of an earlier visit are shown from now on: the caller has put them into the mirror if so. */
  showCached(show: () => void): boolean {
    if (this.#cached !== "possible" || this.#phase.kind === "closed") return false;
    show();
    this.#cached = "shown";
    return true;
  }

  // Called before the first subscriptions are sent.
  #compareCached(): void {
    if (this.#cached === "shown") {
      this.#cached = "compared";
      this.#restore();
    } else if (this.#cached === "possible") this.#cached = "over";
  }

  #restore(): void {
    this.#options.mirror.startStaging();
    this.#options.resync.restore([...this.#byId.keys()]);
  }

  // The number of the request is that of the query set: answers name both.
  #send(subscription: LiveSubscription): void {
    const { querySetId, queries } = subscription;
    try {
      this.#options.send((writer) => writeSubscribe(writer, querySetId, querySetId, queries));
      subscription.serverSide = "sent";
    } catch (thrown) {
      if (!(thrown instanceof LightconeError)) throw thrown;
      this.#fail(subscription, thrown);
    }
  }

  #end(subscription: LiveSubscription): void {
    switch (subscription.serverSide) {
      case "unsent":
        this.#byId.delete(subscription.querySetId);
        // Rows it brought over an earlier socket go with the next resynchronisation.
        this.#options.resync.whenSynced(() => subscription.markEnded());
        return;
      case "applied":
        this.#sendUnsubscribe(subscription);
        return;
      case "sent":
        // A refusal may be on its way; then there is nothing to unsubscribe from.
        return;
    }
  }

  #sendUnsubscribe({ querySetId }: LiveSubscription): void {
    this.#options.send((writer) => writeUnsubscribe(writer, querySetId, querySetId, true));
  }

  /** A socket is up. Sends all, and has the cache compared if it was right before. */
  up(isFirst: boolean): void {
    const { resync } = this.#options;
    this.#phase = { kind: "up" };
    const subscriptions = [...this.#byId.values()];
    const hasOnlyCached = this.#cached === "shown" && subscriptions.length === 0;
    if (hasOnlyCached) resync.finish();
    else if (!isFirst) this.#restore();
    if (subscriptions.length > 0) this.#compareCached();
    for (const subscription of subscriptions) this.#send(subscription);
    if (resync.isDue) this.#finishResync();
  }

  /** The socket is gone; the rows stay. */
  down(): void {
    const { resync } = this.#options;
    this.#phase = { kind: "down" };
    resync.lose();
    for (const subscription of this.#byId.values()) {
      subscription.serverSide = "unsent";
      if (subscription.state === "ending") this.#end(subscription);
    }
  }

  /** The connection is closed for good. */
  close(error: LightconeError): void {
    this.#phase = { kind: "closed", error };
    const subscriptions = [...this.#byId.values()];
    this.#byId.clear();
    for (const subscription of subscriptions) subscription.markClosed(error);
  }

  #get(querySetId: number): LiveSubscription {
    const subscription = this.#byId.get(querySetId);
    if (subscription !== undefined) return subscription;
    const message = `the server speaks of the query set ${querySetId}, which does not exist`;
    throw new LightconeError("LC_FRAME_INVALID", message);
  }

  /** Throws, as the others do, LC_FRAME_INVALID or what the mirror throws. */
  applied({ querySetId, tables }: MessageOf<"subscribeApplied">): void {
    const { mirror, resync } = this.#options;
    const subscription = this.#get(querySetId);
    if (subscription.serverSide !== "sent") throw outOfTurn("SubscribeApplied", querySetId);
    const changes = mirror.addRows(tables);
    subscription.serverSide = "applied";
    if (subscription.state === "ending") this.#sendUnsubscribe(subscription);
    resync.whenSynced(() => {
      mirror.notify(changes, { kind: "subscribed" });
      subscription.markApplied();
    });
    this.#answered(querySetId);
  }

  unsubscribed({ querySetId, tables }: MessageOf<"unsubscribeApplied">): void {
    const { mirror, resync } = this.#options;
    const subscription = this.#get(querySetId);
    const isDue = subscription.state === "ending" && subscription.serverSide === "applied";
    if (!isDue || tables === undefined) throw outOfTurn("UnsubscribeApplied", querySetId);
    const changes = mirror.removeRows(tables);
    this.#byId.delete(querySetId);
    resync.whenSynced(() => {
      mirror.notify(changes, { kind: "unsubscribed" });
      subscription.markEnded();
    });
  }

  failed({ querySetId, requestId, error: text }: MessageOf<"subscriptionError">): void {
    const subscription = this.#get(querySetId);
    const error = new LightconeError("LC_SUBSCRIPTION", text);
    // A set that fails later is gone together with its rows, which the server does not send. To find out what is left,
    // the others are fetched anew.
    const hasRows = requestId === undefined || subscription.serverSide === "applied";
    this.#fail(subscription, error);
    if (hasRows) this.#options.restart(error);
  }

  #fail(subscription: LiveSubscription, error: LightconeError): void {
    this.#byId.delete(subscription.querySetId);
    subscription.markFailed(error);
    this.#answered(subscription.querySetId);
  }

  #answered(querySetId: number): void {
    const { resync } = this.#options;
    resync.answered(querySetId);
    if (resync.isDue) this.#finishResync();
  }

  #finishResync(): void {
    const { mirror, resync } = this.#options;
    const differences = mirror.finishStaging();
    resync.finish(() => {
      this.tell(differences, { kind: "reconnected" }, [...this.#byId.keys()]);
      if (this.#cached !== "compared") return;
      this.#cached = "over";
      this.#options.confirmed();
    });
  }

  /** Passes on what changed: to the callbacks of rows, of tables and of these query sets, in that order. */
  tell(changes: Changes, event: EventContext, querySetIds: readonly number[]): void {
    this.#options.mirror.notify(changes, event);
    if (isSilent(changes)) return;
    for (const id of querySetIds) this.#byId.get(id)?.tellChange(event);
  }
}

function outOfTurn(message: string, querySetId: number): LightconeError {
  return new LightconeError(
    "LC_FRAME_INVALID",
    `the server sent ${message} for the query set ${querySetId} out of turn`,
  );
}

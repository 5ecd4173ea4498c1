// Which query sets need which instances of views: an instance that nobody needs may be given up after a while.
import type { Subscriber } from "../../subscription/registry.ts";
import type { ViewInstance } from "./views.ts";

export class ViewHolders {
  readonly #bySubscriber = new Map<Subscriber, Map<number, readonly ViewInstance[]>>();

  /** A query set needs these. */
  add(subscriber: Subscriber, querySetId: number, instances: readonly ViewInstance[]): void {
    if (instances.length === 0) return;
    let sets = this.#bySubscriber.get(subscriber);
    if (sets === undefined) {
      sets = new Map();
      this.#bySubscriber.set(subscriber, sets);
    }
    sets.set(querySetId, instances);
    for (const instance of instances) instance.holderCount++;
  }

  /** A query set has ended. */
  remove(subscriber: Subscriber, querySetId: number, nowMillis: number): void {
    const sets = this.#bySubscriber.get(subscriber);
    const instances = sets?.get(querySetId);
    if (sets === undefined || instances === undefined) return;
    for (const instance of instances) {
      instance.holderCount--;
      instance.lastUsedMillis = nowMillis;
    }
    sets.delete(querySetId);
    if (sets.size === 0) this.#bySubscriber.delete(subscriber);
  }

  /** A client is gone. */
  removeAll(subscriber: Subscriber, nowMillis: number): void {
    const sets = this.#bySubscriber.get(subscriber);
    if (sets === undefined) return;
    for (const querySetId of sets.keys()) this.remove(subscriber, querySetId, nowMillis);
  }
}

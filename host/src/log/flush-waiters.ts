// Those who wait until a transaction is durable.
import type { LightconeError } from "@lightcone/abi";

interface Waiter {
  readonly offset: number;
  readonly resolve: () => void;
  readonly reject: (error: LightconeError) => void;
}

/** Promises for offsets of a log. */
export class FlushWaiters {
  #waiters: Waiter[] = [];

  /** Settles as `settle` or `fail` is told. */
  async wait(offset: number): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      this.#waiters.push({ offset, resolve, reject });
    });
  }

  /** Resolves the promises for offsets up to and including `durableOffset`. */
  settle(durableOffset: number): void {
    const waiters = this.#waiters;
    this.#waiters = waiters.filter((waiter) => waiter.offset > durableOffset);
    for (const waiter of waiters) if (waiter.offset <= durableOffset) waiter.resolve();
  }

  /** Rejects all that are left. */
  fail(error: LightconeError): void {
    for (const waiter of this.#waiters.splice(0)) waiter.reject(error);
  }
}

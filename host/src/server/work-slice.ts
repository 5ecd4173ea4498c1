// A thread that has messages without end must look at other things, too: that a sync has ended, that a timer is due. The port
// hands out messages for as long as there are any.
import type { Clock } from "../base/clock.ts";
import { limit } from "../base/limit.ts";

export class WorkSlice {
  readonly #clock: Clock;
  /** 0 before the first work of a turn of the event loop. */
  #endsAtMillis = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether this turn of the event loop has done enough. */
  isOver(): boolean {
    const now = this.#clock.nowMillis();
    if (this.#endsAtMillis > 0) return now >= this.#endsAtMillis;
    this.#endsAtMillis = now + limit.workSliceMillis;
    setImmediate(() => {
      this.#endsAtMillis = 0;
    });
    return false;
  }

  /** Resolves in the next turn. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}

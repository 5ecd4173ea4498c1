// The time of calls: read from the clock once a turn, and never the same twice, since guests seed their random numbers
// with it (runtime.md section 3).
import type { Clock } from "./clock.ts";

/** Timestamps run ahead of the clock by a microsecond a call; more than this is a clock that was set back. */
const stepBackMicros = 1_000_000;

/** Hands out timestamps that rise by at least a microsecond from call to call. */
export class CallClock {
  readonly #clock: Clock;
  /** Microseconds as a number: exact until the year 2255. */
  #now = 0;
  #last = 0;
  #isRead = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The turn is over: the next timestamp asks the clock again. */
  endTurn(): void {
    this.#isRead = false;
  }

  /** The timestamp of the next call. */
  next(): bigint {
    if (!this.#isRead) {
      this.#now = Number(this.#clock.nowMicros());
      this.#isRead = true;
      // Someone set the clock back: it is followed, at the price of timestamps that come again.
      if (this.#now + stepBackMicros < this.#last) this.#last = 0;
    }
    this.#last = Math.max(this.#now, this.#last + 1);
    return BigInt(this.#last);
  }
}

// The time of calls: read from the clock once a turn, and never the same twice, since guests seed their random numbers
// with it (runtime.md section 3).
import type { Clock } from "./clock.ts";

/** Timestamps run ahead of the clock by a microsecond a call; more than this is a clock that was set back. */
const stepBackMicros = 1_000_000n;

/** Hands out timestamps that rise by at least a microsecond from call to call. */
export class CallClock {
  readonly #clock: Clock;
  #last = 0n;
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
    // Adding to a bigint is much quicker than making one from a number.
    if (this.#isRead) return (this.#last += 1n);
    this.#isRead = true;
    const now = this.#clock.nowMicros();
    const next = this.#last + 1n;
    // A clock that someone set back is followed, at the price of timestamps that come again.
    this.#last = now > next || now + stepBackMicros < this.#last ? now : next;
    return this.#last;
  }
}

// Being woken later, as a parameter: the only place that asks the machine for it.
import { limit } from "./limit.ts";
import type { ManualClock } from "./clock.ts";

/** Takes a wake-up back; without effect once it has come. */
export type CancelTimer = () => void;

/** Handed down, so that a test decides when something happens. */
export interface Timers {
  /**
   * Calls `run` once, in a later turn, about `delayMicros` from now; 0 or less is the next turn. It may come early, as limits
   * and the machine's clock have it: whoever is woken looks at its own clock.
   */
  after(delayMicros: number, run: () => void): CancelTimer;
}

/** The machine's timers. One that sleeps does not keep a process alive. */
export const systemTimers: Timers = {
  after(delayMicros, run) {
    const millis = Math.min(Math.floor(delayMicros / 1000), limit.timerMillisMax);
    // The machine counts whole milliseconds: what is closer is waited for turn by turn.
    if (millis < 1) {
      const immediate = setImmediate(run);
      return () => {
        clearImmediate(immediate);
      };
    }
    const timer = setTimeout(run, millis);
    timer.unref();
    return () => {
      clearTimeout(timer);
    };
  },
};

interface Waiting {
  readonly micros: bigint;
  readonly run: () => void;
}

/** Timers by a clock that is moved by hand: for tests. */
export class ManualTimers implements Timers {
  readonly #clock: ManualClock;
  /** In the order of their asking. */
  readonly #waiting = new Set<Waiting>();

  constructor(clock: ManualClock) {
    this.#clock = clock;
  }

  after(delayMicros: number, run: () => void): CancelTimer {
    const delay = BigInt(Math.max(0, Math.ceil(delayMicros)));
    const waiting = { micros: this.#clock.nowMicros() + delay, run };
    this.#waiting.add(waiting);
    return () => {
      this.#waiting.delete(waiting);
    };
  }

  /** How many wake-ups are to come. */
  get count(): number {
    return this.#waiting.size;
  }

  /** When the first of them comes, by the clock's calendar. */
  get nextMicros(): bigint | undefined {
    return this.#first()?.micros;
  }

  /** Lets time pass, and wakes whoever is to be woken meanwhile, each at its time. */
  advance(micros: bigint): void {
    const end = this.#clock.nowMicros() + micros;
    for (;;) {
      const next = this.#first();
      if (next === undefined || next.micros > end) break;
      this.#waiting.delete(next);
      this.#moveTo(next.micros);
      next.run();
    }
    this.#moveTo(end);
  }

  #first(): Waiting | undefined {
    let first: Waiting | undefined;
    for (const each of this.#waiting) {
      if (first === undefined || each.micros < first.micros) first = each;
    }
    return first;
  }

  /** What runs may itself have moved the clock past the time. */
  #moveTo(micros: bigint): void {
    const delay = micros - this.#clock.nowMicros();
    if (delay > 0n) this.#clock.advance(delay);
  }
}

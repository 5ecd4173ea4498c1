// Time, as a parameter: the only place that asks the machine for it.

/** What the host knows of time. Handed down, so that a test or a replay decides what time it is. */
export interface Clock {
  /** Microseconds since the Unix epoch. May step when the machine's clock is set. */
  nowMicros(): bigint;
  /**
   * Milliseconds, with a fraction, since an arbitrary point; never goes back. For durations only.
   */
  nowMillis(): number;
}

/** How far the fine clock may stray from the machine's calendar clock before it is set anew. */
const driftMillisMax = 2;

/** The machine's clock. */
class SystemClock implements Clock {
  // The calendar clock counts whole milliseconds. Adding a shift to the monotonic one gives
  // microseconds; the shift is taken anew whenever the two disagree, so that a clock set by hand or
  // by NTP is followed.
  #shiftMillis = Date.now() - performance.now();

  nowMicros(): bigint {
    const coarse = Date.now();
    let fine = performance.now() + this.#shiftMillis;
    if (Math.abs(fine - coarse) > driftMillisMax) {
      this.#shiftMillis += coarse - fine;
      fine = coarse;
    }
    return BigInt(Math.floor(fine * 1000));
  }

  nowMillis(): number {
    return performance.now();
  }
}

/** The one clock of a running host. */
export const systemClock: Clock = new SystemClock();

/** A clock that stands still until it is told to move: for tests and replays. */
export class ManualClock implements Clock {
  #micros: bigint;
  #elapsedMicros = 0n;

  constructor(micros = 0n) {
    this.#micros = micros;
  }

  nowMicros(): bigint {
    return this.#micros;
  }

  nowMillis(): number {
    return Number(this.#elapsedMicros) / 1000;
  }

  /** Lets `micros` microseconds pass, at least 0. */
  advance(micros: bigint): void {
    if (micros < 0n) throw new RangeError("time does not go back; set the calendar with `set`");
    this.#micros += micros;
    this.#elapsedMicros += micros;
  }

  /** Sets the calendar, forth or back, as an operator would; durations do not notice. */
  set(micros: bigint): void {
    this.#micros = micros;
  }
}

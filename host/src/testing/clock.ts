// Time as a test lets it pass. Whatever a module has scheduled runs on the way, each call at its time and in order.
import { LightconeError, TimeDuration, Timestamp } from "@lightcone/abi";
import { ManualClock } from "../base/clock.ts";
import { ManualTimers } from "../base/timers.ts";

/** More wake-ups than this at one and the same time are a module that schedules itself without end. */
const wakeCountMax = 100_000;

/** When tests begin if they do not say: 2025-01-01T00:00:00Z. */
export const defaultStart: Timestamp = new Timestamp(1_735_689_600_000_000n);

export class TestClock {
  readonly #clock: ManualClock;
  readonly #timers: ManualTimers;
  readonly #settle: () => Promise<void>;

  /** `settle` resolves once all that runs by now has come to a rest. */
  constructor(start: Timestamp, settle: () => Promise<void>) {
    this.#clock = new ManualClock(start.micros);
    this.#timers = new ManualTimers(this.#clock);
    this.#settle = settle;
  }

  /** For the engine. */
  get engineClock(): ManualClock {
    return this.#clock;
  }

  /** For the engine. */
  get engineTimers(): ManualTimers {
    return this.#timers;
  }

  /** What time it is to the module. Each call takes a microsecond, so that no two have the same time. */
  now(): Timestamp {
    return new Timestamp(this.#clock.nowMicros());
  }

  /** Lets time pass: milliseconds, or a duration. Resolves when all that became due has run. */
  async advance(by: number | TimeDuration): Promise<void> {
    const { micros } = typeof by === "number" ? TimeDuration.fromMillis(by) : by;
    if (micros < 0n) {
      throw new LightconeError("LC_VALUE_INVALID", "time does not go back: use clock.set");
    }
    await this.#advanceTo(this.#clock.nowMicros() + micros);
  }

  /** Goes to a point in time: forth as `advance` does; back as somebody sets a machine's clock, which runs nothing. */
  async set(to: Date | Timestamp): Promise<void> {
    const { micros } = to instanceof Timestamp ? to : Timestamp.fromDate(to);
    if (micros >= this.#clock.nowMicros()) await this.#advanceTo(micros);
    else this.#clock.set(micros);
  }

  async #advanceTo(end: bigint): Promise<void> {
    let last = -1n;
    let count = 0;
    for (;;) {
      // What ran may have asked to be woken on the way.
      await this.#settle();
      const next = this.#timers.nextMicros;
      if (next === undefined || next > end) break;
      const now = this.#clock.nowMicros();
      count = now === last ? count + 1 : 0;
      last = now;
      if (count > wakeCountMax) {
        const text = `the module is woken over ${wakeCountMax} times at ${now} µs: time cannot pass`;
        throw new LightconeError("LC_LIMIT", text);
      }
      this.#timers.advance(next > now ? next - now : 0n);
    }
    const rest = end - this.#clock.nowMicros();
    if (rest > 0n) this.#timers.advance(rest);
    await this.#settle();
  }
}

// Wakes a database when its schedules want it. One wake-up is under way at most.
import type { Clock } from "../base/clock.ts";
import type { CancelTimer, Timers } from "../base/timers.ts";

export class Alarm {
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #onWake: () => void;
  #wakeMicros = Infinity;
  #cancel: CancelTimer | undefined;

  constructor(clock: Clock, timers: Timers, onWake: () => void) {
    this.#clock = clock;
    this.#timers = timers;
    this.#onWake = onWake;
  }

  /**
   * Sets the alarm, in place of what it was set to: microseconds since the Unix epoch, infinity for never. It may ring early;
   * it has to be set anew each time.
   */
  set(wakeMicros: number): void {
    // Nearly every turn asks for what is set.
    if (wakeMicros === this.#wakeMicros) return;
    this.#cancel?.();
    this.#cancel = undefined;
    this.#wakeMicros = wakeMicros;
    if (wakeMicros === Infinity) return;
    const delayMicros = wakeMicros - Number(this.#clock.nowMicros());
    this.#cancel = this.#timers.after(Math.max(0, delayMicros), () => {
      this.#wakeMicros = Infinity;
      this.#cancel = undefined;
      this.#onWake();
    });
  }
}

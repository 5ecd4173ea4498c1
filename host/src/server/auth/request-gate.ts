// Keeps down how many things of a kind begin: so many at once, so many a minute.
import type { Clock } from "../../base/clock.ts";

export class RequestGate {
  readonly #atOnceMax: number;
  readonly #perMinuteMax: number;
  readonly #clock: Clock;
  #underWay = 0;
  /** How many may begin now; grows back with time. */
  #left: number;
  #countedMillis: number;

  constructor(atOnceMax: number, perMinuteMax: number, clock: Clock) {
    this.#atOnceMax = atOnceMax;
    this.#perMinuteMax = perMinuteMax;
    this.#clock = clock;
    this.#left = perMinuteMax;
    this.#countedMillis = clock.nowMillis();
  }

  /** Whether one more may begin; then `leave` must follow its end. */
  enter(): boolean {
    const now = this.#clock.nowMillis();
    const gained = ((now - this.#countedMillis) / 60_000) * this.#perMinuteMax;
    this.#left = Math.min(this.#perMinuteMax, this.#left + gained);
    this.#countedMillis = now;
    if (this.#underWay >= this.#atOnceMax || this.#left < 1) return false;
    this.#left -= 1;
    this.#underWay += 1;
    return true;
  }

  leave(): void {
    this.#underWay -= 1;
  }
}

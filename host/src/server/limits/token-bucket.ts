// A right to so much a second, with a store for a rush.

export class TokenBucket {
  readonly #perMilli: number;
  readonly #capacity: number;
  #tokens: number;
  #filledAtMillis: number;

  /** Full at first: `capacity` may be taken at once, `perSecond` in the long run; both above 0. */
  constructor(perSecond: number, capacity: number, nowMillis: number) {
    this.#perMilli = perSecond / 1000;
    this.#capacity = capacity;
    this.#tokens = capacity;
    this.#filledAtMillis = nowMillis;
  }

  #fill(nowMillis: number): void {
    const gained = (nowMillis - this.#filledAtMillis) * this.#perMilli;
    this.#tokens = Math.min(this.#capacity, this.#tokens + gained);
    this.#filledAtMillis = nowMillis;
  }

  /** Takes `count` if that many are there. */
  take(count: number, nowMillis: number): boolean {
    this.#fill(nowMillis);
    if (this.#tokens < count) return false;
    this.#tokens -= count;
    return true;
  }

  /** Takes what has been used already; false if that was more than there was. The debt stays. */
  spend(count: number, nowMillis: number): boolean {
    this.#fill(nowMillis);
    this.#tokens -= count;
    return this.#tokens >= 0;
  }

  /** Whole seconds until `count` can be taken, at least 1. */
  secondsUntil(count: number, nowMillis: number): number {
    this.#fill(nowMillis);
    const missing = Math.min(count, this.#capacity) - this.#tokens;
    return Math.max(1, Math.ceil(missing / this.#perMilli / 1000));
  }

  /** Whether it is as one that was never used. */
  isFull(nowMillis: number): boolean {
    this.#fill(nowMillis);
    return this.#tokens >= this.#capacity;
  }
}

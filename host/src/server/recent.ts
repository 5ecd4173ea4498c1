// A map that remembers the entries last used, up to a number.

export class RecentMap<Key, Value> {
  // A Map keeps the order of insertion: the entry used longest ago comes first.
  readonly #entries = new Map<Key, Value>();
  readonly #countMax: number;

  /** `countMax` is at least 1. */
  constructor(countMax: number) {
    this.#countMax = countMax;
  }

  get count(): number {
    return this.#entries.size;
  }

  /** The value of `key`, which now counts as just used. */
  get(key: Key): Value | undefined {
    const value = this.#entries.get(key);
    if (value === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, value);
    return value;
  }

  set(key: Key, value: Value): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size <= this.#countMax) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      return;
    }
  }
}

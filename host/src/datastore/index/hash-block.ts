// Some rows on their way into a hash index that is being built, put together by the segment they go to.
//
//   entries   [ hash | row ] …

/** Words of an entry. */
export const entryFields = 2;

export class HashBlock {
  readonly #entries: Int32Array;
  readonly #sorted: Int32Array;
  readonly #places: Int32Array;
  /** How many last bits of a hash do not say which segment, less one: shifts by 32 would be by 0. */
  readonly #shift: number;
  #count = 0;

  /** `depth`: how many first bits of a hash say which segment. */
  constructor(capacity: number, depth: number) {
    this.#entries = new Int32Array(capacity * entryFields);
    this.#sorted = new Int32Array(capacity * entryFields);
    this.#places = new Int32Array((1 << depth) + 1);
    this.#shift = 31 - depth;
  }

  get count(): number {
    return this.#count;
  }

  get isFull(): boolean {
    return this.#count * entryFields === this.#entries.length;
  }

  clear(): void {
    this.#count = 0;
  }

  push(hash: number, row: number): void {
    const at = this.#count * entryFields;
    this.#entries[at] = hash;
    this.#entries[at + 1] = row;
    this.#count++;
  }

  /** The entries by segment; those of one segment in the order they came in. Valid until the next call. */
  sorted(): Int32Array {
    const entries = this.#entries;
    const sorted = this.#sorted;
    const places = this.#places.fill(0);
    const end = this.#count * entryFields;
    for (let at = 0; at < end; at += entryFields) {
      const next = this.#segmentOf(entries[at] as number) + 1;
      places[next] = (places[next] as number) + entryFields;
    }
    for (let i = 1; i < places.length; i++) {
      places[i] = (places[i] as number) + (places[i - 1] as number);
    }
    for (let at = 0; at < end; at += entryFields) {
      const segment = this.#segmentOf(entries[at] as number);
      const place = places[segment] as number;
      places[segment] = place + entryFields;
      for (let i = 0; i < entryFields; i++) sorted[place + i] = entries[at + i] as number;
    }
    return sorted;
  }

  #segmentOf(hash: number): number {
    return (hash >>> 1) >>> this.#shift;
  }
}

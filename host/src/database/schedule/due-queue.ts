// What is due first: a binary heap whose entries know their places, so that any of them can be moved or taken out.
import { assert } from "@lightcone/abi";

/** An entry of the queue. Only the queue writes these fields. */
export interface Queued {
  /** Microseconds since the Unix epoch. */
  dueMicros: number;
  /** Among entries that are due at once, the one that was added first comes first. */
  order: number;
  /** Place in the heap; -1 outside of it. */
  position: number;
}

/** A priority queue of entries by their due time. Adding, moving and removing take logarithmic time. */
export class DueQueue<T extends Queued> {
  readonly #heap: T[] = [];
  #lastOrder = 0;

  get size(): number {
    return this.#heap.length;
  }

  /** What is due first. */
  get first(): T | undefined {
    return this.#heap[0];
  }

  /** Adds an entry, or moves it if it is in the queue already. */
  set(entry: T, dueMicros: number): void {
    this.remove(entry);
    entry.dueMicros = dueMicros;
    entry.order = ++this.#lastOrder;
    this.#rise(entry, this.#heap.length);
  }

  /** Takes an entry out; without effect if it is not in the queue. */
  remove(entry: T): void {
    const hole = entry.position;
    if (hole < 0) return;
    assert(this.#heap[hole] === entry, "an entry is in another queue");
    entry.position = -1;
    const last = this.#heap.pop() as T;
    if (last === entry) return;
    // The last entry may belong above the hole as well as below it.
    this.#rise(last, hole);
    this.#sink(last, last.position);
  }

  clear(): void {
    for (const entry of this.#heap) entry.position = -1;
    this.#heap.length = 0;
  }

  #place(entry: T, position: number): void {
    this.#heap[position] = entry;
    entry.position = position;
  }

  /** Puts an entry at or above a place that is free. */
  #rise(entry: T, from: number): void {
    let position = from;
    while (position > 0) {
      const parentPosition = (position - 1) >> 1;
      const parent = this.#heap[parentPosition] as T;
      if (!isBefore(entry, parent)) break;
      this.#place(parent, position);
      position = parentPosition;
    }
    this.#place(entry, position);
  }

  #sink(entry: T, from: number): void {
    let position = from;
    for (;;) {
      const leftPosition = 2 * position + 1;
      const left = this.#heap[leftPosition];
      if (left === undefined) break;
      const right = this.#heap[leftPosition + 1];
      const child = right !== undefined && isBefore(right, left) ? right : left;
      if (!isBefore(child, entry)) break;
      const childPosition = child.position;
      this.#place(child, position);
      position = childPosition;
    }
    this.#place(entry, position);
  }
}

function isBefore(a: Queued, b: Queued): boolean {
  return a.dueMicros < b.dueMicros || (a.dueMicros === b.dueMicros && a.order < b.order);
}

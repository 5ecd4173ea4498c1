// A set of row ids as bits: so small that it stays near the processor where a byte for each row would not.
import type { RowIds } from "./ids.ts";

const wordShift = 5;
const bitMask = 31;
const allBits = -1;

/** Ids below `capacity` can be members. */
export class RowBits {
  #words: Int32Array = new Int32Array(2);

  get capacity(): number {
    return this.#words.length << wordShift;
  }

  /** Makes room for `row`. */
  ensure(row: number): void {
    if (row < this.capacity) return;
    const needed = (row >>> wordShift) + 1;
    const next = new Int32Array(Math.max(this.#words.length * 2, needed));
    next.set(this.#words);
    this.#words = next;
  }

  has(row: number): boolean {
    return ((this.#words[row >>> wordShift] as number) & (1 << (row & bitMask))) !== 0;
  }

  add(row: number): void {
    const at = row >>> wordShift;
    this.#words[at] = (this.#words[at] as number) | (1 << (row & bitMask));
  }

  remove(row: number): void {
    const at = row >>> wordShift;
    this.#words[at] = (this.#words[at] as number) & ~(1 << (row & bitMask));
  }

  /** Takes all members out. `rows` has each of them. */
  clear(rows: RowIds): void {
    const words = this.#words;
    for (let i = 0; i < rows.count; i++) words[rows.at(i) >>> wordShift] = 0;
  }

  /** How many members there are. */
  get count(): number {
    let count = 0;
    for (const word of this.#words) {
      // Bits are added up in pairs, then in fours, then in bytes, which the product sums.
      const pairs = word - ((word >>> 1) & 0x55555555);
      const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
      count += Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
    }
    return count;
  }

  /** The least member not below `row`, or -1. */
  next(row: number): number {
    return this.#seek(row, 0, this.#words.length);
  }

  /** The least id from `row` to `limit` that is no member, or `limit`. */
  end(row: number, limit: number): number {
    const wordCount = Math.min(this.#words.length, (limit + bitMask) >>> wordShift);
    const end = this.#seek(row, allBits, wordCount);
    return end < 0 ? Math.max(row, Math.min(limit, this.capacity)) : Math.min(end, limit);
  }

  copy(): RowBits {
    const copy = new RowBits();
    copy.#words = this.#words.slice();
    return copy;
  }

  /** Bytes that hold the bits of ids below `limit`. */
  static bytesFor(limit: number): number {
    return Math.ceil(limit / 32) * 4;
  }

  /** The bits of ids below `limit`, lowest first, as whole words. */
  bytesBelow(limit: number): Uint8Array {
    this.ensure(limit);
    return new Uint8Array(this.#words.buffer, 0, RowBits.bytesFor(limit)).slice();
  }

  /** Takes what `bytesBelow` gave; bits beyond `limit` do not count. */
  setBytes(bytes: Uint8Array, limit: number): void {
    this.#words = new Int32Array(2);
    this.ensure(limit);
    new Uint8Array(this.#words.buffer).set(bytes);
    for (let row = limit; row < bytes.length * 8; row++) this.remove(row);
  }

  /** The least id not below `row`, and within the first `wordCount` words, whose bit differs from those of `passed`. */
  #seek(row: number, passed: number, wordCount: number): number {
    const words = this.#words;
    let at = row >>> wordShift;
    if (at >= wordCount) return -1;
    let rest = ((words[at] as number) ^ passed) & (allBits << (row & bitMask));
    while (rest === 0) {
      if (++at === wordCount) return -1;
      rest = (words[at] as number) ^ passed;
    }
    return (at << wordShift) + (bitMask - Math.clz32(rest & -rest));
  }
}

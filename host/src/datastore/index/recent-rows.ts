// Rows that a B-tree found lately, by key words: a call reads a row by its key, then updates it by the same key, and some
// keys are asked for far more often than others. Saves the way down the tree.
import type { KeyWords } from "../key.ts";

const slotBits = 8;

/** Only for keys whose words are exact. One row for each slot; a newer one takes the place of an older one. */
export class RecentRows {
  readonly #high = new Int32Array(1 << slotBits);
  readonly #low = new Int32Array(1 << slotBits);
  /** The row plus one; 0 where there is none. */
  readonly #row = new Int32Array(1 << slotBits);

  #slotOf(words: KeyWords): number {
    return Math.imul(words.high ^ Math.imul(words.low, 31), 0x9e3779b1) >>> (32 - slotBits);
  }

  /** A row with that key that is in the tree, or -1 if none is known here. */
  find(words: KeyWords): number {
    const slot = this.#slotOf(words);
    const isSame = this.#high[slot] === words.high && this.#low[slot] === words.low;
    return isSame ? (this.#row[slot] as number) - 1 : -1;
  }

  keep(words: KeyWords, row: number): void {
    const slot = this.#slotOf(words);
    this.#high[slot] = words.high;
    this.#low[slot] = words.low;
    this.#row[slot] = row + 1;
  }

  /** Must be told of each row that leaves the tree. */
  forget(words: KeyWords, row: number): void {
    const slot = this.#slotOf(words);
    if (this.#row[slot] === row + 1) this.#row[slot] = 0;
  }
}

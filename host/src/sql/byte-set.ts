// Distinct rows, told by their bytes.
import { bytesEqual, hashBytes } from "../datastore/key.ts";
import { ByteRows } from "./byte-rows.ts";

const none = -1;

export class ByteSet {
  readonly rows: ByteRows = new ByteRows();
  /** By row. */
  #hashes: Int32Array = new Int32Array(256);
  /** Row numbers, open addressing. Half of them are free at least. */
  #slots: Int32Array = new Int32Array(512).fill(none);

  /** The number of the equal row, which is the count that there was if the row is new. Throws LC_LIMIT. */
  add(bytes: Uint8Array, start: number, end: number): number {
    const hash = hashBytes(bytes, start, end);
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    for (let row = this.#slots[slot] as number; row !== none; row = this.#slots[slot] as number) {
      if (this.#hashes[row] === hash && this.#equals(row, bytes, start, end)) return row;
      slot = (slot + 1) & mask;
    }
    const row = this.rows.push(bytes, start, end);
    if (row === this.#hashes.length) this.#grow();
    this.#hashes[row] = hash;
    if (row * 2 >= this.#slots.length) this.#rehash();
    else this.#slots[slot] = row;
    return row;
  }

  #equals(row: number, bytes: Uint8Array, start: number, end: number): boolean {
    const { rows } = this;
    return bytesEqual(bytes, start, end, rows.page(row), rows.start(row), rows.end(row));
  }

  #grow(): void {
    const hashes = this.#hashes;
    this.#hashes = new Int32Array(hashes.length * 2);
    this.#hashes.set(hashes);
  }

  #rehash(): void {
    const mask = this.#slots.length * 2 - 1;
    this.#slots = new Int32Array(mask + 1).fill(none);
    for (let row = 0; row < this.rows.count; row++) {
      let slot = (this.#hashes[row] as number) & mask;
      while (this.#slots[slot] !== none) slot = (slot + 1) & mask;
      this.#slots[slot] = row;
    }
  }
}

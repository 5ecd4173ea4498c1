// A hash index: open addressing over typed arrays, no object for any entry.
//
//   hashes          [ h | h | - | h … ]     the hash of the key in the slot
//   heads           [ r+1 | … | 0 | … ]     a row with that key, plus one; 0 is an empty slot
//   next, previous  by row id               other rows with the same key, plus one; only where keys may repeat
//
// Keys are equal where their bytes are: float columns, whose equal values may differ in bytes, get a B-tree instead.
import { assert } from "@lightcone/abi";
import { bytesEqual, hashBytes } from "../key.ts";
import type { RowIds } from "../rows/ids.ts";
import type { Cut, Index, IndexKey } from "./contract.ts";

const slotCountMin = 16;

export class HashIndex implements Index {
  readonly key: IndexKey;
  readonly isOrdered = false;
  readonly #isUnique: boolean;
  #hashes: Int32Array = new Int32Array(slotCountMin);
  #heads: Int32Array = new Int32Array(slotCountMin);
  #mask: number = slotCountMin - 1;
  #keyCount = 0;
  #next: Int32Array = new Int32Array(0);
  #previous: Int32Array = new Int32Array(0);

  constructor(key: IndexKey, isUnique: boolean) {
    this.key = key;
    this.#isUnique = isUnique;
  }

  add(row: number): void {
    const { bytes, start, end } = this.key.loadProbe(row);
    const hash = hashBytes(bytes, start, end);
    const slot = this.#slotOf(hash, bytes, start, end);
    if (slot >= 0) {
      assert(!this.#isUnique, "a unique key entered a hash index twice");
      this.#link(row, slot);
      return;
    }
    if ((this.#keyCount + 1) * 4 > (this.#mask + 1) * 3) this.#grow();
    this.#place(hash, row + 1);
    this.#keyCount++;
    if (!this.#isUnique) this.#setChain(row, 0, 0);
  }

  remove(row: number): void {
    const { bytes, start, end } = this.key.loadProbe(row);
    const slot = this.#slotOf(hashBytes(bytes, start, end), bytes, start, end);
    assert(slot >= 0, "a row to be removed is not in the hash index");
    if (!this.#isUnique && !this.#unlink(row, slot)) return;
    this.#keyCount--;
    this.#vacate(slot);
  }

  find(bytes: Uint8Array, start: number, end: number): number {
    const slot = this.#slotOf(hashBytes(bytes, start, end), bytes, start, end);
    return slot < 0 ? -1 : (this.#heads[slot] as number) - 1;
  }

  scanPoint(bytes: Uint8Array, start: number, end: number, found: RowIds): void {
    let row = this.find(bytes, start, end);
    while (row >= 0) {
      found.push(row);
      row = this.#isUnique ? -1 : (this.#next[row] as number) - 1;
    }
  }

  scanRange(_lower: Cut, _upper: Cut, _found: RowIds): void {
    assert(false, "a hash index has no order");
  }

  /** The slot that holds the key, or -1. */
  #slotOf(hash: number, bytes: Uint8Array, start: number, end: number): number {
    for (let slot = hash & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const head = this.#heads[slot] as number;
      if (head === 0) return -1;
      if (this.#hashes[slot] !== hash) continue;
      const other = this.key.load(head - 1);
      if (bytesEqual(other.bytes, other.start, other.end, bytes, start, end)) return slot;
    }
  }

  #place(hash: number, head: number): void {
    let slot = hash & this.#mask;
    while (this.#heads[slot] !== 0) slot = (slot + 1) & this.#mask;
    this.#hashes[slot] = hash;
    this.#heads[slot] = head;
  }

  #grow(): void {
    const hashes = this.#hashes;
    const heads = this.#heads;
    this.#mask = heads.length * 2 - 1;
    this.#hashes = new Int32Array(heads.length * 2);
    this.#heads = new Int32Array(heads.length * 2);
    for (let slot = 0; slot < heads.length; slot++) {
      const head = heads[slot] as number;
      if (head !== 0) this.#place(hashes[slot] as number, head);
    }
  }

  /** Empties a slot and moves later entries of its run back, so that no search stops too early. */
  #vacate(slot: number): void {
    let hole = slot;
    for (let at = (slot + 1) & this.#mask; this.#heads[at] !== 0; at = (at + 1) & this.#mask) {
      const home = (this.#hashes[at] as number) & this.#mask;
      if (((at - home) & this.#mask) < ((at - hole) & this.#mask)) continue;
      this.#hashes[hole] = this.#hashes[at] as number;
      this.#heads[hole] = this.#heads[at] as number;
      hole = at;
    }
    this.#heads[hole] = 0;
  }

  #setChain(row: number, next: number, previous: number): void {
    if (row >= this.#next.length) {
      const capacity = Math.max(64, (row + 1) * 2);
      const grownNext = new Int32Array(capacity);
      grownNext.set(this.#next);
      this.#next = grownNext;
      const grownPrevious = new Int32Array(capacity);
      grownPrevious.set(this.#previous);
      this.#previous = grownPrevious;
    }
    this.#next[row] = next;
    this.#previous[row] = previous;
  }

  /** Puts `row` behind the head of its key's chain. */
  #link(row: number, slot: number): void {
    const head = (this.#heads[slot] as number) - 1;
    const second = this.#next[head] as number;
    this.#setChain(row, second, head + 1);
    this.#next[head] = row + 1;
    if (second !== 0) this.#previous[second - 1] = row + 1;
  }

  /** Takes `row` out of its chain; true if the key has no row left. */
  #unlink(row: number, slot: number): boolean {
    const next = this.#next[row] as number;
    const previous = this.#previous[row] as number;
    if (next !== 0) this.#previous[next - 1] = previous;
    if (previous !== 0) this.#next[previous - 1] = next;
    else if (next !== 0) this.#heads[slot] = next;
    return previous === 0 && next === 0;
  }
}

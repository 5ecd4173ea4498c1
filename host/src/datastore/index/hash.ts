// A hash index: open addressing over typed arrays, no object for any entry (hash-segment.ts draws the slots).
//
//   directory   [ segment | segment | … ]     by the first bits of a hash; neighbours may be one and the same
//   links       by row id                     other rows with the same key, only where keys may repeat
//
// A slot holds the hash and a row. Keys of at most 4 bytes are told by the slot alone: their hash is one to one. For longer
// ones the row is looked at, which whoever searches for it reads next anyway; of 8 bytes, whose hash is one to one in the last
// four, only at the first four.
// Keys are equal where their bytes are: float columns, whose equal values may differ in bytes, get a B-tree instead.
import { assert } from "@lightcone/abi";
import { hashBytes, hashWords } from "../key.ts";
import type { RowBits } from "../rows/bits.ts";
import type { RowIds } from "../rows/ids.ts";
import type { Cut, Index, IndexKey, KeyConflict } from "./contract.ts";
import { entryFields, HashBlock } from "./hash-block.ts";
import { HashSegment, segmentArena, slotCountMax } from "./hash-segment.ts";
import { RowLinks } from "./row-links.ts";

/** Rows that are entered together when an index is built. */
const blockRowsMax = 1 << 19;

// What tells a key: the slot that it is in, the first four bytes of the row as well, or nothing less than the key. Numbers
// are told apart faster than flags.
const toldBySlot = 0;
const toldByFirstWord = 1;
const toldByAll = 2;

const noBytes = new Uint8Array(0);

/** Keys of more hash bits in common than this share a segment however full it is. */
const depthMax = 20;

export class HashIndex implements Index {
  readonly key: IndexKey;
  readonly isOrdered = false;
  readonly #isUnique: boolean;
  /** What tells the whole key, one of those above. */
  readonly #told: number;
  readonly #arena = segmentArena();
  #directory: HashSegment[];
  #depth = 0;
  readonly #links = new RowLinks();

  /** Of the last key that was searched for and may be written: hash, the segment where it belongs, and its slot there. */
  #hash = 0;
  #at = -1;
  #segment: HashSegment;

  constructor(key: IndexKey, isUnique: boolean) {
    this.key = key;
    this.#isUnique = isUnique;
    const isOneWord = key.size >= 0 && key.size <= 4;
    if (isOneWord) this.#told = toldBySlot;
    else this.#told = key.size === 8 && key.isAtOnePlace ? toldByFirstWord : toldByAll;
    this.#segment = new HashSegment(this.#arena, 0);
    this.#directory = [this.#segment];
  }

  /** How the index is built, for those who check that. */
  get segments(): readonly HashSegment[] {
    return [...new Set(this.#directory)];
  }

  get byteLength(): number {
    const own = this.segments.reduce((total, { ownBytes }) => total + ownBytes, 0);
    return own + this.#arena.byteLength + this.#links.byteLength;
  }

  build(rows: RowBits, count: number): KeyConflict | undefined {
    assert(
      this.#directory.every(({ keyCount }) => keyCount === 0),
      "a hash index with keys was to be built",
    );
    this.#presize(count);
    // Rows are entered by blocks and within a block by segment, so that a segment's slots are near when they are needed.
    const block = new HashBlock(Math.min(count, blockRowsMax), this.#depth);
    let next = rows.next(0);
    while (next >= 0) {
      block.clear();
      for (; next >= 0 && !block.isFull; next = rows.next(next + 1)) {
        this.#hashRow(next);
        block.push(this.#hash, next);
      }
      const conflict = this.#enterBlock(block);
      if (conflict !== undefined) return conflict;
    }
    return undefined;
  }

  #enterBlock(block: HashBlock): KeyConflict | undefined {
    const entries = block.sorted();
    for (let i = 0; i < block.count; i++) {
      const row = entries[i * entryFields + 1] as number;
      this.#hash = entries[i * entryFields] as number;
      const other = this.#enterAt(row, this.#seek(row, noBytes, 0, 0));
      if (other >= 0) return { row: other, other: row };
    }
    return undefined;
  }

  add(row: number): void {
    const other = this.#enter(row);
    assert(other < 0, "a unique key entered a hash index twice");
  }

  remove(row: number): void {
    this.#hashRow(row);
    const head = this.#seek(row, noBytes, 0, 0);
    assert(head >= 0, "a row to be removed is not in the hash index");
    if (!this.#isUnique && !this.#unlink(row)) return;
    this.#segment.remove(this.#at);
  }

  find(bytes: Uint8Array, start: number, end: number): number {
    if (this.#told === toldByFirstWord) {
      // As below, but so short that the processor begins with the next key while memory is still asked for this one.
      const view = this.key.viewOf(bytes);
      const first = view.getInt32(start, true);
      const hash = hashWords(first, view.getInt32(start + 4, true));
      return this.#segmentOf(hash).findByWord(hash, first, this.key);
    }
    this.#hashKey(bytes, start, end);
    return this.#seek(-1, bytes, start, end);
  }

  scanPoint(bytes: Uint8Array, start: number, end: number, found: RowIds): void {
    let row = this.find(bytes, start, end);
    while (row >= 0) {
      found.push(row);
      row = this.#isUnique ? -1 : this.#links.next(row) - 1;
    }
  }

  scanRange(_lower: Cut, _upper: Cut, _found: RowIds): void {
    assert(false, "a hash index has no order");
  }

  /** Enters a row. Returns another one that has its unique key and keeps it, or -1. */
  #enter(row: number): number {
    this.#hashRow(row);
    return this.#enterAt(row, this.#seek(row, noBytes, 0, 0));
  }

  /** The same, after a search that found `head`. */
  #enterAt(row: number, head: number): number {
    if (head >= 0) {
      if (this.#isUnique) return head;
      this.#link(row, head);
      return -1;
    }
    while (this.#segment.isFull) this.#makeRoom();
    this.#segment.place(this.#hash, row);
    if (!this.#isUnique) this.#links.set(row, 0, 0);
    return -1;
  }

  /** For keys that are not told by their first word. */
  #hashKey(bytes: Uint8Array, start: number, end: number): void {
    if (this.#told === toldBySlot) {
      this.#hash = hashWords(0, bytesAt(bytes, start, end));
    } else {
      this.#hash = hashBytes(bytes, start, end);
    }
  }

  /** The same for the key of a stored row. */
  #hashRow(row: number): void {
    if (this.#told === toldByFirstWord) {
      this.#hash = hashWords(this.key.wordOf(row, 0), this.key.wordOf(row, 4));
    } else {
      const { bytes, start, end } = this.key.loadProbe(row);
      this.#hashKey(bytes, start, end);
    }
  }

  /**
   * The row in the slot with the hash of the last `#hashKey` and the key of `row`, or the given bytes if that is -1; or -1.
   * Leaves behind where that slot is.
   */
  #seek(row: number, bytes: Uint8Array, start: number, end: number): number {
    const hash = this.#hash;
    const segment = this.#segmentOf(hash);
    this.#segment = segment;
    for (let at = segment.first(hash); at >= 0; at = segment.next(hash, at)) {
      this.#at = at;
      const head = segment.rowAt(at);
      if (this.#isSame(head, row, bytes, start, end)) return head;
    }
    return -1;
  }

  /** Whether a row in a slot with the hash has the key of `row`, or the given bytes if that is -1. */
  #isSame(head: number, row: number, bytes: Uint8Array, start: number, end: number): boolean {
    if (this.#told === toldByFirstWord) return this.key.wordOf(head, 0) === this.key.wordOf(row, 0);
    if (this.#told === toldBySlot) return true;
    if (row < 0) return this.key.isOf(head, bytes, start, end);
    const probe = this.key.loadProbe(row);
    return this.key.isOf(head, probe.bytes, probe.start, probe.end);
  }

  #segmentOf(hash: number): HashSegment {
    // In two steps, since a shift by 32 would be one by 0.
    return this.#directory[(hash >>> 1) >>> (31 - this.#depth)] as HashSegment;
  }

  /** Gives the segment of the last search more room, or splits it, which may take that search's key elsewhere. */
  #makeRoom(): void {
    const segment = this.#segment;
    if (segment.mask + 1 < slotCountMax || segment.depth === depthMax) {
      segment.resize((segment.mask + 1) * 2);
      return;
    }
    if (segment.depth === this.#depth) {
      this.#directory = this.#directory.flatMap((one) => [one, one]);
      this.#depth++;
    }
    const other = segment.split();
    // The segment had a run of places, of which the second half now leads to the other one.
    const half = 1 << (this.#depth - segment.depth);
    const first = ((this.#hash >>> 1) >>> (32 - segment.depth)) * 2 * half;
    this.#directory.fill(other, first + half, first + 2 * half);
    this.#segment = this.#segmentOf(this.#hash);
  }

  /** Makes segments for so many keys at once. */
  #presize(count: number): void {
    let slotCount = 16;
    while (slotCount * 3 < count * 4) slotCount *= 2;
    while (slotCount >> this.#depth > slotCountMax && this.#depth < depthMax) this.#depth++;
    this.#directory = Array.from(
      { length: 1 << this.#depth },
      () => new HashSegment(this.#arena, this.#depth, slotCount >> this.#depth),
    );
  }

  /** Puts `row` behind the head of its key's chain. */
  #link(row: number, head: number): void {
    const links = this.#links;
    const second = links.next(head);
    links.set(row, second, head + 1);
    links.setNext(head, row + 1);
    if (second !== 0) links.setPrevious(second - 1, row + 1);
  }

  /** Takes `row` out of its chain, whose slot was found last; true if the key has no row left. */
  #unlink(row: number): boolean {
    const links = this.#links;
    const next = links.next(row);
    const previous = links.previous(row);
    if (next !== 0) links.setPrevious(next - 1, previous);
    if (previous !== 0) links.setNext(previous - 1, next);
    else if (next !== 0) this.#segment.setRow(this.#at, next - 1);
    return previous === 0 && next === 0;
  }
}

/** At most four bytes as a word. */
function bytesAt(bytes: Uint8Array, start: number, end: number): number {
  let word = 0;
  for (let at = end - 1; at >= start; at--) word = (word << 8) | (bytes[at] as number);
  return word;
}

// A part of a hash index: the keys whose hashes begin with the same bits, in open addressing. A full segment splits in two,
// so that an index of any size grows by bounded steps.
//
//   words    [ hash | row + 1 ] …     for each slot; row + 1 is 0 in an empty slot
//
// The last bits of a hash are its slot, from which on its key is looked for; the first ones choose the segment. Segments of
// the full size, which a large index has, share an arena.
import { Arena } from "../rows/arena.ts";
import type { IndexKey } from "./contract.ts";

const slotCountMin = 16;
/** A split goes through so many slots at once: few enough that a transaction does not notice. */
export const slotCountMax: number = 1 << 16;

/** Words of a slot, as a shift. */
const slotShift = 1;
const rowField = 1;

/** Memory for the segments of one index. */
export function segmentArena(): Arena {
  return new Arena((slotCountMax << slotShift) * Int32Array.BYTES_PER_ELEMENT);
}

export class HashSegment {
  /** How many first bits the hashes share. */
  depth: number;
  #words: Int32Array;
  /** Slots minus one. */
  mask: number;
  keyCount = 0;
  readonly #arena: Arena;
  /** Where the words lie in the arena, or -1. */
  #place = -1;

  constructor(arena: Arena, depth: number, slotCount: number = slotCountMin) {
    this.#arena = arena;
    this.depth = depth;
    this.#words = this.#allocate(slotCount);
    this.mask = slotCount - 1;
  }

  /** Empty slots. `free` is for those that were there before. */
  #allocate(slotCount: number): Int32Array {
    if (slotCount !== slotCountMax) {
      this.#place = -1;
      return new Int32Array(slotCount << slotShift);
    }
    this.#place = this.#arena.take();
    const { buffer, byteOffset } = this.#arena.piece(this.#place).fill(0);
    return new Int32Array(buffer, byteOffset, slotCount << slotShift);
  }

  /** Gives back the memory that was at `place`. */
  #free(place: number): void {
    if (place >= 0) this.#arena.give(place);
  }

  /** Bytes held outside the arena. */
  get ownBytes(): number {
    return this.#place < 0 ? this.#words.byteLength : 0;
  }

  /** In the order in which slots are searched, the first one that has the hash: where its words begin, or -1. */
  first(hash: number): number {
    return this.#search(hash & this.mask, hash);
  }

  /** The next such slot behind the one at `at`. */
  next(hash: number, at: number): number {
    return this.#search(((at >>> slotShift) + 1) & this.mask, hash);
  }

  #search(from: number, hash: number): number {
    const words = this.#words;
    const { mask } = this;
    for (let slot = from; ; slot = (slot + 1) & mask) {
      const at = slot << slotShift;
      if (words[at + rowField] === 0) return -1;
      if (words[at] === hash) return at;
    }
  }

  /** The row with the hash whose key begins with the word, or -1. */
  findByWord(hash: number, word: number, key: IndexKey): number {
    const words = this.#words;
    const { mask } = this;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const at = slot << slotShift;
      const head = words[at + rowField] as number;
      if (head === 0) return -1;
      if (words[at] === hash && key.wordOf(head - 1, 0) === word) return head - 1;
    }
  }

  /** The row in the slot at `at`, or -1 if that is empty. */
  rowAt(at: number): number {
    return (this.#words[at + rowField] as number) - 1;
  }

  /** Puts another row into the slot at `at`. */
  setRow(at: number, row: number): void {
    this.#words[at + rowField] = row + 1;
  }

  /** For those who check how the segment is built: [ hash | row + 1 ] for each slot. */
  get words(): Int32Array {
    return this.#words;
  }

  /** Whether a key more would make searches long. */
  get isFull(): boolean {
    return (this.keyCount + 1) * 4 > (this.mask + 1) * 3;
  }

  /** Enters a key that is not there. There must be room. */
  place(hash: number, row: number): void {
    const words = this.#words;
    const { mask } = this;
    let slot = hash & mask;
    while (words[(slot << slotShift) + rowField] !== 0) slot = (slot + 1) & mask;
    const at = slot << slotShift;
    words[at] = hash;
    words[at + rowField] = row + 1;
    this.keyCount++;
  }

  /** Empties the slot whose words begin at `at`, and gives memory back where little is used. */
  remove(at: number): void {
    this.#vacate(at >>> slotShift);
    this.keyCount--;
    const slotCount = this.mask + 1;
    if (this.keyCount * 8 < slotCount && slotCount > slotCountMin) this.resize(slotCount / 4);
  }

  /** Moves later entries of the run back into the hole, so that no search stops too early. */
  #vacate(slot: number): void {
    const words = this.#words;
    const { mask } = this;
    let hole = slot;
    for (let next = (slot + 1) & mask; ; next = (next + 1) & mask) {
      const at = next << slotShift;
      const head = words[at + rowField] as number;
      if (head === 0) break;
      const hash = words[at] as number;
      const home = hash & mask;
      if (((next - home) & mask) < ((next - hole) & mask)) continue;
      words[hole << slotShift] = hash;
      words[(hole << slotShift) + rowField] = head;
      hole = next;
    }
    words[(hole << slotShift) + rowField] = 0;
  }

  /** Gives the segment another number of slots: a power of two, or the least there may be. */
  resize(slotCount: number): void {
    const [old, place] = [this.#words, this.#place];
    const count = Math.max(slotCountMin, slotCount);
    this.#words = this.#allocate(count);
    this.mask = count - 1;
    this.keyCount = 0;
    this.#enterAll(old, this, this);
    this.#free(place);
  }

  /** Moves the keys whose next bit is set to another segment, which is returned. */
  split(): HashSegment {
    const [old, place] = [this.#words, this.#place];
    this.#words = this.#allocate(this.mask + 1);
    this.keyCount = 0;
    this.depth++;
    const other = new HashSegment(this.#arena, this.depth, this.mask + 1);
    this.#enterAll(old, this, other);
    this.#free(place);
    return other;
  }

  /** Enters the slots of `old` into one of two segments, as the last of the bits they share says. */
  #enterAll(old: Int32Array, zero: HashSegment, one: HashSegment): void {
    const shift = 32 - this.depth;
    for (let at = 0; at < old.length; at += 1 << slotShift) {
      const head = old[at + rowField] as number;
      if (head === 0) continue;
      const hash = old[at] as number;
      const segment = zero === one || ((hash >>> shift) & 1) === 0 ? zero : one;
      segment.place(hash, head - 1);
    }
  }
}

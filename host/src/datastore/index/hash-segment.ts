// A part of a hash index: the keys whose hashes begin with the same bits, in open addressing. A full segment splits in two,
// so that an index of any size grows by bounded steps.
//
//   words    [ hash | row + 1 | low ] …     for each slot; row + 1 is 0 in an empty slot; `low` where slots have three words
//
// The last bits of a hash are its slot, from which on its key is looked for; the first ones choose the segment.

const slotCountMin = 16;
/** A split goes through so many slots at once: few enough that a transaction does not notice. */
export const slotCountMax: number = 1 << 16;

export const rowField = 1;
export const lowField = 2;

export class HashSegment {
  /** How many first bits the hashes share. */
  depth: number;
  words: Int32Array;
  /** Slots minus one. */
  mask: number;
  keyCount = 0;
  readonly #stride: number;

  /** `stride`: words for each slot. */
  constructor(stride: number, depth: number, slotCount: number = slotCountMin) {
    this.#stride = stride;
    this.depth = depth;
    this.words = new Int32Array(slotCount * stride);
    this.mask = slotCount - 1;
  }

  /** Whether a key more would make searches long. */
  get isFull(): boolean {
    return (this.keyCount + 1) * 4 > (this.mask + 1) * 3;
  }

  /** Enters a key that is not there. There must be room. */
  place(hash: number, head: number, low: number): void {
    const { words, mask } = this;
    const stride = this.#stride;
    let slot = hash & mask;
    while (words[slot * stride + rowField] !== 0) slot = (slot + 1) & mask;
    const at = slot * stride;
    words[at] = hash;
    words[at + rowField] = head;
    if (stride > lowField) words[at + lowField] = low;
    this.keyCount++;
  }

  /** Empties the slot whose words begin at `at`, and gives memory back where little is used. */
  remove(at: number): void {
    this.#vacate(at / this.#stride);
    this.keyCount--;
    const slotCount = this.mask + 1;
    if (this.keyCount * 8 < slotCount && slotCount > slotCountMin) this.resize(slotCount / 4);
  }

  /** Moves later entries of the run back into the hole, so that no search stops too early. */
  #vacate(slot: number): void {
    const { words, mask } = this;
    const stride = this.#stride;
    let hole = slot;
    for (let at = (slot + 1) & mask; words[at * stride + rowField] !== 0; at = (at + 1) & mask) {
      const home = (words[at * stride] as number) & mask;
      if (((at - home) & mask) < ((at - hole) & mask)) continue;
      for (let i = 0; i < stride; i++) words[hole * stride + i] = words[at * stride + i] as number;
      hole = at;
    }
    words[hole * stride + rowField] = 0;
  }

  /** Gives the segment another number of slots: a power of two, or the least there may be. */
  resize(slotCount: number): void {
    const old = this.words;
    const count = Math.max(slotCountMin, slotCount);
    this.words = new Int32Array(count * this.#stride);
    this.mask = count - 1;
    this.keyCount = 0;
    this.#enterAll(old, this, this);
  }

  /** Moves the keys whose next bit is set to another segment, which is returned. */
  split(): HashSegment {
    const old = this.words;
    this.words = new Int32Array(old.length);
    this.keyCount = 0;
    this.depth++;
    const other = new HashSegment(this.#stride, this.depth, this.mask + 1);
    this.#enterAll(old, this, other);
    return other;
  }

  /** Enters the slots of `old` into one of two segments, as the last of the bits they share says. */
  #enterAll(old: Int32Array, zero: HashSegment, one: HashSegment): void {
    const stride = this.#stride;
    const shift = 32 - this.depth;
    for (let at = 0; at < old.length; at += stride) {
      const head = old[at + rowField] as number;
      if (head === 0) continue;
      const hash = old[at] as number;
      const segment = zero === one || ((hash >>> shift) & 1) === 0 ? zero : one;
      segment.place(hash, head, stride > lowField ? (old[at + lowField] as number) : 0);
    }
  }
}

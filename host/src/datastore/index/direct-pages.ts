// Row ids by number: an array with holes for numbers below 2^32, of which only the parts in use exist.
//
//   groups    [ group | - | group … ]      by the first 14 bits of the number
//   group     [ chunk | - | chunk … ]      by the next 8; with how many rows each chunk has
//   chunk     [ row + 1 | 0 | row + 1 … ]  by the last 10; 0 where the number has no row

const chunkBits = 10;
const groupBits = 8;
const groupMask = (1 << groupBits) - 1;
const groupShift = chunkBits + groupBits;

/** Numbers of a chunk. */
export const chunkSize: number = 1 << chunkBits;
export const chunkMask: number = chunkSize - 1;

/** One more than the greatest number that can have a row. */
export const numberLimit: number = 2 ** 32;
const chunkLimit = numberLimit / chunkSize;

class Group {
  readonly chunks: (Int32Array | undefined)[] = Array.from({ length: 1 << groupBits });
  readonly counts = new Uint16Array(1 << groupBits);
  chunkCount = 0;
}

export class DirectPages {
  readonly #groups: (Group | undefined)[] = [];
  #chunkCount = 0;

  /** Chunks in use. */
  get chunkCount(): number {
    return this.#chunkCount;
  }

  get byteLength(): number {
    return this.#chunkCount * chunkSize * Int32Array.BYTES_PER_ELEMENT;
  }

  /** The chunk that a number, of any size, belongs to, or undefined: then no number of its range has a row here. */
  chunkOf(number: number): Int32Array | undefined {
    if (number >= numberLimit) return undefined;
    return this.#groups[number >>> groupShift]?.chunks[(number >>> chunkBits) & groupMask];
  }

  /** How many rows the chunk that a number belongs to has. */
  countOf(number: number): number {
    return this.#groups[number >>> groupShift]?.counts[(number >>> chunkBits) & groupMask] ?? 0;
  }

  /** Makes the chunk that a number belongs to, which is not there. */
  open(number: number): void {
    const at = number >>> groupShift;
    while (this.#groups.length <= at) this.#groups.push(undefined);
    const group = (this.#groups[at] ??= new Group());
    group.chunks[(number >>> chunkBits) & groupMask] = new Int32Array(chunkSize);
    group.chunkCount++;
    this.#chunkCount++;
  }

  /** Gives a row to a number that has none and whose chunk is there. */
  set(number: number, row: number): void {
    const group = this.#groups[number >>> groupShift] as Group;
    const at = (number >>> chunkBits) & groupMask;
    (group.chunks[at] as Int32Array)[number & chunkMask] = row + 1;
    group.counts[at] = (group.counts[at] as number) + 1;
  }

  /** Takes the row from a number that has one. A chunk without rows goes. */
  clear(number: number): void {
    const group = this.#groups[number >>> groupShift] as Group;
    const at = (number >>> chunkBits) & groupMask;
    (group.chunks[at] as Int32Array)[number & chunkMask] = 0;
    const count = (group.counts[at] as number) - 1;
    group.counts[at] = count;
    if (count > 0) return;
    group.chunks[at] = undefined;
    this.#chunkCount--;
    if (--group.chunkCount === 0) this.#groups[number >>> groupShift] = undefined;
  }

  /** The first number of the first chunk that has numbers not below `number`, or `numberLimit`. */
  nextChunk(number: number): number {
    let at = Math.floor(number / chunkSize);
    while (at < chunkLimit) {
      const groupAt = at >>> groupBits;
      if (groupAt >= this.#groups.length) break;
      const group = this.#groups[groupAt];
      if (group === undefined) {
        at = (groupAt + 1) << groupBits;
        continue;
      }
      if (group.chunks[at & groupMask] !== undefined) return at * chunkSize;
      at++;
    }
    return numberLimit;
  }
}

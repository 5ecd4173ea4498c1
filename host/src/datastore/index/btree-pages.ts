// Nodes of a B+tree in typed arrays. An entry is (high, low, row): the key's first words and the row that has the key. Its
// three words lie side by side, so that whoever has found the key has the row in the same line of the processor's cache.
//
//   leaf    entries in order, linked to its neighbours
//   inner   for each child its least entry and the child's number; the first entry bounds nothing but is kept true
//
// Entries of node n start at n * nodeCapacity; the words of entry e at e * entryWords.

export const nodeCapacity = 64;

/** Words of an entry, and where each of them lies in it. */
export const entryWords = 3;
export const highWord = 0;
export const lowWord = 1;
export const rowWord = 2;

function grown(old: Int32Array, length: number): Int32Array {
  const next = new Int32Array(length);
  next.set(old);
  return next;
}

/** What is copied while a tree grows is twice what it holds in the end, and at most a third of its memory is unused. */
const growthFactor = 1.5;

/** So few words are moved faster by a loop than by a call into the engine. */
const loopMax = 24;

/** Moves `words[at, end)` behind by `count`. */
function openGap(words: Int32Array, at: number, end: number, count: number): void {
  if (end - at > loopMax) {
    words.copyWithin(at + count, at, end);
  } else {
    for (let i = end - 1; i >= at; i--) words[i + count] = words[i] as number;
  }
}

/** Moves `words[at + count, end)` forward to `at`. */
function closeGap(words: Int32Array, at: number, end: number, count: number): void {
  if (end - at > loopMax) {
    words.copyWithin(at, at + count, end);
  } else {
    for (let i = at + count; i < end; i++) words[i - count] = words[i] as number;
  }
}

/**
 * The first of `count` entries from `start` on that is not before (high, low, row), or the position after them. It halves
 * with branches: what the processor reads ahead on a guess, right half the time, saves more than wrong guesses cost.
 */
export function firstNotLess(
  words: Int32Array,
  start: number,
  count: number,
  high: number,
  low: number,
  row: number,
): number {
  let from = start;
  let end = start + count;
  while (from < end) {
    const middle = (from + end) >>> 1;
    const at = middle * entryWords;
    const entryHigh = words[at + highWord] as number;
    const entryLow = words[at + lowWord] as number;
    let isLess: boolean;
    if (entryHigh !== high) isLess = entryHigh < high;
    else if (entryLow !== low) isLess = entryLow < low;
    else isLess = (words[at + rowWord] as number) < row;
    if (isLess) from = middle + 1;
    else end = middle;
  }
  return from;
}

/** Whether the entry at `a[aAt]` comes after the one at `b[bAt]`: by words, then by row. */
export function isBehind(a: Int32Array, aAt: number, b: Int32Array, bAt: number): boolean {
  const high = a[aAt + highWord] as number;
  const otherHigh = b[bAt + highWord] as number;
  if (high !== otherHigh) return high > otherHigh;
  const low = a[aAt + lowWord] as number;
  const otherLow = b[bAt + lowWord] as number;
  if (low !== otherLow) return low > otherLow;
  return (a[aAt + rowWord] as number) > (b[bAt + rowWord] as number);
}

export class NodePages {
  /** The words of all entries. */
  words: Int32Array = new Int32Array(nodeCapacity * entryWords);
  /** Inner nodes only: the child below each entry. */
  child: Int32Array;
  counts: Int32Array = new Int32Array(1);
  /** Leaves only: neighbours, or -1. */
  next: Int32Array = new Int32Array(1);
  previous: Int32Array = new Int32Array(1);
  readonly #isInner: boolean;
  #limit = 0;
  readonly #free: number[] = [];

  constructor(isInner: boolean) {
    this.#isInner = isInner;
    this.child = new Int32Array(isInner ? nodeCapacity : 0);
  }

  highAt(entry: number): number {
    return this.words[entry * entryWords] as number;
  }

  lowAt(entry: number): number {
    return this.words[entry * entryWords + lowWord] as number;
  }

  rowAt(entry: number): number {
    return this.words[entry * entryWords + rowWord] as number;
  }

  get byteLength(): number {
    const { words, child, counts, next, previous } = this;
    return [words, child, counts, next, previous].reduce(
      (sum, { byteLength }) => sum + byteLength,
      0,
    );
  }

  /** Nodes there is memory for. */
  get capacity(): number {
    return this.counts.length;
  }

  /** Leaves of `count` entries that lie in order in `words`, all but the last one full. For pages without nodes. */
  adopt(words: Int32Array, count: number): void {
    const nodeCount = Math.max(1, Math.ceil(count / nodeCapacity));
    this.words = words;
    this.counts = new Int32Array(nodeCount).fill(nodeCapacity);
    this.counts[nodeCount - 1] = count - (nodeCount - 1) * nodeCapacity;
    this.next = Int32Array.from({ length: nodeCount }, (_, node) => node + 1);
    this.next[nodeCount - 1] = -1;
    this.previous = Int32Array.from({ length: nodeCount }, (_, node) => node - 1);
    this.#limit = nodeCount;
  }

  /** A new empty node. */
  allocate(): number {
    const node = this.#free.pop() ?? this.#limit++;
    if (node >= this.counts.length) {
      const capacity = Math.ceil(this.counts.length * growthFactor) + 1;
      this.words = grown(this.words, capacity * nodeCapacity * entryWords);
      if (this.#isInner) this.child = grown(this.child, capacity * nodeCapacity);
      this.counts = grown(this.counts, capacity);
      this.next = grown(this.next, capacity);
      this.previous = grown(this.previous, capacity);
    }
    this.counts[node] = 0;
    this.next[node] = -1;
    this.previous[node] = -1;
    return node;
  }

  release(node: number): void {
    this.#free.push(node);
  }

  /** Moves entries from `position` on by one and writes an entry there. The node must have room. */
  insert(
    node: number,
    position: number,
    high: number,
    low: number,
    row: number,
    child: number,
  ): void {
    const start = node * nodeCapacity;
    const at = start + position;
    const end = start + (this.counts[node] as number);
    const { words } = this;
    const from = at * entryWords;
    openGap(words, from, end * entryWords, entryWords);
    words[from + highWord] = high;
    words[from + lowWord] = low;
    words[from + rowWord] = row;
    if (this.#isInner) {
      openGap(this.child, at, end, 1);
      this.child[at] = child;
    }
    this.counts[node] = end - start + 1;
  }

  /**
   * Enters `entries[from, end)`, which are in order and none of which the node has, where they belong. The node must be a leaf
   * with room. Returns whether its first entry is another one now.
   */
  merge(node: number, entries: Int32Array, from: number, end: number): boolean {
    const { words } = this;
    const start = node * nodeCapacity;
    const count = this.counts[node] as number;
    let old = start + count;
    // From the end on, so that each entry moves once.
    for (let given = end - 1; given >= from; given--) {
      const source = given * entryWords;
      const high = entries[source + highWord] as number;
      const low = entries[source + lowWord] as number;
      const row = entries[source + rowWord] as number;
      const at = firstNotLess(words, start, old - start, high, low, row);
      const gap = given - from + 1;
      openGap(words, at * entryWords, old * entryWords, gap * entryWords);
      const to = (at + gap - 1) * entryWords;
      words[to + highWord] = high;
      words[to + lowWord] = low;
      words[to + rowWord] = row;
      old = at;
    }
    this.counts[node] = count + end - from;
    return old === start;
  }

  /** Inserts a copy of the first entry of node `source` in `pages` with `source` as its child. */
  insertLeast(node: number, position: number, pages: NodePages, source: number): void {
    const from = source * nodeCapacity;
    this.insert(node, position, pages.highAt(from), pages.lowAt(from), pages.rowAt(from), source);
  }

  remove(node: number, position: number): void {
    const start = node * nodeCapacity;
    const at = start + position;
    const end = start + (this.counts[node] as number);
    closeGap(this.words, at * entryWords, end * entryWords, entryWords);
    if (this.#isInner) closeGap(this.child, at, end, 1);
    this.counts[node] = end - start - 1;
  }

  /** Moves the entries of `from` at `position` and after to the end of `to`. */
  moveTail(from: number, position: number, to: number): void {
    const start = from * nodeCapacity + position;
    const end = from * nodeCapacity + (this.counts[from] as number);
    const target = to * nodeCapacity + (this.counts[to] as number);
    this.words.copyWithin(target * entryWords, start * entryWords, end * entryWords);
    if (this.#isInner) this.child.copyWithin(target, start, end);
    this.counts[to] = (this.counts[to] as number) + end - start;
    this.counts[from] = position;
  }

  /** Copies the first entry of node `source` in `pages` over the entry at `position`. */
  copyLeast(node: number, position: number, pages: NodePages, source: number): void {
    const at = (node * nodeCapacity + position) * entryWords;
    const from = source * nodeCapacity * entryWords;
    for (let i = 0; i < entryWords; i++) this.words[at + i] = pages.words[from + i] as number;
  }
}

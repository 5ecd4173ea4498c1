// Nodes of a B+tree in typed arrays. An entry is (high, low, row): the key's first words and the row that has the key.
//
//   leaf    entries in order, linked to its neighbours
//   inner   for each child its least entry and the child's number; the first entry bounds nothing but is kept true
//
// Entries of node n start at n * nodeCapacity.

export const nodeCapacity = 64;

function grown(old: Int32Array, length: number): Int32Array {
  const next = new Int32Array(length);
  next.set(old);
  return next;
}

/** So few entries are moved faster by a loop than by a call into the engine. */
const loopMax = 24;

function openGap(entries: Int32Array, at: number, end: number): void {
  if (end - at > loopMax) {
    entries.copyWithin(at + 1, at, end);
  } else {
    for (let i = end; i > at; i--) entries[i] = entries[i - 1] as number;
  }
}

function closeGap(entries: Int32Array, at: number, end: number): void {
  if (end - at > loopMax) {
    entries.copyWithin(at, at + 1, end);
  } else {
    for (let i = at + 1; i < end; i++) entries[i - 1] = entries[i] as number;
  }
}

export class NodePages {
  high: Int32Array = new Int32Array(nodeCapacity);
  low: Int32Array = new Int32Array(nodeCapacity);
  row: Int32Array = new Int32Array(nodeCapacity);
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

  /** A new empty node. */
  allocate(): number {
    const node = this.#free.pop() ?? this.#limit++;
    if (node >= this.counts.length) {
      const capacity = this.counts.length * 2;
      this.high = grown(this.high, capacity * nodeCapacity);
      this.low = grown(this.low, capacity * nodeCapacity);
      this.row = grown(this.row, capacity * nodeCapacity);
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
    openGap(this.high, at, end);
    openGap(this.low, at, end);
    openGap(this.row, at, end);
    this.high[at] = high;
    this.low[at] = low;
    this.row[at] = row;
    if (this.#isInner) {
      openGap(this.child, at, end);
      this.child[at] = child;
    }
    this.counts[node] = end - start + 1;
  }

  remove(node: number, position: number): void {
    const start = node * nodeCapacity;
    const at = start + position;
    const end = start + (this.counts[node] as number);
    closeGap(this.high, at, end);
    closeGap(this.low, at, end);
    closeGap(this.row, at, end);
    if (this.#isInner) closeGap(this.child, at, end);
    this.counts[node] = end - start - 1;
  }

  /** Moves the entries of `from` at `position` and after to the end of `to`. */
  moveTail(from: number, position: number, to: number): void {
    const start = from * nodeCapacity + position;
    const end = from * nodeCapacity + (this.counts[from] as number);
    const target = to * nodeCapacity + (this.counts[to] as number);
    this.high.copyWithin(target, start, end);
    this.low.copyWithin(target, start, end);
    this.row.copyWithin(target, start, end);
    if (this.#isInner) this.child.copyWithin(target, start, end);
    this.counts[to] = (this.counts[to] as number) + end - start;
    this.counts[from] = position;
  }

  /** Copies the first entry of node `source` in `pages` over the entry at `position`. */
  copyLeast(node: number, position: number, pages: NodePages, source: number): void {
    const at = node * nodeCapacity + position;
    const from = source * nodeCapacity;
    this.high[at] = pages.high[from] as number;
    this.low[at] = pages.low[from] as number;
    this.row[at] = pages.row[from] as number;
  }
}

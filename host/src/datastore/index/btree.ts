// A B+tree index: row ids ordered by key, then by row id, with the key's first words beside them, so that most steps of
// a search touch no row (design decision 2).
import { assert } from "@lightcone/abi";
import { type Compare, KeyWords } from "../key.ts";
import type { RowIds } from "../row-ids.ts";
import { nodeCapacity, NodePages } from "./btree-pages.ts";
import type { Cut, Index, IndexKey } from "./contract.ts";
import { RecentRows } from "./recent-rows.ts";

const depthMax = 12;

/** A node with fewer entries than this is merged with its right neighbour where both fit well into one. */
const mergeBelow = nodeCapacity / 4;

// How entries with an equal key compare with a place before or behind that key.
const entriesAfter = 1;
const entriesBefore = -1;

const leastWord = -(2 ** 31);
const greatestWord = 2 ** 31 - 1;

export interface TreeStructure {
  readonly root: number;
  /** Levels of inner nodes. */
  readonly depth: number;
  readonly leaves: NodePages;
  readonly inners: NodePages;
}

export class BTreeIndex implements Index {
  readonly key: IndexKey;
  readonly isOrdered: boolean;
  readonly #isUnique: boolean;
  readonly #leaves = new NodePages(false);
  readonly #inners = new NodePages(true);
  #root: number;
  /** Levels of inner nodes above the leaves. */
  #depth = 0;

  // What is searched for: the key's words and bytes, how many columns count, and how to break ties.
  readonly #words = new KeyWords();
  #probeBytes: Uint8Array = new Uint8Array(0);
  #probeStart = 0;
  #compare: Compare;
  /** Words decide alone: equal words mean equal keys. */
  #wordsDecide = false;
  /** The row searched for, or -1 for a cut. */
  #probeRow = -1;
  /** For a cut: what an entry with an equal key compares as. */
  #tie = entriesAfter;

  readonly #recent = new RecentRows();

  /** The way from the root to the leaf of the last search: node and position on each level. */
  readonly #pathNode = new Int32Array(depthMax);
  readonly #pathPosition = new Int32Array(depthMax);

  /** `isOrdered` false: ranges are refused though the tree could answer them (a hash index over float columns). */
  constructor(key: IndexKey, isUnique: boolean, isOrdered = true) {
    this.key = key;
    this.#isUnique = isUnique;
    this.isOrdered = isOrdered;
    this.#root = this.#leaves.allocate();
    this.#compare = key.compare[0] as Compare;
  }

  /** How the tree is built, for those who check that. */
  get structure(): TreeStructure {
    return { root: this.#root, depth: this.#depth, leaves: this.#leaves, inners: this.#inners };
  }

  add(row: number): void {
    this.#probeForRow(row);
    const leaf = this.#descend();
    const position = this.#lowerPosition(this.#leaves, leaf);
    this.#insertAt(leaf, position, row);
  }

  remove(row: number): void {
    this.#probeForRow(row);
    const leaf = this.#descend();
    const position = this.#lowerPosition(this.#leaves, leaf);
    this.#recent.forget(this.#words, row);
    assert(
      position < (this.#leaves.counts[leaf] as number) &&
        this.#leaves.row[leaf * nodeCapacity + position] === row,
      "a row to be removed is not in the B-tree",
    );
    this.#leaves.remove(leaf, position);
    this.#afterRemoval(leaf, position);
  }

  find(bytes: Uint8Array, start: number, _end: number): number {
    this.#probeForPlace(bytes, start, this.key.columns.length, entriesAfter);
    if (!this.#wordsDecide) return this.#search();
    const recent = this.#recent.find(this.#words);
    if (recent >= 0) return recent;
    const row = this.#search();
    if (row >= 0) this.#recent.keep(this.#words, row);
    return row;
  }

  /** The first row with the key searched for, or -1. */
  #search(): number {
    const leaves = this.#leaves;
    let leaf = this.#descend();
    let position = this.#lowerPosition(leaves, leaf);
    if (position === (leaves.counts[leaf] as number)) {
      leaf = leaves.next[leaf] as number;
      position = 0;
      if (leaf < 0) return -1;
    }
    // This is the first entry not before the key. It has the key if it lies before the place behind the key.
    this.#tie = entriesBefore;
    const at = leaf * nodeCapacity + position;
    return this.#isBefore(leaves, at) ? (leaves.row[at] as number) : -1;
  }

  scanPoint(bytes: Uint8Array, start: number, end: number, found: RowIds): void {
    if (this.#isUnique) {
      const row = this.find(bytes, start, end);
      if (row >= 0) found.push(row);
      return;
    }
    const columnCount = this.key.columns.length;
    this.#probeForPlace(bytes, start, columnCount, entriesAfter);
    const leaf = this.#descend();
    const position = this.#lowerPosition(this.#leaves, leaf);
    this.#tie = entriesBefore;
    this.#collect(leaf, position, found);
  }

  scanRange(lower: Cut, upper: Cut, found: RowIds): void {
    this.#probeForCut(lower);
    const leaf = this.#descend();
    const position = this.#lowerPosition(this.#leaves, leaf);
    this.#probeForCut(upper);
    this.#collect(leaf, position, found);
  }

  /** Appends the rows from a place on to the cut searched for: none, if the place lies behind it. */
  #collect(firstLeaf: number, firstPosition: number, found: RowIds): void {
    const leaves = this.#leaves;
    let position = firstPosition;
    for (let leaf = firstLeaf; leaf >= 0; leaf = leaves.next[leaf] as number) {
      const start = leaf * nodeCapacity;
      const count = leaves.counts[leaf] as number;
      const isWhole = count > 0 && this.#isBefore(leaves, start + count - 1);
      const end = isWhole ? count : this.#lowerPosition(leaves, leaf);
      for (; position < end; position++) found.push(leaves.row[start + position] as number);
      if (end < count) return;
      position = 0;
    }
  }

  #probeForRow(row: number): void {
    const probe = this.key.loadProbe(row);
    this.#setProbe(probe.bytes, probe.start, this.key.columns.length);
    this.#probeRow = row;
  }

  #probeForCut(cut: Cut): void {
    const tie = cut.side === "after" ? entriesBefore : entriesAfter;
    this.#probeForPlace(cut.bytes, cut.start, cut.columnCount, tie);
  }

  #probeForPlace(bytes: Uint8Array, start: number, columnCount: number, tie: number): void {
    this.#setProbe(bytes, start, columnCount);
    this.#probeRow = -1;
    this.#tie = tie;
    if (columnCount === 0 && this.key.columns.length > 0) {
      // Without a column to go by, the place is before or behind all that there is.
      this.#words.high = this.#words.low = tie === entriesAfter ? leastWord : greatestWord;
    }
  }

  #setProbe(bytes: Uint8Array, start: number, columnCount: number): void {
    this.#probeBytes = bytes;
    this.#probeStart = start;
    this.#compare = this.key.compare[columnCount] as Compare;
    this.#wordsDecide = columnCount === 0 || (columnCount === 1 && this.key.words.isExact);
    if (columnCount > 0) this.key.words.load(bytes, start, this.#words);
  }

  /** Order of a stored entry with the words searched for: negative, zero (only the row itself) or positive. */
  #orderBehindWords(pages: NodePages, at: number): number {
    const row = pages.row[at] as number;
    if (!this.#wordsDecide) {
      const stored = this.key.load(row);
      const order = this.#compare(stored.bytes, stored.start, this.#probeBytes, this.#probeStart);
      if (order !== 0) return order;
    }
    return this.#probeRow >= 0 ? row - this.#probeRow : this.#tie;
  }

  /** Whether a stored entry lies before what is searched for. */
  #isBefore(pages: NodePages, at: number): boolean {
    const high = pages.high[at] as number;
    if (high !== this.#words.high) return high < this.#words.high;
    const low = pages.low[at] as number;
    if (low !== this.#words.low) return low < this.#words.low;
    return this.#orderBehindWords(pages, at) < 0;
  }

  /** Position of the first entry of a node that is not before what is searched for. */
  #lowerPosition(pages: NodePages, node: number): number {
    const start = node * nodeCapacity;
    const highs = pages.high;
    const { high } = this.#words;
    let low = start;
    let end = start + (pages.counts[node] as number);
    while (low < end) {
      const middle = (low + end) >>> 1;
      const word = highs[middle] as number;
      if (word < high || (word === high && this.#isBefore(pages, middle))) low = middle + 1;
      else end = middle;
    }
    return low - start;
  }

  /** The leaf where what is searched for belongs; records the path. */
  #descend(): number {
    const inners = this.#inners;
    let node = this.#root;
    for (let level = 0; level < this.#depth; level++) {
      const lower = this.#lowerPosition(inners, node);
      const start = node * nodeCapacity;
      // An entry equal to the row searched for leads to the row itself; otherwise the child before holds the place.
      const isHere =
        this.#probeRow >= 0 &&
        lower < (inners.counts[node] as number) &&
        (inners.row[start + lower] as number) === this.#probeRow;
      const position = isHere ? lower : Math.max(0, lower - 1);
      this.#pathNode[level] = node;
      this.#pathPosition[level] = position;
      node = inners.child[start + position] as number;
    }
    return node;
  }

  #insertAt(leaf: number, position: number, row: number): void {
    const { high, low } = this.#words;
    if ((this.#leaves.counts[leaf] as number) < nodeCapacity) {
      this.#leaves.insert(leaf, position, high, low, row, 0);
      if (position === 0) this.#refreshLeast(this.#depth);
      return;
    }
    const right = this.#splitLeaf(leaf, position);
    const leftCount = this.#leaves.counts[leaf] as number;
    if (position > leftCount || leftCount === nodeCapacity) {
      this.#leaves.insert(right, position - leftCount, high, low, row, 0);
    } else {
      this.#leaves.insert(leaf, position, high, low, row, 0);
      if (position === 0) this.#refreshLeast(this.#depth);
    }
    this.#insertChild(this.#depth - 1, this.#leaves, leaf, right);
  }

  /** Splits in the middle, or at the end where keys arrive in order, which keeps such leaves full. */
  #splitLeaf(leaf: number, position: number): number {
    const leaves = this.#leaves;
    const right = leaves.allocate();
    const isLast = (leaves.next[leaf] as number) < 0;
    const cut = isLast && position === nodeCapacity ? nodeCapacity : nodeCapacity / 2;
    leaves.moveTail(leaf, cut, right);
    const next = leaves.next[leaf] as number;
    leaves.next[right] = next;
    leaves.previous[right] = leaf;
    if (next >= 0) leaves.previous[next] = right;
    leaves.next[leaf] = right;
    return right;
  }

  /** Enters `right`, split off from `left`, into the inner node on `level` of the path. */
  #insertChild(level: number, pages: NodePages, left: number, right: number): void {
    const inners = this.#inners;
    const from = right * nodeCapacity;
    if (level < 0) {
      const root = inners.allocate();
      inners.insert(root, 0, 0, 0, 0, left);
      inners.copyLeast(root, 0, pages, left);
      inners.insert(
        root,
        1,
        pages.high[from] as number,
        pages.low[from] as number,
        pages.row[from] as number,
        right,
      );
      this.#root = root;
      this.#depth++;
      assert(this.#depth < depthMax, "a B-tree grew too deep");
      return;
    }
    let node = this.#pathNode[level] as number;
    let position = (this.#pathPosition[level] as number) + 1;
    let split = -1;
    if ((inners.counts[node] as number) === nodeCapacity) {
      const target = node;
      split = inners.allocate();
      inners.moveTail(target, nodeCapacity / 2, split);
      if (position > nodeCapacity / 2) {
        node = split;
        position -= nodeCapacity / 2;
      }
    }
    inners.insert(
      node,
      position,
      pages.high[from] as number,
      pages.low[from] as number,
      pages.row[from] as number,
      right,
    );
    if (split >= 0) this.#insertChild(level - 1, inners, this.#pathNode[level] as number, split);
  }

  /** After the least entry of the node on `level` changed: corrects the entries above it. */
  #refreshLeast(level: number): void {
    for (let above = level - 1; above >= 0; above--) {
      const node = this.#pathNode[above] as number;
      const position = this.#pathPosition[above] as number;
      const child = this.#inners.child[node * nodeCapacity + position] as number;
      const pages = above === this.#depth - 1 ? this.#leaves : this.#inners;
      this.#inners.copyLeast(node, position, pages, child);
      if (position > 0) return;
    }
  }

  #afterRemoval(leaf: number, position: number): void {
    const count = this.#leaves.counts[leaf] as number;
    if (count === 0) {
      if (this.#depth > 0) this.#dropLeaf(leaf);
      return;
    }
    if (position === 0) this.#refreshLeast(this.#depth);
    if (count < mergeBelow) this.#mergeRight(leaf);
  }

  #dropLeaf(leaf: number): void {
    const leaves = this.#leaves;
    const next = leaves.next[leaf] as number;
    const previous = leaves.previous[leaf] as number;
    if (next >= 0) leaves.previous[next] = previous;
    if (previous >= 0) leaves.next[previous] = next;
    leaves.release(leaf);
    this.#removeChild(this.#depth - 1);
  }

  /** Takes the child on the path out of the inner node on `level`. */
  #removeChild(level: number): void {
    const inners = this.#inners;
    const node = this.#pathNode[level] as number;
    const position = this.#pathPosition[level] as number;
    inners.remove(node, position);
    const count = inners.counts[node] as number;
    if (level === 0) {
      this.#lowerRoot();
    } else if (count === 0) {
      inners.release(node);
      this.#removeChild(level - 1);
    } else if (position === 0) {
      this.#refreshLeast(level);
    }
  }

  /** A root with one child gives way to it; one without any becomes an empty leaf. */
  #lowerRoot(): void {
    while (this.#depth > 0) {
      const count = this.#inners.counts[this.#root] as number;
      if (count > 1) return;
      const old = this.#root;
      this.#root =
        count === 1 ? (this.#inners.child[old * nodeCapacity] as number) : this.#leaves.allocate();
      this.#inners.release(old);
      this.#depth = count === 1 ? this.#depth - 1 : 0;
    }
  }

  #mergeRight(leaf: number): void {
    if (this.#depth === 0) return;
    const level = this.#depth - 1;
    const node = this.#pathNode[level] as number;
    const position = this.#pathPosition[level] as number;
    if (position + 1 >= (this.#inners.counts[node] as number)) return;
    const leaves = this.#leaves;
    const right = this.#inners.child[node * nodeCapacity + position + 1] as number;
    const together = (leaves.counts[leaf] as number) + (leaves.counts[right] as number);
    if (together > (nodeCapacity * 3) / 4) return;
    leaves.moveTail(right, 0, leaf);
    const next = leaves.next[right] as number;
    leaves.next[leaf] = next;
    if (next >= 0) leaves.previous[next] = leaf;
    leaves.release(right);
    this.#pathPosition[level] = position + 1;
    this.#removeChild(level);
  }
}

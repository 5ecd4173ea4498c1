// A B+tree index: row ids ordered by key, then by row id, with the key's first words beside them, so that most steps of
// a search touch no row (design decision 2).
import { assert } from "@lightcone/abi";
import type { RowBits } from "../rows/bits.ts";
import type { RowIds } from "../rows/ids.ts";
import { gatherEntries, leafRoom, stackTree, type TreeStructure } from "./btree-build.ts";
import { entryWords, firstNotLess, isBehind, nodeCapacity, NodePages } from "./btree-pages.ts";
import { depthMax, TreePath } from "./btree-path.ts";
import type { Cut, Index, IndexKey, KeyConflict } from "./contract.ts";
import { sortedEntries } from "./entry-sort.ts";
import { GuessRecord } from "./guess-record.ts";
import { behindRows, findWords, Probe } from "./probe.ts";
import { RecentRows } from "./recent-rows.ts";

/** A node with fewer entries than this is merged with its right neighbour where both fit well into one. */
const mergeBelow = nodeCapacity / 4;

/** A tree of more nodes than this is packed anew when less than one in `sparseShare` of the entries it has room for is used. */
const sparseNodesMin = 64;
const sparseShare = 4;

export class BTreeIndex implements Index {
  readonly key: IndexKey;
  readonly isOrdered: boolean;
  /** Unique integers of up to 64 bits: the word in which those that follow one another differ. See `#guess`. */
  readonly #step: "high" | "low" | undefined;
  readonly #isUnique: boolean;
  #leaves = new NodePages(false);
  #inners = new NodePages(true);
  #root: number;
  /** Levels of inner nodes above the leaves. */
  #depth = 0;
  #rowCount = 0;
  /** The leaf of the greatest keys, or -1 if that is to be found out. */
  #last = -1;

  /** What is searched for. */
  readonly #probe: Probe;
  readonly #recent = new RecentRows();
  readonly #guesses = new GuessRecord();
  /** By how much the last key that was searched for is greater than its row's id. */
  #shift = 0;

  /** To the leaf of the last search. */
  readonly #path = new TreePath();

  /** `isOrdered` false: ranges are refused though the tree could answer them (a hash index over float columns). */
  constructor(key: IndexKey, isUnique: boolean, isOrdered = true) {
    this.key = key;
    this.#isUnique = isUnique;
    this.isOrdered = isOrdered;
    this.#root = this.#leaves.allocate();
    this.#probe = new Probe(key);
    this.#step = isUnique && key.columns.length === 1 ? key.words.stepWord : undefined;
  }

  /** How the tree is built, for those who check that. */
  get structure(): TreeStructure {
    return { root: this.#root, depth: this.#depth, leaves: this.#leaves, inners: this.#inners };
  }

  get byteLength(): number {
    return this.#leaves.byteLength + this.#inners.byteLength;
  }

  build(rows: RowBits, count: number): KeyConflict | undefined {
    assert(this.#rowCount === 0, "a B-tree with rows was to be built");
    const entries = sortedEntries(this.key, this.#isUnique, rows, count, leafRoom(count));
    if (!(entries instanceof Int32Array)) return entries;
    this.#rowCount = count;
    this.#become(stackTree(entries, count));
    return undefined;
  }

  #become({ root, depth, leaves, inners }: TreeStructure): void {
    this.#root = root;
    this.#depth = depth;
    this.#leaves = leaves;
    this.#inners = inners;
    this.#last = -1;
  }

  add(row: number): void {
    this.#probe.setRow(row);
    this.#enter(row);
  }

  addSought(row: number): void {
    // Elsewhere than in words the key is bytes, and those are the row's own now.
    if (this.#probe.isDecidedByWords) this.#probe.becomeRow(row);
    else this.#probe.setRow(row);
    this.#enter(row);
  }

  /** Enters the row that is searched for. */
  #enter(row: number): void {
    const leaves = this.#leaves;
    const probe = this.#probe;
    this.#rowCount++;
    const last = this.#lastLeaf();
    const count = leaves.counts[last] as number;
    if (count > 0 && count < nodeCapacity && this.#isBehindAll(last, count)) {
      leaves.insert(last, count, probe.words.high, probe.words.low, row, 0);
      return;
    }
    const leaf = this.#descend();
    this.#insertAt(leaf, probe.positionIn(leaves, leaf), row);
  }

  /**
   * Enters rows whose keys may repeat and are told by their words, in order: all that go to one leaf in one step. `entries` has
   * `count` of them as nodes have them.
   */
  protected addSorted(entries: Int32Array, count: number): void {
    const leaves = this.#leaves;
    const probe = this.#probe;
    const path = this.#path;
    this.#rowCount += count;
    let isPathTrue = false;
    for (let from = 0; from < count;) {
      probe.setEntry(entries, from);
      const leaf: number = isPathTrue
        ? path.descendNear(this.#inners, this.#root, this.#depth, probe)
        : this.#descend();
      const room: number = nodeCapacity - (leaves.counts[leaf] as number);
      isPathTrue = room > 0;
      if (isPathTrue) {
        const end = this.#endOfLeaf(leaf, entries, from, Math.min(count, from + room));
        if (leaves.merge(leaf, entries, from, end)) this.#refreshLeast(this.#depth);
        from = end;
      } else {
        this.#insertAt(leaf, probe.positionIn(leaves, leaf), probe.row);
        from++;
      }
    }
  }

  /** The end of those of `entries[from, end)` that come before the leaf's right neighbour. */
  #endOfLeaf(leaf: number, entries: Int32Array, from: number, end: number): number {
    const leaves = this.#leaves;
    const next = leaves.next[leaf] as number;
    if (next < 0) return end;
    const bound = next * nodeCapacity * entryWords;
    let at = from + 1;
    while (at < end && isBehind(leaves.words, bound, entries, at * entryWords)) at++;
    return at;
  }

  /** The leaf of the greatest keys. Where keys come in order, they all go there. */
  #lastLeaf(): number {
    if (this.#last >= 0) return this.#last;
    let node = this.#root;
    for (let level = 0; level < this.#depth; level++) {
      const count = this.#inners.counts[node] as number;
      node = this.#inners.child[node * nodeCapacity + count - 1] as number;
    }
    this.#last = node;
    return node;
  }

  /** Whether what is searched for lies behind the `count` entries of the last leaf, and so behind all. */
  #isBehindAll(last: number, count: number): boolean {
    return this.#probe.isAfter(this.#leaves, last * nodeCapacity + count - 1);
  }

  remove(row: number): void {
    const leaves = this.#leaves;
    this.#probe.setRow(row);
    this.#recent.forget(this.#probe.words, row);
    const leaf = this.#descend();
    const position = this.#probe.positionIn(leaves, leaf);
    assert(
      position < (leaves.counts[leaf] as number) &&
        leaves.rowAt(leaf * nodeCapacity + position) === row,
      "a row to be removed is not in the B-tree",
    );
    leaves.remove(leaf, position);
    this.#afterRemoval(leaf, position);
    this.#rowCount--;
    const { capacity } = leaves;
    if (capacity > sparseNodesMin && this.#rowCount * sparseShare < capacity * nodeCapacity)
      this.#repack();
  }

  /**
   * Gives memory back, by a copy of what is left. At least three quarters of the room is unused by then, so that a tree shrinks
   * in few such steps; the removal that takes one copies 12 bytes for each row left.
   */
  #repack(): void {
    let leaf = this.#root;
    for (let level = 0; level < this.#depth; level++) {
      leaf = this.#inners.child[leaf * nodeCapacity] as number;
    }
    const count = this.#rowCount;
    this.#become(stackTree(gatherEntries(this.#leaves, leaf, count), count));
  }

  find(bytes: Uint8Array, start: number, end: number): number {
    const probe = this.#probe;
    probe.setPlace(bytes, start, this.key.columns.length, "before");
    if (!probe.isDecidedByWords) return this.#search();
    const { high, low } = probe.words;
    if (this.#step !== undefined) {
      const guess = this.#guess(this.#step === "high" ? high : low, bytes, start, end);
      if (guess >= 0) return guess;
      if (this.#isBeyond(high, low)) return -1;
    }
    const recent = this.#recent.find(probe.words);
    if (recent >= 0) return recent;
    const row = this.#isUnique ? this.#searchUnique(high, low) : this.#search();
    if (row >= 0) {
      this.#recent.keep(probe.words, row);
      this.#shift = (this.#step === "high" ? high : low) - row;
    }
    return row;
  }

  /** As `find`, and right for the keys of rows that are stored and not in the index yet: nothing is guessed. */
  findAdded(bytes: Uint8Array, start: number): number {
    const probe = this.#probe;
    probe.setPlace(bytes, start, this.key.columns.length, "before");
    if (!this.#isUnique || !probe.isDecidedByWords) return this.#search();
    return this.#searchUnique(probe.words.high, probe.words.low);
  }

  /** Whether a key with these words is greater than all: new rows of a table that numbers them are looked for before they come. */
  #isBeyond(high: number, low: number): boolean {
    const leaves = this.#leaves;
    const last = this.#lastLeaf();
    const entry = last * nodeCapacity + (leaves.counts[last] as number) - 1;
    if (entry < last * nodeCapacity) return true;
    const greatest = leaves.highAt(entry);
    return greatest < high || (greatest === high && leaves.lowAt(entry) < low);
  }

  /**
   * The row with a unique integer as its key, or -1 if it is not where it was looked for. Rows that came in the order of dense
   * keys have ids as far from each other as their keys are: the row found last tells where another one is, and the tree, whose
   * nodes are far away in memory, is not read.
   */
  #guess(word: number, bytes: Uint8Array, start: number, end: number): number {
    if (!this.#guesses.isWorthIt()) return -1;
    const row = (word - this.#shift) | 0;
    if (row < 0 || row >= this.key.rowLimit) return -1;
    const isRight = this.key.isKeyOf(row, bytes, start, end);
    this.#guesses.note(isRight);
    return isRight ? row : -1;
  }

  /** The row whose unique key has these words and no other key has them, or -1. */
  #searchUnique(high: number, low: number): number {
    const inners = this.#inners;
    let node = this.#root;
    let pages = this.#leaves;
    let least = node * nodeCapacity;
    for (let level = 0; level < this.#depth; level++) {
      const first = node * nodeCapacity;
      const next = firstNotLess(
        inners.words,
        first,
        inners.counts[node] as number,
        high,
        low,
        behindRows,
      );
      pages = inners;
      least = Math.max(first, next - 1);
      node = inners.child[least] as number;
    }
    // The least entry of the leaf stands above it as well, where memory is near.
    let distance = nodeCapacity;
    if (this.#step === "high") distance = high - pages.highAt(least);
    else if (this.#step === "low" && high === pages.highAt(least))
      distance = low - pages.lowAt(least);
    return distance < 0 ? -1 : findWords(this.#leaves, node, high, low, distance);
  }

  /** The first row with the key that the probe lies before, or -1. */
  #search(): number {
    const leaves = this.#leaves;
    let leaf = this.#descend();
    let position = this.#probe.positionIn(leaves, leaf);
    if (position === (leaves.counts[leaf] as number)) {
      leaf = leaves.next[leaf] as number;
      position = 0;
      if (leaf < 0) return -1;
    }
    // This is the first entry not before the key. It has the key if the place behind the key lies after it.
    this.#probe.moveBehind();
    const at = leaf * nodeCapacity + position;
    return this.#probe.isAfter(leaves, at) ? leaves.rowAt(at) : -1;
  }

  scanPoint(bytes: Uint8Array, start: number, end: number, found: RowIds): void {
    if (this.#isUnique) {
      const row = this.find(bytes, start, end);
      if (row >= 0) found.push(row);
      return;
    }
    this.#probe.setPlace(bytes, start, this.key.columns.length, "before");
    const leaf = this.#descend();
    const position = this.#probe.positionIn(this.#leaves, leaf);
    this.#probe.moveBehind();
    this.#collect(leaf, position, found);
  }

  scanRange(lower: Cut, upper: Cut, found: RowIds): void {
    this.#probe.setCut(lower);
    const leaf = this.#descend();
    const position = this.#probe.positionIn(this.#leaves, leaf);
    this.#probe.setCut(upper);
    this.#collect(leaf, position, found);
  }

  scanEnd(lower: Cut, upper: Cut, countMax: number, isFromEnd: boolean, found: RowIds): void {
    const leaves = this.#leaves;
    this.#probe.setCut(isFromEnd ? upper : lower);
    let leaf = this.#descend();
    let position = this.#probe.positionIn(leaves, leaf) - (isFromEnd ? 1 : 0);
    this.#probe.setCut(isFromEnd ? lower : upper);
    for (let left = countMax; left > 0; left--) {
      while (position < 0 || position >= (leaves.counts[leaf] as number)) {
        leaf = (isFromEnd ? leaves.previous : leaves.next)[leaf] as number;
        if (leaf < 0) return;
        position = isFromEnd ? (leaves.counts[leaf] as number) - 1 : 0;
      }
      const entry = leaf * nodeCapacity + position;
      if (this.#probe.isAfter(leaves, entry) === isFromEnd) return;
      found.push(leaves.rowAt(entry));
      position += isFromEnd ? -1 : 1;
    }
  }

  /** Appends the rows from a place on to the probe: none, if the place lies behind it. */
  #collect(firstLeaf: number, firstPosition: number, found: RowIds): void {
    const leaves = this.#leaves;
    let position = firstPosition;
    for (let leaf = firstLeaf; leaf >= 0; leaf = leaves.next[leaf] as number) {
      const start = leaf * nodeCapacity;
      const count = leaves.counts[leaf] as number;
      const isWhole = count > 0 && this.#probe.isAfter(leaves, start + count - 1);
      const end = isWhole ? count : this.#probe.positionIn(leaves, leaf);
      for (; position < end; position++) found.push(leaves.rowAt(start + position));
      if (end < count) return;
      position = 0;
    }
  }

  /** The leaf where the probe belongs; records the path. */
  #descend(): number {
    return this.#path.descend(this.#inners, this.#root, this.#depth, this.#probe);
  }

  #insertAt(leaf: number, position: number, row: number): void {
    const { high, low } = this.#probe.words;
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
    this.#last = -1;
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
    if (level < 0) {
      const root = inners.allocate();
      inners.insertLeast(root, 0, pages, left);
      inners.insertLeast(root, 1, pages, right);
      this.#root = root;
      this.#depth++;
      assert(this.#depth < depthMax, "a B-tree grew too deep");
      return;
    }
    let node = this.#path.node[level] as number;
    let position = (this.#path.position[level] as number) + 1;
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
    inners.insertLeast(node, position, pages, right);
    if (split >= 0) this.#insertChild(level - 1, inners, this.#path.node[level] as number, split);
  }

  /** After the least entry of the node on `level` changed: corrects the entries above it. */
  #refreshLeast(level: number): void {
    for (let above = level - 1; above >= 0; above--) {
      const node = this.#path.node[above] as number;
      const position = this.#path.position[above] as number;
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
    this.#last = -1;
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
    const node = this.#path.node[level] as number;
    const position = this.#path.position[level] as number;
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
      this.#last = -1;
      this.#inners.release(old);
      this.#depth = count === 1 ? this.#depth - 1 : 0;
    }
  }

  #mergeRight(leaf: number): void {
    if (this.#depth === 0) return;
    const level = this.#depth - 1;
    const node = this.#path.node[level] as number;
    const position = this.#path.position[level] as number;
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
    this.#last = -1;
    this.#path.position[level] = position + 1;
    this.#removeChild(level);
  }
}

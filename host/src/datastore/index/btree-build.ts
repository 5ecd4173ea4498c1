// A whole B-tree from entries in order: full leaves, and inner nodes on top of them from the bottom up.
import { assert } from "@lightcone/abi";
import { entryWords, nodeCapacity, NodePages } from "./btree-pages.ts";

/** What makes up a B-tree. */
export interface TreeStructure {
  readonly root: number;
  /** Levels of inner nodes above the leaves. */
  readonly depth: number;
  readonly leaves: NodePages;
  readonly inners: NodePages;
}

/** Entries there must be room for beside `count` ones, so that all leaves lie in one array of whole nodes. */
export function leafRoom(count: number): number {
  return Math.max(1, Math.ceil(count / nodeCapacity)) * nodeCapacity - count;
}

/** A tree of `count` entries that stand in order in `words`, which becomes its leaves. `leafRoom` says how much longer it is. */
export function stackTree(words: Int32Array, count: number): TreeStructure {
  assert(
    words.length === (count + leafRoom(count)) * entryWords,
    "the entries of a B-tree do not fill whole nodes",
  );
  const leaves = new NodePages(false);
  leaves.adopt(words, count);
  const inners = new NodePages(true);
  let pages = leaves;
  let [first, end] = [0, leaves.capacity];
  let depth = 0;
  for (; end - first > 1; depth++) {
    let [parent, firstParent] = [-1, -1];
    for (let node = first; node < end; node++) {
      const position = (node - first) % nodeCapacity;
      if (position === 0) parent = inners.allocate();
      if (node === first) firstParent = parent;
      inners.insertLeast(parent, position, pages, node);
    }
    [first, end] = [firstParent, parent + 1];
    pages = inners;
  }
  return { root: first, depth, leaves, inners };
}

/** All entries of the leaves from `first` on, in order, with `leafRoom` behind them. */
export function gatherEntries(leaves: NodePages, first: number, count: number): Int32Array {
  const entries = new Int32Array((count + leafRoom(count)) * entryWords);
  let at = 0;
  for (let leaf = first; leaf >= 0; leaf = leaves.next[leaf] as number) {
    const start = leaf * nodeCapacity * entryWords;
    const length = (leaves.counts[leaf] as number) * entryWords;
    entries.set(leaves.words.subarray(start, start + length), at);
    at += length;
  }
  assert(
    at === count * entryWords,
    "the leaves of a B-tree hold another number of rows than it has",
  );
  return entries;
}

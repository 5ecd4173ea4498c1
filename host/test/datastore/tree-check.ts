// Walks a B-tree and names what is not as it must be.
import { nodeCapacity, type NodePages } from "../../src/datastore/index/btree-pages.ts";
import type { BTreeIndex } from "../../src/datastore/index/btree.ts";
import { KeyWords } from "../../src/datastore/key.ts";

interface Node {
  readonly pages: NodePages;
  readonly node: number;
  readonly level: number;
}

type LeastEntry = readonly [high: number, low: number, row: number];

function entryAt(pages: NodePages, at: number): LeastEntry {
  return [pages.highAt(at), pages.lowAt(at), pages.rowAt(at)];
}

/** The faults of a tree that should hold `rowCount` rows. */
export function treeFaults(tree: BTreeIndex, rowCount: number): string[] {
  const { root, depth, leaves, inners } = tree.structure;
  const faults: string[] = [];
  const leafOrder: number[] = [];

  function visit({ pages, node, level }: Node): void {
    const count = pages.counts[node] as number;
    const start = node * nodeCapacity;
    const isRoot = level === 0;
    if (count > nodeCapacity) faults.push(`node ${node} on level ${level} has ${count} entries`);
    if (count === 0 && !isRoot) faults.push(`node ${node} on level ${level} is empty`);
    if (isRoot && depth > 0 && count < 2) faults.push("the root has one child");
    if (level === depth) {
      leafOrder.push(node);
      return;
    }
    const childPages = level + 1 === depth ? leaves : inners;
    for (let at = start; at < start + count; at++) {
      const child = inners.child[at] as number;
      const least = entryAt(childPages, child * nodeCapacity);
      if (String(least) !== String(entryAt(inners, at))) {
        faults.push(`entry ${at - start} of node ${node} is not the least of its child`);
      }
      visit({ pages: childPages, node: child, level: level + 1 });
    }
  }

  visit({ pages: depth === 0 ? leaves : inners, node: root, level: 0 });
  const links = leafOrder.map((leaf) => [leaves.previous[leaf], leaves.next[leaf]]);
  const expected = leafOrder.map((_, i) => [leafOrder[i - 1] ?? -1, leafOrder[i + 1] ?? -1]);
  if (String(links) !== String(expected)) faults.push("the leaves are not linked in order");

  const rows = leafOrder.flatMap((leaf) => {
    const start = leaf * nodeCapacity;
    const count = leaves.counts[leaf] as number;
    return Array.from({ length: count }, (_, i) => leaves.rowAt(start + i));
  });
  if (rows.length !== rowCount) faults.push(`${rows.length} rows instead of ${rowCount}`);
  return [...faults, ...orderFaults(tree, rows), ...wordFaults(tree, leafOrder)];
}

function orderFaults({ key }: BTreeIndex, rows: readonly number[]): string[] {
  const compare = key.compare[key.columns.length];
  return rows.flatMap((row, i) => {
    const next = rows[i + 1];
    if (compare === undefined || next === undefined) return [];
    const a = { ...key.load(row) };
    const probe = key.loadProbe(next);
    const order = compare(a.bytes, a.start, probe.bytes, probe.start);
    return order < 0 || (order === 0 && row < next) ? [] : [`row ${row} is before row ${next}`];
  });
}

function wordFaults(
  { key, structure: { leaves } }: BTreeIndex,
  leafOrder: readonly number[],
): string[] {
  const words = new KeyWords();
  return leafOrder.flatMap((leaf) => {
    const faults: string[] = [];
    for (let i = 0; i < (leaves.counts[leaf] as number); i++) {
      const [high, low, row] = entryAt(leaves, leaf * nodeCapacity + i);
      const loaded = key.load(row);
      key.words.load(loaded.bytes, loaded.start, words);
      if (words.high !== high || words.low !== low) faults.push(`row ${row} has other words`);
    }
    return faults;
  });
}

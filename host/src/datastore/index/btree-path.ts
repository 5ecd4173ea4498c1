// The way from the root of a B-tree to one of its leaves.
import { firstNotLess, nodeCapacity, type NodePages } from "./btree-pages.ts";
import type { Probe } from "./probe.ts";

export const depthMax = 12;

export class TreePath {
  /** The node on each level of inner nodes, and the position of the child that the way goes on to. */
  readonly node: Int32Array = new Int32Array(depthMax);
  readonly position: Int32Array = new Int32Array(depthMax);

  /** The leaf where the probe belongs: `depth` levels below `root`. */
  descend(inners: NodePages, root: number, depth: number, probe: Probe): number {
    let node = root;
    for (let level = 0; level < depth; level++) {
      const next = probe.positionIn(inners, node);
      const start = node * nodeCapacity;
      // An entry that is the row searched for leads to it; otherwise the child before holds the place.
      const isHere =
        probe.row >= 0 &&
        next < (inners.counts[node] as number) &&
        inners.rowAt(start + next) === probe.row;
      const position = isHere ? next : Math.max(0, next - 1);
      this.node[level] = node;
      this.position[level] = position;
      node = inners.child[start + position] as number;
    }
    return node;
  }

  /**
   * As `descend`, for an entry that words tell, which is not there and lies behind the one that the path leads to. It is often in
   * a leaf below the same node.
   */
  descendNear(inners: NodePages, root: number, depth: number, probe: Probe): number {
    const level = depth - 1;
    if (level < 0) return root;
    const node = this.node[level] as number;
    const start = node * nodeCapacity;
    const last = start + (inners.counts[node] as number) - 1;
    // Behind the last of them it can be below another node.
    if (probe.isAfter(inners, last)) return this.descend(inners, root, depth, probe);
    const from = start + (this.position[level] as number);
    const { high, low } = probe.words;
    const at = firstNotLess(inners.words, from, last - from, high, low, probe.row) - 1;
    this.position[level] = at - start;
    return inners.child[at] as number;
  }
}

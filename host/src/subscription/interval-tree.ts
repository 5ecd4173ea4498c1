// Ranges of a column's values, and which of them a value lies in. A treap: ordered by the lower ends, balanced by chance, and
// each node knows the greatest upper end below it, so that a search leaves out whatever ends before the value. With n ranges
// of which k match it takes O(log n + k) steps where ranges are apart or have one end, and O(k log n) whatever they are.
import type { Compare } from "../datastore/key.ts";
import { hashWords } from "../datastore/key.ts";
import type { Range } from "../sql/plan/column-range.ts";
import { compareHigh, compareLow, isAbove, isBelow } from "./condition.ts";

interface Node<T> {
  readonly range: Range;
  /** Those that have this very range. */
  readonly items: T[];
  readonly priority: number;
  left: Node<T> | undefined;
  right: Node<T> | undefined;
  /** The greatest upper end of this node and those below. */
  greatest: Range["high"];
}

export class IntervalTree<T> {
  readonly #compare: Compare;
  #root: Node<T> | undefined;
  /** How many nodes were made. */
  #madeCount = 0;

  /** `compare` orders values of the column. */
  constructor(compare: Compare) {
    this.#compare = compare;
  }

  get isEmpty(): boolean {
    return this.#root === undefined;
  }

  add(range: Range, item: T): void {
    const known = this.#find(range);
    if (known !== undefined) {
      known.items.push(item);
      return;
    }
    // Chance that is the same in every run: the shape of the tree never shows in a result.
    const priority = hashWords(++this.#madeCount, 0);
    const node: Node<T> = {
      range,
      items: [item],
      priority,
      left: undefined,
      right: undefined,
      greatest: range.high,
    };
    this.#root = this.#insert(this.#root, node);
  }

  /** Takes out what was added with this range, if it is there. */
  remove(range: Range, item: T): void {
    const node = this.#find(range);
    const position = node?.items.indexOf(item) ?? -1;
    if (node === undefined || position < 0) return;
    node.items.splice(position, 1);
    if (node.items.length === 0) this.#root = this.#delete(this.#root, range);
  }

  /** Visits what has a range in which the value at `bytes[at]` lies. */
  find(bytes: Uint8Array, at: number, visit: (item: T) => void): void {
    this.#visit(this.#root, bytes, at, visit);
  }

  #visit(node: Node<T> | undefined, bytes: Uint8Array, at: number, visit: (item: T) => void): void {
    if (node === undefined || !isBelow(this.#compare, node.greatest, bytes, at)) return;
    this.#visit(node.left, bytes, at, visit);
    const { range, items } = node;
    // All to the right begin later still.
    if (!isAbove(this.#compare, range.low, bytes, at)) return;
    if (isBelow(this.#compare, range.high, bytes, at)) {
      for (let i = 0; i < items.length; i++) visit(items[i] as T);
    }
    this.#visit(node.right, bytes, at, visit);
  }

  #order(a: Range, b: Range): number {
    const order = compareLow(this.#compare, a.low, b.low);
    return order !== 0 ? order : compareHigh(this.#compare, a.high, b.high);
  }

  #find(range: Range): Node<T> | undefined {
    let node = this.#root;
    while (node !== undefined) {
      const order = this.#order(range, node.range);
      if (order === 0) return node;
      node = order < 0 ? node.left : node.right;
    }
    return undefined;
  }

  /** Must follow every change of a node's children. */
  #measure(node: Node<T>): Node<T> {
    let greatest = node.range.high;
    for (const child of [node.left, node.right]) {
      if (child !== undefined && compareHigh(this.#compare, child.greatest, greatest) > 0) {
        greatest = child.greatest;
      }
    }
    node.greatest = greatest;
    return node;
  }

  #insert(node: Node<T> | undefined, made: Node<T>): Node<T> {
    if (node === undefined) return made;
    if (made.priority > node.priority) {
      [made.left, made.right] = this.#split(node, made.range);
      return this.#measure(made);
    }
    if (this.#order(made.range, node.range) < 0) node.left = this.#insert(node.left, made);
    else node.right = this.#insert(node.right, made);
    return this.#measure(node);
  }

  /** Takes a tree apart: what comes before `range`, and what comes after it. */
  #split(
    node: Node<T> | undefined,
    range: Range,
  ): [before: Node<T> | undefined, after: Node<T> | undefined] {
    if (node === undefined) return [undefined, undefined];
    if (this.#order(node.range, range) < 0) {
      const [before, after] = this.#split(node.right, range);
      node.right = before;
      return [this.#measure(node), after];
    }
    const [before, after] = this.#split(node.left, range);
    node.left = after;
    return [before, this.#measure(node)];
  }

  #delete(node: Node<T> | undefined, range: Range): Node<T> | undefined {
    if (node === undefined) return undefined;
    const order = this.#order(range, node.range);
    if (order === 0) return this.#merge(node.left, node.right);
    if (order < 0) node.left = this.#delete(node.left, range);
    else node.right = this.#delete(node.right, range);
    return this.#measure(node);
  }

  /** One tree of two, of which all in the first come before all in the second. */
  #merge(before: Node<T> | undefined, after: Node<T> | undefined): Node<T> | undefined {
    if (before === undefined || after === undefined) return before ?? after;
    if (before.priority > after.priority) {
      before.right = this.#merge(before.right, after);
      return this.#measure(before);
    }
    after.left = this.#merge(before, after.left);
    return this.#measure(after);
  }
}

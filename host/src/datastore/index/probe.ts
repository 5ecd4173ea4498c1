// What a B-tree is searched for, and where that lies among the entries of a node.
import { type Compare, KeyWords } from "../key.ts";
import {
  entryWords,
  firstNotLess,
  highWord,
  lowWord,
  nodeCapacity,
  type NodePages,
  rowWord,
} from "./btree-pages.ts";
import type { Cut, IndexKey } from "./contract.ts";

const noBytes = new Uint8Array(0);

const leastWord = -(2 ** 31);
const greatestWord = 2 ** 31 - 1;

// Stand for a row id in a place before or behind all rows with a key.
const beforeRows: number = -1;
export const behindRows: number = greatestWord;

/** Either a row, whose place is by key and then by row id, or a place before or behind keys. Reused from search to search. */
export class Probe {
  readonly #key: IndexKey;
  readonly words: KeyWords = new KeyWords();
  /** The row searched for, or -1 for a place. */
  row = -1;
  #bytes: Uint8Array = noBytes;
  #start = 0;
  #compare: Compare;
  #isDecidedByWords = false;
  /** What comes after the key in the order of entries: the row, or what stands for one. */
  #tieRow = beforeRows;

  constructor(key: IndexKey) {
    this.#key = key;
    this.#compare = key.compare[0] as Compare;
  }

  /** Equal words mean equal keys. */
  get isDecidedByWords(): boolean {
    return this.#isDecidedByWords;
  }

  setRow(row: number): void {
    const key = this.#key.loadProbe(row);
    this.#set(key.bytes, key.start, this.#key.columns.length);
    this.row = this.#tieRow = row;
  }

  /** What was a place before or behind the key of a row becomes the row. Only where words tell the whole key. */
  becomeRow(row: number): void {
    // They may be a guest's.
    this.#bytes = noBytes;
    this.row = this.#tieRow = row;
  }

  /** A row of which words tell the whole key, as an entry. */
  setEntry(entries: Int32Array, entry: number): void {
    const at = entry * entryWords;
    this.words.high = entries[at + highWord] as number;
    this.words.low = entries[at + lowWord] as number;
    this.row = this.#tieRow = entries[at + rowWord] as number;
    this.#isDecidedByWords = true;
  }

  setCut(cut: Cut): void {
    this.setPlace(cut.bytes, cut.start, cut.columnCount, cut.side);
  }

  /** A place before or behind all entries whose first `columnCount` columns are those at `start`. */
  setPlace(bytes: Uint8Array, start: number, columnCount: number, side: Cut["side"]): void {
    this.#set(bytes, start, columnCount);
    this.row = -1;
    this.#tieRow = side === "before" ? beforeRows : behindRows;
    if (columnCount === 0 && this.#key.columns.length > 0) {
      // Without a column to go by, the place is before or behind all that there is.
      this.words.high = this.words.low = side === "before" ? leastWord : greatestWord;
    }
  }

  /** From the place before the keys searched for to the one behind them. */
  moveBehind(): void {
    this.#tieRow = behindRows;
  }

  #set(bytes: Uint8Array, start: number, columnCount: number): void {
    this.#bytes = bytes;
    this.#start = start;
    this.#compare = this.#key.compare[columnCount] as Compare;
    this.#isDecidedByWords = columnCount === 0 || (columnCount === 1 && this.#key.words.isExact);
    if (columnCount > 0) this.#key.words.load(bytes, start, this.words);
  }

  /** Order of a stored entry that has the words searched for: negative, zero (the row itself) or positive. */
  #orderBehindWords(pages: NodePages, at: number): number {
    const row = pages.rowAt(at);
    if (this.#isDecidedByWords) return row - this.#tieRow;
    const stored = this.#key.load(row);
    const order = this.#compare(stored.bytes, stored.start, this.#bytes, this.#start);
    return order === 0 ? row - this.#tieRow : order;
  }

  /** Whether the entry at a position of all nodes' entries lies before what is searched for. */
  isAfter(pages: NodePages, at: number): boolean {
    const high = pages.highAt(at);
    if (high !== this.words.high) return high < this.words.high;
    const low = pages.lowAt(at);
    if (low !== this.words.low) return low < this.words.low;
    return this.#orderBehindWords(pages, at) < 0;
  }

  /** Position of the first entry of a node that is not before what is searched for. */
  positionIn(pages: NodePages, node: number): number {
    const start = node * nodeCapacity;
    const count = pages.counts[node] as number;
    if (count === 0) return 0;
    const { high, low } = this.words;
    if (this.#isDecidedByWords) {
      return firstNotLess(pages.words, start, count, high, low, this.#tieRow) - start;
    }
    // Words that are equal tell nothing here, so that rows are compared.
    let at = firstNotLess(pages.words, start, count, high, low, leastWord);
    if (at === start + count || pages.highAt(at) !== high || pages.lowAt(at) !== low) {
      return at - start;
    }
    if (at + 1 === start + count || pages.highAt(at + 1) !== high || pages.lowAt(at + 1) !== low) {
      return at - start + (this.#orderBehindWords(pages, at) < 0 ? 1 : 0);
    }
    let end = firstNotLess(pages.words, at, start + count - at, high, low, greatestWord);
    while (at < end) {
      const middle = (at + end) >>> 1;
      if (this.#orderBehindWords(pages, middle) < 0) at = middle + 1;
      else end = middle;
    }
    return at - start;
  }
}

/**
 * The row of the entry with these words in a leaf, or -1. Integers that differ by one at least let it lie no further from
 * the first entry than the keys differ, by `distance`: where numbers are dense that is the very place.
 */
export function findWords(
  leaves: NodePages,
  leaf: number,
  high: number,
  low: number,
  distance: number,
): number {
  const { words, counts } = leaves;
  const count = counts[leaf] as number;
  if (count === 0) return -1;
  const first = leaf * nodeCapacity;
  const farthest = first + Math.min(distance, count - 1);
  let at = farthest;
  if (words[at * entryWords + lowWord] !== low || words[at * entryWords + highWord] !== high) {
    at = firstNotLess(words, first, farthest - first + 1, high, low, beforeRows);
    if (at > farthest) return -1;
  }
  const place = at * entryWords;
  const isFound = words[place + highWord] === high && words[place + lowWord] === low;
  return isFound ? (words[place + rowWord] as number) : -1;
}

// What a B-tree is searched for, and where that lies among the entries of a node.
import { type Compare, KeyWords } from "../key.ts";
import { entryWords, highWord, lowWord, nodeCapacity, type NodePages } from "./btree-pages.ts";
import type { Cut, IndexKey } from "./contract.ts";

const leastWord = -(2 ** 31);
const greatestWord = 2 ** 31 - 1;

// How entries with an equal key compare with a place before or behind that key.
const entriesAfter = 1;
const entriesBefore = -1;

/** Either a row, whose place is by key and then by row id, or a place before or behind keys. Reused from search to search. */
export class Probe {
  readonly #key: IndexKey;
  readonly words: KeyWords = new KeyWords();
  /** The row searched for, or -1 for a place. */
  row = -1;
  #bytes: Uint8Array = new Uint8Array(0);
  #start = 0;
  #compare: Compare;
  #isDecidedByWords = false;
  /** For a place: what an entry with an equal key compares as. */
  #tie = entriesAfter;

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
    this.row = row;
  }

  setCut(cut: Cut): void {
    this.setPlace(cut.bytes, cut.start, cut.columnCount, cut.side);
  }

  /** A place before or behind all entries whose first `columnCount` columns are those at `start`. */
  setPlace(bytes: Uint8Array, start: number, columnCount: number, side: Cut["side"]): void {
    this.#set(bytes, start, columnCount);
    this.row = -1;
    this.#tie = side === "before" ? entriesAfter : entriesBefore;
    if (columnCount === 0 && this.#key.columns.length > 0) {
      // Without a column to go by, the place is before or behind all that there is.
      this.words.high = this.words.low = side === "before" ? leastWord : greatestWord;
    }
  }

  /** From the place before the keys searched for to the one behind them. */
  moveBehind(): void {
    this.#tie = entriesBefore;
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
    if (!this.#isDecidedByWords) {
      const stored = this.#key.load(row);
      const order = this.#compare(stored.bytes, stored.start, this.#bytes, this.#start);
      if (order !== 0) return order;
    }
    return this.row >= 0 ? row - this.row : this.#tie;
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
    let at = start;
    let end = start + (pages.counts[node] as number);
    if (at === end) return 0;
    const { high, low } = this.words;
    // All entries of a node often have the same word: small numbers in wide types, texts that begin alike.
    if (pages.highAt(at) !== high || pages.highAt(end - 1) !== high) {
      at = firstNotLess(pages.words, highWord, at, end, high);
      if (at === end || pages.highAt(at) !== high) return at - start;
      if (at + 1 === end || pages.highAt(at + 1) !== high) {
        return at - start + (this.isAfter(pages, at) ? 1 : 0);
      }
      end = firstGreater(pages.words, highWord, at, end, high);
    }
    if (pages.lowAt(at) !== low || pages.lowAt(end - 1) !== low) {
      at = firstNotLess(pages.words, lowWord, at, end, low);
      if (at === end || pages.lowAt(at) !== low) return at - start;
      if (at + 1 === end || pages.lowAt(at + 1) !== low) {
        return at - start + (this.#orderBehindWords(pages, at) < 0 ? 1 : 0);
      }
      end = firstGreater(pages.words, lowWord, at, end, low);
    }
    while (at < end) {
      const middle = (at + end) >>> 1;
      if (this.#orderBehindWords(pages, middle) < 0) at = middle + 1;
      else end = middle;
    }
    return at - start;
  }
}

// These two, of at least one entry, halve what is left without a branch on what they find: no processor can guess where a
// key lies, and half the time of a search would go into guesses that were wrong.

/** The first of the entries `[start, end)` whose `field` is not less than `word`, or `end`. There must be entries. */
export function firstNotLess(
  words: Int32Array,
  field: number,
  start: number,
  end: number,
  word: number,
): number {
  let at = start;
  let count = end - start;
  while (count > 1) {
    const half = count >> 1;
    const middle = (at + half - 1) * entryWords + field;
    at += (Number((words[middle] as number) < word) * half) | 0;
    count -= half;
  }
  return at + Number((words[at * entryWords + field] as number) < word);
}

/** The first that is greater, or `end`. There must be entries. */
export function firstGreater(
  words: Int32Array,
  field: number,
  start: number,
  end: number,
  word: number,
): number {
  let at = start;
  let count = end - start;
  while (count > 1) {
    const half = count >> 1;
    const middle = (at + half - 1) * entryWords + field;
    at += (Number((words[middle] as number) <= word) * half) | 0;
    count -= half;
  }
  return at + Number((words[at * entryWords + field] as number) <= word);
}

// The entries of a B-tree in order, all at once: words and row of each row, by radix, without an object or a comparison for
// most. Only rows whose words are equal and do not tell the whole key are compared.
import { KeyWords } from "../key.ts";
import type { RowBits } from "../rows/bits.ts";
import type { RowIds } from "../rows/ids.ts";
import { entryWords, highWord, isBehind, lowWord, rowWord } from "./btree-pages.ts";
import type { IndexKey, KeyConflict } from "./contract.ts";

/** Digits of more bits would have more places to write to than are near the processor. */
const digitBitsMax = 14;
/** Digits of fewer bits would need many passes. */
const digitBitsMin = 8;
const signBit = 0x80000000 | 0;

/** The words of an entry, from the one that counts least on. */
const wordsByRank = [rowWord, lowWord, highWord] as const;

/** Memory of batches, which are sorted one after another. */
const batchEntries: [Int32Array, Int32Array] = [new Int32Array(0), new Int32Array(0)];

/**
 * The entries of rows by words, then by row: the first `rows.count` of what is returned, which is valid until the next batch. Its
 * memory stays.
 */
export function sortedBatch(key: IndexKey, rows: RowIds): Int32Array {
  const { count } = rows;
  if (batchEntries[0].length < count * entryWords) {
    batchEntries[0] = new Int32Array(count * entryWords);
    batchEntries[1] = new Int32Array(count * entryWords);
  }
  const [entries, others] = batchEntries;
  const words = new KeyWords();
  for (let i = 0, at = 0; i < count; i++, at += entryWords) {
    putEntry(entries, at, key, rows.at(i), words);
  }
  return isSorted(entries, count) ? entries : sortByWords(entries, count, others);
}

function putEntry(
  entries: Int32Array,
  at: number,
  key: IndexKey,
  row: number,
  words: KeyWords,
): void {
  const { bytes, start } = key.loadProbe(row);
  if (key.columns.length > 0) key.words.load(bytes, start, words);
  entries[at + highWord] = words.high;
  entries[at + lowWord] = words.low;
  entries[at + rowWord] = row;
}

/** The entries of `count` rows, those of a set, with `room` for more behind them; in the order of the rows. */
function extractEntries(key: IndexKey, rows: RowBits, count: number, room: number): Int32Array {
  const entries = new Int32Array((count + room) * entryWords);
  const words = new KeyWords();
  let at = 0;
  for (let row = rows.next(0); row >= 0; row = rows.next(row + 1)) {
    putEntry(entries, at, key, row, words);
    at += entryWords;
  }
  return entries;
}

/** Whether entries are in order by words and then by row. */
function isSorted(entries: Int32Array, count: number): boolean {
  for (let at = entryWords; at < count * entryWords; at += entryWords) {
    if (isBehind(entries, at - entryWords, entries, at)) return false;
  }
  return true;
}

function isAscending(entries: Int32Array, count: number, word: number): boolean {
  for (let at = entryWords + word; at < count * entryWords; at += entryWords) {
    if ((entries[at] as number) < (entries[at - entryWords] as number)) return false;
  }
  return true;
}

/** The bits in which a word of the entries differs from entry to entry. */
function differingBits(entries: Int32Array, count: number, word: number): number {
  const first = entries[word] as number;
  let bits = 0;
  for (let at = word; at < count * entryWords; at += entryWords)
    bits |= (entries[at] as number) ^ first;
  return bits;
}

/** Moves entries to where the digit of `digitBits` bits from `shift` on belongs; those with the same digit keep their order. */
function sortByDigit(
  from: Int32Array,
  to: Int32Array,
  count: number,
  word: number,
  shift: number,
  digitBits: number,
): void {
  const end = count * entryWords;
  const mask = (1 << digitBits) - 1;
  const places = new Int32Array(mask + 1);
  for (let at = word; at < end; at += entryWords) {
    const digit = (((from[at] as number) ^ signBit) >>> shift) & mask;
    places[digit] = (places[digit] as number) + entryWords;
  }
  let place = 0;
  for (let digit = 0; digit <= mask; digit++) {
    const here = places[digit] as number;
    places[digit] = place;
    place += here;
  }
  for (let at = 0; at < end; at += entryWords) {
    const digit = (((from[at + word] as number) ^ signBit) >>> shift) & mask;
    const target = places[digit] as number;
    places[digit] = target + entryWords;
    to[target] = from[at] as number;
    to[target + lowWord] = from[at + lowWord] as number;
    to[target + rowWord] = from[at + rowWord] as number;
  }
}

/**
 * Sorts the first `count` entries by words, then by row, with the memory of others of no use. Returns whichever of the two holds
 * the outcome.
 */
function sortByWords(entries: Int32Array, count: number, others: Int32Array): Int32Array {
  let from = entries;
  let to = others;
  // No more places than entries.
  const bitsMax = Math.min(digitBitsMax, Math.max(digitBitsMin, 31 - Math.clz32(count)));
  for (const word of wordsByRank) {
    if (word === rowWord && isAscending(entries, count, word)) continue;
    const differing = differingBits(entries, count, word);
    // Of numbers that lie close to one another most bits are the same: those cost no pass.
    const end = 32 - Math.clz32(differing);
    let shift = differing === 0 ? end : 31 - Math.clz32(differing & -differing);
    while (shift < end) {
      const passes = Math.ceil((end - shift) / bitsMax);
      const digitBits = Math.ceil((end - shift) / passes);
      sortByDigit(from, to, count, word, shift, digitBits);
      [from, to] = [to, from];
      shift += digitBits;
    }
  }
  return from;
}

/** The end of the entries from `first` on that have its words. */
function runEnd(entries: Int32Array, count: number, first: number): number {
  const high = entries[first * entryWords + highWord];
  const low = entries[first * entryWords + lowWord];
  let end = first + 1;
  while (
    end < count &&
    entries[end * entryWords + highWord] === high &&
    entries[end * entryWords + lowWord] === low
  ) {
    end++;
  }
  return end;
}

/** Sorts the rows of entries with equal words by their keys, then by row id. */
function sortRun(key: IndexKey, entries: Int32Array, first: number, end: number): void {
  const rows = new Int32Array(end - first);
  for (let i = 0; i < rows.length; i++)
    rows[i] = entries[(first + i) * entryWords + rowWord] as number;
  rows.sort((a, b) => key.compareRows(a, b) || a - b);
  for (let i = 0; i < rows.length; i++)
    entries[(first + i) * entryWords + rowWord] = rows[i] as number;
}

/** What came of sorting: the entries, or two of their rows that have the same key where keys are unique. */
export type SortedEntries = Int32Array | KeyConflict;

/** The entries of `count` rows by key, then by row id, with `room` for more behind them. */
export function sortedEntries(
  key: IndexKey,
  isUnique: boolean,
  rows: RowBits,
  count: number,
  room: number,
): SortedEntries {
  const extracted = extractEntries(key, rows, count, room);
  const entries = isSorted(extracted, count)
    ? extracted
    : sortByWords(extracted, count, new Int32Array(extracted.length));
  const isExact = key.columns.length === 0 || (key.columns.length === 1 && key.words.isExact);
  // Exact words leave nothing to do but this.
  if (isExact && !isUnique) return entries;
  for (let first = 0, end = 0; first < count; first = end) {
    end = runEnd(entries, count, first);
    if (end - first === 1) continue;
    if (!isExact) sortRun(key, entries, first, end);
    if (!isUnique) continue;
    for (let at = first + 1; at < end; at++) {
      const row = entries[(at - 1) * entryWords + rowWord] as number;
      const other = entries[at * entryWords + rowWord] as number;
      if (isExact || key.compareRows(row, other) === 0) return { row, other };
    }
  }
  return entries;
}

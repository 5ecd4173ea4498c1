// The entries of a B-tree in order, all at once: words and row of each row, by radix, without an object or a comparison for
// most. Only rows whose words are equal and do not tell the whole key are compared.
import { KeyWords } from "../key.ts";
import type { RowBits } from "../rows/bits.ts";
import { entryWords, highWord, lowWord, rowWord } from "./btree-pages.ts";
import type { IndexKey, KeyConflict } from "./contract.ts";

const digitBits = 11;
const digitCount = 1 << digitBits;
const digitMask = digitCount - 1;
/** Digits of a word: the last one has what is left. */
const digitsPerWord = Math.ceil(32 / digitBits);
const signBit = 0x80000000 | 0;

/** Words, by word the least first, from the least digit on. */
const digitWords = [lowWord, highWord] as const;

/** The entries of `count` rows, those of a set, with `room` for more behind them; in the order of the rows. */
function extractEntries(key: IndexKey, rows: RowBits, count: number, room: number): Int32Array {
  const entries = new Int32Array((count + room) * entryWords);
  const words = new KeyWords();
  let at = 0;
  for (let row = rows.next(0); row >= 0; row = rows.next(row + 1)) {
    const { bytes, start } = key.loadProbe(row);
    if (key.columns.length > 0) key.words.load(bytes, start, words);
    entries[at + highWord] = words.high;
    entries[at + lowWord] = words.low;
    entries[at + rowWord] = row;
    at += entryWords;
  }
  return entries;
}

/** Whether entries are in the order of their words. */
function isSorted(entries: Int32Array, count: number): boolean {
  for (let at = entryWords; at < count * entryWords; at += entryWords) {
    const high = entries[at + highWord] as number;
    const before = entries[at - entryWords + highWord] as number;
    if (high > before) continue;
    if (high < before) return false;
    const low = entries[at + lowWord] as number;
    if (low < (entries[at - entryWords + lowWord] as number)) return false;
  }
  return true;
}

/** How often each value of each digit occurs: one row of counts for each digit. */
function countDigits(entries: Int32Array, count: number): Int32Array {
  const counts = new Int32Array(2 * digitsPerWord * digitCount);
  for (let at = 0; at < count * entryWords; at += entryWords) {
    let base = 0;
    for (let w = 0; w < 2; w++) {
      let rest = (entries[at + (digitWords[w] as number)] as number) ^ signBit;
      for (let digit = 0; digit < digitsPerWord; digit++) {
        const place = base + (rest & digitMask);
        counts[place] = (counts[place] as number) + 1;
        rest >>>= digitBits;
        base += digitCount;
      }
    }
  }
  return counts;
}

/** Turns counts into the place where the entries of each digit begin. Returns whether one digit has them all. */
function toPlaces(counts: Int32Array, count: number): boolean {
  let place = 0;
  for (let value = 0; value < digitCount; value++) {
    const here = counts[value] as number;
    if (here === count) return true;
    counts[value] = place * entryWords;
    place += here;
  }
  return false;
}

/** Moves entries to where their digit belongs; those with the same digit keep their order. */
function scatter(
  from: Int32Array,
  to: Int32Array,
  count: number,
  word: number,
  shift: number,
  places: Int32Array,
): void {
  for (let at = 0; at < count * entryWords; at += entryWords) {
    const digit = (((from[at + word] as number) ^ signBit) >>> shift) & digitMask;
    const place = places[digit] as number;
    places[digit] = place + entryWords;
    to[place] = from[at] as number;
    to[place + lowWord] = from[at + lowWord] as number;
    to[place + rowWord] = from[at + rowWord] as number;
  }
}

/**
 * Sorts the first `count` entries by words; those with equal words keep their order. Returns the array that holds the outcome:
 * the one given, or another one.
 */
export function sortByWords(entries: Int32Array, count: number): Int32Array {
  if (isSorted(entries, count)) return entries;
  const counts = countDigits(entries, count);
  let from = entries;
  let to: Int32Array = new Int32Array(entries.length);
  for (let digit = 0; digit < 2 * digitsPerWord; digit++) {
    const places = counts.subarray(digit * digitCount, (digit + 1) * digitCount);
    if (toPlaces(places, count)) continue;
    const word = digitWords[digit < digitsPerWord ? 0 : 1];
    scatter(from, to, count, word, (digit % digitsPerWord) * digitBits, places);
    [from, to] = [to, from];
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
  const entries = sortByWords(extractEntries(key, rows, count, room), count);
  const isExact = key.columns.length === 0 || (key.columns.length === 1 && key.words.isExact);
  // Rows came in the order of their ids and sorting by words kept that: exact words leave nothing to do but this.
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

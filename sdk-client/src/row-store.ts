// The rows of one table by the bytes they came as, and by the bytes of their keys. What is kept of each row:
//
//     #rows      the row as programs get it
//     #bytes     what it came as
//     #records   eight words: hash of the key, next row of its bucket, place and length of the bytes, where in these the
//                key starts and ends, copies, flags
//
// All but the first are a few buffers, in which the garbage collector has nothing to follow. A row is a number from 1 on,
// which stays as long as the row does; 0 is no row.
import { type ProductValue, type Reader, sameBytes } from "@lightcone/abi";
import { RowBytes } from "./row-bytes.ts";

const recordShift = 3;
const hashAt = 0;
const nextAt = 1;
const placeAt = 2;
const lengthAt = 3;
const keyStartAt = 4;
const keyEndAt = 5;
const countAt = 6;
const flagsAt = 7;

/** Readers see the row. */
export const shownFlag = 1;
/** The message has told something of the row. */
export const touchedFlag = 2;

const capacityMin = 16;

/** Bytes of a row that may be in the store: `[start, end)` of those of `reader`, with its key in `[keyStart, keyEnd)`. */
export interface RowSpan {
  readonly reader: Reader;
  start: number;
  end: number;
  keyStart: number;
  keyEnd: number;
}

export class RowStore {
  readonly #rows: (ProductValue | undefined)[] = [undefined];
  readonly #bytes = new RowBytes();
  #records = new Int32Array(capacityMin << recordShift);
  /** The first row of each bucket; as many as there can be records. */
  #buckets = new Int32Array(capacityMin);
  /** The first of the numbers that were let go; their `next` leads to the others. */
  #free = 0;

  /** One more than the highest number. */
  get end(): number {
    return this.#rows.length;
  }

  /** The row of that number; undefined if there is none. */
  row(id: number): ProductValue | undefined {
    return this.#rows[id];
  }

  /** How many copies the queries have sent and not deleted. */
  countOf(id: number): number {
    return this.#records[(id << recordShift) + countAt] as number;
  }

  setCount(id: number, count: number): void {
    this.#records[(id << recordShift) + countAt] = count;
  }

  hasFlag(id: number, flag: number): boolean {
    return ((this.#records[(id << recordShift) + flagsAt] as number) & flag) !== 0;
  }

  setFlag(id: number, flag: number, isSet: boolean): void {
    if (this.hasFlag(id, flag) !== isSet) {
      (this.#records[(id << recordShift) + flagsAt] as number) ^= flag;
    }
  }

  /** The row with these bytes, or 0. */
  find({ reader, start, end }: RowSpan, hash: number): number {
    const records = this.#records;
    let id = this.#first(hash);
    while (id !== 0) {
      const at = id << recordShift;
      const isLikely = records[at + hashAt] === hash && records[at + lengthAt] === end - start;
      if (isLikely && this.#hasBytes(id, 0, reader.view, start, end)) break;
      id = records[at + nextAt] as number;
    }
    return id;
  }

  /** The row that readers see and whose key has these bytes, or 0. */
  findShown(view: DataView, keyStart: number, keyEnd: number, hash: number): number {
    const records = this.#records;
    let id = this.#first(hash);
    while (id !== 0) {
      const at = id << recordShift;
      const start = records[at + keyStartAt] as number;
      const isLikely = records[at + hashAt] === hash && this.hasFlag(id, shownFlag);
      const isAsLong = (records[at + keyEndAt] as number) - start === keyEnd - keyStart;
      if (isLikely && isAsLong && this.#hasBytes(id, start, view, keyStart, keyEnd)) break;
      id = records[at + nextAt] as number;
    }
    return id;
  }

  /** The row that readers see and that has the key of the row `id`, or 0. */
  findShownLike(id: number): number {
    const records = this.#records;
    const at = id << recordShift;
    const place = records[at + placeAt] as number;
    const start = this.#bytes.startOf(place);
    const keyStart = start + (records[at + keyStartAt] as number);
    const keyEnd = start + (records[at + keyEndAt] as number);
    const hash = records[at + hashAt] as number;
    return this.findShown(this.#bytes.viewOf(place), keyStart, keyEnd, hash);
  }

  /** Whether the bytes of the row from `offset` on are those of `view[start, end)`. */
  #hasBytes(id: number, offset: number, view: DataView, start: number, end: number): boolean {
    const place = this.#records[(id << recordShift) + placeAt] as number;
    const from = this.#bytes.startOf(place) + offset;
    return sameBytes(this.#bytes.viewOf(place), from, view, start, end - start);
  }

  /** Takes a row that is not there; no copies are counted, and readers do not see it. Returns its number. */
  add(span: RowSpan, hash: number, row: ProductValue): number {
    const { reader, start, end } = span;
    const id = this.#newId();
    const records = this.#records;
    const at = id << recordShift;
    const bucket = this.#bucketOf(hash);
    records[at + hashAt] = hash;
    records[at + nextAt] = this.#buckets[bucket] as number;
    records[at + placeAt] = this.#bytes.add(reader.view, start, end);
    records[at + lengthAt] = end - start;
    records[at + keyStartAt] = span.keyStart - start;
    records[at + keyEndAt] = span.keyEnd - start;
    records[at + countAt] = 0;
    this.#buckets[bucket] = id;
    this.#rows[id] = row;
    return id;
  }

  #newId(): number {
    const free = this.#free;
    if (free !== 0) {
      this.#free = this.#records[(free << recordShift) + nextAt] as number;
      return free;
    }
    const id = this.#rows.length;
    if (id === this.#buckets.length) this.#grow();
    return id;
  }

  #grow(): void {
    const capacity = this.#buckets.length * 2;
    const records = new Int32Array(capacity << recordShift);
    records.set(this.#records);
    this.#records = records;
    const buckets = new Int32Array(capacity);
    this.#buckets = buckets;
    // No number is free: that is why there must be more of them.
    for (let id = 1; id < this.#rows.length; id++) {
      const at = id << recordShift;
      const bucket = this.#bucketOf(records[at + hashAt] as number);
      records[at + nextAt] = buckets[bucket] as number;
      buckets[bucket] = id;
    }
  }

  #bucketOf(hash: number): number {
    return hash & (this.#buckets.length - 1);
  }

  #first(hash: number): number {
    return this.#buckets[this.#bucketOf(hash)] as number;
  }

  remove(id: number): void {
    const records = this.#records;
    const at = id << recordShift;
    this.#unlink(id, records[at + hashAt] as number);
    this.#bytes.remove(records[at + placeAt] as number, records[at + lengthAt] as number);
    this.#rows[id] = undefined;
    records[at + flagsAt] = 0;
    records[at + nextAt] = this.#free;
    this.#free = id;
  }

  #unlink(id: number, hash: number): void {
    const records = this.#records;
    const next = records[(id << recordShift) + nextAt] as number;
    let before = this.#first(hash);
    if (before === id) this.#buckets[this.#bucketOf(hash)] = next;
    while (before !== 0) {
      const at = (before << recordShift) + nextAt;
      before = records[at] as number;
      if (before === id) records[at] = next;
    }
  }
}

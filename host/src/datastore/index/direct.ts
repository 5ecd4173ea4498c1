// A direct index: rows by the number that is their unique key, found without a search. Keys are unsigned integers of up to 64
// bits or the tags of a plain enum (module-def.md, rules of indexes).
//
// Where numbers lie far apart an array with holes would be mostly holes, so a chunk of it is made only while chunks have on
// average some rows. Rows of other numbers, and of those from 2^32 on, are in a B-tree. A chunk's range of numbers is
// wholly in the one or wholly in the other.
import { type AlgebraicType, assert, isUnit } from "@lightcone/abi";
import { wordAt } from "../key.ts";
import type { RowBits } from "../rows/bits.ts";
import { RowIds } from "../rows/ids.ts";
import { BTreeIndex } from "./btree.ts";
import type { Cut, Index, IndexKey, KeyConflict } from "./contract.ts";
import { chunkMask, chunkSize, DirectPages, numberLimit } from "./direct-pages.ts";

/** So many chunks are made without a look at how many rows there are. */
const freeChunks = 512;
/** Numbers that chunks may have for each row: at most 32 bytes a row. */
const numbersPerRow = 8;

/** Whether a column of this type can be a direct index's key: an unsigned integer of up to 64 bits or a plain enum. */
export function isDirectType(type: AlgebraicType): boolean {
  if (type.kind === "sum") return type.variants.every((variant) => isUnit(variant.type));
  return directKinds.has(type.kind);
}

const directKinds: ReadonlySet<AlgebraicType["kind"]> = new Set(["u8", "u16", "u32", "u64"]);

export class DirectIndex implements Index {
  readonly key: IndexKey;
  readonly isOrdered = true;
  readonly #pages = new DirectPages();
  /** Rows that no chunk has. */
  readonly #others: BTreeIndex;
  #otherCount = 0;
  /** Rows in chunks. */
  #count = 0;
  readonly #moved = new RowIds();
  readonly #before: Cut = { bytes: new Uint8Array(8), start: 0, columnCount: 1, side: "before" };
  readonly #after: Cut = { bytes: new Uint8Array(8), start: 0, columnCount: 1, side: "after" };

  /** The key has one column, of a type that `isDirectType` accepts. */
  constructor(key: IndexKey) {
    const [type, ...others] = key.columnTypes;
    assert(
      type !== undefined && others.length === 0 && isDirectType(type),
      "no key of a direct index",
    );
    this.key = key;
    this.#others = new BTreeIndex(key, true);
  }

  /** How the index is built, for those who check that. */
  get structure(): { pages: DirectPages; others: BTreeIndex; count: number; otherCount: number } {
    const [pages, others] = [this.#pages, this.#others];
    return { pages, others, count: this.#count, otherCount: this.#otherCount };
  }

  get byteLength(): number {
    return this.#pages.byteLength + this.#others.byteLength;
  }

  build(rows: RowBits, _count: number): KeyConflict | undefined {
    for (let row = rows.next(0); row >= 0; row = rows.next(row + 1)) {
      const { bytes, start, end } = this.key.loadProbe(row);
      const other = this.#findAdded(bytes, start, end);
      if (other >= 0) return { row: other, other: row };
      this.add(row);
    }
    return undefined;
  }

  add(row: number): void {
    const { bytes, start, end } = this.key.loadProbe(row);
    const number = numberAt(bytes, start, end);
    const chunk = this.#pages.chunkOf(number) ?? this.#open(number);
    if (chunk === undefined) {
      this.#others.add(row);
      this.#otherCount++;
      return;
    }
    assert(chunk[number & chunkMask] === 0, "a unique key entered a direct index twice");
    this.#pages.set(number, row);
    this.#count++;
  }

  remove(row: number): void {
    const { bytes, start, end } = this.key.loadProbe(row);
    const number = numberAt(bytes, start, end);
    const chunk = this.#pages.chunkOf(number);
    if (chunk === undefined) {
      this.#others.remove(row);
      this.#otherCount--;
      return;
    }
    assert(chunk[number & chunkMask] === row + 1, "a row to be removed is not in the direct index");
    this.#pages.clear(number);
    this.#count--;
  }

  find(bytes: Uint8Array, start: number, end: number): number {
    const number = numberAt(bytes, start, end);
    const chunk = this.#pages.chunkOf(number);
    if (chunk !== undefined) return (chunk[number & chunkMask] as number) - 1;
    return this.#otherCount === 0 ? -1 : this.#others.find(bytes, start, end);
  }

  /** As `find`, while there are stored rows that are not in the index yet. */
  #findAdded(bytes: Uint8Array, start: number, end: number): number {
    const chunk = this.#pages.chunkOf(numberAt(bytes, start, end));
    return chunk === undefined
      ? this.#others.findAdded(bytes, start)
      : this.find(bytes, start, end);
  }

  scanPoint(bytes: Uint8Array, start: number, end: number, found: RowIds): void {
    const row = this.find(bytes, start, end);
    if (row >= 0) found.push(row);
  }

  scanRange(lower: Cut, upper: Cut, found: RowIds): void {
    const pages = this.#pages;
    const from = this.#firstBehind(lower);
    const end = this.#firstBehind(upper);
    let cut = lower;
    for (
      let first = pages.nextChunk(from);
      first < end;
      first = pages.nextChunk(first + chunkSize)
    ) {
      if (this.#otherCount > 0) {
        // Numbers before the chunk that no chunk has; none of the chunk's own are in the tree.
        this.#others.scanRange(cut, placed(this.#after, first), found);
        cut = placed(this.#before, first);
      }
      this.#collect(first, Math.max(0, from - first), Math.min(chunkSize, end - first), found);
    }
    if (this.#otherCount > 0) this.#others.scanRange(cut, upper, found);
  }

  /** Appends the rows of a chunk's numbers from one place in it to another. */
  #collect(first: number, from: number, end: number, found: RowIds): void {
    const chunk = this.#pages.chunkOf(first) as Int32Array;
    for (let at = from; at < end; at++) {
      const head = chunk[at] as number;
      if (head !== 0) found.push(head - 1);
    }
  }

  /** The least number behind a cut that a chunk may have, or `numberLimit`. */
  #firstBehind({ bytes, start, columnCount, side }: Cut): number {
    if (columnCount === 0) return side === "before" ? 0 : numberLimit;
    const number = numberAt(bytes, start, start + this.key.size);
    return Math.min(side === "before" ? number : number + 1, numberLimit);
  }

  /** Makes the chunk of a number if that is small enough and there are rows enough; rows in its range move into it. */
  #open(number: number): Int32Array | undefined {
    const pages = this.#pages;
    const { chunkCount } = pages;
    const allowed = (this.#count + this.#otherCount) * numbersPerRow;
    if (number >= numberLimit) return undefined;
    if (chunkCount >= freeChunks && chunkCount * chunkSize > allowed) return undefined;
    const first = number - (number % chunkSize);
    this.#moved.clear();
    if (this.#otherCount > 0) {
      const last = placed(this.#after, first + chunkSize - 1);
      this.#others.scanRange(placed(this.#before, first), last, this.#moved);
    }
    pages.open(number);
    for (let i = 0; i < this.#moved.count; i++) {
      const row = this.#moved.at(i);
      this.#others.remove(row);
      this.#otherCount--;
      const { bytes, start, end } = this.key.loadProbe(row);
      pages.set(numberAt(bytes, start, end), row);
      this.#count++;
    }
    return pages.chunkOf(number);
  }
}

/** The number that stands in `bytes[start, end)`, least byte first. From 2^53 on it is rounded. */
function numberAt(bytes: Uint8Array, start: number, end: number): number {
  const size = end - start;
  if (size === 1) return bytes[start] as number;
  if (size === 2) return (bytes[start] as number) | ((bytes[start + 1] as number) << 8);
  const low = wordAt(bytes, start) >>> 0;
  return size === 4 ? low : (wordAt(bytes, start + 4) >>> 0) * numberLimit + low;
}

/** A cut of the index's own, moved to a number below 2^32. */
function placed(cut: Cut, number: number): Cut {
  for (let i = 0; i < 4; i++) cut.bytes[i] = number >>> (8 * i);
  return cut;
}

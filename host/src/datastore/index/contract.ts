// What an index promises, and the key it is built on.
import { type AlgebraicType, compileWalk, unitType, type Walk } from "@lightcone/abi";
import {
  bytesEqual,
  type Compare,
  compileCompare,
  compileCompareAll,
  compileWords,
  hasFloats,
  type WordLoader,
} from "../key.ts";
import type { RowBits } from "../rows/bits.ts";
import type { RowIds } from "../rows/ids.ts";
import type { RowLayout } from "../row-layout.ts";
import type { RowStore } from "../rows/store.ts";

/**
 * A place between keys: before or after all keys that begin with the given columns. A range is what lies between two cuts,
 * which covers every bound of the ABI (abi.md section 5.3).
 */
export interface Cut {
  readonly bytes: Uint8Array;
  /** BSATN of the first `columnCount` key columns starts here. */
  readonly start: number;
  readonly columnCount: number;
  readonly side: "before" | "after";
}

/** Two rows with one key, where keys are unique. */
export interface KeyConflict {
  readonly row: number;
  readonly other: number;
}

/**
 * Rows by key. An index never looks at rows but through its key, so a row's bytes must be in place when it is added,
 * removed or searched for.
 */
export interface Index {
  readonly key: IndexKey;
  /** Whether `scanRange` works. */
  readonly isOrdered: boolean;
  /** Bytes held outside the JavaScript heap. */
  readonly byteLength: number;
  /**
   * Enters `count` rows, those of a set, into an index that has none: faster than one by one. Returns two rows that have the
   * same unique key, if any have; the index is then of no use.
   */
  build(rows: RowBits, count: number): KeyConflict | undefined;
  add(row: number): void;
  /**
   * As `add`, after `find` was asked in vain for the key of the row, which lay elsewhere then, and nothing else since. Not there
   * where that is of no use.
   */
  addSought?(row: number): void;
  remove(row: number): void;
  /** Any row whose key is `bytes[start, end)`, or -1. For a unique index it is the only one. */
  find(bytes: Uint8Array, start: number, end: number): number;
  /** Appends all rows with that key: by row id where `isOrdered`, else in no order. */
  scanPoint(bytes: Uint8Array, start: number, end: number, found: RowIds): void;
  /** Appends the rows between two cuts in key order, those with equal keys by row id. Only where `isOrdered`. */
  scanRange(lower: Cut, upper: Cut, found: RowIds): void;
  /** Does now what `add` may put off until rows are asked for or removed. Only where keys may repeat; not there where nothing is put off. */
  settle?(): void;
  /**
   * As `scanRange`, but of those rows the first `countMax` only, or the last if `isFromEnd`, which come in falling order. Not
   * there where it would be no quicker.
   */
  scanEnd?(lower: Cut, upper: Cut, countMax: number, isFromEnd: boolean, found: RowIds): void;
}

/** A key found in a row: its BSATN is `bytes[start, end)` until the next load. */
export interface LoadedKey {
  bytes: Uint8Array;
  start: number;
  end: number;
}

const noBytes = new Uint8Array(0);
const noView = new DataView(noBytes.buffer);

/** The columns of an index as one comparable key. */
export class IndexKey {
  readonly columns: readonly number[];
  readonly columnTypes: readonly AlgebraicType[];
  readonly words: WordLoader;
  /** compare[k] orders by the first k columns. */
  readonly compare: readonly Compare[];
  /** Bytes of every key, or -1 where keys differ in length or may be equal without having the same bytes (floats). */
  readonly size: number;
  /** Equal keys may have unequal bytes. */
  readonly hasFloats: boolean;
  readonly #columnWalks: readonly Walk[];
  readonly #store: RowStore;
  readonly #layout: RowLayout;
  readonly #isContiguous: boolean;
  /** Where the key lies in each row, or -1 where that depends on the row. */
  readonly #fixedStart: number;
  readonly #fixedSize: number;
  readonly #first: number;
  readonly #last: number;
  readonly #ofRow: LoadedKey = { bytes: noBytes, start: 0, end: 0 };
  readonly #ofProbe: LoadedKey = { bytes: noBytes, start: 0, end: 0 };
  /** The bytes that keys were searched for in last. */
  #given: Uint8Array = noBytes;
  #givenView: DataView = noView;
  #rowScratch: Uint8Array = noBytes;
  #probeScratch: Uint8Array = noBytes;

  constructor(columns: readonly number[], store: RowStore, layout: RowLayout) {
    this.columns = columns;
    this.#store = store;
    this.#layout = layout;
    this.columnTypes = columns.map((column) => layout.columnTypes[column] as AlgebraicType);
    this.#columnWalks = this.columnTypes.map((type) => compileWalk(type));
    this.words = compileWords(this.columnTypes[0] ?? unitType);
    this.compare = [
      () => 0,
      ...columns.map((_, i) =>
        i === 0
          ? compileCompare(this.columnTypes[0] as AlgebraicType)
          : compileCompareAll(this.columnTypes.slice(0, i + 1)),
      ),
    ];
    this.#isContiguous = columns.every((column, i) => column === (columns[0] as number) + i);
    this.#first = columns[0] ?? -1;
    this.#last = columns[columns.length - 1] ?? -1;
    const sizes = columns.map((column) => layout.constantSize(column));
    const isConstant = !sizes.includes(-1);
    this.#fixedSize = sizes.reduce((total, size) => total + size, 0);
    this.hasFloats = this.columnTypes.some((type) => hasFloats(type));
    this.size = isConstant && !this.hasFloats ? this.#fixedSize : -1;
    const isFixed = this.#isContiguous && this.#first >= 0 && isConstant;
    this.#fixedStart = isFixed ? layout.constantOffset(this.#first) : -1;
  }

  /** The key of a stored row. */
  load(row: number): LoadedKey {
    const loaded = this.#ofRow;
    const page = this.#store.page(row);
    const start = this.#store.start(row);
    if (this.#isContiguous) {
      this.#loadContiguous(loaded, page, start);
    } else {
      this.#rowScratch = this.#gather(loaded, page, start, this.#rowScratch);
    }
    return loaded;
  }

  /** Order of two stored rows by their keys. */
  compareRows(a: number, b: number): number {
    const { bytes, start } = this.loadProbe(b);
    const stored = this.load(a);
    return (this.compare[this.columns.length] as Compare)(stored.bytes, stored.start, bytes, start);
  }

  /** One more than the greatest row id ever used. */
  get rowLimit(): number {
    return this.#store.limit;
  }

  /** Whether `row`, below `rowLimit`, is visible and has the key `bytes[start, end)`. */
  isKeyOf(row: number, bytes: Uint8Array, start: number, end: number): boolean {
    return this.#store.live.has(row) && this.isOf(row, bytes, start, end);
  }

  /** Whether a stored row has the key `bytes[start, end)`. */
  isOf(row: number, bytes: Uint8Array, start: number, end: number): boolean {
    const stored = this.load(row);
    return bytesEqual(stored.bytes, stored.start, stored.end, bytes, start, end);
  }

  /** Whether keys lie at one position in all rows: `wordOf` works there. */
  get isAtOnePlace(): boolean {
    return this.#fixedStart >= 0;
  }

  /** Four bytes of a stored row's key, from position `at` of the key on. */
  wordOf(row: number, at: number): number {
    return this.#store.word(row, this.#fixedStart + at);
  }

  /** Whether `row`, below `rowLimit`, is visible and has a key of eight bytes in these words. `isAtOnePlace` must be true. */
  isKeyOfWords(row: number, first: number, last: number): boolean {
    return (
      this.#store.live.has(row) && this.wordOf(row, 0) === first && this.wordOf(row, 4) === last
    );
  }

  /** A view of bytes that a key is in, which are kept for the next time until `forgetSource`. */
  viewOf(bytes: Uint8Array): DataView {
    return bytes === this.#given ? this.#givenView : this.#viewAnew(bytes);
  }

  #viewAnew(bytes: Uint8Array): DataView {
    this.#given = bytes;
    this.#givenView = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return this.#givenView;
  }

  /** See `RowStore.forgetSource`. */
  forgetSource(): void {
    this.#given = noBytes;
    this.#givenView = noView;
  }

  /** The key of a stored row that others are compared with: it outlives calls of `load`. */
  loadProbe(row: number): LoadedKey {
    return this.loadFrom(this.#store.page(row), this.#store.start(row));
  }

  /** The key of a row that is not, or not yet, stored. Valid until the next `loadFrom` or `loadProbe`. */
  loadFrom(bytes: Uint8Array, rowStart: number): LoadedKey {
    const loaded = this.#ofProbe;
    if (this.#isContiguous) {
      this.#loadContiguous(loaded, bytes, rowStart);
    } else {
      this.#probeScratch = this.#gather(loaded, bytes, rowStart, this.#probeScratch);
    }
    return loaded;
  }

  #loadContiguous(loaded: LoadedKey, bytes: Uint8Array, rowStart: number): void {
    loaded.bytes = bytes;
    if (this.#fixedStart >= 0) {
      loaded.start = rowStart + this.#fixedStart;
      loaded.end = loaded.start + this.#fixedSize;
      return;
    }
    if (this.#first < 0) {
      loaded.start = loaded.end = rowStart;
      return;
    }
    const start = this.#layout.columnStart(this.#first, bytes, rowStart);
    const lastStart =
      this.#first === this.#last ? start : this.#layout.columnStart(this.#last, bytes, rowStart);
    loaded.start = start;
    loaded.end = this.#layout.columnEnd(this.#last, bytes, lastStart);
  }

  #gather(loaded: LoadedKey, bytes: Uint8Array, rowStart: number, old: Uint8Array): Uint8Array {
    let scratch = old;
    let length = 0;
    for (const column of this.columns) {
      const start = this.#layout.columnStart(column, bytes, rowStart);
      const end = this.#layout.columnEnd(column, bytes, start);
      if (length + end - start > scratch.length) {
        const next = new Uint8Array(Math.max(64, (length + end - start) * 2));
        next.set(scratch.subarray(0, length));
        scratch = next;
      }
      for (let at = start; at < end; at++) scratch[length++] = bytes[at] as number;
    }
    loaded.bytes = scratch;
    loaded.start = 0;
    loaded.end = length;
    return scratch;
  }

  /**
   * Checks that `columnCount` key columns from column `from` on stand at `start`; returns the position after them, or -1.
   */
  columnsEnd(
    from: number,
    columnCount: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): number {
    let at = start;
    for (let i = from; i < from + columnCount && at >= 0; i++) {
      at = (this.#columnWalks[i] as Walk)(bytes, at, end);
    }
    return at;
  }
}

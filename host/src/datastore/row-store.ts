// Rows as BSATN bytes in pages off the JavaScript heap, each named by an integer (design decision 2).
//
//   fixed rows      page = 2^shift slots of `stride` bytes; row id = page << shift | slot
//   variable rows   a row id names a slot of a size class: class, then page and slot inside the class
//
// A row id is live (in the table), pinned (dead, its bytes still needed by the transaction) or free.
import { assert, copyBytes, LastView, sameBytes } from "@lightcone/abi";
import { RowBits } from "./row-bits.ts";

/** Bytes a page of rows has at most, unless one row is larger. */
const pageBytesMax = 64 * 1024;

/** A stack of free row ids that grows in place. */
class FreeList {
  #ids = new Int32Array(16);
  #count = 0;

  push(id: number): void {
    if (this.#count === this.#ids.length) {
      const next = new Int32Array(this.#count * 2);
      next.set(this.#ids);
      this.#ids = next;
    }
    this.#ids[this.#count++] = id;
  }

  /** A free id, or -1. */
  pop(): number {
    return this.#count === 0 ? -1 : (this.#ids[--this.#count] as number);
  }
}

/** Slots of one size in pages. */
class SlotPages {
  readonly slotSize: number;
  readonly #shift: number;
  readonly #mask: number;
  readonly #pages: Uint8Array[] = [];
  /** The same pages as views: short copies go through these. */
  readonly #views: DataView[] = [];
  readonly #free = new FreeList();
  #next = 0;

  constructor(slotSize: number) {
    this.slotSize = slotSize;
    const perPage = Math.max(1, Math.floor(pageBytesMax / Math.max(1, slotSize)));
    this.#shift = Math.min(12, Math.floor(Math.log2(perPage)));
    this.#mask = (1 << this.#shift) - 1;
  }

  /** One more than the greatest slot ever taken. */
  get limit(): number {
    return this.#next;
  }

  get byteLength(): number {
    return this.#pages.length * (this.slotSize << this.#shift);
  }

  take(): number {
    const reused = this.#free.pop();
    if (reused >= 0) return reused;
    const id = this.#next++;
    const page = id >>> this.#shift;
    if (page === this.#pages.length) {
      const bytes = new Uint8Array(this.slotSize << this.#shift);
      this.#pages.push(bytes);
      this.#views.push(new DataView(bytes.buffer));
    }
    return id;
  }

  give(slot: number): void {
    this.#free.push(slot);
  }

  page(slot: number): Uint8Array {
    return this.#pages[slot >>> this.#shift] as Uint8Array;
  }

  view(slot: number): DataView {
    return this.#views[slot >>> this.#shift] as DataView;
  }

  offset(slot: number): number {
    return (slot & this.#mask) * this.slotSize;
  }
}

/** What tables and indexes need of row memory. Positions are valid until the row is replaced or freed. */
export interface RowStore {
  /** One more than the greatest row id ever used. */
  readonly limit: number;
  /** Bytes held, free slots included. */
  readonly byteLength: number;
  /** The visible rows, which the table keeps. They are in all its indexes, and no other rows are. */
  readonly live: RowBits;
  /** Copies a row in and returns its id. */
  add(bytes: Uint8Array, start: number, end: number): number;
  /** Moves the bytes of `row` to a new id, which is returned, and puts other bytes in their place. */
  displace(row: number, bytes: Uint8Array, start: number, end: number): number;
  /** Replaces the bytes of `row`. */
  overwrite(row: number, bytes: Uint8Array, start: number, end: number): void;
  /** Undoes `displace`: the bytes of `before` return to `row`, and `before` is freed. */
  restore(row: number, before: number): void;
  free(row: number): void;
  page(row: number): Uint8Array;
  /** The same bytes as `page`. */
  view(row: number): DataView;
  start(row: number): number;
  size(row: number): number;
  /** Lets go of the memory that rows were copied from last: it may be a dead guest's. */
  forgetSource(): void;
}

/** Whether two rows of a store have the same bytes. */
export function rowsEqual(rows: RowStore, a: number, b: number): boolean {
  const size = rows.size(a);
  if (size !== rows.size(b)) return false;
  return sameBytes(rows.view(a), rows.start(a), rows.view(b), rows.start(b), size);
}

/** Rows that all have `rowSize` bytes. */
export class FixedRowStore implements RowStore {
  readonly live: RowBits = new RowBits();
  readonly #rowSize: number;
  readonly #slots: SlotPages;
  readonly #given = new LastView();

  constructor(rowSize: number) {
    this.#rowSize = rowSize;
    this.#slots = new SlotPages(rowSize);
  }

  get limit(): number {
    return this.#slots.limit;
  }

  get byteLength(): number {
    return this.#slots.byteLength;
  }

  add(bytes: Uint8Array, start: number, end: number): number {
    assert(end - start === this.#rowSize, "a row of the wrong size reached the row store");
    const row = this.#slots.take();
    this.#write(row, this.#given.of(bytes), start, end);
    return row;
  }

  displace(row: number, bytes: Uint8Array, start: number, end: number): number {
    const before = this.#slots.take();
    this.#copy(row, before);
    this.overwrite(row, bytes, start, end);
    return before;
  }

  overwrite(row: number, bytes: Uint8Array, start: number, end: number): void {
    assert(end - start === this.#rowSize, "a row of the wrong size reached the row store");
    this.#write(row, this.#given.of(bytes), start, end);
  }

  #write(row: number, source: DataView, start: number, end: number): void {
    copyBytes(source, start, end, this.#slots.view(row), this.#slots.offset(row));
  }

  #copy(from: number, to: number): void {
    const start = this.#slots.offset(from);
    this.#write(to, this.#slots.view(from), start, start + this.#rowSize);
  }

  restore(row: number, before: number): void {
    this.#copy(before, row);
    this.free(before);
  }

  free(row: number): void {
    this.#slots.give(row);
  }

  page(row: number): Uint8Array {
    return this.#slots.page(row);
  }

  view(row: number): DataView {
    return this.#slots.view(row);
  }

  start(row: number): number {
    return this.#slots.offset(row);
  }

  size(_row: number): number {
    return this.#rowSize;
  }

  forgetSource(): void {
    this.#given.forget();
  }
}

/** Slot sizes grow by about a quarter, so that at most a fifth of a slot is waste. */
function slotSizes(): Int32Array {
  const sizes: number[] = [];
  for (let size = 8; size < 1 << 28; size = Math.ceil((size * 5) / 4 / 8) * 8) sizes.push(size);
  return Int32Array.from(sizes);
}

const classSizes = slotSizes();

function classOf(size: number): number {
  let low = 0;
  let high = classSizes.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((classSizes[middle] as number) < size) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Rows that differ in length. */
export class VariableRowStore implements RowStore {
  readonly live: RowBits = new RowBits();
  readonly #classes: (SlotPages | undefined)[] = [];
  readonly #free = new FreeList();
  readonly #given = new LastView();
  #limit = 0;
  #classByRow = new Uint8Array(16);
  #slotByRow = new Int32Array(16);
  #sizeByRow = new Int32Array(16);

  get limit(): number {
    return this.#limit;
  }

  get byteLength(): number {
    let total = this.#classByRow.length * 9;
    for (const pages of this.#classes) total += pages?.byteLength ?? 0;
    return total;
  }

  #takeId(): number {
    const reused = this.#free.pop();
    if (reused >= 0) return reused;
    if (this.#limit === this.#slotByRow.length) {
      const grow = <T extends Uint8Array | Int32Array>(old: T, next: T): T => {
        next.set(old);
        return next;
      };
      const capacity = this.#limit * 2;
      this.#classByRow = grow(this.#classByRow, new Uint8Array(capacity));
      this.#slotByRow = grow(this.#slotByRow, new Int32Array(capacity));
      this.#sizeByRow = grow(this.#sizeByRow, new Int32Array(capacity));
    }
    return this.#limit++;
  }

  #place(row: number, bytes: Uint8Array, start: number, end: number): void {
    const size = end - start;
    const sizeClass = classOf(size);
    const pages = (this.#classes[sizeClass] ??= new SlotPages(classSizes[sizeClass] as number));
    const slot = pages.take();
    this.#classByRow[row] = sizeClass;
    this.#slotByRow[row] = slot;
    this.#sizeByRow[row] = size;
    copyBytes(this.#given.of(bytes), start, end, pages.view(slot), pages.offset(slot));
  }

  #pagesOf(row: number): SlotPages {
    return this.#classes[this.#classByRow[row] as number] as SlotPages;
  }

  #moveLocation(from: number, to: number): void {
    this.#classByRow[to] = this.#classByRow[from] as number;
    this.#slotByRow[to] = this.#slotByRow[from] as number;
    this.#sizeByRow[to] = this.#sizeByRow[from] as number;
  }

  add(bytes: Uint8Array, start: number, end: number): number {
    const row = this.#takeId();
    this.#place(row, bytes, start, end);
    return row;
  }

  displace(row: number, bytes: Uint8Array, start: number, end: number): number {
    const before = this.#takeId();
    this.#moveLocation(row, before);
    this.#place(row, bytes, start, end);
    return before;
  }

  overwrite(row: number, bytes: Uint8Array, start: number, end: number): void {
    this.#pagesOf(row).give(this.#slotByRow[row] as number);
    this.#place(row, bytes, start, end);
  }

  restore(row: number, before: number): void {
    this.#pagesOf(row).give(this.#slotByRow[row] as number);
    this.#moveLocation(before, row);
    this.#free.push(before);
  }

  free(row: number): void {
    this.#pagesOf(row).give(this.#slotByRow[row] as number);
    this.#free.push(row);
  }

  page(row: number): Uint8Array {
    return this.#pagesOf(row).page(this.#slotByRow[row] as number);
  }

  view(row: number): DataView {
    return this.#pagesOf(row).view(this.#slotByRow[row] as number);
  }

  start(row: number): number {
    return this.#pagesOf(row).offset(this.#slotByRow[row] as number);
  }

  size(row: number): number {
    return this.#sizeByRow[row] as number;
  }

  forgetSource(): void {
    this.#given.forget();
  }
}

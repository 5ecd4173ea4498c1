// Rows that differ in length: a row id names a place in a table of locations, and that a slot of the size class that fits.
//
//   locations   pages of (size class, slot, size), three words a row
//   classes     slots of one size each
import { assert, copyBytes, LastView } from "@lightcone/abi";
import { RowBits } from "./bits.ts";
import { FreeList } from "./free-list.ts";
import {
  bitsBlocks,
  BlockCursor,
  holdPages,
  ownBytes,
  readHead,
  snapshotFault,
  storeKind,
  writeHead,
} from "./image-parts.ts";
import { Page } from "./page.ts";
import { SlotPages } from "./slots.ts";
import type { FrozenRows, RowImage, RowReader, RowStore } from "./store.ts";

const locationWords = 3;
const classWord = 0;
const slotWord = 1;
const sizeWord = 2;
const locationShift = 12;
const locationMask = (1 << locationShift) - 1;
const locationPageBytes = (locationWords * 4) << locationShift;

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

function wordAt(row: number): number {
  return (row & locationMask) * locationWords;
}

type Classes = (SlotPages | undefined)[];

/** What can be read of variable rows, of a store or of an image of it. */
class VariableRows implements RowReader {
  readonly live: RowBits;
  protected locations: Page[];
  protected readonly classes: Classes;
  protected rowLimit: number;

  constructor(locations: Page[], classes: Classes, rowLimit: number, live: RowBits) {
    this.locations = locations;
    this.classes = classes;
    this.rowLimit = rowLimit;
    this.live = live;
  }

  get limit(): number {
    return this.rowLimit;
  }

  protected wordsOf(row: number): Int32Array {
    return (this.locations[row >>> locationShift] as Page).words;
  }

  protected slotOf(row: number): number {
    return this.wordsOf(row)[wordAt(row) + slotWord] as number;
  }

  protected slotsOf(row: number): SlotPages {
    return this.classes[this.wordsOf(row)[wordAt(row) + classWord] as number] as SlotPages;
  }

  page(row: number): Uint8Array {
    return this.slotsOf(row).bytes(this.slotOf(row));
  }

  view(row: number): DataView {
    return this.slotsOf(row).view(this.slotOf(row));
  }

  start(row: number): number {
    return this.slotsOf(row).offset(this.slotOf(row));
  }

  size(row: number): number {
    return this.wordsOf(row)[wordAt(row) + sizeWord] as number;
  }

  rowsInLine(_row: number): number {
    return 1;
  }
}

export class VariableRowStore extends VariableRows implements RowStore {
  readonly #free = new FreeList();
  readonly #given = new LastView();
  #rowCount = 0;

  constructor() {
    super([], [], 0, new RowBits());
  }

  get byteLength(): number {
    let total = this.#free.byteLength + this.locations.length * locationPageBytes;
    for (const pages of this.classes) total += pages?.byteLength ?? 0;
    return total;
  }

  #takeId(): number {
    this.#rowCount++;
    const reused = this.#free.pop();
    if (reused >= 0) return reused;
    const row = this.rowLimit++;
    if (row >>> locationShift === this.locations.length) {
      this.locations.push(new Page(new Uint8Array(locationPageBytes)));
    }
    return row;
  }

  #giveId(row: number): void {
    this.#free.push(row);
    if (--this.#rowCount > 0) return;
    // Nothing is left: rows count from 0 again.
    this.#free.clear();
    this.rowLimit = 0;
    this.locations.length = Math.min(this.locations.length, 1);
  }

  #setLocation(row: number, sizeClass: number, slot: number, size: number): void {
    const number = row >>> locationShift;
    let page = this.locations[number] as Page;
    if (page.isSealed) this.locations[number] = page = page.unsealed();
    const at = wordAt(row);
    page.words[at + classWord] = sizeClass;
    page.words[at + slotWord] = slot;
    page.words[at + sizeWord] = size;
  }

  #place(row: number, bytes: Uint8Array, start: number, end: number): void {
    const size = end - start;
    const sizeClass = classOf(size);
    const pages = (this.classes[sizeClass] ??= new SlotPages(classSizes[sizeClass] as number));
    const slot = pages.take();
    this.#setLocation(row, sizeClass, slot, size);
    copyBytes(this.#given.of(bytes), start, end, pages.writableView(slot), pages.offset(slot));
  }

  #moveLocation(from: number, to: number): void {
    const words = this.wordsOf(from);
    const at = wordAt(from);
    this.#setLocation(
      to,
      words[at + classWord] as number,
      words[at + slotWord] as number,
      words[at + sizeWord] as number,
    );
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
    this.slotsOf(row).give(this.slotOf(row));
    this.#place(row, bytes, start, end);
  }

  restore(row: number, before: number): void {
    this.slotsOf(row).give(this.slotOf(row));
    this.#moveLocation(before, row);
    this.#giveId(before);
  }

  free(row: number): void {
    this.slotsOf(row).give(this.slotOf(row));
    this.#giveId(row);
  }

  forgetSource(): void {
    this.#given.forget();
  }

  freeze(): FrozenRows {
    const classes = this.classes.map((slots) => slots?.freeze());
    const locations = this.locations.slice();
    const pages = [...locations, ...classes.flatMap((slots) => slots?.pages ?? [])];
    const rows = new VariableRows(locations, classes, this.rowLimit, this.live.copy());
    return { rows, release: holdPages(pages) };
  }

  image(): RowImage {
    const classes = this.classes.map((slots) => slots?.freeze());
    const locations = this.locations.slice();
    const header = writeHead(storeKind.variable, 0, this.rowLimit);
    header.u32(locations.length);
    const used = classes.flatMap((slots, number) =>
      slots === undefined ? [] : [{ slots, number }],
    );
    header.u32(used.length);
    for (const { slots, number } of used) {
      header.u32(number);
      header.u32(slots.limit);
      header.u32(slots.pages.length);
    }
    const pages = [...locations, ...used.flatMap(({ slots }) => slots.pages)];
    return {
      header: header.finish(),
      blocks: [...bitsBlocks(this.live, this.rowLimit), ...pages],
      release: holdPages(pages),
    };
  }

  thaw(header: Uint8Array, blocks: readonly Uint8Array[]): void {
    assert(this.#rowCount === 0, "rows are restored into an empty table");
    const { reader, limit } = readHead(header, storeKind.variable, 0);
    const cursor = new BlockCursor(blocks);
    cursor.takeBits(this.live, limit);
    const locations = cursor.take(reader.u32()).map(ownBytes);
    const areWhole = locations.every(({ length }) => length === locationPageBytes);
    if (!areWhole || limit > locations.length << locationShift) {
      throw snapshotFault("has locations of the wrong size");
    }
    this.locations = locations.map((bytes) => new Page(bytes));
    this.rowLimit = limit;
    this.classes.length = 0;
    for (let count = reader.u32(); count > 0; count--) {
      const number = reader.u32();
      const slotSize = classSizes[number];
      if (slotSize === undefined) throw snapshotFault(`has the unknown size class ${number}`);
      const slots = new SlotPages(slotSize);
      const slotLimit = reader.u32();
      if (!slots.restore(cursor.take(reader.u32()).map(ownBytes), slotLimit)) {
        throw snapshotFault("has pages of the wrong size");
      }
      this.classes[number] = slots;
    }
    cursor.end();
    this.#adoptRows();
  }

  /** Counts the slots of live rows as taken; all other slots and row ids are free. */
  #adoptRows(): void {
    const taken = this.classes.map((slots) => {
      const bits = new RowBits();
      bits.ensure(slots?.limit ?? 0);
      return bits;
    });
    for (let row = this.live.next(0); row >= 0; row = this.live.next(row + 1)) {
      const at = wordAt(row);
      const words = this.wordsOf(row);
      const number = words[at + classWord] as number;
      const slot = words[at + slotWord] as number;
      const slots = this.classes[number];
      const fits = slots !== undefined && slot >= 0 && slot < slots.limit;
      if (!fits || (words[at + sizeWord] as number) > slots.slotSize || !slots.adopt(slot)) {
        throw snapshotFault(`has no place for row ${row}`);
      }
      (taken[number] as RowBits).add(slot);
      this.#rowCount++;
    }
    this.classes.forEach((slots, number) => slots?.finishRestoring(taken[number] as RowBits));
    this.#free.clear();
    for (let row = this.rowLimit - 1; row >= 0; row--)
      if (!this.live.has(row)) this.#free.push(row);
  }
}

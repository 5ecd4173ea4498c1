// Rows that differ in length: a row id names a place in a table of locations, and that a slot of the size class that fits.
//
//   locations   slots of (size class, slot, size), three words each; the number of a slot is the row's id
//   classes     slots of one size each
import { copyBytes, LastView } from "@lightcone/abi";
import { RowBits } from "./bits.ts";
import {
  bitsBlocks,
  BlockCursor,
  holdPages,
  readHead,
  snapshotFault,
  storeKind,
  writeHead,
} from "./image-parts.ts";
import { SlotPages } from "./slots.ts";
import type { FrozenRows, RowImage, RowReader, RowStore } from "./store.ts";

const locationBytes = 12;
const classAt = 0;
const slotAt = 4;
const sizeAt = 8;

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

type Classes = (SlotPages | undefined)[];

/** What can be read of variable rows, of a store or of an image of it. */
class VariableRows implements RowReader {
  readonly live: RowBits;
  protected readonly locations: SlotPages;
  protected readonly classes: Classes;

  constructor(locations: SlotPages, classes: Classes, live: RowBits) {
    this.locations = locations;
    this.classes = classes;
    this.live = live;
  }

  get limit(): number {
    return this.locations.limit;
  }

  protected slotOf(row: number): number {
    return this.locations.word(row, slotAt);
  }

  protected slotsOf(row: number): SlotPages {
    return this.classes[this.locations.word(row, classAt)] as SlotPages;
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

  word(row: number, at: number): number {
    return this.slotsOf(row).word(this.slotOf(row), at);
  }

  size(row: number): number {
    return this.locations.word(row, sizeAt);
  }

  rowsInLine(_row: number): number {
    return 1;
  }
}

export class VariableRowStore extends VariableRows implements RowStore {
  readonly #given = new LastView();

  constructor() {
    super(new SlotPages(locationBytes), [], new RowBits());
  }

  get byteLength(): number {
    let total = this.locations.byteLength;
    for (const pages of this.classes) total += pages?.byteLength ?? 0;
    return total;
  }

  #setLocation(row: number, sizeClass: number, slot: number, size: number): void {
    const view = this.locations.writableView(row);
    const start = this.locations.offset(row);
    view.setInt32(start + classAt, sizeClass, true);
    view.setInt32(start + slotAt, slot, true);
    view.setInt32(start + sizeAt, size, true);
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
    this.#setLocation(
      to,
      this.locations.word(from, classAt),
      this.slotOf(from),
      this.locations.word(from, sizeAt),
    );
  }

  add(bytes: Uint8Array, start: number, end: number): number {
    const row = this.locations.take();
    this.#place(row, bytes, start, end);
    return row;
  }

  displace(row: number, bytes: Uint8Array, start: number, end: number): number {
    const before = this.locations.take();
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
    this.locations.give(before);
  }

  free(row: number): void {
    this.slotsOf(row).give(this.slotOf(row));
    this.locations.give(row);
  }

  forgetSource(): void {
    this.#given.forget();
  }

  freeze(): FrozenRows {
    const locations = this.locations.freeze();
    const classes = this.classes.map((slots) => slots?.freeze());
    const pages = [locations, ...classes].flatMap((slots) => slots?.pages ?? []);
    const rows = new VariableRows(locations, classes, this.live.copy());
    return { rows, release: holdPages(pages) };
  }

  image(): RowImage {
    const locations = this.locations.freeze();
    const classes = this.classes.map((slots) => slots?.freeze());
    const header = writeHead(storeKind.variable, 0, locations.limit);
    header.u32(locations.pages.length);
    const used = classes.flatMap((slots, number) =>
      slots === undefined ? [] : [{ slots, number }],
    );
    header.u32(used.length);
    for (const { slots, number } of used) {
      header.u32(number);
      header.u32(slots.limit);
      header.u32(slots.pages.length);
    }
    const pages = [...locations.pages, ...used.flatMap(({ slots }) => slots.pages)];
    return {
      header: header.finish(),
      blocks: [...bitsBlocks(this.live, locations.limit), ...pages],
      release: holdPages(pages),
    };
  }

  thaw(header: Uint8Array, blocks: readonly Uint8Array[]): void {
    const { reader, limit } = readHead(header, storeKind.variable, 0);
    const cursor = new BlockCursor(blocks);
    cursor.takeBits(this.live, limit);
    if (!this.locations.restore(cursor.take(reader.u32()), limit)) {
      throw snapshotFault("has locations of the wrong size");
    }
    this.classes.length = 0;
    for (let count = reader.u32(); count > 0; count--) {
      const number = reader.u32();
      const slotSize = classSizes[number];
      if (slotSize === undefined) throw snapshotFault(`has the unknown size class ${number}`);
      const slots = new SlotPages(slotSize);
      const slotLimit = reader.u32();
      if (!slots.restore(cursor.take(reader.u32()), slotLimit)) {
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
      if (!this.locations.adopt(row)) throw snapshotFault(`lacks the location of row ${row}`);
      const number = this.locations.word(row, classAt);
      const slot = this.slotOf(row);
      const slots = this.classes[number];
      const fits = slots !== undefined && slot >= 0 && slot < slots.limit;
      if (!fits || this.size(row) > slots.slotSize || !slots.adopt(slot)) {
        throw snapshotFault(`has no place for row ${row}`);
      }
      (taken[number] as RowBits).add(slot);
    }
    this.locations.finishRestoring(this.live);
    this.classes.forEach((slots, number) => slots?.finishRestoring(taken[number] as RowBits));
  }
}

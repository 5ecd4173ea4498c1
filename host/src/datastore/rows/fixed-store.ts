// Rows that all have the same size: a row id is the slot where the row lies.
import { assert, copyBytes, LastView } from "@lightcone/abi";
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

/** What can be read of fixed rows, of a store or of an image of it. */
class FixedRows implements RowReader {
  readonly live: RowBits;
  readonly slots: SlotPages;
  readonly #rowSize: number;

  constructor(slots: SlotPages, live: RowBits) {
    this.slots = slots;
    this.live = live;
    this.#rowSize = slots.slotSize;
  }

  get limit(): number {
    return this.slots.limit;
  }

  page(row: number): Uint8Array {
    return this.slots.bytes(row);
  }

  view(row: number): DataView {
    return this.slots.view(row);
  }

  start(row: number): number {
    return this.slots.offset(row);
  }

  word(row: number, at: number): number {
    return this.slots.word(row, at);
  }

  size(_row: number): number {
    return this.#rowSize;
  }

  rowsInLine(row: number): number {
    return this.slots.slotsFrom(row);
  }
}

/** Rows of `rowSize` bytes each. */
export class FixedRowStore extends FixedRows implements RowStore {
  readonly #given = new LastView();

  constructor(rowSize: number) {
    super(new SlotPages(rowSize), new RowBits());
  }

  get byteLength(): number {
    return this.slots.byteLength;
  }

  add(bytes: Uint8Array, start: number, end: number): number {
    const row = this.slots.take();
    this.overwrite(row, bytes, start, end);
    return row;
  }

  displace(row: number, bytes: Uint8Array, start: number, end: number): number {
    const before = this.slots.take();
    this.#copy(row, before);
    this.overwrite(row, bytes, start, end);
    return before;
  }

  overwrite(row: number, bytes: Uint8Array, start: number, end: number): void {
    assert(end - start === this.slots.slotSize, "a row of the wrong size reached the row store");
    this.#write(row, this.#given.of(bytes), start, end);
  }

  #write(row: number, source: DataView, start: number, end: number): void {
    copyBytes(source, start, end, this.slots.writableView(row), this.slots.offset(row));
  }

  #copy(from: number, to: number): void {
    const start = this.slots.offset(from);
    this.#write(to, this.slots.view(from), start, start + this.slots.slotSize);
  }

  restore(row: number, before: number): void {
    this.#copy(before, row);
    this.free(before);
  }

  free(row: number): void {
    this.slots.give(row);
  }

  forgetSource(): void {
    this.#given.forget();
  }

  freeze(): FrozenRows {
    const slots = this.slots.freeze();
    const release = holdPages(slots.pages);
    return { rows: new FixedRows(slots, this.live.copy()), release };
  }

  image(): RowImage {
    const slots = this.slots.freeze();
    const header = writeHead(storeKind.fixed, slots.slotSize, slots.limit);
    header.u32(slots.pages.length);
    return {
      header: header.finish(),
      blocks: [...bitsBlocks(this.live, slots.limit), ...slots.pages],
      release: holdPages(slots.pages),
    };
  }

  thaw(header: Uint8Array, blocks: readonly Uint8Array[]): void {
    const { slotSize } = this.slots;
    const { reader, limit } = readHead(header, storeKind.fixed, slotSize);
    const cursor = new BlockCursor(blocks);
    cursor.takeBits(this.live, limit);
    const pages = cursor.take(reader.u32());
    cursor.end();
    if (!this.slots.restore(pages, limit)) throw snapshotFault("has pages of the wrong size");
    for (let row = this.live.next(0); row >= 0; row = this.live.next(row + 1)) {
      if (!this.slots.adopt(row)) throw snapshotFault(`lacks the page of row ${row}`);
    }
    this.slots.finishRestoring(this.live);
  }
}

// Slots of one size in pages, which lie in blocks of an arena. A slot is named by page << shift | place in the page. Pages
// without a taken slot are given back, but for a few, and come back when one of their slots is taken again.
import { assert } from "@lightcone/abi";
import { Arena } from "./arena.ts";
import type { RowBits } from "./bits.ts";
import { FreeList } from "./free-list.ts";
import { Page } from "./page.ts";

/** Bytes a page has at most, unless one slot is larger. */
const pageBytesMax = 64 * 1024;
const slotsPerPageShiftMax = 12;

/** Empty pages kept for the next row, so that a table that changes little does not ask for memory each time. */
const emptyPagesKept = 2;

/** Stands for every page that was given back: it has no slots. */
const absentPage = new Page(new Arena(0));
const noBytes = absentPage.bytes;
const noView = new DataView(noBytes.buffer);

export class SlotPages {
  readonly slotSize: number;
  readonly #shift: number;
  readonly #mask: number;
  #arena: Arena;
  #pages: Page[] = [];
  /**
   * For each page its block, and where in the block its first slot lies. Many pages share a block, so that these and all
   * blocks' views stay near the processor where an object for each page would not.
   */
  #bytes: Uint8Array[] = [];
  #views: DataView[] = [];
  #starts: Int32Array = new Int32Array(4);
  readonly #free = new FreeList();
  #next = 0;
  #taken = 0;
  #emptyCount = 0;

  /** `arena`: that of other slots of the same size, which these are a copy of. */
  constructor(slotSize: number, arena?: Arena) {
    this.slotSize = slotSize;
    const perPage = Math.max(1, Math.floor(pageBytesMax / Math.max(1, slotSize)));
    this.#shift = Math.min(slotsPerPageShiftMax, Math.floor(Math.log2(perPage)));
    this.#mask = (1 << this.#shift) - 1;
    this.#arena = arena ?? new Arena(slotSize << this.#shift);
  }

  /** One more than the greatest slot ever taken. */
  get limit(): number {
    return this.#next;
  }

  get byteLength(): number {
    return this.#free.byteLength + this.#arena.byteLength;
  }

  take(): number {
    const reused = this.#free.pop();
    const slot = reused >= 0 ? reused : this.#next++;
    const number = slot >>> this.#shift;
    let page = this.#pages[number];
    if (page === undefined || page === absentPage) {
      page = new Page(this.#arena);
      this.#put(number, page);
    } else if (page.taken === 0) {
      this.#emptyCount--;
    }
    page.taken++;
    this.#taken++;
    return slot;
  }

  give(slot: number): void {
    const number = slot >>> this.#shift;
    const page = this.#pages[number] as Page;
    this.#free.push(slot);
    this.#taken--;
    if (--page.taken > 0) return;
    if (this.#taken === 0) this.#startOver();
    else if (this.#emptyCount < emptyPagesKept) this.#emptyCount++;
    else {
      this.#drop(number);
      if (this.#arena.isSparse) this.#repack();
    }
  }

  /**
   * Gives memory back, by a copy of what is left. At least three quarters of the room is unused by then, so that a table shrinks
   * in few such steps; the removal that takes one copies the pages that are left.
   */
  #repack(): void {
    this.#arena = new Arena(this.slotSize << this.#shift);
    this.#pages.forEach((page, number) => {
      if (page !== absentPage) this.#put(number, page.moved(this.#arena));
    });
  }

  /** Nothing is left: slots count from 0 again. */
  #startOver(): void {
    this.#free.clear();
    this.#next = 0;
    for (let number = 1; number < this.#pages.length; number++) this.#drop(number);
    this.#pages.length = this.#pages[0] === absentPage ? 0 : 1;
    this.#emptyCount = this.#pages.length;
  }

  /** Makes `page` the one of that number. */
  #put(number: number, page: Page): void {
    if (number >= this.#starts.length) {
      const next = new Int32Array(Math.max(number + 1, this.#starts.length * 2));
      next.set(this.#starts);
      this.#starts = next;
    }
    this.#pages[number] = page;
    this.#bytes[number] = page.blockBytes;
    this.#views[number] = page.blockView;
    this.#starts[number] = page.bytes.byteOffset;
  }

  #drop(number: number): void {
    const page = this.#pages[number] as Page;
    if (page === absentPage) return;
    this.#putAbsent(number);
    page.leave();
  }

  #putAbsent(number: number): void {
    this.#pages[number] = absentPage;
    this.#bytes[number] = noBytes;
    this.#views[number] = noView;
  }

  /** Where `offset` counts from. */
  bytes(slot: number): Uint8Array {
    return this.#bytes[slot >>> this.#shift] as Uint8Array;
  }

  /** The same bytes as `bytes`. */
  view(slot: number): DataView {
    return this.#views[slot >>> this.#shift] as DataView;
  }

  /** The view through which a slot is written. It may lie elsewhere then: `offset` is asked for afterwards. */
  writableView(slot: number): DataView {
    const number = slot >>> this.#shift;
    const page = this.#pages[number] as Page;
    if (page.isSealed) this.#put(number, page.unsealed(this.#arena));
    return this.#views[number] as DataView;
  }

  offset(slot: number): number {
    const start = this.#starts[slot >>> this.#shift] as number;
    return start + Math.imul(slot & this.#mask, this.slotSize);
  }

  /** Four bytes of a slot from position `at` on: `view` and `offset` in one step. */
  word(slot: number, at: number): number {
    const number = slot >>> this.#shift;
    const start = (this.#starts[number] as number) + Math.imul(slot & this.#mask, this.slotSize);
    return (this.#views[number] as DataView).getInt32(start + at, true);
  }

  /** Slots from this one to the end of its page. */
  slotsFrom(slot: number): number {
    return this.#mask + 1 - (slot & this.#mask);
  }

  /** All pages as they are: the same slots can be read from what is returned until its pages are let go. */
  freeze(): SlotPages {
    const frozen = new SlotPages(this.slotSize, this.#arena);
    frozen.#pages = this.#pages.slice();
    frozen.#bytes = this.#bytes.slice();
    frozen.#views = this.#views.slice();
    frozen.#starts = this.#starts.slice();
    frozen.#next = this.#next;
    return frozen;
  }

  /** Pages in order, absent ones with no bytes. */
  get pages(): readonly Page[] {
    return this.#pages;
  }

  /**
   * Takes over stored pages, none of whose slots counts as taken yet: `adopt` comes for each that is, then `finishRestoring`.
   * False if they are not as they were frozen.
   */
  restore(pages: readonly Uint8Array[], limit: number): boolean {
    assert(this.#taken === 0, "slots are restored into an empty table");
    const bytesPerPage = this.slotSize << this.#shift;
    const areWhole = pages.every(({ length }) => length === 0 || length === bytesPerPage);
    if (!areWhole || limit > pages.length << this.#shift) return false;
    pages.forEach((bytes, number) => {
      if (bytes.length < bytesPerPage) {
        this.#putAbsent(number);
        return;
      }
      const page = new Page(this.#arena);
      page.bytes.set(bytes);
      this.#put(number, page);
    });
    this.#next = limit;
    return true;
  }

  /** Counts a slot as taken; false if its page is not there. */
  adopt(slot: number): boolean {
    const page = this.#pages[slot >>> this.#shift];
    if (page === undefined || page === absentPage) return false;
    page.taken++;
    this.#taken++;
    return true;
  }

  /** All slots that were not adopted are free. */
  finishRestoring(adopted: RowBits): void {
    this.#free.clear();
    for (let slot = this.#next - 1; slot >= 0; slot--)
      if (!adopted.has(slot)) this.#free.push(slot);
    this.#pages.forEach((page, number) => {
      if (page.taken === 0) this.#drop(number);
    });
    this.#emptyCount = 0;
  }
}

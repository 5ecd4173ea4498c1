// Slots of one size in pages. A slot is named by page << shift | place in the page. Pages without a taken slot are given
// back to the system, but for a few, and come back empty when one of their slots is taken again.
import { assert } from "@lightcone/abi";
import type { RowBits } from "./bits.ts";
import { FreeList } from "./free-list.ts";
import { Page } from "./page.ts";

/** Bytes a page has at most, unless one slot is larger. */
const pageBytesMax = 64 * 1024;
const slotsPerPageShiftMax = 12;

/** Empty pages kept for the next row, so that a table that changes little does not ask for memory each time. */
const emptyPagesKept = 2;

/** Stands for every page that was given back: it has no slots. */
const absentPage = new Page(new Uint8Array(0));

export class SlotPages {
  readonly slotSize: number;
  readonly #shift: number;
  readonly #mask: number;
  #pages: Page[] = [];
  readonly #free = new FreeList();
  #next = 0;
  #taken = 0;
  #emptyCount = 0;

  constructor(slotSize: number) {
    this.slotSize = slotSize;
    const perPage = Math.max(1, Math.floor(pageBytesMax / Math.max(1, slotSize)));
    this.#shift = Math.min(slotsPerPageShiftMax, Math.floor(Math.log2(perPage)));
    this.#mask = (1 << this.#shift) - 1;
  }

  /** One more than the greatest slot ever taken. */
  get limit(): number {
    return this.#next;
  }

  get byteLength(): number {
    let total = this.#free.byteLength;
    for (const page of this.#pages) total += page.bytes.length;
    return total;
  }

  take(): number {
    const reused = this.#free.pop();
    const slot = reused >= 0 ? reused : this.#next++;
    const number = slot >>> this.#shift;
    let page = this.#pages[number];
    if (page === undefined || page === absentPage) {
      page = new Page(new Uint8Array(this.slotSize << this.#shift));
      this.#pages[number] = page;
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
    else if (this.#emptyCount === emptyPagesKept) this.#pages[number] = absentPage;
    else this.#emptyCount++;
  }

  /** Nothing is left: slots count from 0 again. */
  #startOver(): void {
    this.#free.clear();
    this.#next = 0;
    const first = this.#pages[0] as Page;
    this.#pages.length = first === absentPage ? 0 : 1;
    this.#emptyCount = this.#pages.length;
  }

  bytes(slot: number): Uint8Array {
    return (this.#pages[slot >>> this.#shift] as Page).bytes;
  }

  view(slot: number): DataView {
    return (this.#pages[slot >>> this.#shift] as Page).view;
  }

  /** The view through which a slot is written. */
  writableView(slot: number): DataView {
    const number = slot >>> this.#shift;
    const page = this.#pages[number] as Page;
    if (!page.isSealed) return page.view;
    const next = page.unsealed();
    this.#pages[number] = next;
    return next.view;
  }

  offset(slot: number): number {
    return (slot & this.#mask) * this.slotSize;
  }

  /** Slots from this one to the end of its page. */
  slotsFrom(slot: number): number {
    return this.#mask + 1 - (slot & this.#mask);
  }

  /** All pages as they are: the same slots can be read from what is returned until its pages are let go. */
  freeze(): SlotPages {
    const frozen = new SlotPages(this.slotSize);
    frozen.#pages = this.#pages.slice();
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
    const isAbsent = (bytes: Uint8Array): boolean => bytes.length < bytesPerPage;
    this.#pages = pages.map((bytes) => (isAbsent(bytes) ? absentPage : new Page(bytes)));
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
    this.#pages = this.#pages.map((page) => (page.taken === 0 ? absentPage : page));
    this.#emptyCount = 0;
  }
}

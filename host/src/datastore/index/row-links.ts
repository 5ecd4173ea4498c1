// For each row id the rows before and after it in a chain. In pages, so that it grows without copying what is there.
//
//   page    [ next | previous | next | previous … ]     row ids plus one; 0 ends the chain

const pageShift = 13;
const pageMask = (1 << pageShift) - 1;

export class RowLinks {
  readonly #pages: (Int32Array | undefined)[] = [];

  get byteLength(): number {
    return this.#pages.reduce((total, page) => total + (page?.byteLength ?? 0), 0);
  }

  /** The row after one that was set, plus one, or 0. */
  next(row: number): number {
    return this.#page(row)[(row & pageMask) << 1] as number;
  }

  /** The row before one that was set, plus one, or 0. */
  previous(row: number): number {
    return this.#page(row)[((row & pageMask) << 1) + 1] as number;
  }

  setNext(row: number, next: number): void {
    this.#page(row)[(row & pageMask) << 1] = next;
  }

  setPrevious(row: number, previous: number): void {
    this.#page(row)[((row & pageMask) << 1) + 1] = previous;
  }

  /** Gives a row its links, and a place if it has none. */
  set(row: number, next: number, previous: number): void {
    const index = row >>> pageShift;
    while (this.#pages.length <= index) this.#pages.push(undefined);
    const page = (this.#pages[index] ??= new Int32Array(2 << pageShift));
    page[(row & pageMask) << 1] = next;
    page[((row & pageMask) << 1) + 1] = previous;
  }

  #page(row: number): Int32Array {
    return this.#pages[row >>> pageShift] as Int32Array;
  }
}

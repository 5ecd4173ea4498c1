// A heap of row numbers: the least by a given order is on top.

export class RowHeap {
  readonly #rows: number[] = [];
  readonly #compare: (a: number, b: number) => number;

  constructor(compare: (a: number, b: number) => number) {
    this.#compare = compare;
  }

  get count(): number {
    return this.#rows.length;
  }

  /** The rows in no order. */
  get rows(): readonly number[] {
    return this.#rows;
  }

  /** The least row. There must be one. */
  get top(): number {
    return this.#rows[0] as number;
  }

  add(row: number): void {
    const rows = this.#rows;
    let at = rows.length;
    rows.push(row);
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      const above = rows[parent] as number;
      if (this.#compare(row, above) >= 0) break;
      rows[at] = above;
      at = parent;
    }
    rows[at] = row;
  }

  /** Takes the top away. */
  removeTop(): void {
    const last = this.#rows.pop() as number;
    if (this.#rows.length > 0) this.replaceTop(last);
  }

  /** Puts `row` in the place of the top, and in order. */
  replaceTop(row: number): void {
    const rows = this.#rows;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= rows.length) break;
      const right = child + 1;
      if (right < rows.length && this.#compare(rows[right] as number, rows[child] as number) < 0) {
        child = right;
      }
      if (this.#compare(row, rows[child] as number) <= 0) break;
      rows[at] = rows[child] as number;
      at = child;
    }
    rows[at] = row;
  }
}

// ORDER BY with a small LIMIT: only as many rows are kept as may be wanted, the last of them on top of a heap.
import { ByteRows } from "./byte-rows.ts";
import { RowHeap } from "./row-heap.ts";
import type { CompareRows, RowOrder } from "./row-order.ts";
import type { RowStage } from "./stage.ts";

/** Rows that gave way leave gaps: what is kept is packed anew when so many times the wanted rows have come in. */
const packFactor = 4;
const packRowsMin = 1024;

export class TopStage implements RowStage {
  readonly #count: number;
  readonly #compareRows: CompareRows;
  readonly #next: RowStage;
  #rows = new ByteRows();
  /** When a row came in: equal rows stay in that order. */
  #arrivals: number[] = [];
  #arrived = 0;
  #heap: RowHeap;
  #sorted: number[] | undefined;
  #sent = 0;

  /** `count` rows are wanted, one at least. */
  constructor(count: number, { compare }: RowOrder, next: RowStage) {
    this.#count = count;
    this.#compareRows = compare;
    this.#next = next;
    this.#heap = this.#makeHeap();
  }

  /** On top is the row that comes last. */
  #makeHeap(): RowHeap {
    return new RowHeap((a, b) => this.#compare(b, a));
  }

  #compare(a: number, b: number): number {
    const rows = this.#rows;
    return (
      this.#compareRows(rows.page(a), rows.start(a), rows.page(b), rows.start(b)) ||
      (this.#arrivals[a] as number) - (this.#arrivals[b] as number)
    );
  }

  push(bytes: Uint8Array, start: number, end: number): boolean {
    const isFull = this.#heap.count === this.#count;
    if (isFull) {
      const { top } = this.#heap;
      const order = this.#compareRows(bytes, start, this.#rows.page(top), this.#rows.start(top));
      if (order >= 0) return true;
    }
    const row = this.#rows.push(bytes, start, end);
    this.#arrivals.push(this.#arrived++);
    if (isFull) this.#heap.replaceTop(row);
    else this.#heap.add(row);
    if (this.#rows.count > Math.max(packRowsMin, this.#count * packFactor)) this.#pack();
    return true;
  }

  #pack(): void {
    const [rows, arrivals, kept] = [this.#rows, this.#arrivals, this.#heap.rows];
    this.#rows = new ByteRows();
    this.#arrivals = [];
    for (const row of kept) {
      this.#rows.push(rows.page(row), rows.start(row), rows.end(row));
      this.#arrivals.push(arrivals[row] as number);
    }
    this.#heap = this.#makeHeap();
    for (let row = 0; row < this.#rows.count; row++) this.#heap.add(row);
  }

  drain(count: number): boolean {
    this.#sorted ??= [...this.#heap.rows].sort((a, b) => this.#compare(a, b));
    const end = Math.min(this.#sorted.length, this.#sent + count);
    for (; this.#sent < end; this.#sent++) {
      const row = this.#sorted[this.#sent] as number;
      const rows = this.#rows;
      this.#next.push(rows.page(row), rows.start(row), rows.end(row));
    }
    return this.#sent === this.#sorted.length && this.#next.drain(count);
  }
}

// ORDER BY of all rows: they are sorted run by run while they come, and the runs are merged while they go.
import { KeyWords } from "../../datastore/key.ts";
import { ByteRows } from "./byte-rows.ts";
import { IntChunks } from "./int-chunks.ts";
import { RowHeap } from "./row-heap.ts";
import type { RowOrder } from "./row-order.ts";
import type { RowStage } from "./stage.ts";

/** Rows of a run: sorting one takes about a millisecond. So many rows at most are merged in one step, too. */
const runRows = 2048;

/** What is kept beside each row: two words of its first key. */
const rowWords = 2;

export class SortStage implements RowStage {
  readonly #rows = new ByteRows();
  /** The row numbers of each whole run, in order. */
  readonly #runs: Int32Array[] = [];
  readonly #words = new IntChunks();
  readonly #loaded = new KeyWords();
  readonly #order: RowOrder;
  readonly #compare: (a: number, b: number) => number;
  readonly #next: RowStage;
  /** Of each run the position of the row that is to go next; undefined while rows come. */
  #positions: Int32Array | undefined;
  readonly #heap: RowHeap;
  #isDone = false;

  /** Rows that are equal in the order stay as they came. */
  constructor(order: RowOrder, next: RowStage) {
    this.#order = order;
    this.#next = next;
    this.#compare = (a, b) => this.#compareRows(a, b);
    this.#heap = new RowHeap((a, b) => this.#compareRows(this.#rowOf(a), this.#rowOf(b)));
  }

  #compareRows(a: number, b: number): number {
    const words = this.#words;
    const { compare, sign } = this.#order;
    const high = words.at(a * rowWords) - words.at(b * rowWords);
    if (high !== 0) return sign * high;
    const low = words.at(a * rowWords + 1) - words.at(b * rowWords + 1);
    if (low !== 0) return sign * low;
    const rows = this.#rows;
    return compare(rows.page(a), rows.start(a), rows.page(b), rows.start(b)) || a - b;
  }

  push(bytes: Uint8Array, start: number, end: number): boolean {
    const row = this.#rows.push(bytes, start, end);
    this.#order.loadWords(bytes, start, this.#loaded);
    this.#words.set(row * rowWords, this.#loaded.high);
    this.#words.set(row * rowWords + 1, this.#loaded.low);
    if ((row + 1) % runRows === 0) this.#sortRun(row + 1 - runRows, runRows);
    return true;
  }

  #sortRun(first: number, count: number): void {
    this.#runs.push(Int32Array.from({ length: count }, (_, i) => first + i).sort(this.#compare));
  }

  /** The row that a run is to give next. */
  #rowOf(run: number): number {
    const sorted = this.#runs[run] as Int32Array;
    return sorted[(this.#positions as Int32Array)[run] as number] as number;
  }

  #beginMerge(): Int32Array {
    const { count } = this.#rows;
    const last = count % runRows;
    if (last > 0) this.#sortRun(count - last, last);
    this.#positions = new Int32Array(this.#runs.length);
    for (let run = 0; run < this.#runs.length; run++) this.#heap.add(run);
    return this.#positions;
  }

  drain(count: number): boolean {
    const positions = this.#positions ?? this.#beginMerge();
    for (
      let left = Math.min(count, runRows);
      left > 0 && this.#heap.count > 0 && !this.#isDone;
      left--
    ) {
      const run = this.#heap.top;
      this.#isDone = !this.#send(this.#rowOf(run));
      if (this.#step(positions, run) === this.#runs[run]?.length) this.#heap.removeTop();
      else this.#heap.replaceTop(run);
    }
    return (this.#isDone || this.#heap.count === 0) && this.#next.drain(count);
  }

  #step(positions: Int32Array, run: number): number {
    const next = (positions[run] as number) + 1;
    positions[run] = next;
    return next;
  }

  #send(row: number): boolean {
    const rows = this.#rows;
    return this.#next.push(rows.page(row), rows.start(row), rows.end(row));
  }
}

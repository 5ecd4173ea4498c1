// ORDER BY of all rows: they are sorted run by run while they come, and the runs are merged while they go.
import { KeyWords } from "../datastore/key.ts";
import { ByteRows } from "./byte-rows.ts";
import { RowHeap } from "./row-heap.ts";
import type { RowOrder } from "./row-order.ts";
import type { RowStage } from "./stage.ts";

/** Rows of a run: sorting one takes about a millisecond. So many rows at most are merged in one step, too. */
const runRows = 2048;

/** What is kept beside each row: its place in the order of a run, and two words of its first key. */
const rowWords = 2;

export class SortStage implements RowStage {
  readonly #rows = new ByteRows();
  /** Row numbers, each run of them in order. */
  #sorted: Int32Array = new Int32Array(runRows);
  #words: Int32Array = new Int32Array(runRows * rowWords);
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
    const high = (words[a * rowWords] as number) - (words[b * rowWords] as number);
    if (high !== 0) return sign * high;
    const low = (words[a * rowWords + 1] as number) - (words[b * rowWords + 1] as number);
    if (low !== 0) return sign * low;
    const rows = this.#rows;
    return compare(rows.page(a), rows.start(a), rows.page(b), rows.start(b)) || a - b;
  }

  push(bytes: Uint8Array, start: number, end: number): boolean {
    const row = this.#rows.push(bytes, start, end);
    if (row === this.#sorted.length) this.#grow();
    this.#sorted[row] = row;
    this.#order.loadWords(bytes, start, this.#loaded);
    this.#words[row * rowWords] = this.#loaded.high;
    this.#words[row * rowWords + 1] = this.#loaded.low;
    if ((row + 1) % runRows === 0) this.#sortRun(row + 1 - runRows, row + 1);
    return true;
  }

  #grow(): void {
    const [sorted, words] = [this.#sorted, this.#words];
    this.#sorted = new Int32Array(sorted.length * 2);
    this.#sorted.set(sorted);
    this.#words = new Int32Array(words.length * 2);
    this.#words.set(words);
  }

  #sortRun(start: number, end: number): void {
    this.#sorted.subarray(start, end).sort(this.#compare);
  }

  /** The row that a run is to give next. */
  #rowOf(run: number): number {
    return this.#sorted[(this.#positions as Int32Array)[run] as number] as number;
  }

  #runEnd(run: number): number {
    return Math.min((run + 1) * runRows, this.#rows.count);
  }

  #beginMerge(): Int32Array {
    const { count } = this.#rows;
    this.#sortRun(count - (count % runRows), count);
    const runCount = Math.ceil(count / runRows);
    this.#positions = Int32Array.from({ length: runCount }, (_, run) => run * runRows);
    for (let run = 0; run < runCount; run++) this.#heap.add(run);
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
      if (this.#step(positions, run) === this.#runEnd(run)) this.#heap.removeTop();
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

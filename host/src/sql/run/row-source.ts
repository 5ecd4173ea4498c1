// Where the rows of a SELECT come from, part by part: one relation, a join, or rows that are known.
import type { RowReader } from "../../datastore/rows/store.ts";
import { TableCursor } from "./cursor.ts";
import type { JoinPlan } from "../plan/join-plan.ts";
import { JoinRun } from "./join-run.ts";
import type { TablePlan } from "../plan/plan.ts";
import type { Tuple } from "../plan/tuple.ts";

/** What is done with rows: false once no more are wanted. */
export interface RowSink {
  /** What it has done so far beyond taking rows in, in units of work. */
  readonly work: number;
  add(rows: RowReader, row: number): boolean;
  addTuple(tuple: Tuple): boolean;
}

export interface RowSource {
  readonly isDone: boolean;
  /** Does about so much work, hands on rows that are wanted, and returns what it left undone, which may be negative. */
  advance(work: number, sink: RowSink): number;
  /** What is read from here on is as it is now, whatever happens to the tables. */
  hold(): void;
  /** Must be called at the end, however it came. */
  close(): void;
}

/** The rows of one relation, `limit` at most. */
export class TableSource implements RowSource {
  readonly #cursor: TableCursor;
  #left: number;

  constructor(plan: TablePlan, limit: number) {
    this.#cursor = new TableCursor(plan);
    this.#left = limit;
  }

  get isDone(): boolean {
    return this.#left <= 0 || this.#cursor.isDone;
  }

  advance(work: number, sink: RowSink): number {
    if (this.isDone) return work;
    const cursor = this.#cursor;
    const { rows } = cursor;
    let done = sink.work;
    return cursor.advance(work, (row) => {
      const isMore = sink.add(rows, row);
      cursor.charge(sink.work - done);
      done = sink.work;
      if (--this.#left > 0 && isMore) return true;
      this.#left = 0;
      return false;
    });
  }

  hold(): void {
    if (!this.isDone) this.#cursor.hold();
  }

  close(): void {
    this.#cursor.close();
  }
}

/** Rows that are known by their ids: few enough to be read at once. */
export class KnownSource implements RowSource {
  readonly #rows: RowReader;
  readonly #ids: readonly number[];
  isDone: boolean;

  constructor(rows: RowReader, ids: readonly number[]) {
    this.#rows = rows;
    this.#ids = ids;
    this.isDone = ids.length === 0;
  }

  advance(work: number, sink: RowSink): number {
    if (this.isDone) return work;
    this.isDone = true;
    for (const row of this.#ids) sink.add(this.#rows, row);
    return work - this.#ids.length;
  }

  hold(): void {
    // Its rows are read in the first part.
  }

  close(): void {
    // Nothing is held between two parts.
  }
}

/** The tuples of a join, `limit` at most. */
export class JoinSource implements RowSource {
  readonly #run: JoinRun;
  #left: number;

  constructor(plan: JoinPlan, limit: number) {
    this.#run = new JoinRun(plan);
    this.#left = limit;
  }

  get isDone(): boolean {
    return this.#left <= 0 || this.#run.isDone;
  }

  advance(work: number, sink: RowSink): number {
    if (this.isDone) return work;
    const run = this.#run;
    let done = sink.work;
    return run.advance(work, (tuple) => {
      const isMore = sink.addTuple(tuple);
      run.charge(sink.work - done);
      done = sink.work;
      return --this.#left > 0 && isMore;
    });
  }

  hold(): void {
    if (!this.isDone) this.#run.hold();
  }

  close(): void {
    this.#run.close();
  }
}

// Where the rows of a SELECT come from: one relation, which can be read in parts while its table goes on, or a join, which is
// done at once.
import type { RowReader } from "../datastore/rows/store.ts";
import { TableCursor } from "./cursor.ts";
import type { JoinPlan } from "./join-plan.ts";
import { runJoin } from "./join-run.ts";
import type { TablePlan } from "./plan.ts";
import type { Tuple } from "./tuple.ts";

/** What is done with rows: false once no more are wanted. */
export interface RowSink {
  add(rows: RowReader, row: number): boolean;
  addTuple(tuple: Tuple): boolean;
}

export interface RowSource {
  /** Whether it takes so long that it should be read in parts. */
  readonly isLong: boolean;
  readonly isDone: boolean;
  /** Looks at up to `count` rows, a join at all, and hands on those that are wanted. */
  advance(count: number, sink: RowSink): void;
  /** Must be called at the end, however it came. */
  close(): void;
}

/** The rows of one relation, `limit` at most. */
export class TableSource implements RowSource {
  readonly isLong: boolean;
  readonly #cursor: TableCursor;
  #left: number;

  constructor(plan: TablePlan, limit: number) {
    this.#cursor = new TableCursor(plan, true);
    this.isLong = this.#cursor.isLong;
    this.#left = limit;
  }

  get isDone(): boolean {
    return this.#left <= 0 || this.#cursor.isDone;
  }

  advance(count: number, sink: RowSink): void {
    if (this.isDone) return;
    const { rows } = this.#cursor;
    this.#cursor.advance(count, (row) => {
      const isMore = sink.add(rows, row);
      if (--this.#left > 0 && isMore) return true;
      this.#left = 0;
      return false;
    });
  }

  close(): void {
    this.#cursor.close();
  }
}

/** Rows that are known by their ids. */
export class KnownSource implements RowSource {
  readonly isLong = false;
  readonly #rows: RowReader;
  readonly #ids: readonly number[];
  isDone: boolean;

  constructor(rows: RowReader, ids: readonly number[]) {
    this.#rows = rows;
    this.#ids = ids;
    this.isDone = ids.length === 0;
  }

  advance(_count: number, sink: RowSink): void {
    if (this.isDone) return;
    this.isDone = true;
    for (const row of this.#ids) sink.add(this.#rows, row);
  }

  close(): void {
    // Nothing is held between two steps.
  }
}

/** The tuples of a join, `limit` at most. */
export class JoinSource implements RowSource {
  readonly isLong = false;
  readonly #plan: JoinPlan;
  #left: number;
  isDone: boolean;

  constructor(plan: JoinPlan, limit: number) {
    this.#plan = plan;
    this.#left = limit;
    this.isDone = limit <= 0;
  }

  advance(_count: number, sink: RowSink): void {
    if (this.isDone) return;
    this.isDone = true;
    runJoin(this.#plan, (tuple) => {
      const isMore = sink.addTuple(tuple);
      return --this.#left > 0 && isMore;
    });
  }

  close(): void {
    // A join holds nothing between two steps.
  }
}

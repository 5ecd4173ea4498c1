// The rows that a plan finds, some at a time: of a table as it is now, or of frozen rows while the table goes on.
import { limit } from "../base/limit.ts";
import { RowIds } from "../datastore/rows/ids.ts";
import type { FrozenRows, RowReader } from "../datastore/rows/store.ts";
import type { TablePlan } from "./plan.ts";

/** Whether a plan looks at so many rows that others should not wait for all of them. */
export function isLongRead({ access, table }: TablePlan): boolean {
  return access.kind === "scan" && table.rows.limit > limit.readSliceRows;
}

/** Takes a row by its id; false ends the reading. */
export type VisitRow = (row: number) => boolean;

export class TableCursor {
  readonly rows: RowReader;
  readonly #plan: TablePlan;
  readonly #frozen: FrozenRows | undefined;
  /** Rows that an index found. */
  readonly #found: RowIds | undefined;
  /** The next row, or the next position in what was found. */
  #next = 0;
  #isDone: boolean;

  /** A long read is of the rows as they are now, whatever happens until it is closed. */
  constructor(plan: TablePlan, isLong: boolean) {
    this.#plan = plan;
    this.#frozen = isLong ? plan.table.rows.freeze() : undefined;
    this.rows = this.#frozen?.rows ?? plan.table.rows;
    this.#isDone = plan.access.kind === "nothing";
    if (plan.access.kind !== "point") return;
    const { index, key } = plan.access;
    this.#found = new RowIds();
    index.scanPoint(key, 0, key.length, this.#found);
  }

  get isDone(): boolean {
    return this.#isDone;
  }

  /** Gives frozen rows back. */
  close(): void {
    this.#frozen?.release();
  }

  #isWanted(row: number): boolean {
    const { predicate } = this.#plan;
    return predicate === undefined || predicate(this.rows.page(row), this.rows.start(row));
  }

  /** Looks at up to `count` rows and visits those that are wanted. */
  advance(count: number, visit: VisitRow): void {
    if (this.#isDone) return;
    if (this.#found === undefined) this.#scan(count, visit);
    else this.#visitFound(this.#found, count, visit);
  }

  #scan(count: number, visit: VisitRow): void {
    const { live } = this.rows;
    let row = live.next(this.#next);
    for (let left = count; row >= 0 && left > 0; left--) {
      if (this.#isWanted(row) && !visit(row)) {
        this.#isDone = true;
        return;
      }
      row = live.next(row + 1);
    }
    this.#next = row;
    this.#isDone = row < 0;
  }

  #visitFound(found: RowIds, count: number, visit: VisitRow): void {
    const end = Math.min(found.count, this.#next + count);
    for (; this.#next < end; this.#next++) {
      const row = found.at(this.#next);
      if (this.#isWanted(row) && !visit(row)) {
        this.#isDone = true;
        return;
      }
    }
    this.#isDone = this.#next === found.count;
  }
}

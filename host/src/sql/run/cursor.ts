// The rows that a plan finds, some at a time: of a table as it is now, or of frozen rows while the table goes on.
import { limit } from "../../base/limit.ts";
import { RowIds } from "../../datastore/rows/ids.ts";
import type { FrozenRows, RowReader } from "../../datastore/rows/store.ts";
import type { RangeAccess } from "../plan/access.ts";
import { type RowWork, rowWorkOf, workOf } from "./row-work.ts";
import type { TablePlan } from "../plan/plan.ts";

/** Whether a plan scans so many rows that others should not wait for all of them. */
export function isLongRead({ access, table }: TablePlan): boolean {
  return access.kind === "scan" && table.rows.limit > limit.readSliceRows;
}

/** Takes a row by its id; false ends the reading. */
export type VisitRow = (row: number) => boolean;

/** The rows that an index gives, or undefined for a scan. */
function findByIndex({ access }: TablePlan): RowIds | undefined {
  if (access.kind === "nothing" || access.kind === "scan") return undefined;
  const found = new RowIds();
  if (access.kind === "range") {
    scanRange(access, found);
    return found;
  }
  const { index } = access;
  if (access.kind === "point") {
    index.scanPoint(access.key, 0, access.key.length, found);
    return found;
  }
  const { keys, columnCount } = access;
  const isWhole = columnCount === index.key.columns.length;
  for (const bytes of keys) {
    const cut = { bytes, start: 0, columnCount };
    if (isWhole) index.scanPoint(bytes, 0, bytes.length, found);
    else index.scanRange({ ...cut, side: "before" }, { ...cut, side: "after" }, found);
  }
  return found;
}

/** The rows of a range, in the order that it wants. */
export function scanRange(range: RangeAccess, found: RowIds): void {
  const { index, lower, upper, isReversed, countMax } = range;
  if (index.scanEnd !== undefined && (isReversed || countMax < Number.POSITIVE_INFINITY)) {
    index.scanEnd(lower, upper, countMax, isReversed, found);
    return;
  }
  index.scanRange(lower, upper, found);
  if (isReversed) found.ids.subarray(0, found.count).reverse();
}

export class TableCursor {
  rows: RowReader;
  readonly #plan: TablePlan;
  readonly #rowWork: RowWork;
  #frozen: FrozenRows | undefined;
  /** Rows that an index found. */
  readonly #found: RowIds | undefined;
  /** The next row, or the next position in what was found. */
  #next = 0;
  /** What is left to be done in this part. */
  #left = 0;
  #isDone: boolean;

  constructor(plan: TablePlan) {
    this.#plan = plan;
    this.#rowWork = rowWorkOf(plan);
    this.#found = findByIndex(plan);
    this.rows = plan.table.rows;
    this.#isDone = plan.access.kind === "nothing";
  }

  get isDone(): boolean {
    return this.#isDone;
  }

  /** What is read from here on is as it is now, whatever happens to the table; `rows` may be another reader then. */
  hold(): void {
    if (this.#frozen !== undefined || this.#isDone) return;
    this.#frozen = this.#plan.table.rows.freeze();
    this.rows = this.#frozen.rows;
  }

  /** Goes on with another reader of the same rows, which others hold. */
  readFrom(rows: RowReader): void {
    this.rows = rows;
  }

  /** Gives frozen rows back. */
  close(): void {
    this.#frozen?.release();
    this.#frozen = undefined;
  }

  /** Takes work done elsewhere off what is left to be done in this part. */
  charge(work: number): void {
    this.#left -= work;
  }

  #isWanted(row: number): boolean {
    const { predicate } = this.#plan;
    return predicate === undefined || predicate(this.rows.page(row), this.rows.start(row));
  }

  /** Does about so much work and visits the rows that are wanted; returns what it left undone, which may be negative. */
  advance(work: number, visit: VisitRow): number {
    this.#left = work;
    if (this.#isDone) return work;
    if (this.#found === undefined) this.#scan(visit);
    else this.#visitFound(this.#found, visit);
    return this.#left;
  }

  #scan(visit: VisitRow): void {
    const { live } = this.rows;
    let row = live.next(this.#next);
    while (row >= 0 && this.#left > 0) {
      this.#left -= workOf(this.#rowWork, this.rows, row);
      if (this.#isWanted(row) && !visit(row)) {
        this.#isDone = true;
        return;
      }
      row = live.next(row + 1);
    }
    this.#next = row;
    this.#isDone = row < 0;
  }

  #visitFound(found: RowIds, visit: VisitRow): void {
    while (this.#next < found.count && this.#left > 0) {
      const row = found.at(this.#next++);
      this.#left -= workOf(this.#rowWork, this.rows, row);
      if (this.#isWanted(row) && !visit(row)) {
        this.#isDone = true;
        return;
      }
    }
    this.#isDone = this.#next === found.count;
  }
}

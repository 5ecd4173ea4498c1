// A join from its plan to tuples of rows. It is done at once, whatever its size up to a limit, so that all it reads is of one
// state.
import { LightconeError } from "@lightcone/abi";
import { limit } from "../base/limit.ts";
import { bytesEqual, hashBytes } from "../datastore/key.ts";
import { RowIds } from "../datastore/rows/ids.ts";
import type { RowLayout } from "../datastore/row-layout.ts";
import type { RowReader } from "../datastore/rows/store.ts";
import { TableCursor } from "./cursor.ts";
import type { IndexProbe } from "./index-probe.ts";
import type { JoinLink, JoinPlan, JoinStep } from "./join-plan.ts";
import type { TablePlan } from "./plan.ts";
import type { Relation } from "./relation.ts";
import { Tuple, type TuplePredicate } from "./tuple.ts";

/** Takes a tuple; false ends the join. */
type VisitTuple = (tuple: Tuple) => boolean;

/** One step under way. */
class StepRun {
  readonly position: number;
  readonly rows: RowReader;
  readonly residual: TuplePredicate | undefined;
  /** Rows to try for the tuple so far. */
  readonly found: RowIds = new RowIds();
  readonly #plan: TablePlan;
  readonly #link: JoinLink | undefined;
  /** Of the relation that the link comes from. */
  readonly #outerLayout: RowLayout | undefined;
  #isRead = false;
  #rowsByHash: Map<number, number[]> | undefined;

  constructor({ position, plan, link, residual }: JoinStep, relations: readonly Relation[]) {
    this.position = position;
    this.rows = plan.table.rows;
    this.residual = residual;
    this.#plan = plan;
    this.#link = link;
    this.#outerLayout = link && relations[link.outer.relation]?.table.layout;
  }

  /** Fills `found` with rows that may go with the tuple so far. */
  find(tuple: Tuple): void {
    const link = this.#link;
    const layout = this.#outerLayout;
    if (link === undefined || layout === undefined) {
      // The rows are the same each time.
      if (!this.#isRead) this.#readAll();
      this.#isRead = true;
      return;
    }
    const { relation, column } = link.outer;
    const page = tuple.pages[relation] as Uint8Array;
    const start = layout.columnStart(column, page, tuple.starts[relation] as number);
    const end = layout.columnEnd(column, page, start);
    this.found.clear();
    if (link.probe === undefined) this.#findByHash(page, start, end);
    else this.#probe(link.probe, page, start, end);
  }

  #probe(probe: IndexProbe, page: Uint8Array, start: number, end: number): void {
    const { found } = this;
    probe.find(page, start, end, found);
    const { predicate, table } = this.#plan;
    if (predicate === undefined) return;
    let kept = 0;
    for (let i = 0; i < found.count; i++) {
      const row = found.at(i);
      if (predicate(table.rows.page(row), table.rows.start(row))) found.ids[kept++] = row;
    }
    found.count = kept;
  }

  #readAll(): void {
    new TableCursor(this.#plan, false).advance(Number.POSITIVE_INFINITY, (row) => {
      this.found.push(row);
      return true;
    });
  }

  /** Where the linked column of a row lies. */
  #columnOf(row: number): { page: Uint8Array; start: number; end: number } {
    const { rows, layout } = this.#plan.table;
    const page = rows.page(row);
    const column = this.#link?.column ?? 0;
    const start = layout.columnStart(column, page, rows.start(row));
    return { page, start, end: layout.columnEnd(column, page, start) };
  }

  #hashRows(): Map<number, number[]> {
    const rowsByHash = new Map<number, number[]>();
    new TableCursor(this.#plan, false).advance(Number.POSITIVE_INFINITY, (row) => {
      const { page, start, end } = this.#columnOf(row);
      const hash = hashBytes(page, start, end);
      const bucket = rowsByHash.get(hash);
      if (bucket === undefined) rowsByHash.set(hash, [row]);
      else bucket.push(row);
      return true;
    });
    return rowsByHash;
  }

  #findByHash(bytes: Uint8Array, start: number, end: number): void {
    this.#rowsByHash ??= this.#hashRows();
    for (const row of this.#rowsByHash.get(hashBytes(bytes, start, end)) ?? []) {
      const found = this.#columnOf(row);
      if (bytesEqual(bytes, start, end, found.page, found.start, found.end)) this.found.push(row);
    }
  }
}

class JoinRun {
  readonly #steps: readonly StepRun[];
  readonly #tuple: Tuple;
  readonly #visit: VisitTuple;
  #tried = 0;

  constructor(plan: JoinPlan, visit: VisitTuple) {
    this.#visit = visit;
    this.#steps = plan.steps.map((step) => new StepRun(step, plan.relations));
    this.#tuple = new Tuple(plan.relations.length);
  }

  /** Goes through the rows of one step and those behind it; false once nothing more is wanted. */
  run(depth: number): boolean {
    const current = this.#steps[depth] as StepRun;
    const isLast = depth + 1 === this.#steps.length;
    const { found, rows, position, residual } = current;
    current.find(this.#tuple);
    this.#count(found.count);
    for (let i = 0; i < found.count; i++) {
      this.#tuple.set(position, rows, found.at(i));
      if (residual !== undefined && !residual(this.#tuple)) continue;
      if (!(isLast ? this.#visit(this.#tuple) : this.run(depth + 1))) return false;
    }
    return true;
  }

  #count(count: number): void {
    this.#tried += count;
    if (this.#tried <= limit.joinRowCountMax) return;
    const message = `the join has to try more than ${limit.joinRowCountMax} rows; narrow it by WHERE or add an index`;
    throw new LightconeError("LC_LIMIT", message);
  }
}

/**
 * Calls `visit` with each tuple of a join, in no particular order, until it returns false. The tuple is one object; no table
 * must change meanwhile. Throws LC_LIMIT if it takes too many steps.
 */
export function runJoin(plan: JoinPlan, visit: VisitTuple): void {
  if (plan.relations.some(({ table }) => table.rowCount === 0)) return;
  new JoinRun(plan, visit).run(0);
}

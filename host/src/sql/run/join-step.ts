// One step of a join under way: the rows of a relation that may go with those before it.
import { bytesEqual, hashBytes } from "../../datastore/key.ts";
import { RowIds } from "../../datastore/rows/ids.ts";
import type { RowLayout } from "../../datastore/row-layout.ts";
import type { RowReader } from "../../datastore/rows/store.ts";
import type { Table } from "../../datastore/table.ts";
import { TableCursor } from "./cursor.ts";
import { HashChains, noEntry } from "./hash-chains.ts";
import { IntChunks } from "./int-chunks.ts";
import type { IndexProbe } from "../plan/index-probe.ts";
import type { JoinLink, JoinStep } from "../plan/join-plan.ts";
import type { TablePlan } from "../plan/plan.ts";
import type { Relation } from "../bind/relation.ts";
import { type RowWork, rowWorkOf, workOf } from "./row-work.ts";
import type { Tuple, TuplePredicate } from "../plan/tuple.ts";

export class StepRun {
  readonly position: number;
  readonly table: Table;
  rows: RowReader;
  /** Whether the rows to try for the tuple so far are known. */
  isFound = false;
  readonly #plan: TablePlan;
  readonly #link: JoinLink | undefined;
  /** Of the relation that the link comes from. */
  readonly #outerLayout: RowLayout | undefined;
  readonly #residual: TuplePredicate | undefined;
  readonly #work: RowWork;
  /** Undefined where rows are hashed or tried one and all, and once no index may be used any more. */
  #probe: IndexProbe | undefined;
  /** What reads all wanted rows, where an index does not find those that go with a tuple. */
  #cursor: TableCursor | undefined;
  readonly #found = new RowIds();
  /** Whether the rows to try have met the conditions on them alone. */
  #isFiltered = false;
  #next = 0;
  readonly #chains = new HashChains();
  /** By entry of the chains. */
  readonly #hashed = new IntChunks();

  constructor(
    { position, plan, link, residual, conditions }: JoinStep,
    relations: readonly Relation[],
  ) {
    this.position = position;
    this.table = plan.table;
    this.rows = plan.table.rows;
    this.#plan = plan;
    this.#link = link;
    this.#residual = residual;
    this.#work = rowWorkOf({ conditions: [...plan.conditions, ...conditions] });
    this.#outerLayout = link && relations[link.outer.relation]?.table.layout;
    this.#probe = link?.probe;
    // All steps begin to read at one moment.
    if (this.#probe === undefined) this.#cursor = new TableCursor(plan);
  }

  /** Reads `rows`, which are the table's as they are now, from here on, and no index. */
  hold(rows: RowReader): void {
    this.rows = rows;
    this.#probe = undefined;
    this.#cursor ??= new TableCursor(this.#plan);
    this.#cursor.readFrom(rows);
  }

  /** Bytes of what is kept to find rows. */
  get byteLength(): number {
    const { ids } = this.#found;
    return this.#chains.byteLength + this.#hashed.byteLength + ids.byteLength;
  }

  workOf(row: number): number {
    return workOf(this.#work, this.rows, row);
  }

  /** Does about so much work to find the rows for the tuple so far; returns what it left undone. `onKept`: it keeps more now. */
  find(tuple: Tuple, work: number, onKept: () => void): number {
    let left = work;
    const cursor = this.#cursor;
    if (this.#probe === undefined && cursor?.isDone === false) {
      left = cursor.advance(work, this.#link === undefined ? this.#keep : this.#hash);
      onKept();
      if (!cursor.isDone) return left;
    }
    this.#next = 0;
    this.isFound = true;
    this.#isFiltered = this.#probe === undefined;
    const link = this.#link;
    const layout = this.#outerLayout;
    // Without a link the rows are the same each time.
    if (link === undefined || layout === undefined) return left;
    const { relation, column } = link.outer;
    const page = tuple.pages[relation] as Uint8Array;
    const start = layout.columnStart(column, page, tuple.starts[relation] as number);
    const end = layout.columnEnd(column, page, start);
    this.#found.clear();
    if (this.#probe === undefined) this.#findByHash(page, start, end);
    else this.#probe.find(page, start, end, this.#found);
    return left - 1;
  }

  /** The next row to try, or -1 after the last. */
  take(): number {
    if (this.#next < this.#found.count) return this.#found.at(this.#next++);
    this.isFound = false;
    return -1;
  }

  /** Whether a row, which stands in the tuple, goes with it. */
  isWanted(tuple: Tuple, row: number): boolean {
    const { predicate } = this.#plan;
    if (!this.#isFiltered && predicate !== undefined) {
      if (!predicate(this.rows.page(row), this.rows.start(row))) return false;
    }
    return this.#residual === undefined || this.#residual(tuple);
  }

  readonly #keep = (row: number): boolean => {
    this.#found.push(row);
    return true;
  };

  /** Where the linked column of a row lies. */
  #columnOf(row: number): { page: Uint8Array; start: number; end: number } {
    const { layout } = this.table;
    const page = this.rows.page(row);
    const column = this.#link?.column ?? 0;
    const start = layout.columnStart(column, page, this.rows.start(row));
    return { page, start, end: layout.columnEnd(column, page, start) };
  }

  readonly #hash = (row: number): boolean => {
    const { page, start, end } = this.#columnOf(row);
    this.#hashed.set(this.#chains.count, row);
    this.#chains.add(hashBytes(page, start, end));
    return true;
  };

  #findByHash(bytes: Uint8Array, start: number, end: number): void {
    const chains = this.#chains;
    const hash = hashBytes(bytes, start, end) | 0;
    for (let entry = chains.first(hash); entry !== noEntry; entry = chains.next(entry)) {
      if (chains.hashOf(entry) !== hash) continue;
      const row = this.#hashed.at(entry);
      const found = this.#columnOf(row);
      if (bytesEqual(bytes, start, end, found.page, found.start, found.end)) this.#found.push(row);
    }
  }
}

// What a transaction changes in the result of a join, by the formulas of sql-and-subscriptions.md section 11.3. With signed
// rows, inserted +1 and deleted -1, and R′ and S′ the tables after the transaction, the change is
//
//     ΔR⋈S′ + R′⋈ΔS − ΔR⋈ΔS
//
// Rows are counted by their ids: tables are sets and deltas are net, so no two of a table's rows and of those that it lost have
// the same bytes.
import { RowIds } from "../datastore/rows/ids.ts";
import type { PairPlan, PairSide } from "../sql/plan/pair-plan.ts";
import { Tuple } from "../sql/plan/tuple.ts";
import { type ChangedRows, DeltaKeys } from "./delta-keys.ts";
import type { JoinGroup, JoinWork, WatchedJoin } from "./join-group.ts";

type Sign = 1 | -1;

/** What a join's change follows from, whoever watches it. */
interface DeltaJoin extends Pick<WatchedJoin<unknown>, "pair" | "filter"> {
  readonly group: Pick<JoinGroup<unknown>, "compare" | "deltaKeys">;
}

/** Takes the key of a row that the tuple holds, `page[start, end)`. */
type VisitKey = (page: Uint8Array, start: number, end: number, sign: Sign) => void;

/** Evaluates one join after another. */
export class JoinDelta {
  readonly #tuple = new Tuple(2);
  readonly #found = new RowIds();
  /** How often each row of the result came, less how often it went. */
  readonly #counts = new Map<number, number>();

  /** Appends the rows that the join's result gained and lost, each as often as it did. */
  evaluate(join: DeltaJoin, work: JoinWork, inserts: RowIds, deletes: RowIds): void {
    const { pair, filter } = join;
    const [first, second] = pair.sides;
    this.#counts.clear();
    this.#joinState(join, work, first, second);
    this.#joinState(join, work, second, first);
    // Of the side without the filter only those rows were gathered that go with rows still there; so the other one leads.
    const lead = pair.sides[filter?.side ?? 1];
    this.#joinDelta(join, work, lead, lead === first ? second : first);
    for (const [row, count] of this.#counts) {
      for (let i = 0; i < count; i++) inserts.push(row);
      for (let i = 0; i > count; i--) deletes.push(row);
    }
  }

  /** Counts the tuple if its rows go together. */
  #count({ residual, returned }: PairPlan, sign: Sign): void {
    if (residual !== undefined && !residual(this.#tuple)) return;
    const row = this.#tuple.rows[returned] as number;
    this.#counts.set(row, (this.#counts.get(row) ?? 0) + sign);
  }

  /** Sets one side of the tuple to a row; false if the row is not wanted at all. */
  #set({ predicate, position, table }: PairSide, row: number): boolean {
    const { rows } = table;
    if (predicate !== undefined && !predicate(rows.page(row), rows.start(row))) return false;
    this.#tuple.set(position, rows, row);
    return true;
  }

  /** Whether the joined columns of the tuple's rows are equal. */
  #isMatch({ pair: { sides }, group }: DeltaJoin): boolean {
    const [first, second] = sides;
    const [firstPage, secondPage] = this.#tuple.pages as [Uint8Array, Uint8Array];
    const firstAt = this.#keyStart(first, firstPage);
    const secondAt = this.#keyStart(second, secondPage);
    return group.compare(firstPage, firstAt, secondPage, secondAt) === 0;
  }

  #keyStart({ layout, column, position }: PairSide, page: Uint8Array): number {
    return layout.columnStart(column, page, this.#tuple.starts[position] as number);
  }

  /** Visits the keys of changed rows of a side that are wanted. */
  #eachChanged(side: PairSide, { inserts, deletes }: ChangedRows, visit: VisitKey): void {
    this.#eachRow(side, inserts, 1, visit);
    this.#eachRow(side, deletes, -1, visit);
  }

  #eachRow(side: PairSide, rows: RowIds, sign: Sign, visit: VisitKey): void {
    for (let i = 0; i < rows.count; i++) {
      if (this.#set(side, rows.at(i))) this.#visitKey(side, sign, visit);
    }
  }

  #visitKey(side: PairSide, sign: Sign, visit: VisitKey): void {
    const page = this.#tuple.pages[side.position] as Uint8Array;
    const at = this.#keyStart(side, page);
    visit(page, at, side.layout.columnEnd(side.column, page, at), sign);
  }

  /** Changed rows of one side with the other side's table as it is now. */
  #joinState(join: DeltaJoin, work: JoinWork, side: PairSide, other: PairSide): void {
    const { table, probe } = other;
    const changed = work.changed[side.position];
    if (changed.inserts.count + changed.deletes.count === 0) return;
    // An event's rows are gone once the transaction is over.
    if (table.schema.isEvent || table.rowCount === 0) return;
    if (probe === undefined) {
      this.#joinStateByScan(join, changed, side, other);
      return;
    }
    const found = this.#found;
    this.#eachChanged(side, changed, (page, start, end, sign) => {
      found.clear();
      probe.find(page, start, end, found);
      for (let i = 0; i < found.count; i++) {
        if (this.#set(other, found.at(i))) this.#count(join.pair, sign);
      }
    });
  }

  /** Without an index every row of the table is looked up among the changed ones, which are few. */
  #joinStateByScan(join: DeltaJoin, changed: ChangedRows, side: PairSide, other: PairSide): void {
    const keys = new DeltaKeys(side);
    keys.begin(changed);
    const { live } = other.table.rows;
    for (let row = live.next(0); row >= 0; row = live.next(row + 1)) {
      if (!this.#set(other, row)) continue;
      this.#visitKey(other, 1, (page, start, end) => {
        keys.find(page, start, end, (changedRow, sign) => {
          if (this.#set(side, changedRow) && this.#isMatch(join)) this.#count(join.pair, sign);
        });
      });
    }
  }

  /** Takes away what the changes of both sides made count twice. */
  #joinDelta(join: DeltaJoin, work: JoinWork, lead: PairSide, other: PairSide): void {
    const keys = join.group.deltaKeys[other.position];
    this.#eachChanged(lead, work.changed[lead.position], (page, start, end, sign) => {
      keys.find(page, start, end, (row, otherSign) => {
        if (!this.#set(other, row) || !this.#isMatch(join)) return;
        this.#count(join.pair, sign === otherSign ? -1 : 1);
      });
    });
  }
}

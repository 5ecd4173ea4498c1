// All watched joins of two tables by the same two columns: a changed row is looked up once for all of them
// (sql-and-subscriptions.md section 11.2).
import type { AlgebraicType } from "@lightcone/abi";
import type { TableDelta } from "../datastore/delta.ts";
import { type Compare, compileCompare } from "../datastore/key.ts";
import { RowIds } from "../datastore/rows/ids.ts";
import type { Table } from "../datastore/table.ts";
import type { IndexProbe } from "../sql/plan/index-probe.ts";
import type { PairPlan, PairSide } from "../sql/plan/pair-plan.ts";
import { type ColumnCondition, ColumnWatch } from "./column-watch.ts";
import { conditionOf } from "./condition.ts";
import { type ChangedRows, DeltaKeys } from "./delta-keys.ts";

/** What a transaction may mean for one join: rows of each side, by position. */
export class JoinWork {
  readonly changed: readonly [ChangedRows, ChangedRows] = [
    { inserts: new RowIds(), deletes: new RowIds() },
    { inserts: new RowIds(), deletes: new RowIds() },
  ];

  clear(): void {
    for (const { inserts, deletes } of this.changed) {
      inserts.clear();
      deletes.clear();
    }
  }
}

/** The side of a join on which a condition stands by which the join is found. */
interface JoinFilter {
  readonly side: 0 | 1;
  readonly condition: ColumnCondition;
  /** Finds rows of that side by the joined column. */
  readonly keyProbe: IndexProbe;
}

/** One watched join. `Owner` is whoever is told of its changes. */
export class WatchedJoin<Owner> {
  readonly owner: Owner;
  readonly pair: PairPlan;
  readonly group: JoinGroup<Owner>;
  readonly filter: JoinFilter | undefined;
  /** Set while a transaction is evaluated that may concern the join. */
  work: JoinWork | undefined;

  constructor(owner: Owner, pair: PairPlan, group: JoinGroup<Owner>, usesConditions: boolean) {
    this.owner = owner;
    this.pair = pair;
    this.group = group;
    this.filter = usesConditions ? bestOf(pair.sides.flatMap(filterOf)) : undefined;
  }
}

function filterOf(side: PairSide): JoinFilter[] {
  const condition = conditionOf(side);
  const { keyProbe, position } = side;
  if (condition === undefined || condition.kind === "never" || keyProbe === undefined) return [];
  return [{ side: position, condition, keyProbe }];
}

/** A value rather than a range, and rather where the other side's row leads to one row than to several. */
function bestOf(filters: readonly JoinFilter[]): JoinFilter | undefined {
  const rank = ({ condition, keyProbe }: JoinFilter): number =>
    (condition.kind === "value" ? 2 : 0) + (keyProbe.schema.isUnique ? 1 : 0);
  const [first, second] = filters;
  return first !== undefined && second !== undefined && rank(second) > rank(first) ? second : first;
}

/** Joins that are found by their condition on one column of one side. */
interface FilteredJoins<Owner> {
  readonly side: 0 | 1;
  readonly keyProbe: IndexProbe;
  readonly joins: ColumnWatch<WatchedJoin<Owner>>;
}

/** Told of each row that may concern a join. */
export type TouchJoin<Owner> = (
  join: WatchedJoin<Owner>,
  side: 0 | 1,
  row: number,
  isInsert: boolean,
) => void;

export class JoinGroup<Owner> {
  readonly sides: readonly [PairSide, PairSide];
  /** Orders values of the joined columns. */
  readonly compare: Compare;
  /** The transaction's rows of each side by the joined column. */
  readonly deltaKeys: readonly [DeltaKeys, DeltaKeys];
  /** Joins that every changed row may concern. */
  readonly #scanning = new Set<WatchedJoin<Owner>>();
  readonly #filtered: FilteredJoins<Owner>[] = [];
  readonly #found = new RowIds();
  /** Fields rather than arguments: joins that are found are visited by one function, made once. */
  readonly #changed: { side: 0 | 1; row: number; isInsert: boolean; touch: TouchJoin<Owner> } = {
    side: 0,
    row: 0,
    isInsert: true,
    touch: () => undefined,
  };

  constructor(sides: readonly [PairSide, PairSide]) {
    this.sides = sides;
    const [first] = sides;
    this.compare = compileCompare(first.layout.columnTypes[first.column] as AlgebraicType);
    this.deltaKeys = [new DeltaKeys(sides[0]), new DeltaKeys(sides[1])];
  }

  /** The tables joined, one of them where it is joined to itself. */
  get tables(): ReadonlySet<Table> {
    return new Set([this.sides[0].table, this.sides[1].table]);
  }

  get isEmpty(): boolean {
    return this.#scanning.size === 0 && this.#filtered.every(({ joins }) => joins.isEmpty);
  }

  /** Whether a join of these sides belongs here. */
  fits(sides: readonly [PairSide, PairSide]): boolean {
    return this.sides.every(
      ({ table, column }, i) => table === sides[i]?.table && column === sides[i].column,
    );
  }

  #filteredLike({ side, condition, keyProbe }: JoinFilter): ColumnWatch<WatchedJoin<Owner>> {
    const { column } = condition;
    const known = this.#filtered.find((each) => each.side === side && each.joins.column === column);
    if (known !== undefined) return known.joins;
    const joins = new ColumnWatch<WatchedJoin<Owner>>(this.sides[side].table, column);
    this.#filtered.push({ side, keyProbe, joins });
    return joins;
  }

  add(join: WatchedJoin<Owner>): void {
    const { filter } = join;
    if (filter === undefined) this.#scanning.add(join);
    else this.#filteredLike(filter).add(filter.condition, join);
  }

  remove(join: WatchedJoin<Owner>): void {
    const { filter } = join;
    if (filter === undefined) this.#scanning.delete(join);
    else this.#filteredLike(filter).remove(filter.condition, join);
  }

  /** Calls `touch` for each join and each row of a table's delta that may change the join's result. */
  route(delta: TableDelta, touch: TouchJoin<Owner>): void {
    for (const side of this.sides) {
      if (side.table !== delta.table) continue;
      this.deltaKeys[side.position].begin(delta);
      this.#routeRows(side, delta.inserts, true, touch);
      this.#routeRows(side, delta.deletes, false, touch);
    }
  }

  /** Forgets the transaction. */
  end(): void {
    for (const keys of this.deltaKeys) keys.end();
  }

  #routeRows(side: PairSide, rows: RowIds, isInsert: boolean, touch: TouchJoin<Owner>): void {
    const { position, table } = side;
    const changed = this.#changed;
    changed.side = position;
    changed.isInsert = isInsert;
    changed.touch = touch;
    for (let i = 0; i < rows.count; i++) {
      const row = rows.at(i);
      changed.row = row;
      const page = table.rows.page(row);
      const start = table.rows.start(row);
      for (const join of this.#scanning) touch(join, position, row, isInsert);
      for (let j = 0; j < this.#filtered.length; j++) {
        const filtered = this.#filtered[j] as FilteredJoins<Owner>;
        if (filtered.joins.isEmpty) continue;
        if (filtered.side === position) filtered.joins.find(page, start, this.#touchFound);
        else this.#touchByKey(filtered, side, page, start);
      }
    }
  }

  /** The row under way may concern a join. */
  readonly #touchFound = (join: WatchedJoin<Owner>): void => {
    const { side, row, isInsert, touch } = this.#changed;
    touch(join, side, row, isInsert);
  };

  /** A row of the other side concerns the joins whose condition holds for a row which it goes with now. */
  #touchByKey(
    { side, keyProbe, joins }: FilteredJoins<Owner>,
    changed: PairSide,
    page: Uint8Array,
    start: number,
  ): void {
    const { table } = this.sides[side];
    // An event's rows are gone once the transaction is over.
    if (table.schema.isEvent) return;
    const { layout, column } = changed;
    const at = layout.columnStart(column, page, start);
    const found = this.#found;
    found.clear();
    keyProbe.find(page, at, layout.columnEnd(column, page, at), found);
    for (let i = 0; i < found.count; i++) {
      const other = found.at(i);
      joins.find(table.rows.page(other), table.rows.start(other), this.#touchFound);
    }
  }
}

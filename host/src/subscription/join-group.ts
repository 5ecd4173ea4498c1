// All watched joins of two tables by the same two columns: a changed row is looked up once for all of them
// (sql-and-subscriptions.md section 11.2).
import type { AlgebraicType } from "@lightcone/abi";
import type { TableDelta } from "../datastore/delta.ts";
import { type Compare, compileCompare, hasFloats, hashBytes } from "../datastore/key.ts";
import { RowIds } from "../datastore/rows/ids.ts";
import type { Table } from "../datastore/table.ts";
import type { IndexProbe } from "../sql/index-probe.ts";
import type { PairPlan, PairSide } from "../sql/pair-plan.ts";
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

/** The side of a join on which a condition `column = constant` stands, by whose value the join is found. */
interface JoinFilter {
  readonly side: 0 | 1;
  readonly column: number;
  readonly hash: number;
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

  constructor(owner: Owner, pair: PairPlan, group: JoinGroup<Owner>) {
    this.owner = owner;
    this.pair = pair;
    this.group = group;
    const filters = pair.sides.flatMap(filterOf);
    this.filter = filters.find(({ keyProbe }) => keyProbe.schema.isUnique) ?? filters[0];
  }
}

/** Equal floats may differ in their bytes, so their hash finds nothing for sure. */
function filterOf({ equality, keyProbe, layout, position }: PairSide): JoinFilter[] {
  if (equality === undefined || keyProbe === undefined) return [];
  const { column, value } = equality;
  if (hasFloats(layout.columnTypes[column] as AlgebraicType)) return [];
  return [{ side: position, column, hash: hashBytes(value, 0, value.length), keyProbe }];
}

/** Joins that are found by a value in one column of one side. */
interface FilteredJoins<Owner> {
  readonly side: 0 | 1;
  readonly column: number;
  readonly keyProbe: IndexProbe;
  readonly joinsByHash: Map<number, WatchedJoin<Owner>[]>;
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
    return (
      this.#scanning.size === 0 && this.#filtered.every(({ joinsByHash }) => joinsByHash.size === 0)
    );
  }

  /** Whether a join of these sides belongs here. */
  fits(sides: readonly [PairSide, PairSide]): boolean {
    return this.sides.every(
      ({ table, column }, i) => table === sides[i]?.table && column === sides[i].column,
    );
  }

  #filteredLike(filter: JoinFilter): FilteredJoins<Owner> {
    const { side, column, keyProbe } = filter;
    const known = this.#filtered.find((each) => each.side === side && each.column === column);
    if (known !== undefined) return known;
    const made = { side, column, keyProbe, joinsByHash: new Map<number, WatchedJoin<Owner>[]>() };
    this.#filtered.push(made);
    return made;
  }

  add(join: WatchedJoin<Owner>): void {
    const { filter } = join;
    if (filter === undefined) {
      this.#scanning.add(join);
      return;
    }
    const { joinsByHash } = this.#filteredLike(filter);
    const bucket = joinsByHash.get(filter.hash);
    if (bucket === undefined) joinsByHash.set(filter.hash, [join]);
    else bucket.push(join);
  }

  remove(join: WatchedJoin<Owner>): void {
    const { filter } = join;
    if (filter === undefined) {
      this.#scanning.delete(join);
      return;
    }
    const { joinsByHash } = this.#filteredLike(filter);
    const rest = (joinsByHash.get(filter.hash) ?? []).filter((other) => other !== join);
    if (rest.length === 0) joinsByHash.delete(filter.hash);
    else joinsByHash.set(filter.hash, rest);
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
    for (let i = 0; i < rows.count; i++) {
      const row = rows.at(i);
      const page = table.rows.page(row);
      const start = table.rows.start(row);
      for (const join of this.#scanning) touch(join, position, row, isInsert);
      for (const filtered of this.#filtered) {
        if (filtered.joinsByHash.size === 0) continue;
        if (filtered.side === position) {
          this.#touchByValue(filtered, page, start, position, row, isInsert, touch);
        } else {
          this.#touchByKey(filtered, side, page, start, row, isInsert, touch);
        }
      }
    }
  }

  /** Touches the joins that name the value which a row of the filtered side has. */
  #touchByValue(
    { side, column, joinsByHash }: FilteredJoins<Owner>,
    page: Uint8Array,
    start: number,
    changedSide: 0 | 1,
    row: number,
    isInsert: boolean,
    touch: TouchJoin<Owner>,
  ): void {
    const { layout } = this.sides[side];
    const at = layout.columnStart(column, page, start);
    const joins = joinsByHash.get(hashBytes(page, at, layout.columnEnd(column, page, at)));
    if (joins === undefined) return;
    for (const join of joins) touch(join, changedSide, row, isInsert);
  }

  /** A row of the other side concerns the joins that name the value of a row which it goes with now. */
  #touchByKey(
    filtered: FilteredJoins<Owner>,
    changed: PairSide,
    page: Uint8Array,
    start: number,
    row: number,
    isInsert: boolean,
    touch: TouchJoin<Owner>,
  ): void {
    const { table } = this.sides[filtered.side];
    // An event's rows are gone once the transaction is over.
    if (table.schema.isEvent) return;
    const { layout, column, position } = changed;
    const at = layout.columnStart(column, page, start);
    const found = this.#found;
    found.clear();
    filtered.keyProbe.find(page, at, layout.columnEnd(column, page, at), found);
    for (let i = 0; i < found.count; i++) {
      const other = found.at(i);
      const otherPage = table.rows.page(other);
      const otherStart = table.rows.start(other);
      this.#touchByValue(filtered, otherPage, otherStart, position, row, isInsert, touch);
    }
  }
}

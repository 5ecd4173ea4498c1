// Which index finds the rows that conditions ask for: by a key, by several, or by a range of keys. An index changes the speed,
// never the result: all conditions are looked at again, unless it is said that they are decided.
import type { Cut, Index } from "../../datastore/index/contract.ts";
import type { IndexSchema } from "../../datastore/schema.ts";
import type { Table } from "../../datastore/table.ts";
import type { BoundPredicate } from "../bind/bound.ts";
import { rangesOf } from "./column-range.ts";

/** A column and the BSATN it must have. */
export interface Equality {
  readonly column: number;
  readonly value: Uint8Array;
}

export type Access =
  /** WHERE is never true. */
  | { readonly kind: "nothing" }
  | { readonly kind: "scan" }
  /** Rows that have `key` in `index`; the predicate still decides. */
  | { readonly kind: "point"; readonly index: Index; readonly key: Uint8Array }
  /** Rows whose keys begin with one of `keys`, which all have `columnCount` columns and differ. */
  | {
      readonly kind: "points";
      readonly index: Index;
      readonly keys: readonly Uint8Array[];
      readonly columnCount: number;
    }
  | RangeAccess;

/** Rows between two cuts, in the order of their keys. */
export interface RangeAccess {
  readonly kind: "range";
  readonly index: Index;
  readonly lower: Cut;
  readonly upper: Cut;
  /** The conditions that all these rows meet, and that no others meet. */
  readonly decided: readonly BoundPredicate[];
  /** How many of the index's first columns have one value in all these rows. */
  readonly equalCount: number;
  /** Whether the rows come from the greatest key to the least. */
  readonly isReversed: boolean;
  /** No more rows than that are needed, in that order. */
  readonly countMax: number;
}

/** The conditions `column = constant` among those that every wanted row meets. */
export function equalitiesOf(conditions: readonly BoundPredicate[]): Equality[] {
  return conditions.flatMap((part) =>
    part.kind === "compareConstant" && part.operator === "="
      ? [{ column: part.column.column, value: part.value }]
      : [],
  );
}

/** The key that the equalities give an index, or undefined if they leave a column open. */
function keyOf(
  columns: readonly number[],
  equalities: readonly Equality[],
): Uint8Array | undefined {
  const valueOf = (column: number): Uint8Array | undefined =>
    equalities.find((each) => each.column === column)?.value;
  const [first] = columns;
  if (first !== undefined && columns.length === 1) return valueOf(first);
  const values = columns.map(valueOf);
  return values.every((value) => value !== undefined) ? Buffer.concat(values) : undefined;
}

/** The index that covers most columns, all of which have values; among equals a unique one. */
export function chooseKey(table: Table, equalities: readonly Equality[]): Access {
  let best: Access = { kind: "scan" };
  let bestRank = 0;
  table.schema.indexes.forEach(({ columns, isUnique }, position) => {
    const rank = columns.length * 2 + (isUnique ? 1 : 0);
    const key = rank > bestRank ? keyOf(columns, equalities) : undefined;
    if (key === undefined) return;
    best = { kind: "point", index: table.indexes[position] as Index, key };
    bestRank = rank;
  });
  return best;
}

/** What conditions say of an index's first columns. */
interface KeyPrefix {
  readonly bytes: Uint8Array;
  readonly columnCount: number;
  readonly decided: readonly BoundPredicate[];
}

function prefixOf(columns: readonly number[], conditions: readonly BoundPredicate[]): KeyPrefix {
  const values: Uint8Array[] = [];
  const decided: BoundPredicate[] = [];
  for (const column of columns) {
    const condition = conditions.find(
      (each) =>
        each.kind === "compareConstant" && each.operator === "=" && each.column.column === column,
    );
    if (condition?.kind !== "compareConstant") break;
    values.push(condition.value);
    decided.push(condition);
  }
  return { bytes: Buffer.concat(values), columnCount: values.length, decided };
}

function cutOf(
  { bytes, columnCount }: KeyPrefix,
  bound: { readonly value: Uint8Array; readonly isInclusive: boolean } | undefined,
  end: "lower" | "upper",
): Cut {
  const outside = end === "lower" ? "before" : "after";
  if (bound === undefined) return { bytes, start: 0, columnCount, side: outside };
  const inside = end === "lower" ? "after" : "before";
  return {
    bytes: Buffer.concat([bytes, bound.value]),
    start: 0,
    columnCount: columnCount + 1,
    side: bound.isInclusive ? outside : inside,
  };
}

/** The rows of an ordered index for which the conditions on its first columns hold: all, if there are none. */
export function rangeIn(
  table: Table,
  position: number,
  conditions: readonly BoundPredicate[],
): RangeAccess {
  const { columns } = table.schema.indexes[position] as IndexSchema;
  const prefix = prefixOf(columns, conditions);
  const next = columns[prefix.columnCount];
  const range = next === undefined ? undefined : rangesOf(table, conditions).get(next);
  return {
    kind: "range",
    index: table.indexes[position] as Index,
    lower: cutOf(prefix, range?.low, "lower"),
    upper: cutOf(prefix, range?.high, "upper"),
    decided: [...prefix.decided, ...(range?.decided ?? [])],
    equalCount: prefix.columnCount,
    isReversed: false,
    countMax: Number.POSITIVE_INFINITY,
  };
}

/** One of several values for the first open column of an index. */
function pointsIn(
  table: Table,
  position: number,
  conditions: readonly BoundPredicate[],
): Access | undefined {
  const { columns } = table.schema.indexes[position] as IndexSchema;
  const index = table.indexes[position] as Index;
  const prefix = prefixOf(columns, conditions);
  const open = columns[prefix.columnCount];
  const list = conditions.find(
    (each) => each.kind === "in" && !each.isNegated && each.column.column === open,
  );
  if (list?.kind !== "in") return undefined;
  const rest = prefixOf(columns.slice(prefix.columnCount + 1), conditions);
  const columnCount = prefix.columnCount + 1 + rest.columnCount;
  if (columnCount < columns.length && !index.isOrdered) return undefined;
  const keys = list.values.map((value) => Buffer.concat([prefix.bytes, value, rest.bytes]));
  return { kind: "points", index, keys, columnCount };
}

/** How far an access narrows rows down: by the columns that have one value, and by what it says of the next. */
function rankOf(access: Access): number {
  switch (access.kind) {
    case "point":
      return access.index.key.columns.length * 20 + 3;
    case "points":
      return access.columnCount * 20 + 2;
    case "range": {
      const { equalCount, lower, upper } = access;
      const boundCount = lower.columnCount + upper.columnCount - 2 * equalCount;
      return equalCount * 20 + boundCount * 5;
    }
    default:
      return 0;
  }
}

function isUniqueIndex({ indexes, schema }: Table, index: Index): boolean {
  return schema.indexes[indexes.indexOf(index)]?.isUnique === true;
}

/** The best index for conditions, a scan if none is of use. */
export function chooseAccess(table: Table, conditions: readonly BoundPredicate[]): Access {
  let best: Access = { kind: "scan" };
  if (conditions.length === 0) return best;
  const equalities = equalitiesOf(conditions);
  const key = chooseKey(table, equalities);
  // Nothing is better than a row at most.
  if (key.kind === "point" && isUniqueIndex(table, key.index)) return key;
  let bestRank = 0;
  table.schema.indexes.forEach(({ columns }, position) => {
    const index = table.indexes[position] as Index;
    const whole = keyOf(columns, equalities);
    const candidates: (Access | undefined)[] = [
      whole && { kind: "point", index, key: whole },
      pointsIn(table, position, conditions),
      index.isOrdered ? rangeIn(table, position, conditions) : undefined,
    ];
    for (const candidate of candidates) {
      const rank = candidate === undefined ? 0 : rankOf(candidate);
      if (candidate === undefined || rank <= bestRank) continue;
      best = candidate;
      bestRank = rank;
    }
  });
  return best;
}

/**
 * A range in the order of `columns` that finds no more rows than `access`. Undefined where rows have to be sorted.
 */
export function orderedAccess(
  table: Table,
  access: Access,
  conditions: readonly BoundPredicate[],
  columns: readonly number[],
  isReversed: boolean,
): RangeAccess | undefined {
  for (let position = 0; position < table.indexes.length; position++) {
    const index = table.indexes[position] as Index;
    if (!index.isOrdered) continue;
    const range = rangeIn(table, position, conditions);
    if (!isAsGood(range, access)) continue;
    const schema = table.schema.indexes[position] as IndexSchema;
    const behind = schema.columns.slice(range.equalCount);
    const isDecided = schema.isUnique && columns.length > behind.length;
    const wanted = isDecided ? columns.slice(0, behind.length) : columns;
    if (wanted.every((column, i) => behind[i] === column)) return { ...range, isReversed };
  }
  return undefined;
}

/** Whether a range finds no more rows than an access. */
function isAsGood({ index, equalCount }: RangeAccess, access: Access): boolean {
  if (access.kind === "scan") return true;
  if (access.kind === "range") return access.index === index;
  if (access.kind !== "point") return false;
  const prefix = index.key.columns.slice(0, equalCount);
  return access.index.key.columns.every((column) => prefix.includes(column));
}

// The condition on one column by which a query is found among many: every row that it wants has a value in a range.
import type { AlgebraicType } from "@lightcone/abi";
import { type Compare, compileCompare } from "../datastore/key.ts";
import type { Table } from "../datastore/table.ts";
import type { BoundPredicate } from "../sql/bind/bound.ts";
import { type Bound, type Range, rangesOf } from "../sql/plan/column-range.ts";
import type { Equality } from "../sql/plan/plan.ts";

export type Condition =
  /** No row is wanted. */
  | { readonly kind: "never" }
  | { readonly kind: "value"; readonly column: number; readonly value: Uint8Array }
  | { readonly kind: "range"; readonly column: number; readonly range: Range };

/** The order of the lower ends of ranges: those that let in lesser values come first. */
export function compareLow(compare: Compare, a: Bound | undefined, b: Bound | undefined): number {
  if (a === undefined || b === undefined) return Number(b === undefined) - Number(a === undefined);
  const order = compare(a.value, 0, b.value, 0);
  return order !== 0 ? order : Number(b.isInclusive) - Number(a.isInclusive);
}

/** The order of the upper ends of ranges: those that let in greater values come last. */
export function compareHigh(compare: Compare, a: Bound | undefined, b: Bound | undefined): number {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
  const order = compare(a.value, 0, b.value, 0);
  return order !== 0 ? order : Number(a.isInclusive) - Number(b.isInclusive);
}

/** Whether a value is not below the lower end of a range. */
export function isAbove(
  compare: Compare,
  low: Bound | undefined,
  bytes: Uint8Array,
  at: number,
): boolean {
  if (low === undefined) return true;
  const order = compare(bytes, at, low.value, 0);
  return order > 0 || (order === 0 && low.isInclusive);
}

/** Whether a value is not above the upper end of a range. */
export function isBelow(
  compare: Compare,
  high: Bound | undefined,
  bytes: Uint8Array,
  at: number,
): boolean {
  if (high === undefined) return true;
  const order = compare(bytes, at, high.value, 0);
  return order < 0 || (order === 0 && high.isInclusive);
}

function isEmpty(compare: Compare, { low, high }: Range): boolean {
  if (low === undefined || high === undefined) return false;
  const order = compare(low.value, 0, high.value, 0);
  return order > 0 || (order === 0 && !(low.isInclusive && high.isInclusive));
}

/** What a query on a table, or one side of a join, says of its rows. */
interface Conditional {
  readonly table: Table;
  readonly conditions: readonly BoundPredicate[];
  readonly equality: Equality | undefined;
}

/**
 * The condition by which changed rows find a query: a value if one is given, else a range, one with two ends rather than one;
 * undefined if every row may be wanted.
 */
export function conditionOf({ table, conditions, equality }: Conditional): Condition | undefined {
  if (conditions.some(({ kind }) => kind === "constant")) return { kind: "never" };
  const ranges = rangesOf(table, conditions);
  let best: Condition | undefined;
  for (const [column, range] of ranges) {
    const compare = compileCompare(table.layout.columnTypes[column] as AlgebraicType);
    if (isEmpty(compare, range)) return { kind: "never" };
    const hasTwoEnds = range.low !== undefined && range.high !== undefined;
    if (best === undefined || hasTwoEnds) best = { kind: "range", column, range };
  }
  return equality === undefined ? best : { kind: "value", ...equality };
}

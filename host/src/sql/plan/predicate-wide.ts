// Conditions of the wide dialect as functions on row bytes.
import type { AlgebraicType } from "@lightcone/abi";
import { type Compare, compileCompare, wordAt } from "../../datastore/key.ts";
import type { RowLayout } from "../../datastore/row-layout.ts";
import type { WidePredicate } from "../bind/bound.ts";
import { matchesLike } from "../bind/like.ts";
import { outcome, outcomesOf } from "../bind/operator.ts";

/** Whether the valid row that starts at `rowStart` is wanted. */
export type RowPredicate = (bytes: Uint8Array, rowStart: number) => boolean;

/** The tag of an Option that holds nothing. */
const noneTag = 1;

function compileIn(
  { column: { column }, values, isNegated }: Extract<WidePredicate, { kind: "in" }>,
  layout: RowLayout,
): RowPredicate {
  const compare = compileCompare(layout.columnTypes[column] as AlgebraicType);
  return (bytes, rowStart) => {
    const at = layout.columnStart(column, bytes, rowStart);
    let low = 0;
    let high = values.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const order = compare(values[middle] as Uint8Array, 0, bytes, at);
      if (order === 0) return !isNegated;
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    return isNegated;
  };
}

function compileLikePredicate(
  { column: { column }, isOption, pattern, isNegated }: Extract<WidePredicate, { kind: "like" }>,
  layout: RowLayout,
): RowPredicate {
  return (bytes, rowStart) => {
    let at = layout.columnStart(column, bytes, rowStart);
    if (isOption && bytes[at++] === noneTag) return false;
    const start = at + 4;
    return matchesLike(pattern, bytes, start, start + wordAt(bytes, at)) !== isNegated;
  };
}

/** Of sums only the tags are compared, which is what the constant consists of. */
const compareTags: Compare = (a, aAt, b, bAt) => (a[aAt] as number) - (b[bAt] as number);

function comparePayload(
  {
    operator,
    column: { column },
    isOption,
    type,
    value,
  }: Extract<WidePredicate, { kind: "comparePayload" }>,
  layout: RowLayout,
): RowPredicate {
  const outcomes = outcomesOf[operator];
  const compare = type.kind === "sum" ? compareTags : compileCompare(type);
  return (bytes, rowStart) => {
    let at = layout.columnStart(column, bytes, rowStart);
    if (isOption && bytes[at++] === noneTag) return false;
    return outcome(outcomes, compare(bytes, at, value, 0));
  };
}

/** As `compilePredicate`. */
export function compileWidePredicate(predicate: WidePredicate, layout: RowLayout): RowPredicate {
  switch (predicate.kind) {
    case "in":
      return compileIn(predicate, layout);
    case "like":
      return compileLikePredicate(predicate, layout);
    case "isNone": {
      const { column, isNegated } = predicate;
      return (bytes, rowStart) => {
        const at = layout.columnStart(column.column, bytes, rowStart);
        return (bytes[at] === noneTag) !== isNegated;
      };
    }
    case "comparePayload":
      return comparePayload(predicate, layout);
  }
}

// What it costs to look at a row, in units of about a microsecond: others have their turn after so many of them, whatever is
// asked of each row.
import type { RowReader } from "../../datastore/rows/store.ts";
import type { BoundPredicate } from "../bind/bound.ts";

/** Comparisons that cost a unit. */
const comparisonsPerUnit = 16;
/** Bytes of rows that cost a unit where all of them may be looked at, and steps of a pattern that double that. */
const bytesPerUnit = 64;
const stepsPerByte = 8;

export interface RowWork {
  /** For each row. */
  readonly units: number;
  /** For each byte of it. */
  readonly unitsPerByte: number;
}

function comparisonCount(predicate: BoundPredicate): number {
  switch (predicate.kind) {
    case "and":
    case "or":
      return predicate.parts.reduce((sum, part) => sum + comparisonCount(part), 1);
    case "comparePredicates":
      return comparisonCount(predicate.left) + comparisonCount(predicate.right) + 1;
    default:
      return 1;
  }
}

function textWork(predicate: BoundPredicate): number {
  switch (predicate.kind) {
    case "and":
    case "or":
      return predicate.parts.reduce((sum, part) => sum + textWork(part), 0);
    case "comparePredicates":
      return textWork(predicate.left) + textWork(predicate.right);
    case "like":
      return (1 + predicate.pattern.steps.length / stepsPerByte) / bytesPerUnit;
    default:
      return 0;
  }
}

/** What the conditions on a row cost. */
export function rowWorkOf({
  conditions,
}: {
  readonly conditions: readonly BoundPredicate[];
}): RowWork {
  const count = conditions.reduce((sum, each) => sum + comparisonCount(each), 0);
  const unitsPerByte = conditions.reduce((sum, each) => sum + textWork(each), 0);
  return { units: 1 + count / comparisonsPerUnit, unitsPerByte };
}

export function workOf({ units, unitsPerByte }: RowWork, rows: RowReader, row: number): number {
  return unitsPerByte === 0 ? units : units + rows.size(row) * unitsPerByte;
}

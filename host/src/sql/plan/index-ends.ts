// MIN and MAX at the ends of an index, and COUNT(*) from the number of rows, where a SELECT asks for nothing else.
import type { BoundAggregate } from "../bind/aggregate.ts";
import { type RangeAccess, rangeIn } from "./access.ts";
import type { GeneralSelect } from "../bind/bind-general.ts";
import { type BlockPlan, isBare } from "../run/block-plan.ts";
import type { TablePlan } from "./plan.ts";
import type { Index } from "../../datastore/index/contract.ts";

/** Rows that tell all that is asked, and how many they stand for. */
export interface EndsPlan {
  readonly table: TablePlan;
  /** Each gives one row at most. */
  readonly ends: readonly RangeAccess[];
}

/** The end of an index where the least or the greatest value of an aggregate's column is, all conditions met. */
function endOf(
  { table, conditions }: TablePlan,
  { function: name, column, isOption }: BoundAggregate,
): RangeAccess | undefined {
  // In an index a value that is not there comes last; it is not the greatest.
  if (column === undefined || isOption || (name !== "MIN" && name !== "MAX")) return undefined;
  for (let position = 0; position < table.indexes.length; position++) {
    const index = table.indexes[position] as Index;
    if (!index.isOrdered || index.scanEnd === undefined) continue;
    const range = rangeIn(table, position, conditions);
    const isNext = index.key.columns[range.equalCount] === column.column;
    if (!isNext || range.decided.length < conditions.length) continue;
    return { ...range, isReversed: name === "MAX", countMax: 1 };
  }
  return undefined;
}

/** Undefined where rows have to be looked at. */
export function planEnds(
  { aggregates = [], columns }: GeneralSelect,
  plans: readonly BlockPlan[],
): EndsPlan | undefined {
  const [first, ...others] = plans;
  if (first?.kind !== "single" || others.length > 0 || columns.length > 0) return undefined;
  const ends: RangeAccess[] = [];
  for (const aggregate of aggregates) {
    if (aggregate.function === "COUNT" && aggregate.column === undefined && isBare(first)) continue;
    const end = endOf(first.plan, aggregate);
    if (end === undefined) return undefined;
    ends.push(end);
  }
  return aggregates.length === 0 ? undefined : { table: first.plan, ends };
}

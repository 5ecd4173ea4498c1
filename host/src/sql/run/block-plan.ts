// How the rows of one block of a SELECT are found: of one relation, or of a join.
import type { BoundBlock } from "../bind/bound.ts";
import { type JoinPlan, planJoin } from "../plan/join-plan.ts";
import { conditionsOn, planTable, type TablePlan } from "../plan/plan.ts";
import { JoinSource, type RowSource, TableSource } from "./row-source.ts";

export type BlockPlan =
  | { readonly kind: "single"; readonly plan: TablePlan }
  | { readonly kind: "join"; readonly plan: JoinPlan };

/** See `planTable` for `usesRanges`. Throws LC_LIMIT. */
export function planBlock(block: BoundBlock, usesRanges: boolean): BlockPlan {
  const { relations, conditions } = block;
  const [first, ...others] = relations;
  if (first === undefined || others.length > 0) {
    return { kind: "join", plan: planJoin(block, usesRanges) };
  }
  const plan = planTable(first, conditionsOn(first, 0, conditions), usesRanges);
  return { kind: "single", plan };
}

/** Whether every row of a table is wanted. */
export function isBare({ kind, plan }: BlockPlan): boolean {
  return kind === "single" && plan.predicate === undefined && plan.access.kind === "scan";
}

/** The rows that a plan finds, `limit` at most. */
export function sourceOf({ kind, plan }: BlockPlan, limit: number): RowSource {
  return kind === "single" ? new TableSource(plan, limit) : new JoinSource(plan, limit);
}

// How a SELECT of the wide dialect is run: where its rows come from, and what they go through.
import type { ReadView } from "../../datastore/datastore.ts";
import { equalitiesOf, orderedAccess } from "./access.ts";
import { bindGeneral, type GeneralSelect, type SortKey } from "../bind/bind-general.ts";
import { type BlockPlan, planBlock } from "../run/block-plan.ts";
import { type EndsPlan, planEnds } from "./index-ends.ts";
import { checkRowLimit } from "./row-limit.ts";
import { applyRowRules } from "../bind/rules.ts";
import type { Select } from "../parse/tree.ts";
import type { SqlCaller } from "../bind/visibility.ts";

export interface GeneralPlan {
  readonly select: GeneralSelect;
  readonly plans: readonly BlockPlan[];
  /** The rows that are needed, where indexes tell which. */
  readonly ends: EndsPlan | undefined;
  /** What has to be put in order; empty where rows come so. */
  readonly order: readonly SortKey[];
}

/** A plan whose rows come in the order wanted, or undefined. */
function planOrdered(
  { columns, order, aggregates, limit, offset, isDistinct }: GeneralSelect,
  plans: readonly BlockPlan[],
): BlockPlan | undefined {
  const [only, ...others] = plans;
  const isDescending = order[0]?.isDescending === true;
  const isOneWay = order.every((key) => key.isDescending === isDescending);
  if (only?.kind !== "single" || others.length > 0 || order.length === 0 || !isOneWay) {
    return undefined;
  }
  if (aggregates !== undefined || isDistinct) return undefined;
  const { table, access, conditions } = only.plan;
  const fixed = equalitiesOf(conditions);
  const wanted = order
    .map(({ position }) => columns[position]?.column ?? -1)
    .filter((column) => !fixed.some((equality) => equality.column === column));
  const range = orderedAccess(table, access, conditions, wanted, isDescending);
  if (range === undefined) return undefined;
  const isExact = range.decided.length === conditions.length;
  const countMax = isExact ? limit + offset : Number.POSITIVE_INFINITY;
  return { kind: "single", plan: { ...only.plan, access: { ...range, countMax } } };
}

/** Plans a SELECT. Throws LC_SQL_UNSUPPORTED, LC_SQL_NAME, LC_SQL_TYPE, LC_SQL_FORBIDDEN and LC_LIMIT. */
export function planGeneral(
  statement: Select,
  text: string,
  view: ReadView,
  caller: SqlCaller,
): GeneralPlan {
  const select = bindGeneral(statement, text, view, caller);
  const { blocks } = applyRowRules(select.block, view, caller);
  const plans = blocks.map((block) => planBlock(block, true));
  const { aggregates, order, isDistinct, limit, offset } = select;
  const readsAll = aggregates !== undefined || order.length > 0 || isDistinct;
  checkRowLimit(plans, readsAll ? Number.POSITIVE_INFINITY : limit + offset, view, caller);
  const ordered = planOrdered(select, plans);
  if (ordered !== undefined) return { select, plans: [ordered], ends: undefined, order: [] };
  return { select, plans, ends: planEnds(select, plans), order };
}

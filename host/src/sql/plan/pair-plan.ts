// A join of two relations that a subscription may watch: which indexes find the rows of each side by those of the other
// (sql-and-subscriptions.md sections 5 and 11.3).
import { type Equality, equalitiesOf } from "./access.ts";
import { LightconeError } from "@lightcone/abi";
import type { RowLayout } from "../../datastore/row-layout.ts";
import type { Table } from "../../datastore/table.ts";
import type { BoundBlock, BoundColumn, BoundPredicate, JoinEquality } from "../bind/bound.ts";
import { findProbe, type IndexProbe } from "./index-probe.ts";
import { type SortedConditions, sortConditions } from "./join-plan.ts";
import { planTable } from "./plan.ts";
import type { RowPredicate } from "./predicate.ts";
import type { Relation } from "../bind/relation.ts";
import { allOf, compileTuplePredicate, type TuplePredicate } from "./tuple.ts";

export interface PairSide {
  readonly table: Table;
  readonly layout: RowLayout;
  /** Position of the relation in tuples. */
  readonly position: 0 | 1;
  /** The column that equals the other side's. */
  readonly column: number;
  /** Which rows are wanted at all; undefined for all. */
  readonly predicate: RowPredicate | undefined;
  /** Finds rows by the joined column; undefined where all rows must be looked at. */
  readonly probe: IndexProbe | undefined;
  /** An index on the joined column alone, which serves all queries alike. */
  readonly keyProbe: IndexProbe | undefined;
  /** See `TablePlan`. */
  readonly conditions: readonly BoundPredicate[];
  readonly equality: Equality | undefined;
}

export interface PairPlan {
  /** By position. */
  readonly sides: readonly [PairSide, PairSide];
  /** The position of the relation whose rows are the result. */
  readonly returned: 0 | 1;
  /** What else must hold for two rows, or undefined. */
  readonly residual: TuplePredicate | undefined;
}

function refusal(message: string): LightconeError {
  return new LightconeError("LC_SQL_UNSUPPORTED", message);
}

/**
 * The index rule: the table that is looked up must have an index that ends with the joined column and begins with columns
 * whose values are given. It is the right one, unless only that is filtered.
 */
function checkIndexRule(
  block: BoundBlock,
  { local }: SortedConditions,
  { outer, inner }: JoinEquality,
): void {
  const isFiltered = ({ relation }: BoundColumn): boolean => (local[relation] ?? []).length > 0;
  const lookedUp = !isFiltered(outer) && isFiltered(inner) ? outer : inner;
  const { table } = block.relations[lookedUp.relation] as Relation;
  const equalities = equalitiesOf(local[lookedUp.relation] ?? []);
  if (findProbe(table, lookedUp.column, equalities, true) === undefined) {
    throw refusal("Subscriptions require indexes on join columns");
  }
  if (table.schema.isEvent) {
    const message = "Event tables cannot be used as the lookup table in subscription joins";
    throw refusal(message);
  }
}

function planSide(
  block: BoundBlock,
  { local }: SortedConditions,
  { relation, column }: BoundColumn,
): PairSide {
  const conditions = local[relation] ?? [];
  const { table } = block.relations[relation] as Relation;
  const plan = planTable(block.relations[relation] as Relation, conditions);
  return {
    table,
    layout: table.layout,
    position: relation === 0 ? 0 : 1,
    column,
    predicate: plan.predicate,
    probe: findProbe(table, column, equalitiesOf(conditions), false),
    keyProbe: findProbe(table, column, [], false),
    conditions: plan.conditions,
    equality: plan.equality,
  };
}

/**
 * Plans a join of two relations for its changes. Throws LC_SQL_UNSUPPORTED where subscriptions may not join: more than two
 * relations, no ON, no index, or an event table to be looked up.
 */
export function planPair(block: BoundBlock, returned: number): PairPlan {
  const { relations, equalities } = block;
  if (relations.length > 2) {
    throw refusal(`Invalid number of tables in subscription: ${relations.length}`);
  }
  const [equality] = equalities;
  if (equality === undefined) throw refusal("Subscriptions require indexes on join columns");
  const sorted = sortConditions(block);
  checkIndexRule(block, sorted, equality);
  const outer = planSide(block, sorted, equality.outer);
  const inner = planSide(block, sorted, equality.inner);
  const residual = sorted.across.map((part) => compileTuplePredicate(part, relations));
  return {
    sides: outer.position === 0 ? [outer, inner] : [inner, outer],
    returned: returned === 0 ? 0 : 1,
    residual: residual.length === 0 ? undefined : allOf(residual),
  };
}

// In which order the relations of a join are gone through, and how the rows of each are found from those before it: by an
// index, by a hash of its rows, or by trying all of them (sql-and-subscriptions.md section 5).
import { hasFloats } from "../../datastore/key.ts";
import {
  type BoundBlock,
  type BoundColumn,
  type BoundPredicate,
  type JoinEquality,
  relationsOf,
} from "../bind/bound.ts";
import { findProbe, type IndexProbe } from "./index-probe.ts";
import { equalitiesOf } from "./access.ts";
import { conditionsOn, planTable, type TablePlan } from "./plan.ts";
import { checkTableCount, type Relation } from "../bind/relation.ts";
import { allOf, compileTuplePredicate, type TuplePredicate } from "./tuple.ts";

/** How a relation's rows follow from a column of an earlier one. */
export interface JoinLink {
  readonly outer: BoundColumn;
  readonly column: number;
  /** Undefined where the rows must be hashed by the column. */
  readonly probe: IndexProbe | undefined;
}

export interface JoinStep {
  /** Which of the block's relations. */
  readonly position: number;
  /** Which of its rows are wanted at all. */
  readonly plan: TablePlan;
  /** Undefined for the first step, and where all wanted rows must be tried. */
  readonly link: JoinLink | undefined;
  /** What can be decided once this relation's row is known. */
  readonly residual: TuplePredicate | undefined;
  /** What that is. */
  readonly conditions: readonly BoundPredicate[];
}

export interface JoinPlan {
  readonly relations: readonly Relation[];
  readonly steps: readonly JoinStep[];
}

/** The conditions of a block sorted by what they speak of. */
export interface SortedConditions {
  /** By relation: those on it alone. */
  readonly local: readonly (readonly BoundPredicate[])[];
  readonly across: readonly BoundPredicate[];
}

export function sortConditions({ relations, conditions }: BoundBlock): SortedConditions {
  const local: BoundPredicate[][] = relations.map(() => []);
  const across: BoundPredicate[] = [];
  for (const condition of conditions) {
    const [first = 0, ...others] = relationsOf(condition);
    if (others.length === 0) (local[first] as BoundPredicate[]).push(condition);
    else across.push(condition);
  }
  return { local: local.map((own, i) => conditionsOn(relations[i] as Relation, i, own)), across };
}

/** A condition not yet used. */
interface Pending {
  readonly relations: ReadonlySet<number>;
  readonly predicate: BoundPredicate;
  /** The columns, where the condition says that two are equal. */
  readonly equality: JoinEquality | undefined;
}

function pendingOf(block: BoundBlock, across: readonly BoundPredicate[]): Pending[] {
  const equalities = block.equalities.map(({ outer: left, inner: right }): BoundPredicate => ({
    kind: "compareColumns",
    operator: "=",
    left,
    right,
  }));
  return [...equalities, ...across].map((predicate) => ({
    relations: relationsOf(predicate),
    predicate,
    equality:
      predicate.kind === "compareColumns" && predicate.operator === "="
        ? { outer: predicate.left, inner: predicate.right }
        : undefined,
  }));
}

/** Rows that a plan is likely to find: good enough to put relations in order. */
export function likelyCount({ access, table, predicate }: TablePlan): number {
  switch (access.kind) {
    case "nothing":
      return 0;
    case "point":
      return Math.sqrt(table.rowCount);
    case "points":
      return Math.sqrt(table.rowCount) * access.keys.length;
    case "range":
      return table.rowCount / 4;
    case "scan":
  }
  return predicate === undefined ? table.rowCount : table.rowCount / 2;
}

/** Two columns that a condition says are equal, as seen from the relation of one of them. */
interface Tie {
  readonly pending: Pending;
  readonly outer: BoundColumn;
  readonly column: number;
}

/** By relation: what ties it to others. */
function tiesOf(relationCount: number, all: readonly Pending[]): readonly Tie[][] {
  const ties: Tie[][] = Array.from({ length: relationCount }, () => []);
  for (const pending of all) {
    if (pending.equality === undefined) continue;
    const { outer, inner } = pending.equality;
    ties[inner.relation]?.push({ pending, outer, column: inner.column });
    ties[outer.relation]?.push({ pending, outer: inner, column: outer.column });
  }
  return ties;
}

/** What a relation costs that neither an index nor a hash ties to those before it. */
const untiedFactor = 1000;

class JoinPlanner {
  readonly #block: BoundBlock;
  readonly #local: readonly (readonly BoundPredicate[])[];
  readonly #plans: readonly TablePlan[];
  readonly #placed = new Set<number>();
  readonly #ties: readonly Tie[][];
  #pending: Pending[];

  constructor(block: BoundBlock, usesRanges: boolean) {
    const { local, across } = sortConditions(block);
    this.#block = block;
    this.#local = local;
    this.#plans = block.relations.map((relation, i) =>
      planTable(relation, local[i] as readonly BoundPredicate[], usesRanges),
    );
    this.#pending = pendingOf(block, across);
    this.#ties = tiesOf(block.relations.length, this.#pending);
  }

  plan(): JoinPlan {
    const { relations } = this.#block;
    const steps: JoinStep[] = [];
    while (steps.length < relations.length) steps.push(this.#place(this.#cheapest()));
    return { relations, steps };
  }

  /** The columns by which a relation can be found from those placed, if any condition ties them. */
  #tie(position: number): Tie | undefined {
    return this.#ties[position]?.find(({ outer }) => this.#placed.has(outer.relation));
  }

  #probe(position: number, column: number): IndexProbe | undefined {
    const { table } = this.#block.relations[position] as Relation;
    const equalities = equalitiesOf(this.#local[position] as readonly BoundPredicate[]);
    return findProbe(table, column, equalities, false);
  }

  #cost(position: number): number {
    const plan = this.#plans[position] as TablePlan;
    if (this.#placed.size === 0) return likelyCount(plan);
    const tie = this.#tie(position);
    if (tie === undefined) return likelyCount(plan) * untiedFactor;
    const probe = this.#probe(position, tie.column);
    return probe === undefined ? likelyCount(plan) : probe.schema.isUnique ? -1 : 0;
  }

  #cheapest(): number {
    let best = -1;
    let bestCost = Number.POSITIVE_INFINITY;
    for (let position = 0; position < this.#plans.length; position++) {
      if (this.#placed.has(position)) continue;
      const cost = this.#cost(position);
      if (best < 0 || cost < bestCost) [best, bestCost] = [position, cost];
    }
    return best;
  }

  #isPlaced({ relations }: Pending): boolean {
    for (const relation of relations) if (!this.#placed.has(relation)) return false;
    return true;
  }

  #place(position: number): JoinStep {
    const plan = this.#plans[position] as TablePlan;
    const tie = this.#tie(position);
    const type = tie && plan.table.layout.columnTypes[tie.column];
    const probe = tie && this.#probe(position, tie.column);
    // Equal floats may differ in their bytes, so that a hash does not find them.
    const isLinked = type !== undefined && (probe !== undefined || !hasFloats(type));
    const link = tie && isLinked ? { outer: tie.outer, column: tie.column, probe } : undefined;
    this.#placed.add(position);
    const decided: Pending[] = [];
    const undecided: Pending[] = [];
    for (const pending of this.#pending) {
      if (link !== undefined && pending === tie?.pending) continue;
      (this.#isPlaced(pending) ? decided : undecided).push(pending);
    }
    this.#pending = undecided;
    const parts = decided.map(({ predicate }) =>
      compileTuplePredicate(predicate, this.#block.relations),
    );
    const residual = parts.length === 0 ? undefined : allOf(parts);
    const conditions = decided.map(({ predicate }) => predicate);
    return { position, plan, link, residual, conditions };
  }
}

/** Plans a join of any number of relations; see `planTable` for `usesRanges`. Throws as `checkTableCount`. */
export function planJoin(block: BoundBlock, usesRanges = false): JoinPlan {
  checkTableCount(block.relations.length);
  return new JoinPlanner(block, usesRanges).plan();
}

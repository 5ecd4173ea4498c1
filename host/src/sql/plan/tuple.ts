// One row of each of several relations, as a join finds them, and predicates on such tuples.
import type { AlgebraicType } from "@lightcone/abi";
import { compileCompare } from "../../datastore/key.ts";
import type { RowReader } from "../../datastore/rows/store.ts";
import { type BoundPredicate, relationsOf } from "../bind/bound.ts";
import { outcome, outcomesOf } from "../bind/operator.ts";
import { compilePredicate } from "./predicate.ts";
import type { Relation } from "../bind/relation.ts";

/** Rows by the position of their relation; one object for a whole join. */
export class Tuple {
  readonly rows: Int32Array;
  readonly pages: Uint8Array[];
  readonly starts: Int32Array;

  constructor(relationCount: number) {
    this.rows = new Int32Array(relationCount);
    this.pages = Array.from({ length: relationCount }, () => new Uint8Array(0));
    this.starts = new Int32Array(relationCount);
  }

  set(relation: number, rows: RowReader, row: number): void {
    this.rows[relation] = row;
    this.pages[relation] = rows.page(row);
    this.starts[relation] = rows.start(row);
  }
}

/** Whether the rows of a tuple go together. The relations that it speaks of must be set. */
export type TuplePredicate = (tuple: Tuple) => boolean;

/** Compiles a predicate on any relations. */
export function compileTuplePredicate(
  predicate: BoundPredicate,
  relations: readonly Relation[],
): TuplePredicate {
  const [first = 0, ...others] = relationsOf(predicate);
  if (others.length === 0) {
    const { layout } = (relations[first] as Relation).table;
    const compiled = compilePredicate(predicate, layout);
    return ({ pages, starts }) => compiled(pages[first] as Uint8Array, starts[first] as number);
  }
  switch (predicate.kind) {
    case "compareColumns":
      return compareAcross(predicate, relations);
    case "comparePredicates": {
      const outcomes = outcomesOf[predicate.operator];
      const left = compileTuplePredicate(predicate.left, relations);
      const right = compileTuplePredicate(predicate.right, relations);
      return (tuple) => outcome(outcomes, Number(left(tuple)) - Number(right(tuple)));
    }
    case "and":
      return allOf(predicate.parts.map((part) => compileTuplePredicate(part, relations)));
    case "or": {
      const parts = predicate.parts.map((part) => compileTuplePredicate(part, relations));
      return (tuple) => parts.some((part) => part(tuple));
    }
    default:
      // What speaks of several relations is one of the kinds above.
      return () => predicate.kind === "constant" && predicate.value;
  }
}

/** The conjunction of several predicates, and of none: true. */
export function allOf(parts: readonly TuplePredicate[]): TuplePredicate {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  return (tuple) => {
    for (let i = 0; i < parts.length; i++) {
      if (!(parts[i] as TuplePredicate)(tuple)) return false;
    }
    return true;
  };
}

function compareAcross(
  { operator, left, right }: Extract<BoundPredicate, { kind: "compareColumns" }>,
  relations: readonly Relation[],
): TuplePredicate {
  const outcomes = outcomesOf[operator];
  const leftLayout = (relations[left.relation] as Relation).table.layout;
  const rightLayout = (relations[right.relation] as Relation).table.layout;
  const compare = compileCompare(leftLayout.columnTypes[left.column] as AlgebraicType);
  return ({ pages, starts }) => {
    const leftPage = pages[left.relation] as Uint8Array;
    const rightPage = pages[right.relation] as Uint8Array;
    const leftStart = starts[left.relation] as number;
    const rightStart = starts[right.relation] as number;
    const leftAt = leftLayout.columnStart(left.column, leftPage, leftStart);
    const rightAt = rightLayout.columnStart(right.column, rightPage, rightStart);
    return outcome(outcomes, compare(leftPage, leftAt, rightPage, rightAt));
  };
}

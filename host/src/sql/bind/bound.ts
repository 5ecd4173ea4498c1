// SELECT with everything resolved: columns are positions, literals are BSATN of the column's type.
import type { AlgebraicType } from "@lightcone/abi";
import type { LikePattern } from "./like.ts";
import type { Relation } from "./relation.ts";
import type { CompareOperator } from "../parse/tree.ts";

/** A column of one of a block's relations, both by position. */
export interface BoundColumn {
  readonly relation: number;
  readonly column: number;
}

export type BoundPredicate =
  | { readonly kind: "constant"; readonly value: boolean }
  | {
      readonly kind: "compareConstant";
      readonly operator: CompareOperator;
      readonly column: BoundColumn;
      readonly value: Uint8Array;
    }
  | {
      readonly kind: "compareColumns";
      readonly operator: CompareOperator;
      readonly left: BoundColumn;
      readonly right: BoundColumn;
    }
  | {
      readonly kind: "comparePredicates";
      readonly operator: CompareOperator;
      readonly left: BoundPredicate;
      readonly right: BoundPredicate;
    }
  | { readonly kind: "and" | "or"; readonly parts: readonly BoundPredicate[] }
  | WidePredicate;

/**
 * Predicates of general SQL alone. Where a column is an Option without a value none of them holds, negated or not: in SQL the
 * result is unknown. Only "isNone" tells such columns.
 */
export type WidePredicate =
  | {
      readonly kind: "in";
      readonly column: BoundColumn;
      /** In order, no two equal. */
      readonly values: readonly Uint8Array[];
      readonly isNegated: boolean;
    }
  | {
      readonly kind: "like";
      readonly column: BoundColumn;
      readonly isOption: boolean;
      readonly pattern: LikePattern;
      readonly isNegated: boolean;
    }
  | { readonly kind: "isNone"; readonly column: BoundColumn; readonly isNegated: boolean }
  /** What an Option holds, or only the tag of a sum, compared with a constant. */
  | {
      readonly kind: "comparePayload";
      readonly operator: CompareOperator;
      readonly column: BoundColumn;
      readonly isOption: boolean;
      /** What is compared, within the Option. */
      readonly type: AlgebraicType;
      /** One byte where `type` is a sum: the tag. */
      readonly value: Uint8Array;
    };

/** ON: `inner` is of the relation that the join brings in, `outer` of one before it. Their types are identical. */
export interface JoinEquality {
  readonly outer: BoundColumn;
  readonly inner: BoundColumn;
}

/** Relations and what must hold among their rows: the part of a SELECT that row rules are put into. */
export interface BoundBlock {
  readonly relations: readonly Relation[];
  readonly equalities: readonly JoinEquality[];
  /** WHERE, taken apart at its outermost ANDs, and what else must hold. */
  readonly conditions: readonly BoundPredicate[];
}

export type BoundProjection =
  /** All columns of one relation. */
  | { readonly kind: "all"; readonly relation: number }
  | {
      readonly kind: "columns";
      readonly columns: readonly { readonly column: BoundColumn; readonly name: string }[];
    }
  | { readonly kind: "count"; readonly name: string };

export interface BoundSelect {
  readonly block: BoundBlock;
  readonly projection: BoundProjection;
  /** Most rows wanted, or undefined. */
  readonly limit: number | undefined;
  readonly usesSender: boolean;
}

/** The parts of a predicate that must all hold. */
export function conjunctsOf(predicate: BoundPredicate | undefined): readonly BoundPredicate[] {
  if (predicate === undefined) return [];
  return predicate.kind === "and" ? predicate.parts.flatMap(conjunctsOf) : [predicate];
}

/** The same predicate with every column named anew. */
export function mapColumns(
  predicate: BoundPredicate,
  map: (column: BoundColumn) => BoundColumn,
): BoundPredicate {
  switch (predicate.kind) {
    case "constant":
      return predicate;
    case "compareConstant":
      return { ...predicate, column: map(predicate.column) };
    case "compareColumns":
      return { ...predicate, left: map(predicate.left), right: map(predicate.right) };
    case "comparePredicates": {
      const { left, right } = predicate;
      return { ...predicate, left: mapColumns(left, map), right: mapColumns(right, map) };
    }
    case "in":
    case "like":
    case "isNone":
    case "comparePayload":
      return { ...predicate, column: map(predicate.column) };
    default:
      return { ...predicate, parts: predicate.parts.map((part) => mapColumns(part, map)) };
  }
}

/** The relations that a predicate speaks of. */
export function relationsOf(
  predicate: BoundPredicate,
  found: Set<number> = new Set(),
): ReadonlySet<number> {
  mapColumns(predicate, (column) => {
    found.add(column.relation);
    return column;
  });
  return found;
}

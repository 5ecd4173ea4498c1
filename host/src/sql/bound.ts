// SELECT on one table with everything resolved: columns are positions, literals are BSATN of the column's type.
import type { Table } from "../datastore/table.ts";
import type { CompareOperator } from "./tree.ts";

export type BoundPredicate =
  | { readonly kind: "constant"; readonly value: boolean }
  | {
      readonly kind: "compareConstant";
      readonly operator: CompareOperator;
      readonly column: number;
      readonly value: Uint8Array;
    }
  | {
      readonly kind: "compareColumns";
      readonly operator: CompareOperator;
      readonly left: number;
      readonly right: number;
    }
  | {
      readonly kind: "comparePredicates";
      readonly operator: CompareOperator;
      readonly left: BoundPredicate;
      readonly right: BoundPredicate;
    }
  | { readonly kind: "and" | "or"; readonly parts: readonly BoundPredicate[] };

export type BoundProjection =
  | { readonly kind: "all" }
  | {
      readonly kind: "columns";
      readonly columns: readonly { readonly column: number; readonly name: string }[];
    }
  | { readonly kind: "count"; readonly name: string };

export interface BoundSelect {
  readonly table: Table;
  readonly projection: BoundProjection;
  readonly where: BoundPredicate | undefined;
  /** Most rows wanted, or undefined. */
  readonly limit: number | undefined;
  readonly usesSender: boolean;
}

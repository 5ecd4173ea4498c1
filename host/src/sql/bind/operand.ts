// What comparisons and chains of conditions are made of once names and types are known.
import type { AlgebraicType } from "@lightcone/abi";
import { compileCompare } from "../../datastore/key.ts";
import type { BoundColumn, BoundPredicate } from "./bound.ts";
import { mirrored, outcome, outcomesOf } from "./operator.ts";
import type { CompareOperator } from "../parse/tree.ts";

export type Operand =
  | { readonly kind: "constant"; readonly value: Uint8Array }
  | { readonly kind: "column"; readonly column: BoundColumn }
  | { readonly kind: "predicate"; readonly predicate: BoundPredicate };

const trueBytes = Uint8Array.of(1);

/** An operand of type Bool as a predicate; a column is true where it holds TRUE. */
export function asPredicate(operand: Operand): BoundPredicate {
  switch (operand.kind) {
    case "constant":
      return { kind: "constant", value: operand.value[0] === 1 };
    case "column": {
      const { column } = operand;
      return { kind: "compareConstant", operator: "=", column, value: trueBytes };
    }
    default:
      return operand.predicate;
  }
}

/** A comparison of two operands of one type; two constants are compared at once. */
export function comparisonOf(
  operator: CompareOperator,
  type: AlgebraicType,
  left: Operand,
  right: Operand,
): BoundPredicate {
  if (left.kind === "predicate" || right.kind === "predicate") {
    const [first, second] = [asPredicate(left), asPredicate(right)];
    return { kind: "comparePredicates", operator, left: first, right: second };
  }
  if (left.kind === "constant" && right.kind === "constant") {
    const order = compileCompare(type)(left.value, 0, right.value, 0);
    return { kind: "constant", value: outcome(outcomesOf[operator], order) };
  }
  if (left.kind === "constant") return comparisonOf(mirrored[operator], type, right, left);
  if (right.kind === "column") {
    return { kind: "compareColumns", operator, left: left.column, right: right.column };
  }
  return { kind: "compareConstant", operator, column: left.column, value: right.value };
}

/** Parts joined by one word: chains become one list, constants go away or decide. */
export function joined(kind: "and" | "or", parts: readonly BoundPredicate[]): BoundPredicate {
  const kept: BoundPredicate[] = [];
  const deciding = kind === "or";
  for (const part of parts) {
    if (part.kind === "constant") {
      if (part.value === deciding) return part;
    } else if (part.kind === kind) {
      for (const inner of part.parts) kept.push(inner);
    } else {
      kept.push(part);
    }
  }
  if (kept.length === 0) return { kind: "constant", value: !deciding };
  return kept.length === 1 ? (kept[0] as BoundPredicate) : { kind, parts: kept };
}

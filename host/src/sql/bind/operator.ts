// What the six comparison operators make of an order.
import type { CompareOperator } from "../parse/tree.ts";

/** The result of an operator for each outcome of comparing left with right. */
export interface Outcomes {
  readonly less: boolean;
  readonly equal: boolean;
  readonly greater: boolean;
}

export const outcomesOf: Readonly<Record<CompareOperator, Outcomes>> = {
  "=": { less: false, equal: true, greater: false },
  "<>": { less: true, equal: false, greater: true },
  "<": { less: true, equal: false, greater: false },
  "<=": { less: true, equal: true, greater: false },
  ">": { less: false, equal: false, greater: true },
  ">=": { less: false, equal: true, greater: true },
};

/** The operator that says the same when the operands change sides. */
export const mirrored: Readonly<Record<CompareOperator, CompareOperator>> = {
  "=": "=",
  "<>": "<>",
  "<": ">",
  "<=": ">=",
  ">": "<",
  ">=": "<=",
};

/** The operator that holds where this one does not. */
export const opposite: Readonly<Record<CompareOperator, CompareOperator>> = {
  "=": "<>",
  "<>": "=",
  "<": ">=",
  "<=": ">",
  ">": "<=",
  ">=": "<",
};

/** The result for `order`: negative, zero or positive as left stands to right. */
export function outcome({ less, equal, greater }: Outcomes, order: number): boolean {
  return order < 0 ? less : order > 0 ? greater : equal;
}

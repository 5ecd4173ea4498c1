// A text for what a query asks, equal for queries that ask the same in other words: aliases, spelling and the order of conditions
// do not show in it (sql-and-subscriptions.md section 10.1; sharing by plan, not by text).
import { toHex } from "@lightcone/abi";
import type { BoundBlock, BoundColumn, BoundPredicate } from "../bind/bound.ts";
import { mirrored } from "../bind/operator.ts";
import type { CompareOperator } from "../parse/tree.ts";

const columnKey = ({ relation, column }: BoundColumn): string => `${relation}.${column}`;

/** The lesser operand comes first; its operator says the same from there. */
function comparisonKey(operator: CompareOperator, left: string, right: string): string {
  return left <= right ? `(${left}${operator}${right})` : `(${right}${mirrored[operator]}${left})`;
}

/** The parts of a chain of one kind, however it was put in parentheses. */
function flatten(kind: "and" | "or", predicate: BoundPredicate): readonly BoundPredicate[] {
  if (predicate.kind !== kind) return [predicate];
  return predicate.parts.flatMap((part) => flatten(kind, part));
}

function chainKey(kind: "and" | "or", parts: readonly BoundPredicate[]): string {
  const [first] = parts;
  if (first !== undefined && parts.length === 1) return predicateKey(first);
  const keys = new Set(parts.flatMap((part) => flatten(kind, part)).map(predicateKey));
  const joined = [...keys].sort().join(kind === "and" ? "&" : "|");
  return keys.size > 1 ? `(${joined})` : joined;
}

function predicateKey(predicate: BoundPredicate): string {
  switch (predicate.kind) {
    case "constant":
      return String(predicate.value);
    case "compareConstant": {
      const { operator, column, value } = predicate;
      return `(${columnKey(column)}${operator}x${toHex(value)})`;
    }
    case "compareColumns": {
      const { operator, left, right } = predicate;
      return comparisonKey(operator, columnKey(left), columnKey(right));
    }
    case "comparePredicates": {
      const { operator, left, right } = predicate;
      return comparisonKey(operator, predicateKey(left), predicateKey(right));
    }
    case "and":
    case "or":
      return chainKey(predicate.kind, predicate.parts);
    default:
      throw new Error(`a shared query with a condition of general SQL, ${predicate.kind}`);
  }
}

/** What a block asks for, where the rows of `returned` are the result. */
export function blockKey({ equalities, conditions }: BoundBlock, returned: number): string {
  const joins = equalities.map(({ outer, inner }) =>
    comparisonKey("=", columnKey(outer), columnKey(inner)),
  );
  return [returned, ...joins.sort(), chainKey("and", conditions)].join(" ");
}

// NOT, brought down to the comparisons. What is unknown because an Option holds nothing stays unknown when it is negated, so
// a predicate that has no NOT but in its leaves holds exactly where SQL says that it is true.
import { type BoundPredicate } from "./bound.ts";
import { opposite } from "./operator.ts";

/** The predicate that holds where the given one is known not to. */
export function negate(predicate: BoundPredicate): BoundPredicate {
  switch (predicate.kind) {
    case "constant":
      return { kind: "constant", value: !predicate.value };
    case "and":
    case "or":
      return {
        kind: predicate.kind === "and" ? "or" : "and",
        parts: predicate.parts.map(negate),
      };
    case "in":
    case "like":
    case "isNone":
      return { ...predicate, isNegated: !predicate.isNegated };
    default:
      return { ...predicate, operator: opposite[predicate.operator] };
  }
}

/** Whether a predicate may be neither true nor false. */
export function mayBeUnknown(predicate: BoundPredicate): boolean {
  switch (predicate.kind) {
    case "comparePayload":
    case "like":
      return predicate.isOption;
    case "and":
    case "or":
      return predicate.parts.some(mayBeUnknown);
    case "comparePredicates":
      return mayBeUnknown(predicate.left) || mayBeUnknown(predicate.right);
    default:
      return false;
  }
}

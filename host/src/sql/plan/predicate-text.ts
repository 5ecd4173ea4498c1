// Resolved conditions as text again, for EXPLAIN.
import {
  type AlgebraicType,
  compileJsonWriter,
  isBytes,
  numberFromBytes,
  Reader,
  specialKind,
  toHex,
} from "@lightcone/abi";
import type { BoundColumn, BoundPredicate } from "../bind/bound.ts";
import type { LikePattern } from "../bind/like.ts";
import { isPlainEnum } from "../bind/type-name.ts";

/** What the columns of conditions are called, and their types. */
export interface ColumnTexts {
  readonly nameOf: (column: BoundColumn) => string;
  readonly typeOf: (column: BoundColumn) => AlgebraicType;
}

/** A constant as a literal, or as JSON where there is none. */
function constantText(value: Uint8Array, type: AlgebraicType): string {
  // Of a sum the tag alone may be given.
  if (type.kind === "sum" && (isPlainEnum(type) || value.length === 1)) {
    return `'${type.variants[value[0] ?? 0]?.name ?? value[0]}'`;
  }
  if (type.kind === "bool") return value[0] === 1 ? "TRUE" : "FALSE";
  const special = specialKind(type);
  if (special === "identity" || special === "connectionId" || special === "uuid") {
    return `0x${numberFromBytes(value)
      .toString(16)
      .padStart(value.length * 2, "0")}`;
  }
  if (isBytes(type)) return `0x${toHex(value.subarray(4))}`;
  const json = compileJsonWriter(type, [], "positional")(new Reader(value));
  if (type.kind !== "string") return json;
  return `'${(JSON.parse(json) as string).replaceAll("'", "''")}'`;
}

function likeText({ text }: LikePattern): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function inParentheses(predicate: BoundPredicate, texts: ColumnTexts): string {
  const text = predicateText(predicate, texts);
  const isChain = predicate.kind === "or" || predicate.kind === "and";
  return isChain ? `(${text})` : text;
}

/** A condition as it could be written in WHERE. */
function predicateText(predicate: BoundPredicate, texts: ColumnTexts): string {
  const { nameOf, typeOf } = texts;
  switch (predicate.kind) {
    case "constant":
      return predicate.value ? "TRUE" : "FALSE";
    case "compareConstant": {
      const { column, operator, value } = predicate;
      return `${nameOf(column)} ${operator} ${constantText(value, typeOf(column))}`;
    }
    case "comparePayload": {
      const { column, operator, value, type } = predicate;
      return `${nameOf(column)} ${operator} ${constantText(value, type)}`;
    }
    case "compareColumns":
      return `${nameOf(predicate.left)} ${predicate.operator} ${nameOf(predicate.right)}`;
    case "comparePredicates": {
      const { left, right, operator } = predicate;
      return `(${predicateText(left, texts)}) ${operator} (${predicateText(right, texts)})`;
    }
    case "in": {
      const { column, values, isNegated } = predicate;
      const list = values.map((value) => constantText(value, typeOf(column))).join(", ");
      return `${nameOf(column)} ${isNegated ? "NOT IN" : "IN"} (${list})`;
    }
    case "like": {
      const { column, pattern, isNegated } = predicate;
      return `${nameOf(column)} ${isNegated ? "NOT LIKE" : "LIKE"} ${likeText(pattern)}`;
    }
    case "isNone":
      return `${nameOf(predicate.column)} IS ${predicate.isNegated ? "NOT " : ""}NULL`;
    default: {
      const word = predicate.kind === "and" ? " AND " : " OR ";
      return predicate.parts.map((part) => inParentheses(part, texts)).join(word);
    }
  }
}

/** Conditions that must all hold. */
export function conditionsText(conditions: readonly BoundPredicate[], texts: ColumnTexts): string {
  return conditions.map((condition) => inParentheses(condition, texts)).join(" AND ");
}

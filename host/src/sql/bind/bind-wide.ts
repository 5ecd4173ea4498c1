// Conditions that only the wide dialect has: on Options and enums, IN, LIKE, IS NULL.
import { type AlgebraicType, specialKind } from "@lightcone/abi";
import { compileCompare } from "../../datastore/key.ts";
import type { BoundColumn, BoundPredicate } from "./bound.ts";
import { faultAt } from "../fault.ts";
import { compileLike } from "./like.ts";
import type { CompareOperator, IsNull, Like } from "../parse/tree.ts";
import { isPlainEnum, typeName } from "./type-name.ts";

/** The type of an Option's value, or undefined for other types. */
export function optionPayload(type: AlgebraicType): AlgebraicType | undefined {
  return type.kind === "sum" && specialKind(type) === "option" ? type.variants[0]?.type : undefined;
}

/** What of a column is compared with a constant. */
interface Payload {
  readonly isOption: boolean;
  readonly type: AlgebraicType;
  /** Only which variant of a sum it is. */
  readonly isTag: boolean;
}

/** Undefined for types that are compared as they are. */
export function payloadOf(columnType: AlgebraicType): Payload | undefined {
  const payload = optionPayload(columnType);
  const type = payload ?? columnType;
  const isTag = type.kind === "sum" && specialKind(type) === undefined;
  return payload === undefined && !isTag
    ? undefined
    : { isOption: payload !== undefined, type, isTag };
}

/** A comparison of an Option's value or of a sum's variant; one of a plain enum is like that of a number. */
export function bindPayload(
  operator: CompareOperator,
  column: BoundColumn,
  { isOption, type }: Payload,
  value: Uint8Array,
): BoundPredicate {
  return isOption || !isPlainEnum(type)
    ? { kind: "comparePayload", operator, column, isOption, type, value }
    : { kind: "compareConstant", operator, column, value };
}

/** `=` with any of several constants as one search, if all are of one column and there are two at least. */
export function bindIn(
  parts: readonly BoundPredicate[],
  typeOf: (column: BoundColumn) => AlgebraicType,
): BoundPredicate | undefined {
  const [first] = parts;
  if (first?.kind !== "compareConstant" || parts.length < 2) return undefined;
  const { column } = first;
  const values: Uint8Array[] = [];
  for (const part of parts) {
    if (part.kind !== "compareConstant") return undefined;
    const isSame = part.column.relation === column.relation && part.column.column === column.column;
    if (!isSame || part.operator !== "=") return undefined;
    values.push(part.value);
  }
  const compare = compileCompare(typeOf(column));
  values.sort((a, b) => compare(a, 0, b, 0));
  const distinct = values.filter(
    (value, i) => i === 0 || compare(values[i - 1] as Uint8Array, 0, value, 0) !== 0,
  );
  return { kind: "in", column, values: distinct, isNegated: false };
}

/** `patternText` is what the pattern says. */
export function bindLike(
  { pattern, escape, at }: Like,
  patternText: string,
  column: BoundColumn,
  type: AlgebraicType,
  text: string,
): BoundPredicate {
  const payload = optionPayload(type);
  if ((payload ?? type).kind !== "string") {
    const message = `Invalid binary operator \`LIKE\` for type \`${typeName(type)}\``;
    throw faultAt("LC_SQL_TYPE", message, text, at);
  }
  if (escape !== undefined && Array.from(escape.text).length !== 1) {
    throw faultAt("LC_SQL_SYNTAX", "ESCAPE takes one character", text, escape.at);
  }
  const compiled = compileLike(patternText, escape?.text);
  if (compiled === undefined) {
    const message = "the pattern ends with its escape character";
    throw faultAt("LC_SQL_SYNTAX", message, text, pattern.at);
  }
  const isOption = payload !== undefined;
  return { kind: "like", column, isOption, pattern: compiled, isNegated: false };
}

export function bindIsNull(
  { at }: IsNull,
  column: BoundColumn,
  type: AlgebraicType,
  text: string,
): BoundPredicate {
  if (optionPayload(type) === undefined) {
    const message = `Invalid operator \`IS NULL\` for type \`${typeName(type)}\`: only an Option can be NULL`;
    throw faultAt("LC_SQL_TYPE", message, text, at);
  }
  return { kind: "isNone", column, isNegated: false };
}

// Literals that are to be stored, by INSERT and UPDATE (sql-and-subscriptions.md section 4.1; docs/sql.md for the wide dialect).
import { type AlgebraicType, specialKind } from "@lightcone/abi";
import type { ExpressionBinder } from "./bind-expression.ts";
import { optionPayload } from "./bind-wide.ts";
import { faultAt } from "../fault.ts";
import type { Literal } from "../parse/tree.ts";
import { isPlainEnum, typeName } from "./type-name.ts";

const someTag = 0;
const noneTag = 1;

const textualSpecials = new Set(["identity", "connectionId", "uuid", "timestamp"]);

/** Whether a string literal can be stored as `type`. In the reference it is for String alone. */
function takesString(type: AlgebraicType, isWide: boolean): boolean {
  if (type.kind === "string") return true;
  return isWide && (isPlainEnum(type) || textualSpecials.has(specialKind(type) ?? ""));
}

/** The BSATN of a value to be stored: less is converted than where literals are compared. Throws LC_SQL_TYPE. */
export function encodeStored(
  literal: Literal,
  type: AlgebraicType,
  binder: ExpressionBinder,
  context: { readonly text: string; readonly isWide: boolean },
): Uint8Array {
  if (literal.form === "parameter") return binder.literal(literal, type, "stored");
  const payload = context.isWide ? optionPayload(type) : undefined;
  if (payload !== undefined) {
    if (literal.form === "null") return Uint8Array.of(noneTag);
    return Buffer.concat([Uint8Array.of(someTag), encodeStored(literal, payload, binder, context)]);
  }
  const found = literal.form === "null" ? "NULL" : "String";
  if (
    literal.form === "null" ||
    (literal.form === "string" && !takesString(type, context.isWide))
  ) {
    const names = `(expected) ${typeName(type)} != ${found} (inferred)`;
    throw faultAt("LC_SQL_TYPE", `Unexpected type: ${names}`, context.text, literal.at);
  }
  return binder.literal(literal, type);
}

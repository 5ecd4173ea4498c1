// Types as messages name them, and which types can be compared (sql-and-subscriptions.md section 4.2).
import { type AlgebraicType, type Element, isBytes, isUnit, specialKind } from "@lightcone/abi";

const specialNames: Readonly<Record<string, string>> = {
  identity: "Identity",
  connectionId: "ConnectionId",
  timestamp: "Timestamp",
  timeDuration: "TimeDuration",
  uuid: "Uuid",
  scheduleAt: "ScheduleAt",
};

function elementNames(elements: readonly Element[], separator: string): string {
  return elements
    .map(({ name, type }) => (name === undefined ? typeName(type) : `${name}: ${typeName(type)}`))
    .join(separator);
}

/** How messages spell a type: U32, Identity, Array<U8>, (a: U32, b: String). */
export function typeName(type: AlgebraicType): string {
  const special = specialNames[specialKind(type) ?? ""];
  if (special !== undefined) return special;
  switch (type.kind) {
    case "product":
      return `(${elementNames(type.elements, ", ")})`;
    case "sum":
      return `(${elementNames(type.variants, " | ")})`;
    case "array":
      return `Array<${typeName(type.element)}>`;
    case "ref":
      return `type ${type.ref}`;
    default:
      return type.kind.charAt(0).toUpperCase() + type.kind.slice(1);
  }
}

const comparableSpecials = new Set(["identity", "connectionId", "timestamp", "uuid"]);

/** Whether the six operators work on values of `type`. */
export function isComparable(type: AlgebraicType): boolean {
  switch (type.kind) {
    case "sum":
    case "ref":
      return false;
    case "array":
      return isBytes(type);
    case "product":
      return comparableSpecials.has(specialKind(type) ?? "");
    default:
      return true;
  }
}

/** Whether values of `type` are but one of several names: their BSATN is one byte. */
export function isPlainEnum(type: AlgebraicType): boolean {
  return type.kind === "sum" && type.variants.every((variant) => isUnit(variant.type));
}

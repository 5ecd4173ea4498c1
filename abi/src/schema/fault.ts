// Rules that hold for names and types wherever they stand in a definition (module-def.md section
// 7).
import { type AlgebraicType, isUnit, specialKind } from "../sats/type.ts";
import { identifierFault } from "./names.ts";

/** As a list of none or one: the fault of a name, said of `what`. */
export function nameFaults(what: string, name: string): string[] {
  const fault = identifierFault(name);
  return fault === undefined ? [] : [`${what}: its name \`${name}\` ${fault}`];
}

/** The names that come more than once, each once. */
export function duplicates(names: readonly string[]): string[] {
  const seen = new Set<string>();
  const repeated = new Set<string>();
  for (const name of names) (seen.has(name) ? repeated : seen).add(name);
  return [...repeated];
}

/**
 * What forbids `type` as that of a field, column, parameter or return value: products and sums need
 * a name.
 */
export function useFaults(what: string, type: AlgebraicType): string[] {
  const special = specialKind(type);
  if (special === "query") return [`${what}: only a view can return a query`];
  switch (type.kind) {
    case "array":
      return useFaults(what, type.element);
    case "product":
      if (special !== undefined || isUnit(type)) return [];
      return [`${what}: a product type must stand in the typespace, not inline`];
    case "sum":
      if (special === "option" || special === "result") {
        return type.variants.flatMap((variant) => useFaults(what, variant.type));
      }
      if (special !== undefined || type.variants.length === 0) return [];
      return [`${what}: a sum type must stand in the typespace, not inline`];
    default:
      return [];
  }
}

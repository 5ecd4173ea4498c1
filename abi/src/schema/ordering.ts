// The default order of fields and variants, which types promise that do not say `custom_ordering`:
// unnamed ones first, then by the bytes of their names (module-def.md section 7).
import { compareUtf8 } from "../bytes/utf8.ts";
import { type AlgebraicType, type Element, resolve, type Typespace } from "../sats/type.ts";

/** Whether the elements of `type` stand in the default order. Types inside are not looked at. */
export function hasDefaultOrdering(type: AlgebraicType, types: Typespace): boolean {
  const elements = elementsOf(resolve(type, types));
  return elements.every((element, i) => {
    const before = elements[i - 1]?.name;
    if (before === undefined) return true;
    return element.name !== undefined && compareUtf8(before, element.name) <= 0;
  });
}

function elementsOf(type: AlgebraicType): readonly Element[] {
  if (type.kind === "product") return type.elements;
  return type.kind === "sum" ? type.variants : [];
}

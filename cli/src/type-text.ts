// Types of a module's definition as people read them: `u64`, `Option<String>`, the name of an
// exported type.
import {
  type AlgebraicType,
  type Element,
  isBytes,
  type ModuleDef,
  type ProductType,
  specialKind,
  type SpecialKind,
} from "@lightcone/abi";

const specialNames: Partial<Record<SpecialKind, string>> = {
  identity: "Identity",
  connectionId: "ConnectionId",
  timestamp: "Timestamp",
  timeDuration: "TimeDuration",
  uuid: "Uuid",
  scheduleAt: "ScheduleAt",
};

export function typeText(type: AlgebraicType, def: ModuleDef): string {
  const special = specialKind(type);
  const name = special === undefined ? undefined : specialNames[special];
  if (name !== undefined) return name;
  switch (type.kind) {
    case "ref":
      return refName(type.ref, def);
    case "array":
      return isBytes(type) ? "Bytes" : `Array<${typeText(type.element, def)}>`;
    case "product":
      return `(${fieldsText(type.elements, def)})`;
    case "sum": {
      const [first, second] = type.variants;
      const some = first === undefined ? "" : typeText(first.type, def);
      if (special === "option") return `Option<${some}>`;
      if (special === "result" && second !== undefined) {
        return `Result<${some}, ${typeText(second.type, def)}>`;
      }
      return `(${type.variants.map((variant) => variantText(variant, def)).join(" | ")})`;
    }
    case "string":
    case "bool":
      return type.kind === "string" ? "String" : "Bool";
    default:
      return type.kind;
  }
}

/** The parameters of a function: `(to: u32, amount: i64)`. */
export function paramsText(params: ProductType, def: ModuleDef): string {
  return `(${fieldsText(params.elements, def)})`;
}

function fieldsText(elements: readonly Element[], def: ModuleDef): string {
  return elements.map(({ name, type }, i) => `${name ?? i}: ${typeText(type, def)}`).join(", ");
}

function variantText({ name, type }: Element, def: ModuleDef): string {
  const isPlain = type.kind === "product" && type.elements.length === 0;
  return isPlain ? `${name}` : `${name}: ${typeText(type, def)}`;
}

function refName(index: number, def: ModuleDef): string {
  const found = def.types.find(({ ref }) => ref === index);
  return found === undefined ? `type ${index}` : [...found.scope, found.name].join(".");
}

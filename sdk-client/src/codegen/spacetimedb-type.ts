// A type as an expression of the `spacetimedb` package's type builders, and the order in which types can be declared.
import {
  type AlgebraicType,
  type Element,
  isBytes,
  isUnit,
  pascalCase,
  specialKind,
  type SpecialKind,
} from "@lightcone/abi";
import type { TypeModel } from "./model.ts";

export interface SpacetimeScope {
  readonly types: readonly TypeModel[];
  /** What stands before names of types here: "types." or nothing. */
  readonly prefix: string;
  /** Whether names are looked up when they are used: they may be declared later. */
  readonly isLazy?: boolean;
}

const specials: Readonly<Record<Exclude<SpecialKind, "option" | "result" | "query">, string>> = {
  identity: "sdk.t.identity()",
  connectionId: "sdk.t.connectionId()",
  timestamp: "sdk.t.timestamp()",
  timeDuration: "sdk.t.timeDuration()",
  uuid: "sdk.t.uuid()",
  scheduleAt: "sdk.t.scheduleAt()",
};

/** The expression that builds a type; `name` is what a product or sum is called. */
export function builderText(type: AlgebraicType, scope: SpacetimeScope, name = ""): string {
  const special = specialText(type, scope);
  if (special !== undefined) return special;
  switch (type.kind) {
    case "ref":
      return refText(`${scope.prefix}${scope.types[type.ref]?.name ?? ""}`, scope);
    case "array":
      return isBytes(type)
        ? "sdk.t.byteArray()"
        : `sdk.t.array(${builderText(type.element, scope)})`;
    case "product":
      if (isUnit(type) && name === "") return "sdk.t.unit()";
      return `sdk.t.object(${JSON.stringify(name)}, {${fieldTexts(type.elements, scope, same)}})`;
    case "sum":
      return `sdk.t.enum(${JSON.stringify(name)}, {${fieldTexts(type.variants, scope, pascalCase)}})`;
    default:
      return `sdk.t.${type.kind}()`;
  }
}

function refText(name: string, { isLazy = false }: SpacetimeScope): string {
  return isLazy ? `sdk.t.lazy(() => ${name})` : name;
}

function specialText(type: AlgebraicType, scope: SpacetimeScope): string | undefined {
  const kind = specialKind(type);
  if (kind === undefined || kind === "query") return undefined;
  const [first, second] = type.kind === "sum" ? type.variants : [];
  if (kind === "option" || kind === "result") {
    const inner = [first, ...(kind === "result" ? [second] : [])].map((each) =>
      each === undefined ? "" : builderText(each.type, scope),
    );
    return `sdk.t.${kind}(${inner.join(", ")})`;
  }
  return specials[kind];
}

function same(name: string): string {
  return name;
}

function fieldTexts(
  elements: readonly Element[],
  scope: SpacetimeScope,
  nameOf: (name: string) => string,
): string {
  if (elements.length === 0) return "";
  const lines = elements.map(
    ({ name = "", type }) => `  ${nameOf(name)}: ${builderText(type, scope)},`,
  );
  return `\n${lines.join("\n")}\n`;
}

/** A type, and whether it holds itself, at whatever depth. */
interface SortedType {
  readonly type: TypeModel;
  readonly isRecursive: boolean;
}

/** Types so that each comes after those that it names, but for recursive ones, which come in the order of the model. */
export function sortTypes(types: readonly TypeModel[]): SortedType[] {
  const sorted: SortedType[] = [];
  const done = new Set<number>();
  const visit = (position: number): void => {
    const type = types[position];
    if (type === undefined || done.has(position)) return;
    done.add(position);
    for (const ref of refsOf(type.type)) visit(ref);
    sorted.push({ type, isRecursive: reaches(types, position) });
  };
  types.forEach((_, position) => {
    visit(position);
  });
  return sorted;
}

function refsOf(type: AlgebraicType): number[] {
  switch (type.kind) {
    case "ref":
      return [type.ref];
    case "array":
      return refsOf(type.element);
    case "product":
      return type.elements.flatMap((element) => refsOf(element.type));
    case "sum":
      return type.variants.flatMap((variant) => refsOf(variant.type));
    default:
      return [];
  }
}

/** Whether a type can be reached from itself. */
function reaches(types: readonly TypeModel[], goal: number): boolean {
  const seen = new Set<number>();
  const waiting = [goal];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const type = types[next];
    for (const ref of type === undefined ? [] : refsOf(type.type)) {
      if (ref === goal) return true;
      if (!seen.has(ref)) waiting.push(ref);
      seen.add(ref);
    }
  }
  return false;
}

// Names as generated TypeScript has them: whoever embeds a database or tests a module sees the fields that its clients see.
import {
  type AlgebraicType,
  camelCase,
  type Element,
  type ProductType,
  specialKind,
  type Typespace,
} from "@lightcone/abi";

const identifier = /^[\p{ID_Start}_$][\p{ID_Continue}$]*$/u;

/** `send_message` becomes `sendMessage`; what would become no identifier stays as it is, with `_` for what none may hold. */
export function clientName(name: string): string {
  // Tables of submodules are called `namespace.table`.
  const plain = name.replaceAll(".", "_");
  const converted = camelCase(plain);
  if (identifier.test(converted)) return converted;
  return identifier.test(plain) ? plain : `_${plain.replaceAll(/[^\p{ID_Continue}$]/gu, "_")}`;
}

/** The name of a field or variant, which in rare cases has none. */
function elementName(name: string | undefined, position: number): string {
  return name === undefined ? `_${position}` : clientName(name);
}

function clientElements(elements: readonly Element[], keepsNames: boolean): Element[] {
  return elements.map(({ name, type }, i) => {
    return { name: keepsNames ? name : elementName(name, i), type: clientType(type) };
  });
}

/** A type with the names of fields and variants that programs use. Types that are told by their names keep them. */
export function clientType<T extends AlgebraicType>(type: T): T;
export function clientType(type: AlgebraicType): AlgebraicType {
  const isSpecial = specialKind(type) !== undefined;
  switch (type.kind) {
    case "product":
      return { ...type, elements: clientElements(type.elements, isSpecial) };
    case "sum":
      return { ...type, variants: clientElements(type.variants, isSpecial) };
    case "array":
      return { ...type, element: clientType(type.element) };
    default:
      return type;
  }
}

export function clientTypes(types: Typespace): Typespace {
  return types.map((type) => clientType(type));
}

/** Things that are found by the name on the server, the one in the module's source, and the one in TypeScript. */
export class NameTable<T extends { readonly name: string; readonly sourceName: string }> {
  readonly #byName = new Map<string, T>();
  readonly all: readonly T[];

  constructor(all: readonly T[]) {
    this.all = all;
    // The server's own names come first: a convenience must not hide what they lead to.
    for (const one of all) this.#byName.set(one.name, one);
    for (const nameOf of [sourceNameOf, clientNameOf]) {
      for (const one of all) {
        const name = nameOf(one);
        if (!this.#byName.has(name)) this.#byName.set(name, one);
      }
    }
  }

  find(name: string): T | undefined {
    return this.#byName.get(name);
  }

  /** For a fault: what there would have been. */
  get list(): string {
    return this.all.map(({ name }) => name).join(", ") || "none";
  }
}

function sourceNameOf({ sourceName }: { readonly sourceName: string }): string {
  return sourceName;
}

function clientNameOf({ name }: { readonly name: string }): string {
  return clientName(name);
}

/** A product type with the names that programs use. */
export function clientProduct(type: ProductType): ProductType {
  return { ...type, elements: clientElements(type.elements, false) };
}

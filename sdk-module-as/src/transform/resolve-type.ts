// A type annotation as a type of the module's definition, or what is wrong with it.
import type { PrimitiveKind } from "@lightcone/abi";
import type { NamedTypeNode, Source, TypeNode } from "../compiler.ts";
import { isNamedType, isTypeAlias, typeText } from "./ast.ts";
import type { Faults } from "./fault.ts";
import { type LeafName, leafNames, type NamedType, type TypeModel } from "./model.ts";
import type { Names } from "./names.ts";

const primitives: Readonly<Record<string, PrimitiveKind>> = {
  bool: "bool",
  boolean: "bool",
  i8: "i8",
  u8: "u8",
  i16: "i16",
  u16: "u16",
  i32: "i32",
  u32: "u32",
  i64: "i64",
  u64: "u64",
  f32: "f32",
  f64: "f64",
  number: "f64",
  string: "string",
  String: "string",
};

const replacements: Readonly<Record<string, string>> = {
  usize: "write u32 or u64, whose size does not depend on the machine",
  isize: "write i32 or i64, whose size does not depend on the machine",
  Map: "use an array of a @struct class with a key and a value, or a table",
  Set: "use an array, or a table",
  Date: "use Timestamp",
  ArrayBuffer: "use Uint8Array",
  StaticArray: "use Array",
  Int8Array: "use Array<i8>",
  Uint16Array: "use Array<u16>",
  Int16Array: "use Array<i16>",
  Uint32Array: "use Array<u32>",
  Int32Array: "use Array<i32>",
  Uint64Array: "use Array<u64>",
  Int64Array: "use Array<i64>",
  Float32Array: "use Array<f32>",
  Float64Array: "use Array<f64>",
};

const aliasesMax = 32;

/** Turns type annotations into models; faults go to `faults`, and the answer is undefined then. */
export class TypeResolver {
  readonly #names: Names;
  readonly #faults: Faults;
  readonly #types: ReadonlyMap<object, NamedType>;

  constructor(names: Names, faults: Faults, types: ReadonlyMap<object, NamedType>) {
    this.#names = names;
    this.#faults = faults;
    this.#types = types;
  }

  resolve(source: Source, node: TypeNode): TypeModel | undefined {
    return this.#resolve(source, node, 0);
  }

  #resolve(source: Source, node: TypeNode, aliases: number): TypeModel | undefined {
    if (!isNamedType(node)) {
      return this.#fail(node, "is no type that can be stored", "functions and tuples cannot");
    }
    const inner = this.#inner(source, node, aliases);
    if (inner === undefined || !node.isNullable) return inner;
    if (isValue(inner)) {
      const name = typeText(node).replace(/\s*\|\s*null\s*$/, "");
      this.#faults.add(
        node.range,
        `'${typeText(node)}' is not possible: only references can be null in AssemblyScript`,
        `Write Option<${name}>`,
      );
      return undefined;
    }
    return { kind: "option", some: inner, boxed: false };
  }

  #inner(source: Source, node: NamedTypeNode, aliases: number): TypeModel | undefined {
    const parts = nameParts(node);
    const meaning = this.#names.meaning(source, parts);
    if (meaning?.kind === "declared") {
      if (isTypeAlias(meaning.node)) {
        if (aliases >= aliasesMax) {
          return this.#fail(node, "is an alias of itself", "name a type");
        }
        return this.#resolve(meaning.source, meaning.node.type, aliases + 1);
      }
      const type = this.#types.get(meaning.node);
      if (type !== undefined) return { kind: "named", type };
      return this.#fail(
        node,
        "is a class without @struct, @sum or @table",
        `put @struct before class ${meaning.node.name.text}, so that its fields are stored`,
      );
    }
    const name = parts.join(".");
    const args = node.typeArguments ?? [];
    if (meaning?.kind === "library") return this.#library(source, node, meaning.name, args);
    const primitive = Object.hasOwn(primitives, name) ? primitives[name] : undefined;
    if (primitive !== undefined) return { kind: "primitive", primitive };
    if (name === "Uint8Array") return { kind: "bytes" };
    if (name === "Array") return this.#array(source, node, args);
    if (Object.hasOwn(replacements, name)) {
      return this.#fail(node, "cannot be stored", replacements[name] ?? "");
    }
    if ((leafNames as readonly string[]).includes(name) || name === "Option" || name === "Unit") {
      return this.#fail(node, "is not imported", `import ${name} from the library`);
    }
    return this.#fail(
      node,
      "is not known",
      "use a number, bool, string, Uint8Array, an array, Option, a type of the library, or a class with @struct or @sum",
    );
  }

  #array(source: Source, node: NamedTypeNode, args: readonly TypeNode[]): TypeModel | undefined {
    const [element] = args;
    const found = element === undefined ? undefined : this.resolve(source, element);
    if (element === undefined) this.#fail(node, "has no element type", "write Array<u32>");
    return found === undefined ? undefined : { kind: "array", element: found };
  }

  #library(
    source: Source,
    node: NamedTypeNode,
    name: string,
    args: readonly TypeNode[],
  ): TypeModel | undefined {
    if ((leafNames as readonly string[]).includes(name)) {
      return { kind: "leaf", name: name as LeafName };
    }
    if (name === "Unit") return { kind: "unit" };
    const [first, second] = args;
    if (name === "Option" && first !== undefined) {
      const some = this.resolve(source, first);
      return some === undefined ? undefined : { kind: "option", some, boxed: true };
    }
    if (name === "Result" && first !== undefined && second !== undefined) {
      const [ok, err] = [this.resolve(source, first), this.resolve(source, second)];
      return ok === undefined || err === undefined ? undefined : { kind: "result", ok, err };
    }
    if (name === "Query" && first !== undefined) {
      const row = this.resolve(source, first);
      if (row?.kind === "named" && row.type.kind === "product") {
        return { kind: "query", row: row.type };
      }
      return row === undefined
        ? undefined
        : this.#fail(first, "is no row of a table", "write Query<T> with a class that has @table");
    }
    return this.#fail(node, "cannot be stored", "it belongs to the library and has no values");
  }

  #fail(node: TypeNode, rule: string, fix: string): undefined {
    const capital = fix.charAt(0).toUpperCase() + fix.slice(1);
    this.#faults.add(node.range, `Type '${typeText(node)}' ${rule}`, capital);
    return undefined;
  }
}

/** Whether values of the type are no references: those cannot be null. */
function isValue(type: TypeModel): boolean {
  if (type.kind === "primitive") return type.primitive !== "string";
  return type.kind === "named" && type.type.kind === "enum";
}

/** The pieces of a dotted name. */
export function nameParts(node: NamedTypeNode): string[] {
  const parts: string[] = [];
  for (let name: NamedTypeNode["name"] | null = node.name; name !== null; name = name.next) {
    parts.push(name.identifier.text);
  }
  return parts;
}

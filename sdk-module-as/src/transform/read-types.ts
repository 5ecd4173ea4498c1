// Which classes and enums have a place in the typespace, and their fields.
import {
  type ClassDeclaration,
  commonFlags,
  type EnumDeclaration,
  type Source,
} from "../compiler.ts";
import { decorated, hasFlag, isClass, isEnum, isField, isMethod, isStatic } from "./ast.ts";
import type { Faults } from "./fault.ts";
import type { Field, FunctionModel, NamedType, TableModel, TypeModel } from "./model.ts";
import { checkSum } from "./sum.ts";
import type { TypeResolver } from "./resolve-type.ts";

/** Most variants of a sum: its tag is one byte. */
const variantsMax = 256;

/** Every type of the sources, by declaration, without fields as yet: types refer to each other. */
export function declareTypes(sources: readonly Source[], faults: Faults): Map<object, NamedType> {
  const types = new Map<object, NamedType>();
  const names = new Map<string, NamedType>();
  for (const source of sources) {
    for (const node of source.statements) {
      const kind = typeKind(node, faults);
      if (kind === undefined || !(isClass(node) || isEnum(node))) continue;
      const name = node.name.text;
      const type: NamedType = {
        kind,
        name,
        source,
        declaration: node,
        ref: 0,
        fields: [],
        isTable: isClass(node) && decorated(node, "table") !== undefined,
      };
      if (names.has(name)) {
        faults.add(
          node.name.range,
          `Two types of the module are called '${name}'`,
          "Rename one: clients know types by their names",
        );
      }
      names.set(name, type);
      types.set(node, type);
    }
  }
  return types;
}

function typeKind(node: object, faults: Faults): NamedType["kind"] | undefined {
  const statement = node as ClassDeclaration | EnumDeclaration;
  if (isEnum(statement)) return "enum";
  if (!isClass(statement)) return undefined;
  const marks = ["table", "struct", "sum"].filter((mark) => decorated(statement, mark));
  if (marks.includes("sum") && marks.length > 1) {
    faults.add(
      statement.name.range,
      `Class '${statement.name.text}' cannot be @sum and @${marks.find((mark) => mark !== "sum")}`,
      "Keep one: a @sum has one of its fields, a row has all of them",
    );
  }
  if (marks.includes("sum")) return "sum";
  return marks.length > 0 ? "product" : undefined;
}

/** Fills in the fields of all `types`. */
export function readFields(
  types: ReadonlyMap<object, NamedType>,
  resolver: TypeResolver,
  faults: Faults,
): void {
  for (const type of types.values()) {
    type.fields = isEnum(type.declaration)
      ? enumVariants(type.declaration, faults)
      : classFields(type, type.declaration, resolver, faults);
    if (type.kind === "sum") checkSum(type, faults);
    if (type.kind !== "product" && type.fields.length > variantsMax) {
      faults.add(
        type.declaration.name.range,
        `'${type.name}' has more than ${variantsMax} variants`,
        "Split it: the tag of a variant is one byte",
      );
    }
  }
}

function enumVariants(node: EnumDeclaration, faults: Faults): Field[] {
  return node.values.map((value, i) => {
    const given = value.initializer;
    if (given !== null && given.range.toString() !== String(i)) {
      faults.add(
        given.range,
        `Variant '${value.name.text}' has the number ${given.range.toString()} at position ${i}`,
        "Leave the number out: the tag that clients see is the position",
      );
    }
    return { name: value.name.text, type: { kind: "unit" }, range: value.range };
  });
}

function classFields(
  type: NamedType,
  node: ClassDeclaration,
  resolver: TypeResolver,
  faults: Faults,
): Field[] {
  checkClass(type, node, faults);
  const fields: Field[] = [];
  for (const member of node.members) {
    if (!isField(member) || isStatic(member)) continue;
    const name = member.name.text;
    if (hasFlag(member, commonFlags.Readonly)) {
      faults.add(
        member.name.range,
        `Field '${name}' is readonly`,
        "Remove readonly: the library fills the field when it reads a row",
      );
    }
    if (hasFlag(member, commonFlags.Private) || hasFlag(member, commonFlags.Protected)) {
      faults.add(
        member.name.range,
        `Field '${name}' is not public`,
        "Remove the modifier; who may see rows is said by access of @table",
      );
    }
    if (member.type === null) continue; // The compiler has complained of it.
    const found = resolver.resolve(type.source, member.type);
    if (found?.kind === "query") {
      faults.add(member.type.range, "A query cannot be stored", "Return it from a view");
    } else if (found !== undefined) {
      fields.push({ name, type: found, range: member.name.range });
    }
  }
  return fields;
}

function checkClass(type: NamedType, node: ClassDeclaration, faults: Faults): void {
  const { range } = node.name;
  if (node.typeParameters !== null && node.typeParameters.length > 0) {
    faults.add(range, `Class '${type.name}' has type parameters`, "Declare one class per type");
  }
  if (node.extendsType !== null) {
    faults.add(
      node.extendsType.range,
      `Class '${type.name}' extends another`,
      "List all fields in the class itself",
    );
  }
  const constructor = node.members.find(
    (member) => isMethod(member) && hasFlag(member, commonFlags.Constructor),
  );
  if (constructor !== undefined) {
    faults.add(
      constructor.range,
      `Class '${type.name}' has a constructor`,
      'Remove it: values are written as object literals, like { id: 0, name: "x" }',
    );
  }
}

/**
 * The types that tables and functions use, directly or through others, numbered anew: what nobody uses
 * is no part of the definition.
 */
export function usedTypes(
  tables: readonly TableModel[],
  functions: readonly FunctionModel[],
): NamedType[] {
  const used = new Set<NamedType>();
  const mark = (type: TypeModel): void => {
    const named = type.kind === "named" ? type.type : type.kind === "query" ? type.row : undefined;
    if (named !== undefined && !used.has(named)) {
      used.add(named);
      for (const field of named.fields) mark(field.type);
    }
    if (type.kind === "array") mark(type.element);
    if (type.kind === "option") mark(type.some);
    if (type.kind === "result") {
      mark(type.ok);
      mark(type.err);
    }
  };
  for (const { type } of tables) mark({ kind: "named", type });
  for (const { params, returns } of functions) {
    for (const { type } of params) mark(type);
    mark(returns);
  }
  const types = [...used];
  types.forEach((type, ref) => (type.ref = ref));
  return types;
}

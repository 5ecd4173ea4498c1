// Classes with @sum: their fields are variants, of which a value has one. The members that make this so
// are parsed from text and moved into the class; they name only what the class itself names, since names
// in them mean what they mean in the file of the class.
import type { ClassDeclaration, FieldDeclaration, Parser, Source } from "../compiler.ts";
import { isClass, isField, isStatic, typeText } from "./ast.ts";
import type { Faults } from "./fault.ts";
import { generatedFolder } from "./library.ts";
import type { NamedType } from "./model.ts";

/** Members that every sum gets; variants cannot be called so. */
const reserved: readonly string[] = ["tag", "constructor", "toString"];

export function checkSum(type: NamedType, faults: Faults): void {
  if (type.fields.length === 0) {
    faults.add(
      type.declaration.name.range,
      `@sum class '${type.name}' has no variants`,
      "Give it a field for each: circle: f64; nothing: Unit",
    );
  }
  for (const { name, range } of type.fields) {
    if (reserved.includes(name)) {
      faults.add(range, `Variant '${name}' has the name of a member of every @sum`, "Rename it");
    }
  }
}

/** Gives the class of a sum its constructors, its tag and its getters. */
export function rewriteSum(parser: Parser, type: NamedType): void {
  const node = type.declaration as ClassDeclaration;
  const variants = node.members.filter(
    (member): member is FieldDeclaration => isField(member) && !isStatic(member),
  );
  const source = parse(parser, type, memberText(type, variants));
  const [made, tags] = source.statements;
  if (made === undefined || tags === undefined || !isClass(made)) return;
  for (const member of made.members) node.members.push(member);
  for (const variant of variants) node.members.splice(node.members.indexOf(variant), 1);
  // The enum of the tags stands beside the class, and is as visible.
  type.source.statements.push(tags);
  source.statements.length = 0;
}

function parse(parser: Parser, type: NamedType, text: string): Source {
  const path = `${generatedFolder}/sum-${type.name}`;
  parser.parseFile(text, `${path}.ts`, false);
  return parser.sources.find(({ internalPath }) => internalPath === path) as Source;
}

function memberText(type: NamedType, variants: readonly FieldDeclaration[]): string {
  const { name } = type;
  const lines = variants.flatMap((variant, tag) => {
    const isUnit = type.fields[tag]?.type.kind === "unit";
    const field = variant.name.text;
    const value = variant.type === null ? "Unit" : typeText(variant.type);
    const is = `is${field.charAt(0).toUpperCase()}${field.slice(1)}`;
    const making = [
      `const made = changetype<${name}>(__new(offsetof<${name}>(), idof<${name}>()));`,
      `made.$tag = ${tag};`,
    ];
    return [
      `get ${is}(): bool { return this.$tag == ${tag}; }`,
      ...(isUnit
        ? [`static ${field}(): ${name} { ${making.join(" ")} return made; }`]
        : [
            `private $${field}: ${value};`,
            `static ${field}(value: ${value}): ${name} { ${making.join(" ")} made.$${field} = value; return made; }`,
            `get ${field}(): ${value} { assert(this.$tag == ${tag}, "this ${name} is no ${field}"); return this.$${field}; }`,
          ]),
    ];
  });
  const names = variants.map((variant) => variant.name.text).join(", ");
  return [
    `class ${name} {`,
    `private $tag: i32;`,
    `/** Which variant this is. */`,
    `get tag(): ${name}Tag { return <${name}Tag>this.$tag; }`,
    ...lines,
    "}",
    `export enum ${name}Tag { ${names} }`,
  ].join("\n");
}

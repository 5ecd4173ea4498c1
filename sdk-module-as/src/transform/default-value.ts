// The literal of @defaultValue as the bytes that rows get which are older than their column.
import { Writer } from "@lightcone/abi";
import {
  type ArrayLiteralExpression,
  type DecoratorNode,
  type Expression,
  literalKind,
  nodeKind,
  type ObjectLiteralExpression,
  type PropertyAccessExpression,
  type UnaryPrefixExpression,
} from "../compiler.ts";
import { decoratorArgs, isIdentifier, isLiteral, isObject, isString } from "./ast.ts";
import type { Faults } from "./fault.ts";
import type { Field, NamedType, TypeModel } from "./model.ts";

/** The BSATN of the decorator's argument as a value of `field`, or undefined if it is none. */
export function readDefault(
  decorator: DecoratorNode,
  field: Field,
  faults: Faults,
): Uint8Array | undefined {
  const [argument, ...others] = decoratorArgs(decorator);
  if (argument === undefined || others.length > 0) {
    faults.add(
      decorator.range,
      "@defaultValue takes one value",
      'Write @defaultValue(0) or @defaultValue("none")',
    );
    return undefined;
  }
  const writer = new Writer(64);
  const problem = write(writer, argument, field.type);
  if (problem === undefined) return writer.finish();
  faults.add(
    argument.range,
    `'${argument.range.toString()}' is no default value for column '${field.name}': ${problem}`,
    "Write a literal of the column's type",
  );
  return undefined;
}

// Writes `node` as a value of `type`, or tells what is wrong with it.
function write(writer: Writer, node: Expression, type: TypeModel): string | undefined {
  switch (type.kind) {
    case "primitive":
      return writePrimitive(writer, node, type.primitive);
    case "leaf":
      return writeLeaf(writer, node, type.name);
    case "unit":
      return undefined;
    case "bytes":
      return writeArray(writer, node, { kind: "primitive", primitive: "u8" });
    case "array":
      return writeArray(writer, node, type.element);
    case "option": {
      const isNone = (node.kind as number) === nodeKind.Null;
      writer.u8(isNone ? 1 : 0);
      return isNone ? undefined : write(writer, node, type.some);
    }
    case "named":
      return writeNamed(writer, node, type.type);
    case "result":
    case "query":
      return "values of this type cannot be literals";
  }
}

function writePrimitive(
  writer: Writer,
  node: Expression,
  primitive: Extract<TypeModel, { kind: "primitive" }>["primitive"],
): string | undefined {
  if (primitive === "bool") {
    const isTrue = (node.kind as number) === nodeKind.True;
    if (!isTrue && (node.kind as number) !== nodeKind.False) return "it is not true or false";
    writer.bool(isTrue);
    return undefined;
  }
  if (primitive === "string") {
    if (!isString(node)) return "it is no text";
    writer.string(node.value);
    return undefined;
  }
  const text = numberText(node);
  if (text === undefined) return "it is no number";
  if (primitive === "f32") writer.f32(Number(text));
  else if (primitive === "f64") writer.f64(Number(text));
  else return writeInteger(writer, text, primitive);
  return undefined;
}

const leafIntegers: Readonly<Record<string, string>> = {
  U128: "u128",
  I128: "i128",
  U256: "u256",
  I256: "i256",
  Timestamp: "i64",
  TimeDuration: "i64",
  Identity: "u256",
  ConnectionId: "u128",
  Uuid: "u128",
};

function writeLeaf(writer: Writer, node: Expression, name: string): string | undefined {
  const integer = leafIntegers[name];
  const text = numberText(node);
  if (integer === undefined) return "values of this type cannot be literals";
  return text === undefined ? "it is no whole number" : writeInteger(writer, text, integer);
}

function writeInteger(writer: Writer, text: string, kind: string): string | undefined {
  if (!/^-?(0x[0-9a-f]+|0b[01]+|0o[0-7]+|[0-9]+)$/i.test(text)) return "it is no whole number";
  const value = text.startsWith("-") ? -BigInt(text.slice(1)) : BigInt(text);
  const bits = Number(kind.slice(1));
  const isSigned = kind.startsWith("i");
  const min = isSigned ? -(1n << BigInt(bits - 1)) : 0n;
  const max = (1n << BigInt(isSigned ? bits - 1 : bits)) - 1n;
  if (value < min || value > max) return `it is not between ${min} and ${max}`;
  let rest = BigInt.asUintN(bits, value);
  for (let byte = 0; byte < bits / 8; byte++) {
    writer.u8(Number(rest & 0xffn));
    rest >>= 8n;
  }
  return undefined;
}

// The compiler's own numbers are not exact beyond 64 bits; the text is.
function numberText(node: Expression): string | undefined {
  const text = node.range.toString().replaceAll("_", "").replace(/\s/g, "");
  const inner = isNegation(node) ? node.operand : node;
  if (!isLiteral(inner)) return undefined;
  const kind = inner.literalKind as number;
  return kind === literalKind.Integer || kind === literalKind.Float ? text : undefined;
}

function isNegation(node: Expression): node is UnaryPrefixExpression {
  return (node.kind as number) === nodeKind.UnaryPrefix && node.range.toString().startsWith("-");
}

function writeArray(writer: Writer, node: Expression, element: TypeModel): string | undefined {
  if (!isArrayLiteral(node)) return "it is no list";
  writer.u32(node.elementExpressions.length);
  for (const each of node.elementExpressions) {
    const problem = write(writer, each, element);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function isArrayLiteral(node: Expression): node is ArrayLiteralExpression {
  return isLiteral(node) && (node.literalKind as number) === literalKind.Array;
}

function writeNamed(writer: Writer, node: Expression, type: NamedType): string | undefined {
  if (type.kind === "enum") {
    const variant = isMember(node) ? node.property.text : undefined;
    const tag = type.fields.findIndex(({ name }) => name === variant);
    if (tag === -1) return `it is no variant of ${type.name}`;
    writer.u8(tag);
    return undefined;
  }
  if (type.kind === "sum" || !isObject(node)) return "values of this type cannot be literals";
  const extra = node.names.find(({ text }) => !type.fields.some(({ name }) => name === text));
  if (extra !== undefined) return `${type.name} has no field '${extra.text}'`;
  for (const field of type.fields) {
    const value = fieldValue(node, field.name);
    if (value === undefined) return `field '${field.name}' is missing`;
    const problem = write(writer, value, field.type);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function fieldValue(node: ObjectLiteralExpression, name: string): Expression | undefined {
  const at = node.names.findIndex(({ text }) => text === name);
  return node.values[at];
}

function isMember(node: Expression): node is PropertyAccessExpression {
  return (
    (node.kind as number) === nodeKind.PropertyAccess &&
    isIdentifier((node as PropertyAccessExpression).expression)
  );
}

// Small questions about nodes of the syntax tree, and a walk over all of them.
import {
  type ClassDeclaration,
  commonFlags,
  type DecoratorNode,
  type EnumDeclaration,
  type Expression,
  type FieldDeclaration,
  type FunctionDeclaration,
  type IdentifierExpression,
  type ImportStatement,
  type LiteralExpression,
  literalKind,
  type MethodDeclaration,
  type NamedTypeNode,
  type Node,
  nodeKind,
  type ObjectLiteralExpression,
  type StringLiteralExpression,
  type TypeDeclaration,
  type TypeNode,
  type VariableStatement,
} from "../compiler.ts";

function guard<T extends Node>(kind: number): (node: Node) => node is T {
  return (node): node is T => (node.kind as number) === kind;
}

export const isClass: (node: Node) => node is ClassDeclaration = guard(nodeKind.ClassDeclaration);
export const isEnum: (node: Node) => node is EnumDeclaration = guard(nodeKind.EnumDeclaration);
export const isField: (node: Node) => node is FieldDeclaration = guard(nodeKind.FieldDeclaration);
export const isFunction: (node: Node) => node is FunctionDeclaration = guard(
  nodeKind.FunctionDeclaration,
);
export const isMethod: (node: Node) => node is MethodDeclaration = guard(
  nodeKind.MethodDeclaration,
);
export const isImport: (node: Node) => node is ImportStatement = guard(nodeKind.Import);
export const isVariables: (node: Node) => node is VariableStatement = guard(nodeKind.Variable);
export const isTypeAlias: (node: Node) => node is TypeDeclaration = guard(nodeKind.TypeDeclaration);
export const isNamedType: (node: Node) => node is NamedTypeNode = guard(nodeKind.NamedType);
export const isIdentifier: (node: Node) => node is IdentifierExpression = guard(
  nodeKind.Identifier,
);
export const isLiteral: (node: Node) => node is LiteralExpression = guard(nodeKind.Literal);

export function isString(node: Node): node is StringLiteralExpression {
  return isLiteral(node) && (node.literalKind as number) === literalKind.String;
}

export function isObject(node: Node): node is ObjectLiteralExpression {
  return isLiteral(node) && (node.literalKind as number) === literalKind.Object;
}

export function hasFlag(node: { readonly flags: number }, flag: number): boolean {
  return (node.flags & flag) !== 0;
}

export function isStatic(node: { readonly flags: number }): boolean {
  return hasFlag(node, commonFlags.Static);
}

/** The name of a decorator: `table` of `@table(…)`. */
export function decoratorName(decorator: DecoratorNode): string {
  return isIdentifier(decorator.name) ? decorator.name.text : decorator.name.range.toString();
}

export function decorated(
  node: { readonly decorators: readonly DecoratorNode[] | null },
  ...names: readonly string[]
): DecoratorNode | undefined {
  return node.decorators?.find((each) => names.includes(decoratorName(each)));
}

/** The arguments of a decorator, none where it has no parentheses. */
export function decoratorArgs(decorator: DecoratorNode): readonly Expression[] {
  return decorator.args ?? [];
}

/** A type as it stands in the source. */
export function typeText(type: TypeNode): string {
  return type.range.toString();
}

/** Visits `node` and all below it. */
export function walk(node: Node, visit: (node: Node) => void): void {
  visit(node);
  for (const value of Object.values(node) as unknown[]) {
    if (Array.isArray(value)) {
      for (const each of value as unknown[]) if (isNode(each)) walk(each, visit);
    } else if (isNode(value)) {
      walk(value, visit);
    }
  }
}

function isNode(value: unknown): value is Node {
  return (
    typeof value === "object" &&
    value !== null &&
    "kind" in value &&
    "range" in value &&
    (value as Node).kind !== nodeKind.Source
  );
}

// The AssemblyScript compiler as this package uses it: the only file that imports it. Its enums exist
// as values at run time, but its declarations call them constant, which modules of one file each
// cannot use: they are named here.
import * as compiler from "assemblyscript";

export type {
  ArrayLiteralExpression,
  CallExpression,
  ClassDeclaration,
  DecoratorNode,
  EnumDeclaration,
  ExportStatement,
  Expression,
  FieldDeclaration,
  FunctionDeclaration,
  IdentifierExpression,
  ImportStatement,
  LiteralExpression,
  MethodDeclaration,
  NamedTypeNode,
  Node,
  ObjectLiteralExpression,
  Parser,
  PropertyAccessExpression,
  Range,
  Source,
  Statement,
  StringLiteralExpression,
  TypeDeclaration,
  TypeNode,
  UnaryPrefixExpression,
  VariableStatement,
} from "assemblyscript";
export { main } from "assemblyscript/asc";

type Numbers<Name extends string> = Readonly<Record<Name, number>>;

type NodeKinds = Numbers<
  | "Source"
  | "NamedType"
  | "Identifier"
  | "Call"
  | "False"
  | "Literal"
  | "Null"
  | "PropertyAccess"
  | "True"
  | "UnaryPrefix"
  | "Export"
  | "Import"
  | "Variable"
  | "ClassDeclaration"
  | "EnumDeclaration"
  | "FieldDeclaration"
  | "FunctionDeclaration"
  | "MethodDeclaration"
  | "TypeDeclaration"
>;
type LiteralKinds = Numbers<"Float" | "Integer" | "String" | "Array" | "Object">;
type CommonFlags = Numbers<
  "Export" | "Static" | "Readonly" | "Private" | "Protected" | "Constructor"
>;

const enums = compiler as unknown as {
  readonly NodeKind: NodeKinds;
  readonly LiteralKind: LiteralKinds;
  readonly CommonFlags: CommonFlags;
  readonly SourceKind: Numbers<"User">;
  readonly DiagnosticCode: Numbers<"User_defined_0">;
  readonly ParameterKind: Numbers<"Default">;
  readonly DecoratorKind: Numbers<"Custom">;
};

export const nodeKind: NodeKinds = enums.NodeKind;
export const literalKind: LiteralKinds = enums.LiteralKind;
export const commonFlags: CommonFlags = enums.CommonFlags;

/** The kind of a source whose exports the compiled module does not export. */
export const userSource: number = enums.SourceKind.User;

/** The kind of a parameter that must be passed. */
export const plainParameter: number = enums.ParameterKind.Default;

/** The code of messages that are no part of the compiler: their text is given. */
export const userDefinedMessage: number = enums.DiagnosticCode.User_defined_0;

/** The kind of a decorator that is not the compiler's own. */
export const customDecorator: number = enums.DecoratorKind.Custom;

/** A text as it would stand in quotes at `range`. */
export function textLiteral(value: string, range: compiler.Range): compiler.Expression {
  return compiler.Node.createStringLiteralExpression(value, range);
}

/** A whole number of at most 31 bits as it would stand at `range`. */
export function integerLiteral(value: number, range: compiler.Range): compiler.Expression {
  const long = Object.create(Object.getPrototypeOf(sampleLong()) as object) as object;
  Object.assign(long, { low: value, high: 0, unsigned: false });
  return compiler.Node.createIntegerLiteralExpression(long as never, range);
}

// The compiler's numbers of 64 bits are of a class that it does not export.
function sampleLong(): unknown {
  const parser = new compiler.Parser();
  parser.parseFile("0;", "sample.ts", false);
  const statement = parser.sources[0]?.statements[0] as compiler.ExpressionStatement;
  return (statement.expression as compiler.IntegerLiteralExpression).value;
}

// What general SQL has beyond the reference inside predicates: IN, BETWEEN, LIKE, IS NULL, each with NOT.
import { parseLiteral } from "./parse-operand.ts";
import type { Tokens } from "./tokens.ts";
import type { CompareOperator, Expression, Literal } from "./tree.ts";

/** Words that follow an operand here and nowhere in the reference. */
export const wideInfixWords: ReadonlySet<string> = new Set(["NOT", "IN", "BETWEEN", "LIKE", "IS"]);

type ParseOperand = (tokens: Tokens) => Expression;

function parseIn(
  tokens: Tokens,
  operand: Expression,
  at: number,
  parseOperand: ParseOperand,
): Expression {
  tokens.expect("(");
  if (tokens.next.key === "SELECT") {
    throw tokens.unsupported("Unsupported expression: a query inside a query");
  }
  const values = [parseOperand(tokens)];
  while (tokens.accept(",")) values.push(parseOperand(tokens));
  tokens.expect(")");
  return { kind: "in", operand, values, at };
}

/** `x BETWEEN a AND b` is `x >= a AND x <= b`. */
function parseBetween(
  tokens: Tokens,
  operand: Expression,
  at: number,
  parseOperand: ParseOperand,
): Expression {
  const compare = (operator: CompareOperator): Expression => ({
    kind: "comparison",
    operator,
    left: operand,
    right: parseOperand(tokens),
    at,
  });
  const least = compare(">=");
  tokens.expect("AND");
  return { kind: "and", parts: [least, compare("<=")], at };
}

function parseText(tokens: Tokens, what: string): Literal {
  const literal = tokens.next.kind === "string" ? parseLiteral(tokens) : undefined;
  if (literal === undefined) throw tokens.expected(what);
  return literal;
}

function parseLike(tokens: Tokens, operand: Expression, at: number): Expression {
  const what = "a pattern in quotes";
  const pattern = tokens.isAtParameter
    ? (parseLiteral(tokens) as Literal)
    : parseText(tokens, what);
  const escape = tokens.accept("ESCAPE") ? parseText(tokens, "a character in quotes") : undefined;
  return { kind: "like", operand, pattern, escape, at };
}

function parseIs(tokens: Tokens, operand: Expression, at: number): Expression {
  const isNegated = tokens.accept("NOT");
  if (tokens.next.key !== "NULL") throw tokens.expected("NULL", ["NULL"]);
  tokens.take();
  const inner: Expression = { kind: "isNull", operand, at };
  return isNegated ? { kind: "not", inner, at } : inner;
}

/** What follows an operand; its first word is one of `wideInfixWords`. */
export function parseWideComparison(
  tokens: Tokens,
  operand: Expression,
  parseOperand: ParseOperand,
): Expression {
  const isNegated = tokens.accept("NOT");
  const { key, at } = tokens.next;
  let inner: Expression;
  if (key === "IN") inner = parseIn(tokens.after(), operand, at, parseOperand);
  else if (key === "BETWEEN") inner = parseBetween(tokens.after(), operand, at, parseOperand);
  else if (key === "LIKE") inner = parseLike(tokens.after(), operand, at);
  else if (key === "IS" && !isNegated) inner = parseIs(tokens.after(), operand, at);
  else throw tokens.expected("IN, BETWEEN or LIKE", ["IN", "BETWEEN", "LIKE"]);
  return isNegated ? { kind: "not", inner, at } : inner;
}

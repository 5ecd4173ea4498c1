// Predicates: comparisons joined by AND and OR (sql-and-subscriptions.md section 2.1). What the reference leaves out on purpose
// (section 2.3) is recognised, and refused by name or, in the wide dialect, read.
import type { Tokens } from "./tokens.ts";
import { isAggregateName, parseAggregate } from "./parse-aggregate.ts";
import { columnOfPath, isName, parseLiteral, parsePath } from "./parse-operand.ts";
import { parseWideComparison, wideInfixWords } from "./parse-wide.ts";
import type { CompareOperator, Expression } from "./tree.ts";

const compareOperators: Readonly<Record<string, CompareOperator>> = {
  "=": "=",
  "<>": "<>",
  "!=": "<>",
  "<": "<",
  "<=": "<=",
  ">": ">",
  ">=": ">=",
};

/** Words that may follow an operand elsewhere, but not here. */
const infixWords = new Set(
  "NOT IN BETWEEN LIKE ILIKE RLIKE REGEXP SIMILAR IS ISNULL NOTNULL COLLATE OVERLAPS".split(" "),
);

/** Words that begin an expression of other dialects; a column of that name needs quotes. */
const prefixWords = new Set(["NOT", "CASE", "SELECT"]);

/** Words that stand where an expression is missing; a column of that name needs quotes. */
const clauseWords = new Set("FROM WHERE GROUP HAVING ORDER LIMIT ON JOIN AND OR AS".split(" "));

const queryWords = new Set(["SELECT", "WITH", "VALUES"]);

/** Symbols that end an operand without a word on what was meant. */
const separators = new Set(["(", ")", ";", ",", "."]);

function parseOperand(tokens: Tokens): Expression {
  const token = tokens.next;
  if (token.key === "(") return parseParenthesised(tokens);
  if (token.kind === "parameter" && !tokens.isAtParameter) return parseParameter(tokens);
  const literal = parseLiteral(tokens);
  if (literal !== undefined) return literal;
  if (token.key === "NULL") {
    const hint = tokens.isWide ? "; write IS NULL" : "";
    throw tokens.unsupported(`Unsupported literal expression: NULL${hint}`);
  }
  if (prefixWords.has(token.key)) {
    throw tokens.unsupported(`Unsupported expression: ${token.key}`);
  }
  if (!isName(token) || clauseWords.has(token.key)) throw tokens.expected("an expression");
  if (tokens.isWide && isAggregateName(tokens)) return parseAggregate(tokens);
  const path = parsePath(tokens, "a column");
  if (tokens.next.key === "(") {
    throw tokens.unsupported(`Unsupported expression: ${path.join(".")}(…)`, token);
  }
  return columnOfPath(path, token.at);
}

function parseParameter(tokens: Tokens): Expression {
  const { text, at } = tokens.next;
  if (text !== ":sender") {
    throw tokens.unsupported(`Unsupported expression: ${text}; the only parameter is :sender`);
  }
  tokens.take();
  return { kind: "sender", at };
}

function parseParenthesised(tokens: Tokens): Expression {
  tokens.expect("(");
  if (queryWords.has(tokens.next.key)) {
    throw tokens.unsupported("Unsupported expression: a query inside a query");
  }
  tokens.enter();
  const inner = parsePredicate(tokens);
  if (tokens.next.key === ",") throw tokens.unsupported("Unsupported expression: a list of values");
  tokens.expect(")");
  tokens.leave();
  return inner;
}

/** Refuses what would continue an operand in other dialects: arithmetic, LIKE, IN, IS and their kind. */
function refuseContinuation(tokens: Tokens): void {
  const { kind, key, text } = tokens.next;
  if (infixWords.has(key)) throw tokens.unsupported(`Unsupported expression: ${key}`);
  if (kind === "symbol" && !separators.has(key) && compareOperators[key] === undefined) {
    throw tokens.unsupported(`Unsupported binary operator: ${text}`);
  }
}

function parseComparison(tokens: Tokens): Expression {
  const left = parseOperand(tokens);
  if (tokens.isWide && wideInfixWords.has(tokens.next.key)) {
    return parseWideComparison(tokens, left, parseOperand);
  }
  refuseContinuation(tokens);
  const { key, at } = tokens.next;
  const operator = compareOperators[key];
  if (operator === undefined) return left;
  tokens.take();
  const right = parseOperand(tokens);
  refuseContinuation(tokens);
  // As in PostgreSQL, comparisons do not chain.
  if (compareOperators[tokens.next.key] !== undefined) {
    throw tokens.expected("parentheses around one of two comparisons");
  }
  return { kind: "comparison", operator, left, right, at };
}

function parseChain(
  tokens: Tokens,
  kind: "and" | "or",
  parsePart: (tokens: Tokens) => Expression,
): Expression {
  const { at } = tokens.next;
  const parts = [parsePart(tokens)];
  while (tokens.accept(kind === "and" ? "AND" : "OR")) parts.push(parsePart(tokens));
  return parts.length === 1 ? (parts[0] as Expression) : { kind, parts, at };
}

/** In the wide dialect NOT stands before what it negates, and binds tighter than AND. */
function parseNegation(tokens: Tokens): Expression {
  const { at } = tokens.next;
  let isNegated = false;
  while (tokens.isWide && tokens.accept("NOT")) isNegated = !isNegated;
  const inner = parseComparison(tokens);
  return isNegated ? { kind: "not", inner, at } : inner;
}

function parseConjunction(tokens: Tokens): Expression {
  return parseChain(tokens, "and", parseNegation);
}

/** A predicate. Throws LC_SQL_SYNTAX and LC_SQL_UNSUPPORTED. */
export function parsePredicate(tokens: Tokens): Expression {
  return parseChain(tokens, "or", parseConjunction);
}

// What follows WHERE in a SELECT: LIMIT, and in the wide dialect GROUP BY, HAVING, ORDER BY and OFFSET.
import { isAggregateName, parseAggregate } from "./parse-aggregate.ts";
import { parsePredicate } from "./parse-expression.ts";
import { columnOfPath, parseLiteral, parsePath } from "./parse-operand.ts";
import type { Tokens } from "./tokens.ts";
import type { ColumnName, Literal, OrderKey, Select } from "./tree.ts";

/** The unsigned number behind `word`, if that is next. */
function parseCount(tokens: Tokens, word: "LIMIT" | "OFFSET"): Literal | undefined {
  if (!tokens.accept(word)) return undefined;
  const first = tokens.next;
  if (first.kind === "end") throw tokens.expected("a number");
  const isCount = first.kind === "number" || tokens.isAtParameter;
  const literal = isCount ? parseLiteral(tokens) : undefined;
  if (literal === undefined) {
    throw tokens.unsupported(`Unsupported ${word} expression: not an unsigned number`, first);
  }
  return literal;
}

function parseColumn(tokens: Tokens): ColumnName {
  const { at } = tokens.next;
  return columnOfPath(parsePath(tokens, "a column"), at);
}

function parseList<T>(tokens: Tokens, parseOne: (tokens: Tokens) => T): T[] {
  const list = [parseOne(tokens)];
  while (tokens.accept(",")) list.push(parseOne(tokens));
  return list;
}

function parseOrderValue(tokens: Tokens): OrderKey["value"] {
  if (tokens.next.kind === "number") return parseLiteral(tokens) as Literal;
  return isAggregateName(tokens) ? parseAggregate(tokens) : parseColumn(tokens);
}

function parseOrderKey(tokens: Tokens): OrderKey {
  const value = parseOrderValue(tokens);
  const isDescending = tokens.accept("DESC");
  if (!isDescending) tokens.accept("ASC");
  if (tokens.next.key === "NULLS") throw tokens.unsupported("Unsupported: NULLS FIRST and LAST");
  return { value, isDescending };
}

/** The list behind `word` and BY, or an empty one. */
function parseBy<T>(
  tokens: Tokens,
  word: "GROUP" | "ORDER",
  parseOne: (tokens: Tokens) => T,
): readonly T[] {
  if (!tokens.accept(word)) return [];
  if (tokens.next.key !== "BY") throw tokens.expected("BY", ["BY"]);
  tokens.take();
  return parseList(tokens, parseOne);
}

/** LIMIT and OFFSET come in either order. Throws LC_SQL_SYNTAX and LC_SQL_UNSUPPORTED. */
export function parseClauses(tokens: Tokens, isDistinct: boolean): Pick<Select, "limit" | "wide"> {
  if (!tokens.isWide) return { limit: parseCount(tokens, "LIMIT"), wide: undefined };
  const groupBy = parseBy(tokens, "GROUP", parseColumn);
  const having = tokens.accept("HAVING") ? parsePredicate(tokens) : undefined;
  const orderBy = parseBy(tokens, "ORDER", parseOrderKey);
  let limit = parseCount(tokens, "LIMIT");
  const offset = parseCount(tokens, "OFFSET");
  limit ??= parseCount(tokens, "LIMIT");
  const isUsed =
    isDistinct ||
    groupBy.length > 0 ||
    having !== undefined ||
    orderBy.length > 0 ||
    offset !== undefined;
  const wide = isUsed ? { isDistinct, groupBy, having, orderBy, offset } : undefined;
  return { limit, wide };
}

// What stands between SELECT and FROM (sql-and-subscriptions.md sections 2.1 and 2.2).
import type { Token } from "./lex.ts";
import { columnOfPath, isName, parseIdentifier, parsePath } from "./parse-operand.ts";
import type { Tokens } from "./tokens.ts";
import { isAggregateName, parseAggregate } from "./parse-aggregate.ts";
import type { Aggregate, Name, ProjectedColumn, ProjectedItem, Projection } from "./tree.ts";

/** One item as written; COUNT may still lack its alias. */
type Item =
  | { readonly kind: "all"; readonly qualifier: Name | undefined; readonly token: Token }
  | { readonly kind: "count"; readonly alias: Name | undefined; readonly token: Token }
  | ({ readonly kind: "column"; readonly token: Token } & ProjectedColumn)
  /** Wide. */
  | {
      readonly kind: "aggregate";
      readonly value: Aggregate;
      readonly alias: Name | undefined;
      readonly token: Token;
    };

/** Words that end an item, so that an alias of that name needs AS or quotes. */
const notAnAlias = new Set("FROM INTO WHERE GROUP ORDER LIMIT UNION INTERSECT EXCEPT".split(" "));

const missingItem = new Set(["FROM", "WHERE", "AS", "AND", "OR"]);

function parseAlias(tokens: Tokens): Name | undefined {
  if (tokens.accept("AS")) return parseIdentifier(tokens, "an alias");
  if (!isName(tokens.next) || notAnAlias.has(tokens.next.key)) return undefined;
  return parseIdentifier(tokens, "an alias");
}

function parseCall(tokens: Tokens): Item {
  const token = tokens.take();
  tokens.expect("(");
  if (token.key !== "COUNT" || tokens.next.key !== "*") {
    const known = tokens.isWide ? "are COUNT, SUM, MIN, MAX and AVG" : "is COUNT(*) only";
    const message = `Unsupported aggregate function: ${token.text}; there ${known}`;
    throw tokens.unsupported(message, token);
  }
  tokens.take();
  tokens.expect(")");
  return { kind: "count", alias: parseAlias(tokens), token };
}

function parseItem(tokens: Tokens): Item {
  const token = tokens.next;
  if (tokens.accept("*")) return { kind: "all", qualifier: undefined, token };
  if (token.kind === "end" || missingItem.has(token.key)) throw tokens.expected("a column");
  if (tokens.isWide && isAggregateName(tokens)) {
    const value = parseAggregate(tokens);
    return { kind: "aggregate", value, alias: parseAlias(tokens), token };
  }
  if (token.kind === "word" && tokens.second.key === "(") return parseCall(tokens);
  if (!isName(token)) {
    throw tokens.unsupported("Unsupported projection expression: columns, * and COUNT(*) only");
  }
  const path = parsePath(tokens, "a column");
  if (tokens.accept(".")) {
    tokens.expect("*");
    return { kind: "all", qualifier: { text: path.join("."), at: token.at }, token };
  }
  const { kind, key } = tokens.next;
  if (kind === "symbol" && key !== "," && key !== ";") {
    throw tokens.unsupported(`Unsupported projection expression: ${key}`);
  }
  return { kind: "column", column: columnOfPath(path, token.at), alias: parseAlias(tokens), token };
}

/** The items of a list with an aggregate in it. */
function wideItems(tokens: Tokens, items: readonly Item[]): ProjectedItem[] {
  return items.map((item) => {
    if (item.kind === "aggregate") return item;
    if (item.kind === "column") return { value: item.column, alias: item.alias };
    throw tokens.unsupported("Mixed wildcard projections are not supported", item.token);
  });
}

/** The select list. Throws LC_SQL_SYNTAX and LC_SQL_UNSUPPORTED. */
export function parseProjection(tokens: Tokens): Projection {
  const { at } = tokens.next;
  const items = [parseItem(tokens)];
  while (tokens.accept(",")) items.push(parseItem(tokens));
  const first = items[0] as Item;
  if (items.length === 1 && first.kind === "all") {
    return { kind: "all", qualifier: first.qualifier, at };
  }
  if (items.length === 1 && first.kind === "count") {
    if (first.alias !== undefined) return { kind: "count", alias: first.alias, at };
    const message = "Aggregate expressions must have column aliases: COUNT(*) AS name";
    throw tokens.unsupported(message, first.token);
  }
  if (items.some(({ kind }) => kind === "aggregate")) {
    return { kind: "items", items: wideItems(tokens, items), at };
  }
  const columns = items.map((item) => {
    if (item.kind === "column") return item;
    const message =
      item.kind === "all"
        ? "Mixed wildcard projections are not supported"
        : "Unsupported projection: COUNT(*) must be the only item";
    throw tokens.unsupported(message, item.token);
  });
  return { kind: "columns", items: columns, at };
}

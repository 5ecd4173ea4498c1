// INSERT, UPDATE, DELETE, SET and SHOW (sql-and-subscriptions.md section 2.2).
import { parsePredicate } from "./parse-expression.ts";
import { columnOfPath, parseIdentifier, parseLiteral, parsePath } from "./parse-operand.ts";
import type { Tokens } from "./tokens.ts";
import type {
  Assignment,
  Change,
  Delete,
  Expression,
  Insert,
  Literal,
  Name,
  SetVariable,
  ShowVariable,
  Update,
} from "./tree.ts";

/** What may follow a literal; anything else would make an expression of it. */
const literalEnds = new Set(["", ",", ")", ";", "WHERE"]);

/** Words behind a complete statement of other dialects. */
const refusedTails = new Set("RETURNING ON FROM USING ORDER LIMIT JOIN AS".split(" "));

function parseTableName(tokens: Tokens): Name {
  const { at } = tokens.next;
  return { text: parsePath(tokens, "a table").join("."), at };
}

/** Refuses what other dialects have behind a statement of kind `word`. */
function refuseTail(tokens: Tokens, word: string): void {
  const { key, kind, text } = tokens.next;
  if (refusedTails.has(key)) throw tokens.unsupported(`Unsupported: ${key} in ${word}`);
  if (kind === "word" && key !== "WHERE" && key !== "SET") {
    throw tokens.unsupported(`Unsupported: ${word} takes no alias, found ${text}`);
  }
}

/** A literal, or in the wide dialect NULL, if one is next. */
function parseStored(tokens: Tokens): Literal | undefined {
  const { key, text, at } = tokens.next;
  if (key !== "NULL" || !tokens.isWide) return parseLiteral(tokens);
  tokens.take();
  return { kind: "literal", form: "null", text, at };
}

/** One literal and nothing that would make an expression of it; `what` begins the refusal. */
function parseLoneLiteral(tokens: Tokens, what: string): Literal {
  const first = tokens.next;
  if (first.kind === "end") throw tokens.expected("a literal");
  const literal = parseStored(tokens);
  const { key, kind } = tokens.next;
  const ends = literalEnds.has(key) || (kind === "word" && refusedTails.has(key));
  if (literal !== undefined && ends) return literal;
  throw tokens.unsupported(`${what}: literals only`, first);
}

function parseList<T>(tokens: Tokens, parseOne: () => T): T[] {
  const list = [parseOne()];
  while (tokens.accept(",")) list.push(parseOne());
  return list;
}

function parseParenthesised<T>(tokens: Tokens, parseOne: () => T): T[] {
  tokens.expect("(");
  const list = parseList(tokens, parseOne);
  tokens.expect(")");
  return list;
}

function parseInsert(tokens: Tokens): Insert {
  const { at } = tokens.take();
  tokens.expect("INTO");
  const table = parseTableName(tokens);
  if (tokens.next.key === "AS") throw tokens.unsupported("Unsupported INSERT: an alias");
  const columns =
    tokens.next.key === "("
      ? parseParenthesised(tokens, () => parseIdentifier(tokens, "a column"))
      : [];
  if (tokens.next.key !== "VALUES") {
    throw tokens.unsupported("Unsupported INSERT: only VALUES may give the rows");
  }
  tokens.take();
  const parseValue = (): Literal => parseLoneLiteral(tokens, "Unsupported literal expression");
  const rows = parseList(tokens, () => parseParenthesised(tokens, parseValue));
  if (tokens.next.kind === "word") {
    throw tokens.unsupported(`Unsupported INSERT: ${tokens.next.text} behind the rows`);
  }
  return { kind: "insert", table, columns, rows, at };
}

function parseAssignment(tokens: Tokens): Assignment {
  const { at } = tokens.next;
  const column = columnOfPath(parsePath(tokens, "a column"), at);
  tokens.expect("=");
  const what = "Unsupported column/variable assignment expression";
  return { column, value: parseLoneLiteral(tokens, what) };
}

function parseWhere(tokens: Tokens, word: string): Expression | undefined {
  const where = tokens.accept("WHERE") ? parsePredicate(tokens) : undefined;
  refuseTail(tokens, word);
  return where;
}

function parseUpdate(tokens: Tokens): Update {
  const { at } = tokens.take();
  const table = parseTableName(tokens);
  refuseTail(tokens, "UPDATE");
  tokens.expect("SET");
  const assignments = parseList(tokens, () => parseAssignment(tokens));
  return { kind: "update", table, assignments, where: parseWhere(tokens, "UPDATE"), at };
}

function parseDelete(tokens: Tokens): Delete {
  const { at } = tokens.take();
  if (!tokens.accept("FROM")) {
    throw tokens.unsupported("Multi-table DELETE is not supported; write DELETE FROM t");
  }
  if (tokens.next.key === "(") throw tokens.unsupported("Unsupported table expression in DELETE");
  const table = parseTableName(tokens);
  if (tokens.accept(",")) throw tokens.unsupported("Multi-table DELETE is not supported");
  return { kind: "delete", table, where: parseWhere(tokens, "DELETE"), at };
}

function parseSet(tokens: Tokens): SetVariable {
  const { at } = tokens.take();
  const variable = parseIdentifier(tokens, "a variable");
  if (!tokens.accept("TO")) tokens.expect("=");
  const what = "Unsupported column/variable assignment expression";
  return { kind: "set", variable, value: parseLoneLiteral(tokens, what), at };
}

function parseShow(tokens: Tokens): ShowVariable {
  const { at } = tokens.take();
  return { kind: "show", variable: parseIdentifier(tokens, "a variable"), at };
}

/** Parsers of statements other than SELECT, by their first word. They throw LC_SQL_SYNTAX and LC_SQL_UNSUPPORTED. */
export const changeParsers: Readonly<Record<string, (tokens: Tokens) => Change | ShowVariable>> = {
  INSERT: parseInsert,
  UPDATE: parseUpdate,
  DELETE: parseDelete,
  SET: parseSet,
  SHOW: parseShow,
};

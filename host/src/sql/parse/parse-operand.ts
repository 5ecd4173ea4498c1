// Names and literals, the leaves of every expression (sql-and-subscriptions.md section 2.1).
import type { Token } from "./lex.ts";
import type { Tokens } from "./tokens.ts";
import type { ColumnName, Literal, Name } from "./tree.ts";

export function isName(token: Token): boolean {
  return token.kind === "word" || token.kind === "quoted";
}

/** A name of one part. */
export function parseIdentifier(tokens: Tokens, what: string): Name {
  if (!isName(tokens.next)) throw tokens.expected(what);
  const { text, at } = tokens.take();
  return { text, at };
}

/** Names joined by dots; a dot before `*` is left. */
export function parsePath(tokens: Tokens, what: string): string[] {
  const parts = [parseIdentifier(tokens, what).text];
  while (tokens.next.key === "." && tokens.second.key !== "*") {
    tokens.take();
    parts.push(parseIdentifier(tokens, what).text);
  }
  return parts;
}

/** The last part of a path is the column, what precedes it the relation. */
export function columnOfPath(path: readonly string[], at: number): ColumnName {
  const qualifier = path.length > 1 ? path.slice(0, -1).join(".") : undefined;
  return { kind: "column", qualifier, column: path[path.length - 1] as string, at };
}

/** A literal, if one is next. */
export function parseLiteral(tokens: Tokens): Literal | undefined {
  const { kind, key, text, at } = tokens.next;
  if (tokens.isAtParameter) {
    const { parameter } = tokens;
    tokens.take();
    return { kind: "literal", form: "parameter", text, parameter, at };
  }
  if (key === "+" || key === "-") return parseSigned(tokens);
  if (key === "TRUE" || key === "FALSE") {
    tokens.take();
    return { kind: "literal", form: "bool", text: key, at };
  }
  if (kind !== "number" && kind !== "string" && kind !== "hex") return undefined;
  tokens.take();
  return { kind: "literal", form: kind, text, at };
}

function parseSigned(tokens: Tokens): Literal {
  const sign = tokens.take();
  const { kind, text } = tokens.next;
  if (kind !== "number") {
    throw tokens.unsupported(`Unsupported expression: ${sign.text} before what is no number`, sign);
  }
  tokens.take();
  return { kind: "literal", form: "number", text: `${sign.text}${text}`, at: sign.at };
}

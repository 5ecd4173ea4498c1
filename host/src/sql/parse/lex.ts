// SQL text to tokens, by PostgreSQL's lexical rules (sql-and-subscriptions.md section 2).
import { LightconeError } from "@lightcone/abi";
import { limit } from "../../base/limit.ts";
import { faultAt } from "../fault.ts";

type TokenKind = "word" | "quoted" | "number" | "string" | "hex" | "parameter" | "symbol" | "end";

export interface Token {
  readonly kind: TokenKind;
  /** The content: quotes, their escapes and the `0x` of hex digits are gone. */
  readonly text: string;
  /** What the grammar compares: a bare word in upper case, or a symbol. Empty for everything else. */
  readonly key: string;
  readonly at: number;
  readonly end: number;
}

const patterns = {
  space: /\s+|--[^\n]*/y,
  hexNumber: /0x([0-9a-fA-F]+)/y,
  hexString: /[xX]'([0-9a-fA-F]*)'/y,
  number: /(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?/y,
  word: /[\p{L}_][\p{L}\p{M}\p{N}_$]*/uy,
  string: /'([^']*(?:''[^']*)*)'/y,
  quoted: /"([^"]*(?:""[^"]*)*)"/y,
  parameter: /:[A-Za-z_]\w*|\$\d+|\?\d*|@\w+/y,
  symbol: /<=>|<>|<=|<<|<@|>=|>>|!=|==|\|\||::|->>|->|@>|[-!#$%&()*+,./:;<=>?@[\\\]^{|}~]/y,
} as const;

const wordContinues = /[\p{L}\p{N}_]/uy;

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

function syntaxFault(message: string, text: string, at: number): LightconeError {
  return faultAt("LC_SQL_SYNTAX", `sql parser error: ${message}`, text, at);
}

/** Only ASCII words are keywords: other letters may fold to ASCII ones in upper case. */
function keyOf(word: string): string {
  return /^[A-Za-z_]+$/.test(word) ? word.toUpperCase() : "";
}

/** Refuses a text that is over the limit of bytes. */
function checkLength(text: string): void {
  const { sqlTextBytesMax } = limit;
  // Three bytes for each UTF-16 unit is the most that UTF-8 needs.
  if (text.length * 3 <= sqlTextBytesMax) return;
  const byteCount =
    text.length > sqlTextBytesMax ? text.length : new TextEncoder().encode(text).length;
  if (byteCount <= sqlTextBytesMax) return;
  throw new LightconeError(
    "LC_SQL_SYNTAX",
    `SQL query exceeds maximum allowed length: ${sqlTextBytesMax} bytes`,
  );
}

/** Position after a block comment, which may hold others. */
function commentEnd(text: string, start: number): number {
  const mark = /\/\*|\*\//g;
  mark.lastIndex = start;
  let depth = 0;
  do {
    const found = mark.exec(text);
    if (found === null) throw syntaxFault("a comment is not closed", text, start);
    depth += found[0] === "/*" ? 1 : -1;
  } while (depth > 0);
  return mark.lastIndex;
}

/** Position of the next token. */
function skipSpace(text: string, start: number): number {
  let at = start;
  while (at < text.length) {
    const space = matchAt(patterns.space, text, at);
    if (space !== null) at += space[0].length;
    else if (text.startsWith("/*", at)) at = commentEnd(text, at);
    else return at;
  }
  return at;
}

function token(kind: TokenKind, text: string, at: number, end: number): Token {
  const key = kind === "word" ? keyOf(text) : kind === "symbol" ? text : "";
  return { kind, text, key, at, end };
}

/** A number or hex number. What follows must not be part of a word: `1a` is neither one token nor two. */
function numberToken(text: string, at: number): Token | undefined {
  const hex = matchAt(patterns.hexNumber, text, at);
  const found = hex ?? matchAt(patterns.number, text, at);
  if (found === null) return undefined;
  const end = at + found[0].length;
  if (matchAt(wordContinues, text, end) !== null) {
    throw syntaxFault("a number runs into a word", text, at);
  }
  return hex === null
    ? token("number", found[0], at, end)
    : token("hex", hex[1] as string, at, end);
}

/** A word, or a literal that begins like one. */
function wordToken(text: string, at: number): Token | undefined {
  const hex = matchAt(patterns.hexString, text, at);
  if (hex !== null) return token("hex", hex[1] as string, at, at + hex[0].length);
  const word = matchAt(patterns.word, text, at);
  if (word === null) return undefined;
  const end = at + word[0].length;
  if (text[end] !== "'") return token("word", word[0], at, end);
  if (/^x$/i.test(word[0])) throw syntaxFault("X'…' takes hex digits only", text, at);
  throw faultAt("LC_SQL_UNSUPPORTED", `Unsupported literal expression: ${word[0]}'…'`, text, at);
}

function quotedToken(text: string, at: number): Token | undefined {
  const string = matchAt(patterns.string, text, at);
  if (string !== null) {
    const content = (string[1] as string).replaceAll("''", "'");
    return token("string", content, at, at + string[0].length);
  }
  const quoted = matchAt(patterns.quoted, text, at);
  if (quoted === null) return undefined;
  if (quoted[0] === '""') throw syntaxFault("a quoted name is empty", text, at);
  const name = (quoted[1] as string).replaceAll('""', '"');
  return token("quoted", name, at, at + quoted[0].length);
}

function symbolToken(text: string, at: number): Token | undefined {
  const parameter = matchAt(patterns.parameter, text, at);
  if (parameter !== null) return token("parameter", parameter[0], at, at + parameter[0].length);
  const symbol = matchAt(patterns.symbol, text, at);
  return symbol === null ? undefined : token("symbol", symbol[0], at, at + symbol[0].length);
}

/** The token that starts at a position; its first character tells which kinds it can be. */
function nextToken(text: string, at: number): Token | undefined {
  const first = text.charAt(at);
  if (first === "'" || first === '"') return quotedToken(text, at);
  if ((first >= "0" && first <= "9") || first === ".") {
    return numberToken(text, at) ?? symbolToken(text, at);
  }
  return wordToken(text, at) ?? symbolToken(text, at);
}

/** What to say of a character that begins no token. */
function unknownCharacter(text: string, at: number): LightconeError {
  const character = String.fromCodePoint(text.codePointAt(at) as number);
  if (character === "'") return syntaxFault("a string is not closed", text, at);
  if (character === '"') return syntaxFault("a quoted name is not closed", text, at);
  return syntaxFault(`unexpected character ${JSON.stringify(character)}`, text, at);
}

/**
 * The tokens of `text`, the last of kind "end". Throws LC_SQL_SYNTAX, also for a text over the limit, and
 * LC_SQL_UNSUPPORTED for literals of other dialects.
 */
export function tokenize(text: string): Token[] {
  checkLength(text);
  const tokens: Token[] = [];
  let at = skipSpace(text, 0);
  while (at < text.length) {
    const found = nextToken(text, at);
    if (found === undefined) throw unknownCharacter(text, at);
    tokens.push(found);
    at = skipSpace(text, found.end);
  }
  tokens.push({ kind: "end", text: "", key: "", at: text.length, end: text.length });
  return tokens;
}

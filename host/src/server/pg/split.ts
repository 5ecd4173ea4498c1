// Where the statements of a text end, by PostgreSQL's lexical rules: `;` inside of quotes and comments ends none.
import { PgFault } from "./fault.ts";

/** What a statement is made of, as far as its end goes; each begins where the last one ended. */
const parts = {
  space: /\s+|--[^\n]*/y,
  /** With backslashes where an E stands before it. */
  escaped: /[eE]'(?:[^'\\]|\\[^]|'')*'/y,
  quoted: /'[^']*'|"[^"]*"/y,
  dollarTag: /\$(?:[A-Za-z_]\w*)?\$/y,
  /** A word with all that belongs to it, so that an E or a $ inside does not count. */
  word: /[\p{L}_][\p{L}\p{M}\p{N}_$]*/uy,
} as const;

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

/** The end of a comment that may hold others. */
function commentEnd(text: string, start: number): number {
  const mark = /\/\*|\*\//g;
  mark.lastIndex = start;
  let depth = 0;
  do {
    const found = mark.exec(text);
    if (found === null) throw new PgFault("42601", "unterminated /* comment");
    depth += found[0] === "/*" ? 1 : -1;
  } while (depth > 0);
  return mark.lastIndex;
}

/** The end of `$tag$ … $tag$`. */
function dollarEnd(text: string, at: number, tag: string): number {
  const end = text.indexOf(tag, at + tag.length);
  if (end < 0) throw new PgFault("42601", "unterminated dollar-quoted string");
  return end + tag.length;
}

/** The position behind what begins at `at`, and whether that is part of a statement. */
function next(text: string, at: number): { readonly end: number; readonly isBlank: boolean } {
  const space = matchAt(parts.space, text, at);
  if (space !== undefined) return { end: at + space.length, isBlank: true };
  if (text.startsWith("/*", at)) return { end: commentEnd(text, at), isBlank: true };
  const tag = matchAt(parts.dollarTag, text, at);
  if (tag !== undefined) return { end: dollarEnd(text, at, tag), isBlank: false };
  const found =
    matchAt(parts.escaped, text, at) ??
    matchAt(parts.quoted, text, at) ??
    matchAt(parts.word, text, at);
  if (found !== undefined) return { end: at + found.length, isBlank: false };
  const first = text.charAt(at);
  if (first === "'" || first === '"') {
    throw new PgFault("42601", `unterminated quoted ${first === "'" ? "string" : "identifier"}`);
  }
  return { end: at + 1, isBlank: false };
}

/** The statements of a text, without what is blank around them; none for a text that is all blank. Throws PgFault 42601. */
export function splitStatements(text: string): string[] {
  const statements: string[] = [];
  let start = -1;
  let end = 0;
  const finish = (): void => {
    if (start >= 0) statements.push(text.slice(start, end));
    start = -1;
  };
  for (let at = 0; at < text.length;) {
    if (text.charAt(at) === ";") {
      finish();
      at++;
      continue;
    }
    const part = next(text, at);
    if (!part.isBlank) {
      if (start < 0) start = at;
      end = part.end;
    }
    at = part.end;
  }
  finish();
  return statements;
}

/** A text whose blanks and comments are one space each, and whose words outside of quotes are in small letters. */
export function normalised(text: string): string {
  let result = "";
  for (let at = 0; at < text.length;) {
    const { end, isBlank } = next(text, at);
    const part = text.slice(at, end);
    if (!isBlank)
      result += /^[\p{L}_]/u.test(part) && !part.endsWith("'") ? part.toLowerCase() : part;
    else if (result !== "" && !result.endsWith(" ")) result += " ";
    at = end;
  }
  return result.trimEnd();
}

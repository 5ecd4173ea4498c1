// Refusals of SQL text: each names what was found, the rule, and where. Their recognisable beginnings are those of
// sql-and-subscriptions.md section 15.
import { type ErrorCode, LightconeError } from "@lightcone/abi";

export type SqlErrorCode = Extract<
  ErrorCode,
  | "LC_SQL_SYNTAX"
  | "LC_SQL_UNSUPPORTED"
  | "LC_SQL_NAME"
  | "LC_SQL_TYPE"
  | "LC_SQL_FORBIDDEN"
  | "LC_SQL_CONSTRAINT"
>;

/** The place of a position in `text`: "line 2, column 7". Both count from one, columns in UTF-16 units. */
function placeOf(text: string, at: number): string {
  const before = text.slice(0, at);
  const lineStart = before.lastIndexOf("\n") + 1;
  return `line ${before.split("\n").length}, column ${at - lineStart + 1}`;
}

/** A refusal of what stands at a position of `text`. */
export function faultAt(
  code: SqlErrorCode,
  message: string,
  text: string,
  at: number,
): LightconeError {
  return new LightconeError(code, `${message} (${placeOf(text, at)})`);
}

/** LC_SQL_NAME for a table that is not there or may not be read; the other names are those of columns. */
export class UnknownTableError extends LightconeError {}

/** LC_SQL_TYPE for a literal or a parameter that cannot be read as the type it meets. */
export class LiteralError extends LightconeError {}

/** The refusal of a literal. */
export function literalFault(message: string, text: string, at: number): LightconeError {
  return new LiteralError("LC_SQL_TYPE", `${message} (${placeOf(text, at)})`);
}

/** The refusal of the name of a table. */
export function tableFault(message: string, text: string, at: number): LightconeError {
  return new UnknownTableError("LC_SQL_NAME", `${message} (${placeOf(text, at)})`);
}

/** What a message quotes of the text: not a whole long literal. */
export function shown(part: string): string {
  return part.length <= 60 ? part : `${part.slice(0, 60)}…`;
}

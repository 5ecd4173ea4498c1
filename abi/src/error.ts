// The one error type that crosses a border of Lightcone, with its documented codes. Host, client
// and command line share it.

/**
 * Every code a user can meet, with what it means. A refusal of outside input carries one of these;
 * a broken internal invariant never does (see assert.ts).
 */
export const errorCodes = {
  LC_BSATN_DECODE: "bytes do not decode as the type they should have",
  LC_JSON_DECODE: "text is not JSON, or the JSON value does not fit its type",
  LC_VALUE_INVALID: "a value given by a program does not fit the type it is encoded as",
  LC_MODULE_INVALID: "a module's definition breaks a rule; every fault is listed",
  LC_MODULE_LOAD:
    "a WebAssembly module cannot be loaded: truncated, wrong exports, or a failing start",
  LC_MODULE_IMPORT: "a module imports something that no host of this ABI provides",
  LC_MODULE_TRAP: "module code trapped; its transaction was rolled back",
  LC_TABLE_UNKNOWN: "no table has that name or id",
  LC_SQL_SYNTAX: "the SQL text does not parse",
  LC_SQL_UNSUPPORTED: "the SQL construct is not supported here",
  LC_SQL_NAME: "a table or column named in the SQL text does not exist or may not be read",
  LC_SQL_TYPE: "an expression or literal in the SQL text has the wrong type",
  LC_SQL_FORBIDDEN: "the caller may not run this kind of SQL statement",
  LC_SQL_CONSTRAINT: "a row that an SQL statement writes has a unique key that is taken",
  LC_SUBSCRIPTION: "a subscription is refused or unknown",
  LC_REDUCER_ARGUMENTS: "the arguments do not decode as the reducer's parameters",
  LC_REDUCER_FAILED: "the reducer returned an error; its transaction was rolled back",
  LC_PROCEDURE_FAILED: "the procedure failed; the transactions that it had committed before stay",
  LC_CALL_TIME_LIMIT: "the call ran longer than --call-time-limit and was stopped",
  LC_NOT_YET: "the module declares this feature, which this version does not run yet",
  LC_CLIENT_CONNECTED: "the module's code trapped while a client connected",
  LC_VIEW: "a view could not be computed; nothing was changed",
  LC_PUBLISH_REFUSED: "the new module cannot replace the old one; every reason is listed",
  LC_PUBLISH_BREAKS_CLIENTS:
    "the new module would disconnect clients, to which the request does not agree",
  LC_PUBLISH_UNCONFIRMED: "the program was not durable within the time that the request allows",
  LC_DATABASE_UNKNOWN: "no database has that name or identity",
  LC_DATABASE_UNAVAILABLE: "the database is closed for now: its disk failed or it is restarting",
  LC_NAME_INVALID: "a database name breaks the naming rule",
  LC_NAME_TAKEN: "the name belongs to another database",
  LC_UNAUTHORIZED: "the request carries no usable token",
  LC_TOKEN_INVALID: "the token is malformed, forged, expired or lacks a claim",
  LC_FORBIDDEN: "the caller is known but not allowed to do this",
  LC_REQUEST_INVALID: "a request's path, query, header or body breaks a rule",
  LC_FRAME_INVALID: "a WebSocket frame does not decode, or breaks a rule of the protocol",
  LC_LIMIT: "a limit of this host would be exceeded",
  LC_RATE_LIMIT: "the client asks for more than its share: it may come again a little later",
  LC_LOG_CORRUPT: "the commit log is damaged where it must not be",
  LC_LOG_FORMAT: "the commit log has a format this version does not read",
  LC_LOG_REPLAY: "a logged transaction does not apply to the state before it",
  LC_SNAPSHOT: "a snapshot is damaged, or does not fit the log or this version",
  LC_DISK: "the operating system refused a file operation",
  LC_DATA_DIR_IN_USE: "another host uses the data directory",
  LC_CONFIG: "a flag, configuration file or environment variable is wrong",
  LC_CONNECTION: "the connection to the server failed or was closed",
  LC_OUTCOME_UNKNOWN:
    "the connection broke before the server answered; the call may or may not have run",
  LC_PERSISTENCE: "rows could not be kept for the next visit of a page, or taken from the last one",
} as const;

export type ErrorCode = keyof typeof errorCodes;

/**
 * A refusal: `code` is stable and documented, `message` names the input and the rule, `reasons`
 * lists several faults.
 */
export class LightconeError extends Error {
  readonly code: ErrorCode;
  readonly reasons: readonly string[];

  constructor(code: ErrorCode, message: string, reasons: readonly string[] = []) {
    super(message);
    this.name = "LightconeError";
    this.code = code;
    this.reasons = reasons;
  }
}

/** What to show of an unknown thrown value. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

// What clients are told went wrong: the conditions of PostgreSQL's own table of codes, and which of them the host's refusals are.
import { type ErrorCode, LightconeError } from "@lightcone/abi";
import { LiteralError, UnknownTableError } from "../../sql/fault.ts";

/** A refusal with its SQLSTATE. It ends the statement, or the connection where the session says so. */
export class PgFault extends Error {
  readonly sqlState: string;
  /** What to do instead, if that can be said. */
  readonly hint: string | undefined;

  constructor(sqlState: string, message: string, hint?: string) {
    super(message);
    this.name = "PgFault";
    this.sqlState = sqlState;
    this.hint = hint;
  }
}

/** SQLSTATE XX000 is a fault of the host, or a refusal that no statement over this protocol can meet. */
const internal = "XX000";

const sqlStates: Readonly<Record<ErrorCode, string>> = {
  LC_BSATN_DECODE: internal,
  LC_JSON_DECODE: "22P02",
  LC_VALUE_INVALID: "22P02",
  LC_MODULE_INVALID: internal,
  LC_MODULE_LOAD: internal,
  LC_MODULE_IMPORT: internal,
  LC_MODULE_TRAP: internal,
  LC_TABLE_UNKNOWN: "42P01",
  LC_SQL_SYNTAX: "42601",
  LC_SQL_UNSUPPORTED: "0A000",
  LC_SQL_NAME: "42703",
  LC_SQL_TYPE: "42804",
  LC_SQL_FORBIDDEN: "42501",
  LC_SQL_CONSTRAINT: "23505",
  LC_SUBSCRIPTION: internal,
  LC_REDUCER_ARGUMENTS: internal,
  LC_REDUCER_FAILED: internal,
  LC_CALL_TIME_LIMIT: "57014",
  LC_NOT_YET: "0A000",
  LC_CLIENT_CONNECTED: "28000",
  LC_VIEW: "38000",
  LC_PUBLISH_REFUSED: internal,
  LC_PUBLISH_BREAKS_CLIENTS: internal,
  LC_PUBLISH_UNCONFIRMED: internal,
  LC_PERSISTENCE: internal,
  LC_PROCEDURE_FAILED: internal,
  LC_DATABASE_UNKNOWN: "3D000",
  LC_DATABASE_UNAVAILABLE: "57P03",
  LC_NAME_INVALID: "3D000",
  LC_NAME_TAKEN: internal,
  LC_UNAUTHORIZED: "28P01",
  LC_TOKEN_INVALID: "28P01",
  LC_FORBIDDEN: "42501",
  LC_REQUEST_INVALID: "08P01",
  LC_FRAME_INVALID: "08P01",
  LC_LIMIT: "54000",
  LC_RATE_LIMIT: "53400",
  LC_LOG_CORRUPT: "58030",
  LC_LOG_FORMAT: "58030",
  LC_LOG_REPLAY: "58030",
  LC_SNAPSHOT: "58030",
  LC_DISK: "58030",
  LC_DATA_DIR_IN_USE: internal,
  LC_CONFIG: internal,
  LC_CONNECTION: internal,
  LC_OUTCOME_UNKNOWN: internal,
};

function sqlStateOf(error: LightconeError): string {
  if (error instanceof UnknownTableError) return "42P01";
  if (error instanceof LiteralError) return "22P02";
  return sqlStates[error.code];
}

/** What a client is told of anything thrown. */
export function pgFaultOf(thrown: unknown): PgFault {
  if (thrown instanceof PgFault) return thrown;
  if (!(thrown instanceof LightconeError)) {
    return new PgFault(
      internal,
      "the host met a fault of its own, which whoever runs it is told of",
    );
  }
  return new PgFault(sqlStateOf(thrown), thrown.message);
}

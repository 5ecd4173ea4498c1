// What each refusal is in HTTP: one total map, so that a new code does not compile before somebody
// has decided.
import type { ErrorCode } from "@lightcone/abi";

/**
 * The status for code of a module that failed while it ran. No registry knows it; clients of the
 * reference do.
 */
export const moduleFailedStatus = 530;

/** Statuses as in http-and-auth.md; where a route has its own, the route says so. */
export const statusByCode: Readonly<Record<ErrorCode, number>> = {
  LC_BSATN_DECODE: 400,
  LC_JSON_DECODE: 400,
  LC_VALUE_INVALID: 400,
  LC_MODULE_INVALID: 500,
  LC_MODULE_LOAD: 500,
  LC_MODULE_IMPORT: 500,
  LC_MODULE_TRAP: moduleFailedStatus,
  LC_TABLE_UNKNOWN: 400,
  LC_SQL_SYNTAX: 400,
  LC_SQL_UNSUPPORTED: 400,
  LC_SQL_NAME: 400,
  LC_SQL_TYPE: 400,
  LC_SQL_FORBIDDEN: 400,
  LC_SQL_CONSTRAINT: 400,
  LC_SUBSCRIPTION: 400,
  LC_REDUCER_ARGUMENTS: 400,
  LC_REDUCER_FAILED: moduleFailedStatus,
  LC_PROCEDURE_FAILED: moduleFailedStatus,
  LC_CALL_TIME_LIMIT: moduleFailedStatus,
  LC_NOT_YET: 501,
  LC_CLIENT_CONNECTED: 500,
  LC_VIEW: moduleFailedStatus,
  LC_PUBLISH_REFUSED: 400,
  LC_PUBLISH_BREAKS_CLIENTS: 400,
  LC_PUBLISH_UNCONFIRMED: 504,
  LC_DATABASE_UNKNOWN: 404,
  LC_DATABASE_UNAVAILABLE: 503,
  LC_NAME_INVALID: 400,
  LC_NAME_TAKEN: 409,
  LC_UNAUTHORIZED: 401,
  LC_TOKEN_INVALID: 401,
  LC_FORBIDDEN: 403,
  LC_REQUEST_INVALID: 400,
  LC_FRAME_INVALID: 400,
  LC_LIMIT: 413,
  LC_RATE_LIMIT: 429,
  LC_LOG_CORRUPT: 500,
  LC_LOG_FORMAT: 500,
  LC_LOG_REPLAY: 500,
  LC_SNAPSHOT: 500,
  LC_DISK: 503,
  LC_DATA_DIR_IN_USE: 500,
  LC_CONFIG: 500,
  LC_CONNECTION: 503,
  LC_OUTCOME_UNKNOWN: 503,
  LC_PERSISTENCE: 500,
};

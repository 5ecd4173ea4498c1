// The numbers that a module sees when the host refuses a call (abi.md section 3).

/** Errno by name. `0` is success and has no name here. */
export const Errno = {
  hostCallFailure: 1,
  notInTransaction: 2,
  bsatnDecodeError: 3,
  noSuchTable: 4,
  noSuchIndex: 5,
  noSuchIter: 6,
  noSuchConsoleTimer: 7,
  noSuchBytes: 8,
  noSpace: 9,
  wrongIndexAlgo: 10,
  bufferTooSmall: 11,
  uniqueAlreadyExists: 12,
  scheduleAtDelayTooLong: 13,
  indexNotUnique: 14,
  noSuchRow: 15,
  autoIncOverflow: 16,
  wouldBlockTransaction: 17,
  transactionNotAnonymous: 18,
  transactionIsReadOnly: 19,
  transactionIsMut: 20,
  httpError: 21,
} as const;

export type ErrnoName = keyof typeof Errno;
export type Errno = (typeof Errno)[ErrnoName];

/**
 * What `row_iter_bsatn_advance` and `bytes_source_read` answer with the last bytes; not an errno.
 */
export const exhausted = -1;

export interface ErrnoInfo {
  readonly code: Errno;
  /** The name that guest libraries print. */
  readonly name: string;
  readonly meaning: string;
}

function info(code: Errno, name: string, meaning: string): ErrnoInfo {
  return { code, name, meaning };
}

/** Every errno in order of its number. */
export const errnos: readonly ErrnoInfo[] = [
  info(1, "HOST_CALL_FAILURE", "a guest's export failed; the text is in its sink"),
  info(2, "NOT_IN_TRANSACTION", "a database call without an open transaction"),
  info(3, "BSATN_DECODE_ERROR", "a row, relation, key, bound or request does not decode"),
  info(4, "NO_SUCH_TABLE", "no table has that id or name"),
  info(5, "NO_SUCH_INDEX", "no index has that id or name, or it belongs to another table"),
  info(6, "NO_SUCH_ITER", "no open row iterator has that handle"),
  info(7, "NO_SUCH_CONSOLE_TIMER", "no running timer has that id"),
  info(8, "NO_SUCH_BYTES", "no byte source or sink has that handle"),
  info(9, "NO_SPACE", "a byte sink is full (reserved)"),
  info(10, "WRONG_INDEX_ALGO", "the index cannot be searched by range"),
  info(11, "BUFFER_TOO_SMALL", "nothing fits; the size needed was written back"),
  info(12, "UNIQUE_ALREADY_EXISTS", "another row has the same value in a unique column"),
  info(13, "SCHEDULE_AT_DELAY_TOO_LONG", "a scheduled row lies too far in the future"),
  info(14, "INDEX_NOT_UNIQUE", "an update needs a unique index"),
  info(15, "NO_SUCH_ROW", "no row has the key of the update"),
  info(16, "AUTO_INC_OVERFLOW", "a sequence has no value left (reserved: sequences wrap)"),
  info(17, "WOULD_BLOCK_TRANSACTION", "the call would block or nest while a transaction is open"),
  info(18, "TRANSACTION_NOT_ANONYMOUS", "commit or abort without an own transaction"),
  info(19, "TRANSACTION_IS_READ_ONLY", "a write in a read-only transaction (reserved)"),
  info(20, "TRANSACTION_IS_MUT", "a read-only operation in a mutable transaction (reserved)"),
  info(21, "HTTP_ERROR", "an outgoing HTTP request failed; the text is in a source"),
];

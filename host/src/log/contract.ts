// What the commit log promises, and what it asks of those on either side: the datastore, whose
// changes it keeps without knowing what a row means, and recovery, which does know. The bytes are
// drawn in docs/log.md.
import type { LightconeError, Writer } from "@lightcone/abi";

/** The call that a transaction came from. Absent for SQL, procedures and publishing. */
export interface RecordInputs {
  /** The reducer's name as UTF-8, at most `limit.loggedNameBytesMax` bytes. */
  readonly name: Uint8Array;
  /** The caller's identity, 32 bytes as on the wire. */
  readonly caller: Uint8Array;
  /** The caller's connection id, 16 bytes as on the wire; zero for none. */
  readonly connection: Uint8Array;
  /** Name, caller and connection as `makeInputsHead` joins them, for callers that call often. */
  readonly head?: DataView;
  /** The call's timestamp in microseconds since the Unix epoch. */
  readonly timestampMicros: bigint;
  /** The arguments as BSATN: `argBytes[argStart, argEnd)`. */
  readonly argBytes: Uint8Array;
  readonly argStart: number;
  readonly argEnd: number;
}

/** The net changes of one transaction to one table. */
export interface LoggedTable {
  readonly tableId: number;
  readonly insertCount: number;
  readonly deleteCount: number;
  /** Whether the transaction deleted every row that the table had before it. */
  readonly isTruncated: boolean;
  /** Appends the BSATN of each inserted row, back to back. */
  writeInserts(writer: Writer): void;
  /** Appends the BSATN of each deleted row, back to back. */
  writeDeletes(writer: Writer): void;
}

/** Transactions in order, made durable in groups. */
export interface Log {
  /** The offset that the next transaction gets; the first is 0. */
  readonly nextOffset: number;
  /** The last offset that survives a crash; -1 if none does. */
  readonly durableOffset: number;
  /** The first offset of the group that is being gathered: those before are with the disk, or durable. */
  readonly groupStart: number;
  /** The first transaction of the newest segment; 0 for a log without segments. */
  readonly segmentOffset: number;
  /**
   * Whether too much is waiting to become durable: the owner must take no more commands until
   * `onDurable`.
   */
  readonly isBackpressured: boolean;
  /** Bytes that wait to become durable. */
  readonly waitingBytes: number;

  /**
   * Takes a transaction and returns its offset. Everything is copied before it returns. `tables`
   * ascend by id. Throws the LC_DISK error that the log failed with, if it did; LC_LIMIT if the
   * transaction is too large.
   */
  append(inputs: RecordInputs | undefined, tables: readonly LoggedTable[]): number;

  /** Resolves when all that was appended is durable; rejects with LC_DISK if that will never be. */
  flush(): Promise<void>;

  /** Flushes and gives the files back. The log is of no use afterwards. Rejects as `flush` does. */
  close(): Promise<void>;
}

/** Whom a log tells. These must not throw. */
export interface LogListener {
  /**
   * Everything up to and including `durableOffset` is durable. Never called for an offset twice.
   */
  onDurable(durableOffset: number): void;
  /**
   * The disk failed: nothing more becomes durable, and `append` throws `error` from now on. Called
   * once at most.
   */
  onFailure(error: LightconeError): void;
}

/** Runs a task after the current turn of work, so that what one turn commits is one group. */
export type Schedule = (task: () => void) => void;

/**
 * Who rebuilds a state from logged transactions. Calls come in log order; within a transaction
 * inserts, then deletes, then truncates, each by ascending table id. Ranges of `bytes` are valid
 * during the call alone. What these throw ends the replay.
 */
export interface ReplayVisitor {
  onTransaction(offset: number): void;
  /** `bytes[start, end)` are the inputs; `decodeInputs` of record.ts takes them apart. */
  onInputs(bytes: Uint8Array, start: number, end: number): void;
  /**
   * Where the row of a table ends that starts at `start`, or -1 if no row of it lies within `end`.
   * Asked before each insert and delete, since rows carry no length and earlier rows of the same
   * transaction may define the table.
   */
  rowEnd(tableId: number, bytes: Uint8Array, start: number, end: number): number;
  onInsert(tableId: number, bytes: Uint8Array, start: number, end: number): void;
  onDelete(tableId: number, bytes: Uint8Array, start: number, end: number): void;
  onTruncate(tableId: number): void;
  onTransactionEnd(offset: number): void;
}

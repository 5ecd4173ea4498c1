// Every maximum of the host: each queue, buffer and input has one, and the asserts below relate
// them to each other.
import { assert } from "@lightcone/abi";

const kibi = 1024;
const mebi = 1024 * kibi;
const gibi = 1024 * mebi;

/**
 * Maxima, named `<what><unit>Max`. Sections are those of the reference that a value is taken from;
 * "own" is our choice.
 */
export interface Limits {
  /** A WebSocket message from a client (runtime.md section 16). */
  readonly frameBytesMax: number;
  /** Messages a connection may have waiting to be worked on (runtime.md section 16). */
  readonly incomingFrameCountMax: number;
  /**
   * Messages a connection may have waiting to be sent; one more and it is closed (runtime.md
   * section 16).
   */
  readonly outgoingFrameCountMax: number;
  /** Bytes that may wait for a client that does not read; more and it is cut off (own). */
  readonly outgoingBytesMax: number;
  /** Bytes of a long answer that are under way to a client before it has taken any (own). */
  readonly longAnswerBytesMax: number;
  /** A longer message is sent as it is, whatever the client asked for: compressing it takes some 10 ms (own). */
  readonly compressedBytesMax: number;
  /** Messages that one frame of protocol v3 carries (protocol.md section 2.2). */
  readonly batchMessageCountMax: number;
  /** Counts for so much of `outgoingBytesMax` while it waits for the one before: it keeps pages that others write to meanwhile. */
  readonly waitingAnswerBytes: number;
  /** Bytes that a connection may have waiting to be worked on before it is not read from (own). */
  readonly incomingBytesMax: number;
  /** The same of all connections of a database; beyond it those with more than their share are not read from (own). */
  readonly incomingTotalBytesMax: number;
  /** Such a share (own). */
  readonly incomingShareBytes: number;
  /** Messages of a connection that may wait before it is not read from; one read may bring thousands more (own). */
  readonly incomingPauseCount: number;
  /** What a connection may have in one batch for its database, in messages; more waits for the next (own). */
  readonly incomingTurnCount: number;
  /** The same of one that sends alone: no other has sent anything for `incomingCompanyMillis` (own). */
  readonly incomingLoneTurnCount: number;
  readonly incomingCompanyMillis: number;
  /** What a connection may have in one batch in bytes: the message that reaches it is the last. */
  readonly incomingTurnBytes: number;
  /** With more messages waiting a connection has a backlog, and is slowed down while others wait for answers (own). */
  readonly incomingBacklogCount: number;
  /** Messages in a turn of those with backlogs then, at most (own). */
  readonly incomingPacedCount: number;
  /** Milliseconds that are free after such a turn: as many as it took, within these bounds (own). */
  readonly incomingFreeMillisMin: number;
  readonly incomingFreeMillisMax: number;
  /** What is read from a WebSocket before others have their turn (own). */
  readonly readTurnBytes: number;
  /** Batches that a database has not worked on yet, beyond which the next is gathered: one to work on, one in store (own). */
  readonly incomingBatchCount: number;
  /** How long a database works on messages before it looks what else has happened, such as a sync that has ended (own). */
  readonly workSliceMillis: number;
  /** The body of an HTTP request, except for publish (http-and-auth.md section 1). */
  readonly bodyBytesMax: number;
  /** A WebAssembly module in a publish request; own, since the reference sets none. */
  readonly moduleBytesMax: number;
  /** The source map in a module; a larger one is not used. Own: 8 MiB of code have about one. */
  readonly sourceMapBytesMax: number;
  /** What a module's memory may grow to, unless the options say otherwise; own, the reference leaves it at 4 GiB. */
  readonly moduleMemoryBytesMax: number;
  /** Entries of all tables of a module (own). */
  readonly moduleTableEntriesMax: number;
  /** Fuel for one call of a module (abi.md section 12). */
  readonly callFuelUnitsMax: number;
  /** How long a call of a module may run, in milliseconds, unless the options say otherwise (abi.md section 12). */
  readonly callBudgetMillis: number;
  /** Sources that one call has open (own). */
  readonly sourceCountMax: number;
  /** Bytes in the sources that one call has open: more than the largest answer to an HTTP request (own). */
  readonly sourceBytesMax: number;
  /** Scans that one call has open (own). */
  readonly rowIteratorCountMax: number;
  /** Rows copied for such scans, in bytes; those of whole large tables are not copied (own). */
  readonly rowIteratorBytesMax: number;
  /** A name that a module passes: longer than any that there is (own). */
  readonly passedNameBytesMax: number;
  /** Metered programs kept ready at once (own). */
  readonly preparedModuleCountMax: number;
  /** The text of one SQL statement (sql-and-subscriptions.md section 2.4). */
  readonly sqlTextBytesMax: number;
  /**
   * How deep SQL expressions may nest; own, below the reference's 1,600, safe for a recursive
   * parser.
   */
  readonly sqlDepthMax: number;
  /** Tables in one join; own, since the reference sets none for general SQL. */
  readonly joinTableCountMax: number;
  /** Rows that one join may try: about half a second of work, which is done in parts where the answer may wait (own). */
  readonly joinRowCountMax: number;
  /** Queries that row rules may make of one (own). */
  readonly sqlFragmentCountMax: number;
  /** A pattern of LIKE: what it costs grows with its length (own). */
  readonly likeBytesMax: number;
  /** Bytes of one text that LIKE looks at again: some tens of milliseconds of work (own). */
  readonly likeRepeatedBytesMax: number;
  /** Bytes of rows that one SELECT keeps to sort, group or compare them (own). */
  readonly selectBytesMax: number;
  /** With ORDER BY and a LIMIT up to this only so many rows are kept (own). */
  readonly topRowCountMax: number;
  /** A name of a table, column, reducer or index (runtime.md section 17). */
  readonly identifierBytesMax: number;

  /** A row as BSATN; own: large enough for media, small enough to be copied in one go. */
  readonly rowBytesMax: number;
  /** A page of rows, unless one row is larger (own). */
  readonly pageBytesMax: number;
  /** A scheduled row's delay (runtime.md section 5): 64^6 - 1. */
  readonly scheduleDelayMillisMax: number;
  /** Due calls of a schedule that one turn runs one after another, once begun (own): clients wait meanwhile. */
  readonly scheduleSliceMillis: number;
  /** Immediate calls that wait for their turn (own). */
  readonly immediateCallCountMax: number;
  /** Bytes of their names and arguments (own). */
  readonly immediateCallBytesMax: number;
  /** The longest sleep before a look at the calendar, which may have been set (own). */
  readonly timerMillisMax: number;

  /**
   * A log segment: after the batch that reaches it, the next one begins (runtime.md section 12.2).
   */
  readonly segmentBytesMax: number;
  /**
   * The records of one commit; own: the format allows a u32, but a commit is built and checked in
   * one buffer.
   */
  readonly commitBytesMax: number;
  /**
   * Commits waiting for their sync, beyond which the owner must stop taking commands (runtime.md
   * section 1.2).
   */
  readonly commitQueueCountMax: number;
  /** Bytes of such commits (own). */
  readonly commitQueueBytesMax: number;
  /** A log buffer that one large batch made larger than this is given back (own). */
  readonly logBufferBytesKeptMax: number;
  /** Log bytes between two entries of the offset index (runtime.md section 12.3). */
  readonly logIndexIntervalBytes: number;
  /** What recovery reads of a segment at a time (own). */
  readonly logReadBytes: number;
  /** Rows that a long read looks at before others have their turn: well under a millisecond of work (own). */
  readonly readSliceRows: number;
  /** What a SELECT reads at once, before it holds its tables and goes on in parts (own). */
  readonly selectFirstRows: number;
  /** The name of a reducer in a log record (runtime.md section 17). */
  readonly loggedNameBytesMax: number;

  /** Keys and ranges that one run of a view may read; from there on whole tables count as read (own). */
  readonly viewReadCountMax: number;
  /** Bytes of such keys (own). */
  readonly viewReadBytesMax: number;
  /** How long rows of a view that nobody watches are kept (sql-and-subscriptions.md section 9.2). */
  readonly viewIdleMillisMax: number;
  /** Time between two searches for such rows (own). */
  readonly viewSweepMillis: number;
  /** Such rows that one turn deletes (sql-and-subscriptions.md section 9.2). */
  readonly viewSweepRows: number;

  /** Transactions between two snapshots (runtime.md section 13). */
  readonly snapshotIntervalCommits: number;
  /** Bytes that a snapshot hashes and writes between two pauses: about a millisecond (own). */
  readonly snapshotSliceBytes: number;
  /** Bytes of a snapshot between two syncs, so that the log's own never wait for many (own). */
  readonly snapshotSyncBytes: number;
  /** Files that one snapshot's objects may lie in (own). */
  readonly snapshotPackCountMax: number;
  /** Reads of a snapshot under way at once (own). */
  readonly snapshotReadCountMax: number;
  /** Snapshots that stay when older ones are removed (own). */
  readonly snapshotKeptCount: number;

  /** Procedures and HTTP handlers of one database under way at once, each with an instance of its own (own). */
  readonly procedureCountMax: number;
  /** Calls of them that wait for their turn (own). */
  readonly procedureQueueCountMax: number;
  /** Bytes of the arguments and bodies of all these calls, waiting or under way (own). */
  readonly procedureInputBytesMax: number;
  /** What may wait for the disk when a procedure begins one more transaction (own): it can commit without a pause. */
  readonly procedureBacklogBytesMax: number;
  /** Memory of the instances under way, together: a call that would begin beyond it waits until some have ended (own). */
  readonly procedureMemoryBytesMax: number;
  /** Instances that stay for the next call when they have nothing to do (own). */
  readonly procedureIdleCountMax: number;
  /** The frames of a guest that waits, as Asyncify writes them: far more than compilers' code needs (own). */
  readonly suspendedStackBytesMax: number;
  /** Making a module's variant for procedures may take so long: a large module, with what a busy machine leaves it (own). */
  readonly variantMillisMax: number;
  /** A job that gets idle processors alone begins anew, with a share of its own, if it is not done by then (own). */
  readonly jobIdleMillisMax: number;

  /** Files and bytes of such variants that a start leaves in the cache (own). */
  readonly cacheCountMax: number;
  readonly cacheBytesMax: number;

  /** How long a module's HTTP request may take if it does not say (runtime.md section 6.1). */
  readonly httpTimeoutMillisDefault: number;
  /** How long it may take whatever it says (runtime.md section 6.1). */
  readonly httpTimeoutMillisMax: number;
  /** The body of a request to a module's route, or of an answer to a module's request; own, kept in memory whole. */
  readonly httpBodyBytesMax: number;
  /** Bytes of such bodies that all requests of one database have in memory (own). */
  readonly httpBufferedBytesMax: number;
  /** Method, URL and headers of a module's request, or status and headers of its answer to one, as BSATN (own). */
  readonly httpDescriptionBytesMax: number;
  /** Bytes of bodies that all requests to the host have in memory (own). */
  readonly requestBodiesBytesMax: number;
  /** How long the answer to a publish waits for the disk if it does not say (http-and-auth.md section 4.1). */
  readonly publishWaitMillisDefault: number;
  /** How long it may wait whatever it says (http-and-auth.md section 4.1). */
  readonly publishWaitMillisMax: number;
  /** Connections of clients that speak PostgreSQL's protocol (own). */
  readonly pgConnectionCountMax: number;
  /** Such connections that have not shown a good token yet (own). */
  readonly pgWaitingCountMax: number;
  /** How long one may take to show it (own). */
  readonly pgLoginMillisMax: number;
  /** A message before that: a token has at most some kilobytes (own). */
  readonly pgStartupBytesMax: number;
  /** A message after that; as long as the body of an HTTP request may be (own). */
  readonly pgMessageBytesMax: number;
  /** Prepared statements and portals of one connection, each (own). */
  readonly pgNamedCountMax: number;
  /** Texts of the one and values of the other, in bytes (own). */
  readonly pgNamedBytesMax: number;
  /** Cursors of one database that wait for somebody to read on (own). */
  readonly pgCursorCountMax: number;
  /** Bytes of rows in one part of an answer (own). */
  readonly pgPartBytes: number;
  /** Bytes that wait for a client before more are made (own). */
  readonly pgWaitingBytesMax: number;
  /** How long a client may take nothing of what waits for it (own). */
  readonly pgStalledMillisMax: number;
  /** How long a client may send nothing: outside of a transaction, and inside or with rows held for it (own). */
  readonly pgIdleMillisMax: number;
  readonly pgIdleInTransactionMillisMax: number;
  /** The headers of such an answer (own). */
  readonly httpHeaderBytesMax: number;
  /** Redirects that one request follows (own). */
  readonly httpRedirectCountMax: number;

  /** A token (own): what the headers of a request have room for. */
  readonly tokenBytesMax: number;
  /** An answer of an issuer that is asked for its keys (own). */
  readonly issuerAnswerBytesMax: number;
  /** How long all its answers may take together (own). */
  readonly issuerMillisMax: number;
  /** Issuers whose keys are kept (own). */
  readonly issuerCountMax: number;
  /** Issuers asked at once that no operator has named (own): whoever sends a token chooses them. */
  readonly issuerRequestCountMax: number;
  /** Such issuers asked in a minute (own). */
  readonly issuersPerMinuteMax: number;
  /** Programs that a database is remembered to have had (own). */
  readonly versionCountMax: number;
  /** How long a deleted database can come back, unless the options say otherwise (own). */
  readonly deleteGraceMillis: number;
  /** How much of the time of service a crash may make forgotten, while that time matters (own). */
  readonly serviceSaveMillis: number;
  /** Clients whose use is counted at once, while there are limits to it (own). */
  readonly accountCountMax: number;
  /** Identities with a role in one database (own). */
  readonly grantCountMax: number;
}

/** The maxima that a host keeps. */
export const limit: Limits = {
  frameBytesMax: 32 * mebi,
  incomingFrameCountMax: 16_384,
  outgoingFrameCountMax: 16_384,
  outgoingBytesMax: 64 * mebi,
  longAnswerBytesMax: 4 * mebi,
  compressedBytesMax: mebi,
  batchMessageCountMax: 4096,
  waitingAnswerBytes: 256 * kibi,
  incomingBytesMax: 4 * mebi,
  incomingTotalBytesMax: 16 * mebi,
  incomingShareBytes: 64 * kibi,
  incomingPauseCount: 512,
  incomingTurnCount: 4,
  incomingLoneTurnCount: 64,
  incomingCompanyMillis: 1000,
  incomingBacklogCount: 64,
  incomingPacedCount: 12,
  incomingFreeMillisMin: 1,
  incomingFreeMillisMax: 2,
  incomingTurnBytes: 64 * kibi,
  readTurnBytes: 8 * kibi,
  incomingBatchCount: 2,
  workSliceMillis: 0.25,
  bodyBytesMax: 2 * mebi,
  moduleBytesMax: 64 * mebi,
  sourceMapBytesMax: 8 * mebi,
  moduleMemoryBytesMax: gibi,
  moduleTableEntriesMax: 1_000_000,
  callFuelUnitsMax: 120e9,
  callBudgetMillis: 60_000,
  sourceCountMax: 65_536,
  sourceBytesMax: 128 * mebi,
  rowIteratorCountMax: 1024,
  rowIteratorBytesMax: gibi,
  passedNameBytesMax: 64 * kibi,
  preparedModuleCountMax: 4,
  sqlTextBytesMax: 50_000,
  sqlDepthMax: 500,
  joinTableCountMax: 64,
  joinRowCountMax: 2_000_000,
  sqlFragmentCountMax: 64,
  likeBytesMax: 1024,
  likeRepeatedBytesMax: 4_000_000,
  selectBytesMax: 256 * mebi,
  topRowCountMax: 8192,
  identifierBytesMax: 63,
  rowBytesMax: 16 * mebi,
  pageBytesMax: 64 * kibi,
  scheduleDelayMillisMax: 64 ** 6 - 1,
  scheduleSliceMillis: 5,
  immediateCallCountMax: 16_384,
  immediateCallBytesMax: 64 * mebi,
  timerMillisMax: 60_000,
  segmentBytesMax: gibi,
  commitBytesMax: gibi,
  commitQueueCountMax: 16_384,
  commitQueueBytesMax: 64 * mebi,
  logBufferBytesKeptMax: 8 * mebi,
  logIndexIntervalBytes: 4096,
  logReadBytes: 2 * mebi,
  readSliceRows: 8192,
  selectFirstRows: 8192,
  loggedNameBytesMax: 255,
  viewReadCountMax: 65_536,
  viewReadBytesMax: 16 * mebi,
  viewIdleMillisMax: 10 * 60 * 1000,
  viewSweepMillis: 60 * 1000,
  viewSweepRows: 1024,
  snapshotIntervalCommits: 1_000_000,
  snapshotSliceBytes: 512 * kibi,
  snapshotSyncBytes: 8 * mebi,
  snapshotPackCountMax: 64,
  snapshotReadCountMax: 16,
  snapshotKeptCount: 2,
  procedureCountMax: 1000,
  procedureQueueCountMax: 16_384,
  procedureInputBytesMax: 256 * mebi,
  procedureBacklogBytesMax: 512 * mebi,
  procedureMemoryBytesMax: 4 * gibi,
  procedureIdleCountMax: 16,
  suspendedStackBytesMax: 128 * kibi,
  variantMillisMax: 1_800_000,
  jobIdleMillisMax: 4_000,
  cacheCountMax: 256,
  cacheBytesMax: gibi,
  httpTimeoutMillisDefault: 30_000,
  httpTimeoutMillisMax: 180_000,
  httpBodyBytesMax: 64 * mebi,
  httpBufferedBytesMax: 256 * mebi,
  httpDescriptionBytesMax: mebi,
  requestBodiesBytesMax: 512 * mebi,
  publishWaitMillisDefault: 5000,
  publishWaitMillisMax: 300_000,
  pgConnectionCountMax: 500,
  pgWaitingCountMax: 100,
  pgLoginMillisMax: 10_000,
  pgStartupBytesMax: 64 * kibi,
  pgMessageBytesMax: 2 * mebi,
  pgNamedCountMax: 1000,
  pgNamedBytesMax: 4 * mebi,
  pgCursorCountMax: 64,
  pgPartBytes: 256 * kibi,
  pgWaitingBytesMax: 512 * kibi,
  pgStalledMillisMax: 60_000,
  pgIdleMillisMax: 60 * 60 * 1000,
  pgIdleInTransactionMillisMax: 5 * 60 * 1000,
  httpHeaderBytesMax: 64 * kibi,
  httpRedirectCountMax: 10,
  tokenBytesMax: 8192,
  issuerAnswerBytesMax: 64 * kibi,
  issuerMillisMax: 5000,
  issuerCountMax: 256,
  issuerRequestCountMax: 4,
  issuersPerMinuteMax: 60,
  versionCountMax: 100,
  deleteGraceMillis: 24 * 3600 * 1000,
  serviceSaveMillis: 300_000,
  accountCountMax: 65_536,
  grantCountMax: 1000,
};

assert(limit.rowBytesMax < limit.frameBytesMax, "a client can send any row that a table can hold");
assert(limit.bodyBytesMax <= limit.frameBytesMax, "HTTP takes no more than a WebSocket does");
assert(limit.sqlTextBytesMax < limit.bodyBytesMax, "any SQL text fits a request");
assert(
  limit.longAnswerBytesMax < limit.outgoingBytesMax,
  "who is slow to read a long answer is not cut off for it",
);
assert(
  limit.incomingShareBytes < limit.incomingBytesMax,
  "who keeps to a share is read from longest",
);
assert(limit.pgMessageBytesMax < limit.pgNamedBytesMax, "any one portal can be kept");
assert(limit.sqlTextBytesMax < limit.pgMessageBytesMax, "any SQL text fits a message");
assert(limit.pgPartBytes < limit.pgWaitingBytesMax, "a part waits while the next one is made");
assert(limit.pageBytesMax <= limit.rowBytesMax, "a page of its own is for a large row only");
assert(limit.moduleBytesMax < limit.commitBytesMax, "a publish is one commit");
assert(limit.identifierBytesMax <= limit.loggedNameBytesMax, "every reducer name can be logged");
assert(limit.commitBytesMax < 2 ** 32, "a commit's length is a u32 on disk");
assert(limit.commitQueueBytesMax < limit.segmentBytesMax, "a segment holds many batches");
assert(limit.logIndexIntervalBytes < limit.logReadBytes, "a read spans several index entries");
assert(limit.viewSweepMillis < limit.viewIdleMillisMax, "what is idle is found in time");
assert(limit.snapshotSliceBytes < limit.snapshotSyncBytes, "a snapshot pauses more than it syncs");
assert(limit.snapshotKeptCount >= 2, "a damaged snapshot leaves another to start from");
assert(limit.procedureIdleCountMax < limit.procedureCountMax, "most instances end with a rush");
assert(
  limit.httpTimeoutMillisDefault <= limit.httpTimeoutMillisMax,
  "a request may take as long as one that does not say",
);
assert(
  limit.httpBodyBytesMax < limit.sourceBytesMax,
  "a procedure can be given any answer to its request",
);
assert(
  limit.bodyBytesMax <= limit.httpBodyBytesMax,
  "a module's own routes take no less than the host's",
);

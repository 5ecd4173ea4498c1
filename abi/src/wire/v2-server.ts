// Protocol v2, what the server sends (protocol.md 4.2), as the client SDK reads it. Rows stay bytes
// here: the SDK's codecs turn them into objects. The writers are in v2-server-write.ts.
import type { NameCache } from "../bytes/name-cache.ts";
import type { Reader } from "../bytes/reader.ts";
import { LightconeError } from "../error.ts";
import { ConnectionId, Identity } from "../identity.ts";
import { TimeDuration, Timestamp } from "../time.ts";
import { asFrameFault } from "./fault.ts";
import { readRowList, type RowListView } from "./row-list.ts";

/** Tags of the messages. */
export const ServerTag = {
  initialConnection: 0,
  subscribeApplied: 1,
  unsubscribeApplied: 2,
  subscriptionError: 3,
  transactionUpdate: 4,
  oneOffQueryResult: 5,
  reducerResult: 6,
  procedureResult: 7,
} as const;

/** Tags of a reducer's outcome. */
export const OutcomeTag = { ok: 0, okEmpty: 1, err: 2, internalError: 3 } as const;

/** Tags of the two kinds of table updates. */
export const TableUpdateTag = { persistent: 0, event: 1 } as const;

export interface TableRows {
  readonly table: string;
  readonly rows: RowListView;
}

export type TableUpdateRows =
  | { readonly kind: "persistent"; readonly inserts: RowListView; readonly deletes: RowListView }
  | { readonly kind: "event"; readonly events: RowListView };

export interface TableUpdate {
  readonly table: string;
  readonly rows: readonly TableUpdateRows[];
}

export interface QuerySetUpdate {
  readonly querySetId: number;
  readonly tables: readonly TableUpdate[];
}

export type ReducerOutcome =
  | {
      readonly kind: "ok";
      readonly value: Uint8Array;
      readonly querySets: readonly QuerySetUpdate[];
    }
  | { readonly kind: "okEmpty" }
  /** BSATN of the error value, for today's modules a string. */
  | { readonly kind: "err"; readonly error: Uint8Array }
  | { readonly kind: "internalError"; readonly error: string };

export type ProcedureStatus =
  /** BSATN of the return type. */
  | { readonly kind: "returned"; readonly value: Uint8Array }
  | { readonly kind: "internalError"; readonly error: string };

export type QueryResult =
  | { readonly kind: "ok"; readonly tables: readonly TableRows[] }
  | { readonly kind: "err"; readonly error: string };

export type ServerMessage =
  | {
      readonly kind: "initialConnection";
      readonly identity: Identity;
      readonly connectionId: ConnectionId;
      readonly token: string;
    }
  | {
      readonly kind: "subscribeApplied";
      readonly requestId: number;
      readonly querySetId: number;
      readonly tables: readonly TableRows[];
    }
  | {
      readonly kind: "unsubscribeApplied";
      readonly requestId: number;
      readonly querySetId: number;
      readonly tables: readonly TableRows[] | undefined;
    }
  | {
      readonly kind: "subscriptionError";
      readonly requestId: number | undefined;
      readonly querySetId: number;
      readonly error: string;
    }
  | { readonly kind: "transactionUpdate"; readonly querySets: readonly QuerySetUpdate[] }
  | { readonly kind: "oneOffQueryResult"; readonly requestId: number; readonly result: QueryResult }
  | {
      readonly kind: "reducerResult";
      readonly requestId: number;
      readonly timestamp: Timestamp;
      readonly outcome: ReducerOutcome;
    }
  | {
      readonly kind: "procedureResult";
      readonly requestId: number;
      readonly timestamp: Timestamp;
      readonly duration: TimeDuration;
      readonly status: ProcedureStatus;
    };

/**
 * Reads one message and leaves the reader behind it (v3 puts several into a frame). Bytes and rows
 * are views of the frame. With `names`, table names come from that cache. Throws LC_FRAME_INVALID.
 */
export function decodeServerMessage(reader: Reader, names?: NameCache): ServerMessage {
  try {
    return readMessage(reader, names);
  } catch (thrown) {
    throw asFrameFault(thrown);
  }
}

function readMessage(reader: Reader, names: NameCache | undefined): ServerMessage {
  const tag = reader.u8();
  switch (tag) {
    case ServerTag.initialConnection:
      return {
        kind: "initialConnection",
        identity: new Identity(reader.words(4, "identity")),
        connectionId: new ConnectionId(reader.words(2, "connection id")),
        token: reader.string(),
      };
    case ServerTag.subscribeApplied:
      return { kind: "subscribeApplied", ...readIds(reader), tables: readQueryRows(reader, names) };
    case ServerTag.unsubscribeApplied: {
      const ids = readIds(reader);
      const hasRows = readChoice(reader, 1) === 0;
      const tables = hasRows ? readQueryRows(reader, names) : undefined;
      return { kind: "unsubscribeApplied", ...ids, tables };
    }
    case ServerTag.subscriptionError: {
      const requestId = readChoice(reader, 1) === 0 ? reader.u32("request_id") : undefined;
      const querySetId = reader.u32("query_set_id");
      return { kind: "subscriptionError", requestId, querySetId, error: reader.string() };
    }
    case ServerTag.transactionUpdate:
      return { kind: "transactionUpdate", querySets: readQuerySets(reader, names) };
    case ServerTag.oneOffQueryResult:
      return {
        kind: "oneOffQueryResult",
        requestId: reader.u32("request_id"),
        result: readQueryResult(reader, names),
      };
    case ServerTag.reducerResult:
      return {
        kind: "reducerResult",
        requestId: reader.u32("request_id"),
        timestamp: new Timestamp(reader.i64()),
        outcome: readOutcome(reader, names),
      };
    case ServerTag.procedureResult:
      return readProcedureResult(reader);
    default:
      throw new LightconeError("LC_FRAME_INVALID", `unknown tag ${tag} of a server message`);
  }
}

function readIds(reader: Reader): { readonly requestId: number; readonly querySetId: number } {
  return { requestId: reader.u32("request_id"), querySetId: reader.u32("query_set_id") };
}

function readChoice(reader: Reader, highest: number): number {
  const tag = reader.u8();
  if (tag > highest) throw new LightconeError("LC_FRAME_INVALID", `unknown tag ${tag}`);
  return tag;
}

// An item takes at least `itemSizeMin` bytes, so that a hostile count fails before it costs memory.
function readCount(reader: Reader, itemSizeMin: number, what: string): number {
  const count = reader.u32(`number of ${what}`);
  if (count > reader.remaining / itemSizeMin) {
    throw new LightconeError("LC_FRAME_INVALID", `a frame claims ${count} ${what}`);
  }
  return count;
}

function readName(reader: Reader, names: NameCache | undefined): string {
  return names === undefined ? reader.string() : names.read(reader);
}

function readQueryRows(reader: Reader, names: NameCache | undefined): TableRows[] {
  const count = readCount(reader, 11, "tables");
  const tables: TableRows[] = [];
  for (let i = 0; i < count; i++) {
    tables.push({ table: readName(reader, names), rows: readRowList(reader) });
  }
  return tables;
}

function readQuerySets(reader: Reader, names: NameCache | undefined): QuerySetUpdate[] {
  const count = readCount(reader, 8, "query sets");
  const querySets: QuerySetUpdate[] = [];
  for (let i = 0; i < count; i++) {
    querySets.push({
      querySetId: reader.u32("query_set_id"),
      tables: readTableUpdates(reader, names),
    });
  }
  return querySets;
}

function readTableUpdates(reader: Reader, names: NameCache | undefined): TableUpdate[] {
  const count = readCount(reader, 8, "table updates");
  const tables: TableUpdate[] = [];
  for (let i = 0; i < count; i++) {
    const table = readName(reader, names);
    const partCount = readCount(reader, 8, "parts of a table update");
    const rows: TableUpdateRows[] = [];
    for (let part = 0; part < partCount; part++) rows.push(readTableUpdateRows(reader));
    tables.push({ table, rows });
  }
  return tables;
}

function readTableUpdateRows(reader: Reader): TableUpdateRows {
  if (readChoice(reader, 1) === TableUpdateTag.event) {
    return { kind: "event", events: readRowList(reader) };
  }
  return { kind: "persistent", inserts: readRowList(reader), deletes: readRowList(reader) };
}

function readQueryResult(reader: Reader, names: NameCache | undefined): QueryResult {
  if (readChoice(reader, 1) === 0) return { kind: "ok", tables: readQueryRows(reader, names) };
  return { kind: "err", error: reader.string() };
}

function readOutcome(reader: Reader, names: NameCache | undefined): ReducerOutcome {
  switch (readChoice(reader, 3)) {
    case OutcomeTag.ok:
      return { kind: "ok", value: reader.bytes(), querySets: readQuerySets(reader, names) };
    case OutcomeTag.okEmpty:
      return { kind: "okEmpty" };
    case OutcomeTag.err:
      return { kind: "err", error: reader.bytes() };
    default:
      return { kind: "internalError", error: reader.string() };
  }
}

function readProcedureResult(reader: Reader): ServerMessage {
  const status: ProcedureStatus =
    readChoice(reader, 1) === 0
      ? { kind: "returned", value: reader.bytes() }
      : { kind: "internalError", error: reader.string() };
  const timestamp = new Timestamp(reader.i64());
  const duration = new TimeDuration(reader.i64());
  const requestId = reader.u32("request_id");
  return { kind: "procedureResult", requestId, timestamp, duration, status };
}

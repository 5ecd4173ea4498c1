// Protocol v1, what the server sends as BSATN (protocol.md 6.2), as a client reads it. The writers are in v1-server-write.ts.
import type { Reader } from "../bytes/reader.ts";
import { LightconeError } from "../error.ts";
import { ConnectionId, Identity } from "../identity.ts";
import { asFrameFault } from "./fault.ts";
import { readRowList, type RowListView } from "./row-list.ts";

/** Tags of the messages. */
export const V1ServerTag = {
  initialSubscription: 0,
  transactionUpdate: 1,
  transactionUpdateLight: 2,
  identityToken: 3,
  oneOffQueryResponse: 4,
  subscribeApplied: 5,
  unsubscribeApplied: 6,
  subscriptionError: 7,
  subscribeMultiApplied: 8,
  unsubscribeMultiApplied: 9,
  procedureResult: 10,
} as const;

/** What stands for a reducer where no reducer was called. */
export const v1NoReducer = 0xffffffff;

/** The changes that one query had. */
export interface V1QueryUpdate {
  readonly deletes: RowListView;
  readonly inserts: RowListView;
}

export interface V1TableUpdate {
  readonly tableId: number;
  readonly table: string;
  /** Rows of all lists. */
  readonly rowCount: bigint;
  readonly parts: readonly V1QueryUpdate[];
}

export type V1Status =
  | { readonly kind: "committed"; readonly tables: readonly V1TableUpdate[] }
  | { readonly kind: "failed"; readonly message: string }
  | { readonly kind: "outOfEnergy" };

/** Durations are in microseconds. */
export type V1ServerMessage =
  | {
      readonly kind: "initialSubscription";
      readonly tables: readonly V1TableUpdate[];
      readonly requestId: number;
      readonly durationMicros: bigint;
    }
  | {
      readonly kind: "transactionUpdate";
      readonly status: V1Status;
      readonly timestampMicros: bigint;
      readonly identity: Identity;
      readonly connectionId: ConnectionId;
      readonly reducer: string;
      readonly reducerId: number;
      readonly args: Uint8Array;
      readonly requestId: number;
      readonly energy: bigint;
      readonly durationMicros: bigint;
    }
  | {
      readonly kind: "transactionUpdateLight";
      readonly requestId: number;
      readonly tables: readonly V1TableUpdate[];
    }
  | {
      readonly kind: "identityToken";
      readonly identity: Identity;
      readonly token: string;
      readonly connectionId: ConnectionId;
    }
  | {
      readonly kind: "oneOffQueryResponse";
      readonly messageId: Uint8Array;
      readonly error: string | undefined;
      readonly tables: readonly { readonly table: string; readonly rows: RowListView }[];
      readonly durationMicros: bigint;
    }
  | {
      readonly kind: "subscribeApplied" | "unsubscribeApplied";
      readonly requestId: number;
      readonly durationMicros: bigint;
      readonly queryId: number;
      readonly table: V1TableUpdate;
    }
  | {
      readonly kind: "subscriptionError";
      readonly durationMicros: bigint;
      readonly requestId: number | undefined;
      readonly queryId: number | undefined;
      readonly tableId: number | undefined;
      readonly error: string;
    }
  | {
      readonly kind: "subscribeMultiApplied" | "unsubscribeMultiApplied";
      readonly requestId: number;
      readonly durationMicros: bigint;
      readonly queryId: number;
      readonly tables: readonly V1TableUpdate[];
    }
  | {
      readonly kind: "procedureResult";
      readonly status:
        | { readonly kind: "returned"; readonly value: Uint8Array }
        | { readonly kind: "outOfEnergy" }
        | { readonly kind: "internalError"; readonly error: string };
      readonly timestampMicros: bigint;
      readonly durationMicros: bigint;
      readonly requestId: number;
    };

/** Reads one message, whose bytes and rows are views of the frame. Throws LC_FRAME_INVALID. */
export function decodeV1ServerMessage(reader: Reader): V1ServerMessage {
  try {
    return readMessage(reader);
  } catch (thrown) {
    throw asFrameFault(thrown);
  }
}

const kindByTag = new Map(
  Object.entries(V1ServerTag).map(([kind, tag]) => [
    tag as number,
    kind as keyof typeof V1ServerTag,
  ]),
);

function readMessage(reader: Reader): V1ServerMessage {
  const tag = reader.u8();
  const kind = kindByTag.get(tag);
  switch (kind) {
    case undefined:
      throw bad(`unknown tag ${tag} of a server message`);
    case "initialSubscription": {
      const tables = readTableUpdates(reader);
      const requestId = reader.u32("request_id");
      return { kind, tables, requestId, durationMicros: reader.i64() };
    }
    case "transactionUpdate":
      return readTransactionUpdate(reader);
    case "transactionUpdateLight": {
      const requestId = reader.u32("request_id");
      return { kind, requestId, tables: readTableUpdates(reader) };
    }
    case "identityToken": {
      const identity = readIdentity(reader);
      const token = reader.string();
      return { kind, identity, token, connectionId: readConnectionId(reader) };
    }
    case "oneOffQueryResponse":
      return readOneOff(reader);
    case "subscribeApplied":
    case "unsubscribeApplied":
      return { kind, ...readApplied(reader), table: readSubscribeRows(reader) };
    case "subscriptionError":
      return readSubscriptionError(reader);
    case "subscribeMultiApplied":
    case "unsubscribeMultiApplied":
      return { kind, ...readApplied(reader), tables: readTableUpdates(reader) };
    case "procedureResult":
      return readProcedureResult(reader);
  }
}

function bad(message: string): LightconeError {
  return new LightconeError("LC_FRAME_INVALID", message);
}

function readIdentity(reader: Reader): Identity {
  return new Identity(reader.words(4, "identity"));
}

function readConnectionId(reader: Reader): ConnectionId {
  return new ConnectionId(reader.words(2, "connection id"));
}

function readChoice(reader: Reader, highest: number): number {
  const tag = reader.u8();
  if (tag > highest) throw bad(`unknown tag ${tag}`);
  return tag;
}

function readOption<T>(reader: Reader, read: () => T): T | undefined {
  return readChoice(reader, 1) === 0 ? read() : undefined;
}

// An item takes at least `itemSizeMin` bytes, so that a hostile count fails before it costs memory.
function readArray<T>(reader: Reader, itemSizeMin: number, what: string, read: () => T): T[] {
  const count = reader.u32(`number of ${what}`);
  if (count > reader.remaining / itemSizeMin) throw bad(`a frame claims ${count} ${what}`);
  const items: T[] = [];
  for (let i = 0; i < count; i++) items.push(read());
  return items;
}

function readTableUpdates(reader: Reader): V1TableUpdate[] {
  return readArray(reader, 20, "tables", () => readTableUpdate(reader));
}

function readTableUpdate(reader: Reader): V1TableUpdate {
  const tableId = reader.u32("table_id");
  const table = reader.string();
  const rowCount = reader.u64();
  const parts = readArray(reader, 15, "parts of a table update", (): V1QueryUpdate => {
    if (readChoice(reader, 2) !== 0) throw bad("a part of a table update is compressed");
    return { deletes: readRowList(reader), inserts: readRowList(reader) };
  });
  return { tableId, table, rowCount, parts };
}

/** The table is named twice. */
function readSubscribeRows(reader: Reader): V1TableUpdate {
  reader.u32("table_id");
  reader.string();
  return readTableUpdate(reader);
}

function readApplied(reader: Reader): {
  readonly requestId: number;
  readonly durationMicros: bigint;
  readonly queryId: number;
} {
  const requestId = reader.u32("request_id");
  const durationMicros = reader.u64();
  return { requestId, durationMicros, queryId: reader.u32("query_id") };
}

function readStatus(reader: Reader): V1Status {
  switch (readChoice(reader, 2)) {
    case 0:
      return { kind: "committed", tables: readTableUpdates(reader) };
    case 1:
      return { kind: "failed", message: reader.string() };
    default:
      return { kind: "outOfEnergy" };
  }
}

function readTransactionUpdate(reader: Reader): V1ServerMessage {
  return {
    kind: "transactionUpdate",
    status: readStatus(reader),
    timestampMicros: reader.i64(),
    identity: readIdentity(reader),
    connectionId: readConnectionId(reader),
    reducer: reader.string(),
    reducerId: reader.u32("reducer_id"),
    args: reader.bytes(),
    requestId: reader.u32("request_id"),
    energy: reader.words(2, "energy"),
    durationMicros: reader.i64(),
  };
}

function readOneOff(reader: Reader): V1ServerMessage {
  return {
    kind: "oneOffQueryResponse",
    messageId: reader.bytes(),
    error: readOption(reader, () => reader.string()),
    tables: readArray(reader, 11, "tables", () => ({
      table: reader.string(),
      rows: readRowList(reader),
    })),
    durationMicros: reader.i64(),
  };
}

function readSubscriptionError(reader: Reader): V1ServerMessage {
  return {
    kind: "subscriptionError",
    durationMicros: reader.u64(),
    requestId: readOption(reader, () => reader.u32("request_id")),
    queryId: readOption(reader, () => reader.u32("query_id")),
    tableId: readOption(reader, () => reader.u32("table_id")),
    error: reader.string(),
  };
}

function readProcedureResult(reader: Reader): V1ServerMessage {
  const tag = readChoice(reader, 2);
  const status =
    tag === 0
      ? ({ kind: "returned", value: reader.bytes() } as const)
      : tag === 1
        ? ({ kind: "outOfEnergy" } as const)
        : ({ kind: "internalError", error: reader.string() } as const);
  const timestampMicros = reader.i64();
  const durationMicros = reader.i64();
  const requestId = reader.u32("request_id");
  return { kind: "procedureResult", status, timestampMicros, durationMicros, requestId };
}

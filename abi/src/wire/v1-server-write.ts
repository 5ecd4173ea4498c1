// Protocol v1, what the server sends as BSATN (protocol.md 6.2), as the host writes it. Each function writes one head or tail; what
// comes between is written by the caller, in the order the comment tells, so that row lists encoded once go into many messages.
import type { Writer } from "../bytes/writer.ts";
import { V1ServerTag } from "./v1-server.ts";

/** What is told of a call to whoever hears of it. */
export interface V1CallFacts {
  readonly timestampMicros: bigint;
  /** The caller, as on the wire: 32 and 16 bytes. */
  readonly identity: Uint8Array;
  readonly connectionId: Uint8Array;
  readonly reducer: string;
  /** `v1NoReducer` where there is none. */
  readonly reducerId: number;
  readonly requestId: number;
  /** Units of fuel. */
  readonly energy: number;
  readonly durationMicros: number;
}

/** The message is whole. `identity` and `connectionId` are as on the wire. */
export function writeV1IdentityToken(
  writer: Writer,
  identity: Uint8Array,
  token: string,
  connectionId: Uint8Array,
): void {
  writer.u8(V1ServerTag.identityToken);
  writer.raw(identity);
  writer.string(token);
  writer.raw(connectionId);
}

/** Then `tableCount` table updates, then writeV1InitialSubscriptionTail. */
export function writeV1InitialSubscriptionHead(writer: Writer, tableCount: number): void {
  writer.u8(V1ServerTag.initialSubscription);
  writer.u32(tableCount);
}

export function writeV1InitialSubscriptionTail(
  writer: Writer,
  requestId: number,
  durationMicros: number,
): void {
  writer.u32(requestId);
  writer.i64(BigInt(durationMicros));
}

/** Then writeV1SubscribeRowsHead and a table update. */
export function writeV1AppliedHead(
  writer: Writer,
  kind: "subscribeApplied" | "unsubscribeApplied",
  requestId: number,
  durationMicros: number,
  queryId: number,
): void {
  writeAppliedHead(writer, kind, requestId, durationMicros, queryId);
}

/** Then `tableCount` table updates. */
export function writeV1MultiAppliedHead(
  writer: Writer,
  kind: "subscribeMultiApplied" | "unsubscribeMultiApplied",
  requestId: number,
  durationMicros: number,
  queryId: number,
  tableCount: number,
): void {
  writeAppliedHead(writer, kind, requestId, durationMicros, queryId);
  writer.u32(tableCount);
}

function writeAppliedHead(
  writer: Writer,
  kind: keyof typeof V1ServerTag,
  requestId: number,
  durationMicros: number,
  queryId: number,
): void {
  writer.u8(V1ServerTag[kind]);
  writer.u32(requestId);
  writer.u64(BigInt(durationMicros));
  writer.u32(queryId);
}

/** What names the table of a SubscribeApplied besides its table update. */
export function writeV1SubscribeRowsHead(writer: Writer, tableId: number, table: string): void {
  writer.u32(tableId);
  writer.string(table);
}

/** Then `partCount` times: writeV1PartHead, the list of deleted rows, the list of inserted ones; `rowCount` rows in all. */
export function writeV1TableUpdateHead(
  writer: Writer,
  tableId: number,
  table: string,
  rowCount: number,
  partCount: number,
): void {
  writer.u32(tableId);
  writer.string(table);
  writer.u32(rowCount);
  // A count never needs the upper half.
  writer.u32(0);
  writer.u32(partCount);
}

/** Then two row lists: the deleted rows, the inserted rows. */
export function writeV1PartHead(writer: Writer): void {
  writer.u8(0);
}

/** The message is whole. All three undefined tell of live queries that failed later. */
export function writeV1SubscriptionError(
  writer: Writer,
  durationMicros: number,
  requestId: number | undefined,
  queryId: number | undefined,
  error: string,
): void {
  writer.u8(V1ServerTag.subscriptionError);
  writer.u64(BigInt(durationMicros));
  for (const id of [requestId, queryId, undefined]) {
    writer.u8(id === undefined ? 1 : 0);
    if (id !== undefined) writer.u32(id);
  }
  writer.string(error);
}

/** Then `tableCount` times the table's name and a row list, then writeV1OneOffTail. */
export function writeV1OneOffHead(
  writer: Writer,
  messageId: Uint8Array,
  error: string | undefined,
  tableCount: number,
): void {
  writer.u8(V1ServerTag.oneOffQueryResponse);
  writer.bytes(messageId);
  writer.u8(error === undefined ? 1 : 0);
  if (error !== undefined) writer.string(error);
  writer.u32(tableCount);
}

export function writeV1OneOffTail(writer: Writer, durationMicros: number): void {
  writer.i64(BigInt(durationMicros));
}

/** Then `tableCount` table updates. */
export function writeV1LightHead(writer: Writer, requestId: number, tableCount: number): void {
  writer.u8(V1ServerTag.transactionUpdateLight);
  writer.u32(requestId);
  writer.u32(tableCount);
}

/** A call that committed: then `tableCount` table updates, then writeV1CallTail. */
export function writeV1CommittedHead(writer: Writer, tableCount: number): void {
  writer.u8(V1ServerTag.transactionUpdate);
  writer.u8(0);
  writer.u32(tableCount);
}

/** A call that failed; undefined for one that ran out of energy. Then writeV1CallTail. */
export function writeV1FailedHead(writer: Writer, message: string | undefined): void {
  writer.u8(V1ServerTag.transactionUpdate);
  writer.u8(message === undefined ? 2 : 1);
  if (message !== undefined) writer.string(message);
}

/** `args[argsStart, argsEnd)` is the BSATN of the arguments. */
export function writeV1CallTail(
  writer: Writer,
  facts: V1CallFacts,
  args: Uint8Array,
  argsStart: number,
  argsEnd: number,
): void {
  writer.i64(facts.timestampMicros);
  writer.raw(facts.identity);
  writer.raw(facts.connectionId);
  writer.string(facts.reducer);
  writer.u32(facts.reducerId);
  writer.u32(argsEnd - argsStart);
  writer.rawRange(args, argsStart, argsEnd);
  writer.u32(facts.requestId);
  writer.u64(BigInt(facts.energy));
  writer.u64(0n);
  writer.i64(BigInt(facts.durationMicros));
}

/** The message is whole. `value` is the BSATN of the return type. */
export function writeV1ProcedureReturned(
  writer: Writer,
  requestId: number,
  micros: bigint,
  durationMicros: bigint,
  value: Uint8Array,
): void {
  writer.u8(V1ServerTag.procedureResult);
  writer.u8(0);
  writer.bytes(value);
  writer.i64(micros);
  writer.i64(durationMicros);
  writer.u32(requestId);
}

/** The message is whole. */
export function writeV1ProcedureError(
  writer: Writer,
  requestId: number,
  micros: bigint,
  durationMicros: bigint,
  error: string,
): void {
  writer.u8(V1ServerTag.procedureResult);
  writer.u8(2);
  writer.string(error);
  writer.i64(micros);
  writer.i64(durationMicros);
  writer.u32(requestId);
}

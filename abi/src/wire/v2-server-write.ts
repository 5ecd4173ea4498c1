// Protocol v2, what the server sends (protocol.md 4.2), as the host writes it. Each function writes
// one head; the parts that follow it are written by the caller, in the order the comment tells, so
// that row lists encoded once go into many messages by one copy and nothing is gathered in objects
// first.
import type { Writer } from "../bytes/writer.ts";
import type { ConnectionId, Identity } from "../identity.ts";
import { writeRowList } from "./row-list.ts";
import {
  OutcomeTag,
  type QuerySetUpdate,
  type ServerMessage,
  ServerTag,
  type TableRows,
  type TableUpdateRows,
  TableUpdateTag,
} from "./v2-server.ts";

export function writeInitialConnection(
  writer: Writer,
  identity: Identity,
  connectionId: ConnectionId,
  token: string,
): void {
  writer.u8(ServerTag.initialConnection);
  writer.words(identity.value, 4);
  writer.words(connectionId.value, 2);
  writer.string(token);
}

/** Then `tableCount` times: writeTableHead and a row list. */
export function writeSubscribeAppliedHead(
  writer: Writer,
  requestId: number,
  querySetId: number,
  tableCount: number,
): void {
  writer.u8(ServerTag.subscribeApplied);
  writer.u32(requestId);
  writer.u32(querySetId);
  writer.u32(tableCount);
}

/** With `tableCount` undefined the message is whole; else as writeSubscribeAppliedHead. */
export function writeUnsubscribeAppliedHead(
  writer: Writer,
  requestId: number,
  querySetId: number,
  tableCount: number | undefined,
): void {
  writer.u8(ServerTag.unsubscribeApplied);
  writer.u32(requestId);
  writer.u32(querySetId);
  writer.u8(tableCount === undefined ? 1 : 0);
  if (tableCount !== undefined) writer.u32(tableCount);
}

/** `requestId` undefined tells of a live query that failed later: clients may disconnect on it. */
export function writeSubscriptionError(
  writer: Writer,
  requestId: number | undefined,
  querySetId: number,
  error: string,
): void {
  writer.u8(ServerTag.subscriptionError);
  writer.u8(requestId === undefined ? 1 : 0);
  if (requestId !== undefined) writer.u32(requestId);
  writer.u32(querySetId);
  writer.string(error);
}

/** Then `querySetCount` query sets, ascending by id: writeQuerySetHead each. */
export function writeTransactionUpdateHead(writer: Writer, querySetCount: number): void {
  writer.u8(ServerTag.transactionUpdate);
  writer.u32(querySetCount);
}

/** Then `tableCount` tables, ascending by name: writeTableUpdateHead each. */
export function writeQuerySetHead(writer: Writer, querySetId: number, tableCount: number): void {
  writer.u32(querySetId);
  writer.u32(tableCount);
}

/** Then `partCount` parts: writePersistentPart or writeEventPart each. */
export function writeTableUpdateHead(writer: Writer, table: string, partCount: number): void {
  writer.string(table);
  writer.u32(partCount);
}

/** Then two row lists: the inserted rows, the deleted rows. */
export function writePersistentPart(writer: Writer): void {
  writer.u8(TableUpdateTag.persistent);
}

/** Then one row list. */
export function writeEventPart(writer: Writer): void {
  writer.u8(TableUpdateTag.event);
}

/** Then one row list. */
export function writeTableHead(writer: Writer, table: string): void {
  writer.string(table);
}

/** Then `tableCount` times, at present always once: writeTableHead and a row list. */
export function writeOneOffOkHead(writer: Writer, requestId: number, tableCount: number): void {
  writer.u8(ServerTag.oneOffQueryResult);
  writer.u32(requestId);
  writer.u8(0);
  writer.u32(tableCount);
}

export function writeOneOffError(writer: Writer, requestId: number, error: string): void {
  writer.u8(ServerTag.oneOffQueryResult);
  writer.u32(requestId);
  writer.u8(1);
  writer.string(error);
}

/**
 * A committed call: then `querySetCount` query sets as in a transaction update. `micros` is the
 * reducer's timestamp.
 */
export function writeReducerOkHead(
  writer: Writer,
  requestId: number,
  micros: bigint,
  querySetCount: number,
): void {
  writeReducerResultHead(writer, requestId, micros, OutcomeTag.ok);
  // The return value: reducers have none, and a client of the Rust SDK would panic on one.
  writer.u32(0);
  writer.u32(querySetCount);
}

/** A call that returned an error; `message` is what the module said. */
export function writeReducerErr(
  writer: Writer,
  requestId: number,
  micros: bigint,
  message: string,
): void {
  writeReducerResultHead(writer, requestId, micros, OutcomeTag.err);
  // The bytes hold the BSATN of a string, so there are two lengths, the outer one known last.
  const lengthAt = writer.reserve(4);
  writer.string(message);
  writer.patchU32(lengthAt, writer.length - lengthAt - 4);
}

/** A call that failed by no will of the module: unknown reducer, wrong arguments, trap. */
export function writeReducerInternalError(
  writer: Writer,
  requestId: number,
  micros: bigint,
  error: string,
): void {
  writeReducerResultHead(writer, requestId, micros, OutcomeTag.internalError);
  writer.string(error);
}

function writeReducerResultHead(
  writer: Writer,
  requestId: number,
  micros: bigint,
  outcomeTag: number,
): void {
  writer.u8(ServerTag.reducerResult);
  writer.u32(requestId);
  writer.i64(micros);
  writer.u8(outcomeTag);
}

/** `value` is the BSATN of the return type. */
export function writeProcedureReturned(
  writer: Writer,
  requestId: number,
  micros: bigint,
  durationMicros: bigint,
  value: Uint8Array,
): void {
  writer.u8(ServerTag.procedureResult);
  writer.u8(0);
  writer.bytes(value);
  writer.i64(micros);
  writer.i64(durationMicros);
  writer.u32(requestId);
}

export function writeProcedureError(
  writer: Writer,
  requestId: number,
  micros: bigint,
  durationMicros: bigint,
  error: string,
): void {
  writer.u8(ServerTag.procedureResult);
  writer.u8(1);
  writer.string(error);
  writer.i64(micros);
  writer.i64(durationMicros);
  writer.u32(requestId);
}

/**
 * Writes a whole message from its object form: for what is not hot, and the inverse of
 * decodeServerMessage.
 */
export function writeServerMessage(writer: Writer, message: ServerMessage): void {
  switch (message.kind) {
    case "initialConnection":
      writeInitialConnection(writer, message.identity, message.connectionId, message.token);
      return;
    case "subscribeApplied":
      writeSubscribeAppliedHead(
        writer,
        message.requestId,
        message.querySetId,
        message.tables.length,
      );
      writeTables(writer, message.tables);
      return;
    case "unsubscribeApplied": {
      const { requestId, querySetId, tables } = message;
      writeUnsubscribeAppliedHead(writer, requestId, querySetId, tables?.length);
      writeTables(writer, tables ?? []);
      return;
    }
    case "subscriptionError":
      writeSubscriptionError(writer, message.requestId, message.querySetId, message.error);
      return;
    case "transactionUpdate":
      writeTransactionUpdateHead(writer, message.querySets.length);
      writeQuerySets(writer, message.querySets);
      return;
    case "oneOffQueryResult":
      if (message.result.kind === "err") {
        writeOneOffError(writer, message.requestId, message.result.error);
        return;
      }
      writeOneOffOkHead(writer, message.requestId, message.result.tables.length);
      writeTables(writer, message.result.tables);
      return;
    case "reducerResult":
      writeReducerResult(writer, message);
      return;
    case "procedureResult": {
      const { requestId, timestamp, duration, status } = message;
      if (status.kind === "returned") {
        writeProcedureReturned(writer, requestId, timestamp.micros, duration.micros, status.value);
      } else {
        writeProcedureError(writer, requestId, timestamp.micros, duration.micros, status.error);
      }
    }
  }
}

function writeReducerResult(
  writer: Writer,
  message: Extract<ServerMessage, { kind: "reducerResult" }>,
): void {
  const { requestId, outcome } = message;
  const { micros } = message.timestamp;
  switch (outcome.kind) {
    case "ok":
      writeReducerResultHead(writer, requestId, micros, OutcomeTag.ok);
      writer.bytes(outcome.value);
      writer.u32(outcome.querySets.length);
      writeQuerySets(writer, outcome.querySets);
      return;
    case "okEmpty":
      writeReducerResultHead(writer, requestId, micros, OutcomeTag.okEmpty);
      return;
    case "err":
      writeReducerResultHead(writer, requestId, micros, OutcomeTag.err);
      writer.bytes(outcome.error);
      return;
    case "internalError":
      writeReducerInternalError(writer, requestId, micros, outcome.error);
  }
}

function writeTables(writer: Writer, tables: readonly TableRows[]): void {
  for (const { table, rows } of tables) {
    writeTableHead(writer, table);
    writeRowList(writer, rows);
  }
}

function writeQuerySets(writer: Writer, querySets: readonly QuerySetUpdate[]): void {
  for (const { querySetId, tables } of querySets) {
    writeQuerySetHead(writer, querySetId, tables.length);
    for (const { table, rows } of tables) {
      writeTableUpdateHead(writer, table, rows.length);
      for (const part of rows) writeTableUpdateRows(writer, part);
    }
  }
}

function writeTableUpdateRows(writer: Writer, part: TableUpdateRows): void {
  if (part.kind === "event") {
    writeEventPart(writer);
    writeRowList(writer, part.events);
    return;
  }
  writePersistentPart(writer);
  writeRowList(writer, part.inserts);
  writeRowList(writer, part.deletes);
}

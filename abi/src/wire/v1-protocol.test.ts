// The messages of protocol v1 in the language of types: a second description of them, apart from the codecs, with which these must
// agree on random messages.
import { deepStrictEqual, match } from "node:assert";
import fc from "fast-check";
import { test } from "tap";
import { valueOf } from "../../test/arbitrary.ts";
import { Reader } from "../bytes/reader.ts";
import { Writer } from "../bytes/writer.ts";
import { LightconeError } from "../error.ts";
import { keccak256 } from "../hash.ts";
import { toHex } from "../identity.ts";
import { typeToJson } from "../sats/algebraic-type.ts";
import { compileCodec, encode } from "../sats/bsatn.ts";
import {
  type AlgebraicType,
  array,
  bytesType,
  connectionIdType,
  identityType,
  option,
  product,
  sum,
  timeDurationType,
  timestampType,
  unitType,
} from "../sats/type.ts";
import { writeRowList } from "./row-list.ts";
import { decodeV1ClientMessage, writeV1ClientMessage } from "./v1-client.ts";
import { decodeV1ServerMessage, type V1ServerMessage, type V1TableUpdate } from "./v1-server.ts";
import * as write from "./v1-server-write.ts";

const u16: AlgebraicType = { kind: "u16" };
const u32: AlgebraicType = { kind: "u32" };
const u64: AlgebraicType = { kind: "u64" };
const u128: AlgebraicType = { kind: "u128" };
const string: AlgebraicType = { kind: "string" };

const queryId = product({ id: u32 });
const ids = { request_id: u32, query_id: queryId };
const callFlags = sum({ FullUpdate: unitType, NoSuccessNotify: unitType });

const clientMessage = sum({
  CallReducer: product({ reducer: string, args: bytesType, request_id: u32, flags: callFlags }),
  Subscribe: product({ query_strings: array(string), request_id: u32 }),
  OneOffQuery: product({ message_id: bytesType, query_string: string }),
  SubscribeSingle: product({ query: string, ...ids }),
  SubscribeMulti: product({ query_strings: array(string), ...ids }),
  Unsubscribe: product(ids),
  UnsubscribeMulti: product(ids),
  CallProcedure: product({
    procedure: string,
    args: bytesType,
    request_id: u32,
    flags: sum({ Default: unitType }),
  }),
});

const rowList = product({
  size_hint: sum({ FixedSize: u16, RowOffsets: array(u64) }),
  rows_data: bytesType,
});
const queryUpdate = product({ deletes: rowList, inserts: rowList });
const tableUpdate = product({
  table_id: u32,
  table_name: string,
  num_rows: u64,
  updates: array(sum({ Uncompressed: queryUpdate })),
});
const databaseUpdate = product({ tables: array(tableUpdate) });
const duration = { total_host_execution_duration: timeDurationType };
const micros = { total_host_execution_duration_micros: u64 };
const applied = product({
  request_id: u32,
  ...micros,
  query_id: queryId,
  rows: product({ table_id: u32, table_name: string, table_rows: tableUpdate }),
});
const multiApplied = product({
  request_id: u32,
  ...micros,
  query_id: queryId,
  update: databaseUpdate,
});

const serverMessage = sum({
  InitialSubscription: product({ database_update: databaseUpdate, request_id: u32, ...duration }),
  TransactionUpdate: product({
    status: sum({ Committed: databaseUpdate, Failed: string, OutOfEnergy: unitType }),
    timestamp: timestampType,
    caller_identity: identityType,
    caller_connection_id: connectionIdType,
    reducer_call: product({
      reducer_name: string,
      reducer_id: u32,
      args: bytesType,
      request_id: u32,
    }),
    energy_quanta_used: product({ quanta: u128 }),
    ...duration,
  }),
  TransactionUpdateLight: product({ request_id: u32, update: databaseUpdate }),
  IdentityToken: product({
    identity: identityType,
    token: string,
    connection_id: connectionIdType,
  }),
  OneOffQueryResponse: product({
    message_id: bytesType,
    error: option(string),
    tables: array(product({ table_name: string, rows: rowList })),
    ...duration,
  }),
  SubscribeApplied: applied,
  UnsubscribeApplied: applied,
  SubscriptionError: product({
    ...micros,
    request_id: option(u32),
    query_id: option(u32),
    table_id: option(u32),
    error: string,
  }),
  SubscribeMultiApplied: multiApplied,
  UnsubscribeMultiApplied: multiApplied,
  ProcedureResult: product({
    status: sum({ Returned: bytesType, OutOfEnergy: unitType, InternalError: string }),
    timestamp: timestampType,
    ...duration,
    request_id: u32,
  }),
});

void test("the messages of v1 are what they were", async (t) => {
  const text = typeToJson(clientMessage) + typeToJson(serverMessage);
  const hash = toHex(keccak256(new TextEncoder().encode(text))).slice(0, 16);
  t.equal(hash, "c0185a5b55fa2d04", "a message has changed: old clients no longer understand it");
});

void test("client messages: codecs and description agree", async (t) => {
  const codec = compileCodec(clientMessage);
  fc.assert(
    fc.property(valueOf(clientMessage), (value) => {
      const frame = encode(codec, value);
      const reader = new Reader(frame);
      const message = decodeV1ClientMessage(reader);
      deepStrictEqual(reader.remaining, 0);
      const hasArgs = message.kind === "callReducer" || message.kind === "callProcedure";
      const args = hasArgs ? frame.subarray(message.argsStart, message.argsEnd) : undefined;
      const writer = new Writer();
      writeV1ClientMessage(writer, message, args);
      deepStrictEqual(writer.finish(), frame);
    }),
    { numRuns: 300 },
  );
  t.pass("300 messages");
});

function writeTables(writer: Writer, tables: readonly V1TableUpdate[]): void {
  for (const { tableId, table, rowCount, parts } of tables) {
    write.writeV1TableUpdateHead(writer, tableId, table, Number(rowCount), parts.length);
    for (const { deletes, inserts } of parts) {
      write.writeV1PartHead(writer);
      writeRowList(writer, deletes);
      writeRowList(writer, inserts);
    }
  }
}

/** Writes what the host writes; false for a message, or numbers in it, that no host sends. */
function writeServer(writer: Writer, message: V1ServerMessage): boolean {
  switch (message.kind) {
    case "identityToken": {
      const { identity, token, connectionId } = message;
      write.writeV1IdentityToken(writer, identity.toBytes(), token, connectionId.toBytes());
      return true;
    }
    case "initialSubscription":
      write.writeV1InitialSubscriptionHead(writer, message.tables.length);
      writeTables(writer, message.tables);
      write.writeV1InitialSubscriptionTail(writer, message.requestId, 7);
      return true;
    case "transactionUpdate":
      return writeTransactionUpdate(writer, message);
    case "transactionUpdateLight":
      write.writeV1LightHead(writer, message.requestId, message.tables.length);
      writeTables(writer, message.tables);
      return true;
    case "oneOffQueryResponse":
      write.writeV1OneOffHead(writer, message.messageId, message.error, message.tables.length);
      for (const { table, rows } of message.tables) {
        writer.string(table);
        writeRowList(writer, rows);
      }
      write.writeV1OneOffTail(writer, 7);
      return true;
    case "subscribeApplied":
    case "unsubscribeApplied": {
      const { kind, requestId, queryId: id, table } = message;
      write.writeV1AppliedHead(writer, kind, requestId, 7, id);
      write.writeV1SubscribeRowsHead(writer, table.tableId, table.table);
      writeTables(writer, [table]);
      return true;
    }
    case "subscribeMultiApplied":
    case "unsubscribeMultiApplied": {
      const { kind, requestId, queryId: id, tables } = message;
      write.writeV1MultiAppliedHead(writer, kind, requestId, 7, id, tables.length);
      writeTables(writer, tables);
      return true;
    }
    case "subscriptionError": {
      const { requestId, queryId: id, tableId, error } = message;
      write.writeV1SubscriptionError(writer, 7, requestId, id, error);
      return tableId === undefined;
    }
    case "procedureResult": {
      const { status, requestId, timestampMicros } = message;
      if (status.kind === "returned") {
        write.writeV1ProcedureReturned(writer, requestId, timestampMicros, 7n, status.value);
        return true;
      }
      if (status.kind === "outOfEnergy") return false;
      write.writeV1ProcedureError(writer, requestId, timestampMicros, 7n, status.error);
      return true;
    }
  }
}

function writeTransactionUpdate(
  writer: Writer,
  message: Extract<V1ServerMessage, { kind: "transactionUpdate" }>,
): boolean {
  const { status, identity, connectionId, args } = message;
  if (status.kind === "committed") {
    write.writeV1CommittedHead(writer, status.tables.length);
    writeTables(writer, status.tables);
  } else write.writeV1FailedHead(writer, status.kind === "failed" ? status.message : undefined);
  const facts = {
    ...message,
    identity: identity.toBytes(),
    connectionId: connectionId.toBytes(),
    energy: 9,
    durationMicros: 7,
  };
  write.writeV1CallTail(writer, facts, args, 0, args.length);
  return true;
}

/** A message with the numbers that `writeServer` puts into all of them. */
function withHostNumbers(message: V1ServerMessage): V1ServerMessage {
  const durations = "durationMicros" in message ? { durationMicros: 7n } : {};
  const energy = message.kind === "transactionUpdate" ? { energy: 9n } : {};
  return { ...message, ...durations, ...energy };
}

function countsFit(message: V1ServerMessage): boolean {
  const updates = "table" in message ? [message.table] : "tables" in message ? message.tables : [];
  const inner =
    message.kind === "transactionUpdate" && message.status.kind === "committed"
      ? message.status.tables
      : [];
  return [...updates, ...inner].every((one) => !("rowCount" in one) || one.rowCount < 2n ** 32n);
}

void test("server messages: codecs and description agree", async (t) => {
  const codec = compileCodec(serverMessage);
  let passed = 0;
  fc.assert(
    fc.property(valueOf(serverMessage), (value) => {
      const reader = new Reader(encode(codec, value));
      try {
        const message = decodeV1ServerMessage(reader);
        deepStrictEqual(reader.remaining, 0);
        const writer = new Writer();
        if (!countsFit(message) || !writeServer(writer, message)) return;
        // Not the bytes: an empty list has two spellings, of which the writer knows one.
        const again = decodeV1ServerMessage(new Reader(writer.written()));
        deepStrictEqual(again, withHostNumbers(message));
        passed++;
      } catch (thrown) {
        // Random hints seldom fit random data.
        if (!(thrown instanceof LightconeError)) throw thrown;
        match(thrown.message, /^invalid row list/);
      }
    }),
    { numRuns: 1000 },
  );
  t.ok(passed > 100, `${passed} messages had row lists that fit`);
});

// The messages of protocol v2 in the language of types. It is a second description of them, apart
// from the codecs: both must agree on random messages, and a change of either shows here. Other
// programs speak this protocol: a change of a message needs a new subprotocol name, not a new hash.
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
import { subprotocols } from "./subprotocol.ts";
import {
  type ClientMessage,
  decodeClientMessage,
  writeCallProcedure,
  writeCallReducer,
  writeOneOffQuery,
  writeSubscribe,
  writeUnsubscribe,
} from "./v2-client.ts";
import { decodeServerMessage } from "./v2-server.ts";
import { writeServerMessage } from "./v2-server-write.ts";

const u16: AlgebraicType = { kind: "u16" };
const u32: AlgebraicType = { kind: "u32" };
const u64: AlgebraicType = { kind: "u64" };
const string: AlgebraicType = { kind: "string" };

const onlyDefault = sum({ Default: unitType });

const clientMessage = sum({
  Subscribe: product({ request_id: u32, query_set_id: u32, query_strings: array(string) }),
  Unsubscribe: product({
    request_id: u32,
    query_set_id: u32,
    flags: sum({ Default: unitType, SendDroppedRows: unitType }),
  }),
  OneOffQuery: product({ request_id: u32, query_string: string }),
  CallReducer: product({ request_id: u32, flags: onlyDefault, reducer: string, args: bytesType }),
  CallProcedure: product({
    request_id: u32,
    flags: onlyDefault,
    procedure: string,
    args: bytesType,
  }),
});

const rowList = product({
  size_hint: sum({ FixedSize: u16, RowOffsets: array(u64) }),
  rows_data: bytesType,
});
const queryRows = product({ tables: array(product({ table: string, rows: rowList })) });
const transactionUpdate = product({
  query_sets: array(
    product({
      query_set_id: u32,
      tables: array(
        product({
          table_name: string,
          rows: array(
            sum({
              PersistentTable: product({ inserts: rowList, deletes: rowList }),
              EventTable: product({ events: rowList }),
            }),
          ),
        }),
      ),
    }),
  ),
});

const serverMessage = sum({
  InitialConnection: product({
    identity: identityType,
    connection_id: connectionIdType,
    token: string,
  }),
  SubscribeApplied: product({ request_id: u32, query_set_id: u32, rows: queryRows }),
  UnsubscribeApplied: product({ request_id: u32, query_set_id: u32, rows: option(queryRows) }),
  SubscriptionError: product({ request_id: option(u32), query_set_id: u32, error: string }),
  TransactionUpdate: transactionUpdate,
  OneOffQueryResult: product({ request_id: u32, result: sum({ ok: queryRows, err: string }) }),
  ReducerResult: product({
    request_id: u32,
    timestamp: timestampType,
    result: sum({
      Ok: product({ ret_value: bytesType, transaction_update: transactionUpdate }),
      OkEmpty: unitType,
      Err: bytesType,
      InternalError: string,
    }),
  }),
  ProcedureResult: product({
    status: sum({ Returned: bytesType, InternalError: string }),
    timestamp: timestampType,
    total_host_execution_duration: timeDurationType,
    request_id: u32,
  }),
});

void test("the messages of v2 are what they were", async (t) => {
  const text = typeToJson(clientMessage) + typeToJson(serverMessage) + subprotocols.join();
  const hash = toHex(keccak256(new TextEncoder().encode(text))).slice(0, 16);
  t.equal(
    hash,
    "e32c15333626c858",
    "a message has changed: old clients and servers no longer understand it",
  );
});

function writeClient(writer: Writer, message: ClientMessage, frame: Uint8Array): void {
  switch (message.kind) {
    case "subscribe":
      writeSubscribe(writer, message.requestId, message.querySetId, message.queries);
      return;
    case "unsubscribe":
      writeUnsubscribe(writer, message.requestId, message.querySetId, message.sendDroppedRows);
      return;
    case "oneOffQuery":
      writeOneOffQuery(writer, message.requestId, message.query);
      return;
    default: {
      const write = message.kind === "callReducer" ? writeCallReducer : writeCallProcedure;
      const args = frame.subarray(message.argsStart, message.argsEnd);
      write(writer, message.requestId, message.name, args);
    }
  }
}

void test("client messages: codecs and description agree", async (t) => {
  const codec = compileCodec(clientMessage);
  fc.assert(
    fc.property(valueOf(clientMessage), (value) => {
      const frame = encode(codec, value);
      const reader = new Reader(frame);
      const writer = new Writer();
      writeClient(writer, decodeClientMessage(reader), frame);
      deepStrictEqual(reader.remaining, 0);
      deepStrictEqual(writer.finish(), frame);
    }),
  );
  t.pass("100 messages");
});

void test("server messages: codecs and description agree", async (t) => {
  const codec = compileCodec(serverMessage);
  let passed = 0;
  fc.assert(
    fc.property(valueOf(serverMessage), (value) => {
      const frame = encode(codec, value);
      const reader = new Reader(frame);
      try {
        const message = decodeServerMessage(reader);
        deepStrictEqual(reader.remaining, 0);
        const writer = new Writer();
        writeServerMessage(writer, message);
        // Not the bytes: an empty list has two spellings, of which the writer knows one.
        deepStrictEqual(decodeServerMessage(new Reader(writer.written())), message);
        passed++;
      } catch (thrown) {
        // Random hints seldom fit random data.
        if (!(thrown instanceof LightconeError)) throw thrown;
        match(thrown.message, /^invalid row list/);
      }
    }),
    { numRuns: 500 },
  );
  t.ok(passed > 100, `${passed} messages had row lists that fit`);
});

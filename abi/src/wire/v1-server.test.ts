import fc from "fast-check";
import { test } from "tap";
import { hex, squeeze, toHex } from "../../test/hex.ts";
import { Reader } from "../bytes/reader.ts";
import { Writer } from "../bytes/writer.ts";
import { ConnectionId, Identity } from "../identity.ts";
import { emptyRowList, type RowListView, writeRowList } from "./row-list.ts";
import * as json from "./v1-json-write.ts";
import { decodeV1ServerMessage, type V1ServerMessage, type V1TableUpdate } from "./v1-server.ts";
import * as write from "./v1-server-write.ts";

const identityHex = "5d262a478b8f95220f3068040c203e32ac0eedc698d84435e9a25303603500c2";
const connectionHex = "0f0e0d0c0b0a09080706050403020100";
const identity = Identity.fromBytes(hex(identityHex));
const connectionId = ConnectionId.fromBytes(hex(connectionHex));
const timestampMicros = 1_700_000_000_000_000n;
const timeHex = "00401e18240a0600";
const durationHex = "fa00000000000000";
const durationMicros = 250n;
const argsHex = "03000000426f622a000000";

const rows: RowListView = {
  sizeHint: { kind: "fixedSize", size: 4 },
  data: hex("01000000 02000000"),
};
const table: V1TableUpdate = {
  tableId: 4097,
  table: "n",
  rowCount: 2n,
  parts: [{ deletes: emptyRowList, inserts: rows }],
};
const rowsHex = "00 0400 08000000 0100000002000000";
const tableHex = `01100000 01000000 6e 0200000000000000 01000000 00 01 00000000 00000000 ${rowsHex}`;

function writeTable(writer: Writer): void {
  write.writeV1TableUpdateHead(writer, 4097, "n", 2, 1);
  write.writeV1PartHead(writer);
  writeRowList(writer, emptyRowList);
  writeRowList(writer, rows);
}

const facts: write.V1CallFacts = {
  timestampMicros,
  identity: hex(identityHex),
  connectionId: hex(connectionHex),
  reducer: "add",
  reducerId: 0,
  requestId: 4,
  energy: 1000,
  durationMicros: 250,
};
const args = hex(argsHex);
const factsHex = `${timeHex} ${identityHex} ${connectionHex} 03000000 616464 00000000 0b000000 ${argsHex} 04000000 e8030000000000000000000000000000 ${durationHex}`;
const update = {
  kind: "transactionUpdate",
  timestampMicros,
  identity,
  connectionId,
  reducer: "add",
  reducerId: 0,
  args,
  requestId: 4,
  energy: 1000n,
  durationMicros,
} as const;

interface Vector {
  readonly title: string;
  readonly bytes: string;
  readonly message: V1ServerMessage;
  readonly write: (writer: Writer) => void;
}

// protocol.md A.4, and by section 6.2 what is not there.
const vectors: readonly Vector[] = [
  {
    title: "IdentityToken",
    bytes: `03 ${identityHex} 03000000 746f6b ${connectionHex}`,
    message: { kind: "identityToken", identity, token: "tok", connectionId },
    write: (writer) =>
      write.writeV1IdentityToken(writer, hex(identityHex), "tok", hex(connectionHex)),
  },
  {
    title: "InitialSubscription",
    bytes: `00 01000000 ${tableHex} 01000000 ${durationHex}`,
    message: { kind: "initialSubscription", tables: [table], requestId: 1, durationMicros },
    write: (writer) => {
      write.writeV1InitialSubscriptionHead(writer, 1);
      writeTable(writer);
      write.writeV1InitialSubscriptionTail(writer, 1, 250);
    },
  },
  {
    title: "TransactionUpdate Committed",
    bytes: `01 00 01000000 ${tableHex} ${factsHex}`,
    message: { ...update, status: { kind: "committed", tables: [table] } },
    write: (writer) => {
      write.writeV1CommittedHead(writer, 1);
      writeTable(writer);
      write.writeV1CallTail(writer, facts, args, 0, args.length);
    },
  },
  {
    title: "TransactionUpdate Failed",
    bytes: `01 01 04000000 6e6f7065 ${factsHex}`,
    message: { ...update, status: { kind: "failed", message: "nope" } },
    write: (writer) => {
      write.writeV1FailedHead(writer, "nope");
      write.writeV1CallTail(writer, facts, args, 0, args.length);
    },
  },
  {
    title: "TransactionUpdate OutOfEnergy",
    bytes: `01 02 ${factsHex}`,
    message: { ...update, status: { kind: "outOfEnergy" } },
    write: (writer) => {
      write.writeV1FailedHead(writer, undefined);
      write.writeV1CallTail(writer, facts, args, 0, args.length);
    },
  },
  {
    title: "TransactionUpdateLight",
    bytes: `02 00000000 01000000 ${tableHex}`,
    message: { kind: "transactionUpdateLight", requestId: 0, tables: [table] },
    write: (writer) => {
      write.writeV1LightHead(writer, 0, 1);
      writeTable(writer);
    },
  },
  {
    title: "OneOffQueryResponse",
    bytes: `04 02000000 aabb 01 01000000 01000000 6e ${rowsHex} ${durationHex}`,
    message: {
      kind: "oneOffQueryResponse",
      messageId: hex("aabb"),
      error: undefined,
      tables: [{ table: "n", rows }],
      durationMicros,
    },
    write: (writer) => {
      write.writeV1OneOffHead(writer, hex("aabb"), undefined, 1);
      writer.string("n");
      writeRowList(writer, rows);
      write.writeV1OneOffTail(writer, 250);
    },
  },
  {
    title: "OneOffQueryResponse, error",
    bytes: `04 02000000 aabb 00 03000000 626164 00000000 ${durationHex}`,
    message: {
      kind: "oneOffQueryResponse",
      messageId: hex("aabb"),
      error: "bad",
      tables: [],
      durationMicros,
    },
    write: (writer) => {
      write.writeV1OneOffHead(writer, hex("aabb"), "bad", 0);
      write.writeV1OneOffTail(writer, 250);
    },
  },
  {
    title: "UnsubscribeApplied",
    bytes: `06 01000000 ${durationHex} 07000000 01100000 01000000 6e ${tableHex}`,
    message: { kind: "unsubscribeApplied", requestId: 1, durationMicros, queryId: 7, table },
    write: (writer) => {
      write.writeV1AppliedHead(writer, "unsubscribeApplied", 1, 250, 7);
      write.writeV1SubscribeRowsHead(writer, 4097, "n");
      writeTable(writer);
    },
  },
  {
    title: "SubscribeMultiApplied",
    bytes: `08 01000000 ${durationHex} 07000000 01000000 ${tableHex}`,
    message: {
      kind: "subscribeMultiApplied",
      requestId: 1,
      durationMicros,
      queryId: 7,
      tables: [table],
    },
    write: (writer) => {
      write.writeV1MultiAppliedHead(writer, "subscribeMultiApplied", 1, 250, 7, 1);
      writeTable(writer);
    },
  },
  {
    title: "SubscriptionError",
    bytes: `07 ${durationHex} 0001000000 0007000000 01 03000000 626164`,
    message: {
      kind: "subscriptionError",
      durationMicros,
      requestId: 1,
      queryId: 7,
      tableId: undefined,
      error: "bad",
    },
    write: (writer) => write.writeV1SubscriptionError(writer, 250, 1, 7, "bad"),
  },
  {
    title: "ProcedureResult Returned",
    bytes: `0a 00 04000000 07000000 ${timeHex} ${durationHex} 05000000`,
    message: {
      kind: "procedureResult",
      status: { kind: "returned", value: hex("07000000") },
      timestampMicros,
      durationMicros,
      requestId: 5,
    },
    write: (writer) =>
      write.writeV1ProcedureReturned(writer, 5, timestampMicros, 250n, hex("07000000")),
  },
  {
    title: "ProcedureResult InternalError",
    bytes: `0a 02 03000000 626164 ${timeHex} ${durationHex} 05000000`,
    message: {
      kind: "procedureResult",
      status: { kind: "internalError", error: "bad" },
      timestampMicros,
      durationMicros,
      requestId: 5,
    },
    write: (writer) => write.writeV1ProcedureError(writer, 5, timestampMicros, 250n, "bad"),
  },
];

void test("golden bytes decode, and encode from parts", async (t) => {
  for (const { title, bytes, message, write: writeParts } of vectors) {
    const reader = new Reader(hex(bytes));
    t.strictSame(decodeV1ServerMessage(reader), message, title);
    t.equal(reader.remaining, 0, `${title} is read whole`);
    const parts = new Writer();
    writeParts(parts);
    t.equal(toHex(parts.written()), squeeze(bytes), `${title} from parts`);
  }
});

const personRow = json.v1JsonRow('{"id":1,"name":"Al"}');
const identityText = `{"__identity__":"0x${identity.toHex()}"}`;
const connectionText = '{"__connection_id__":5233100606242806050955395731361295}';
const durationText = '"total_host_execution_duration":{"__time_duration_micros__":250}';
const { deletes, inserts, end } = json.v1JsonPart;

void test("[protocol.md A.5] golden texts", async (t) => {
  const personHead = json.v1JsonTableUpdateHead(4097, "person", 1) + deletes + inserts;
  const personTail = end + json.v1JsonTableUpdateTail;
  const cases: readonly (readonly [string, string])[] = [
    [
      json.v1JsonIdentityToken(hex(identityHex), "tok", hex(connectionHex)),
      `{"IdentityToken":{"identity":${identityText},"token":"tok","connection_id":${connectionText}}}`,
    ],
    [
      json.v1JsonInitialSubscriptionHead +
        personHead +
        personRow +
        personTail +
        json.v1JsonInitialSubscriptionTail(1, 250),
      String.raw`{"InitialSubscription":{"database_update":{"tables":[{"table_id":4097,"table_name":"person","num_rows":1,"updates":[{"deletes":[],"inserts":["{\"id\":1,\"name\":\"Al\"}"]}]}]},"request_id":1,${durationText}}}`,
    ],
    [
      json.v1JsonOneOffHead(hex("aabb"), undefined) +
        json.v1JsonOneOffTableHead("person") +
        personRow +
        json.v1JsonOneOffTableTail +
        json.v1JsonOneOffTail(250),
      String.raw`{"OneOffQueryResponse":{"message_id":"aabb","error":{"none":[]},"tables":[{"table_name":"person","rows":["{\"id\":1,\"name\":\"Al\"}"]}],${durationText}}}`,
    ],
    [
      json.v1JsonSubscriptionError(250, 1, 7, "bad"),
      '{"SubscriptionError":{"total_host_execution_duration_micros":250,"request_id":{"some":1},"query_id":{"some":7},"table_id":{"none":[]},"error":"bad"}}',
    ],
    [
      json.v1JsonCommittedHead +
        personHead +
        json.v1JsonRow('[1,"Al"]') +
        personTail +
        json.v1JsonCommittedTail +
        json.v1JsonCallTail(facts, '["Bob",42]'),
      String.raw`{"TransactionUpdate":{"status":{"Committed":{"tables":[{"table_id":4097,"table_name":"person","num_rows":1,"updates":[{"deletes":[],"inserts":["[1,\"Al\"]"]}]}]}},"timestamp":{"__timestamp_micros_since_unix_epoch__":1700000000000000},"caller_identity":${identityText},"caller_connection_id":${connectionText},"reducer_call":{"reducer_name":"add","reducer_id":0,"args":"[\"Bob\",42]","request_id":4},"energy_quanta_used":{"quanta":1000},${durationText}}}`,
    ],
  ];
  for (const [text, expected] of cases) t.equal(text, expected);
});

void test("every text is JSON, whatever strings are in it", async (t) => {
  const texts = (given: string): readonly string[] => [
    json.v1JsonIdentityToken(hex(identityHex), given, hex(connectionHex)),
    `${json.v1JsonAppliedHead("SubscribeApplied", 1, 2, 3, 4, given)}${json.v1JsonTableUpdateHead(4, given, 0)}${json.v1JsonTableUpdateTail}${json.v1JsonAppliedTail}`,
    `${json.v1JsonMultiAppliedHead("UnsubscribeMultiApplied", 1, 2, 3)}${json.v1JsonMultiAppliedTail}`,
    json.v1JsonSubscriptionError(0, undefined, undefined, given),
    json.v1JsonOneOffHead(hex(""), given) + json.v1JsonOneOffTail(0),
    json.v1JsonLightHead(0) + json.v1JsonLightTail,
    json.v1JsonFailedHead(given) + json.v1JsonCallTail({ ...facts, reducer: given }, given),
    json.v1JsonFailedHead(undefined) + json.v1JsonCallTail(facts, ""),
    json.v1JsonProcedureResult(1, 2n, 3n, { json: given }),
    json.v1JsonProcedureResult(1, 2n, 3n, { error: given }),
  ];
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (given) => {
      for (const text of texts(given)) JSON.parse(text);
      const writer = new Writer();
      for (const text of texts(given.repeat(300))) json.writeText(writer, text);
      return new TextDecoder().decode(writer.written()) === texts(given.repeat(300)).join("");
    }),
    { numRuns: 200 },
  );
  t.pass("200 strings");
});

void test("frames that do not decode are refused", async (t) => {
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ["0b", "unknown tag", /unknown tag 11 of a server message/],
    ["02 00000000 ffffffff", "hostile count", /claims 4294967295 tables/],
    [`02 00000000 01000000 ${tableHex.replace("00 01 00", "01 01 00")}`, "Brotli", /compressed/],
    ["01 03", "unknown status", /unknown tag 3/],
    [`07 ${durationHex} 02`, "unknown option", /unknown tag 2/],
  ];
  for (const [bytes, title, message] of cases) {
    const decode = (): unknown => decodeV1ServerMessage(new Reader(hex(bytes)));
    t.throws(decode, { code: "LC_FRAME_INVALID", message }, title);
  }
});

void test("random bytes are a message or LC_FRAME_INVALID, nothing else", async (t) => {
  const frames = fc
    .tuple(fc.integer({ min: 0, max: 11 }), fc.uint8Array({ maxLength: 120 }))
    .map(([tag, rest]) => Uint8Array.of(tag, ...rest));
  fc.assert(
    fc.property(frames, (frame) => {
      try {
        return decodeV1ServerMessage(new Reader(frame)).kind !== undefined;
      } catch (thrown) {
        return (thrown as { readonly code?: string }).code === "LC_FRAME_INVALID";
      }
    }),
    { numRuns: 3000 },
  );
  t.pass("3000 frames");
});

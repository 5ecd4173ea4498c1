import fc from "fast-check";
import { test } from "tap";
import { hex, squeeze, toHex } from "../../test/hex.ts";
import { NameCache } from "../bytes/name-cache.ts";
import { Reader } from "../bytes/reader.ts";
import { Writer } from "../bytes/writer.ts";
import { ConnectionId, Identity } from "../identity.ts";
import { TimeDuration, Timestamp } from "../time.ts";
import { emptyRowList, type RowListView, writeFixedRowList, writeRowList } from "./row-list.ts";
import { decodeServerMessage, type ServerMessage } from "./v2-server.ts";
import * as write from "./v2-server-write.ts";

const identityHex = "5d262a478b8f95220f3068040c203e32ac0eedc698d84435e9a25303603500c2";
const identity = Identity.fromHex(
  "c20035600353a2e93544d898c6ed0eac323e200c0468300f22958f8b472a265d",
);
const connectionId = ConnectionId.fromHex("000102030405060708090a0b0c0d0e0f");
const timestamp = new Timestamp(1_700_000_000_000_000n);
const timeHex = "00401e18240a0600";
const micros = timestamp.micros;

const rows: RowListView = {
  sizeHint: { kind: "fixedSize", size: 4 },
  data: hex("01000000 02000000"),
};
const rowsHex = "00 0400 08000000 0100000002000000";
const personRows: RowListView = {
  sizeHint: {
    kind: "rowOffsets",
    count: 2,
    bytes: hex("0000000000000000 0a00000000000000"),
  },
  data: hex("0100000002000000416c 020000000400000042657468"),
};

interface Vector {
  readonly title: string;
  readonly bytes: string;
  readonly message: ServerMessage;
  readonly write: (writer: Writer) => void;
}

// protocol.md A.2
const vectors: readonly Vector[] = [
  {
    title: "InitialConnection",
    bytes: `00 ${identityHex} 0f0e0d0c0b0a09080706050403020100 03000000 746f6b`,
    message: { kind: "initialConnection", identity, connectionId, token: "tok" },
    write: (writer) => write.writeInitialConnection(writer, identity, connectionId, "tok"),
  },
  {
    title: "SubscribeApplied",
    bytes: `01 01000000 07000000 01000000 06000000 706572736f6e 01 02000000 0000000000000000
      0a00000000000000 16000000 0100000002000000416c020000000400000042657468`,
    message: {
      kind: "subscribeApplied",
      requestId: 1,
      querySetId: 7,
      tables: [{ table: "person", rows: personRows }],
    },
    write: (writer) => {
      write.writeSubscribeAppliedHead(writer, 1, 7, 1);
      write.writeTableHead(writer, "person");
      writeRowList(writer, personRows);
    },
  },
  {
    title: "UnsubscribeApplied without rows",
    bytes: "02 02000000 07000000 01",
    message: { kind: "unsubscribeApplied", requestId: 2, querySetId: 7, tables: undefined },
    write: (writer) => write.writeUnsubscribeAppliedHead(writer, 2, 7, undefined),
  },
  {
    title: "UnsubscribeApplied with rows",
    bytes: `02 02000000 07000000 00 01000000 01000000 6e ${rowsHex}`,
    message: {
      kind: "unsubscribeApplied",
      requestId: 2,
      querySetId: 7,
      tables: [{ table: "n", rows }],
    },
    write: (writer) => {
      write.writeUnsubscribeAppliedHead(writer, 2, 7, 1);
      write.writeTableHead(writer, "n");
      writeFixedRowList(writer, 4, hex("ff 01000000 02000000"), 1, 9);
    },
  },
  {
    title: "SubscriptionError",
    bytes: "03 00 01000000 07000000 03000000 626164",
    message: { kind: "subscriptionError", requestId: 1, querySetId: 7, error: "bad" },
    write: (writer) => write.writeSubscriptionError(writer, 1, 7, "bad"),
  },
  {
    title: "SubscriptionError without request_id",
    bytes: "03 01 07000000 03000000 626164",
    message: { kind: "subscriptionError", requestId: undefined, querySetId: 7, error: "bad" },
    write: (writer) => write.writeSubscriptionError(writer, undefined, 7, "bad"),
  },
  {
    title: "TransactionUpdate of an event table",
    bytes: `04 01000000 07000000 01000000 02000000 6576 01000000 01 ${rowsHex}`,
    message: {
      kind: "transactionUpdate",
      querySets: [
        { querySetId: 7, tables: [{ table: "ev", rows: [{ kind: "event", events: rows }] }] },
      ],
    },
    write: (writer) => {
      write.writeTransactionUpdateHead(writer, 1);
      write.writeQuerySetHead(writer, 7, 1);
      write.writeTableUpdateHead(writer, "ev", 1);
      write.writeEventPart(writer);
      writeRowList(writer, rows);
    },
  },
  {
    title: "OneOffQueryResult ok",
    bytes: `05 03000000 00 01000000 01000000 6e ${rowsHex}`,
    message: {
      kind: "oneOffQueryResult",
      requestId: 3,
      result: { kind: "ok", tables: [{ table: "n", rows }] },
    },
    write: (writer) => {
      write.writeOneOffOkHead(writer, 3, 1);
      write.writeTableHead(writer, "n");
      writeRowList(writer, rows);
    },
  },
  {
    title: "OneOffQueryResult err",
    bytes: "05 03000000 01 03000000 626164",
    message: {
      kind: "oneOffQueryResult",
      requestId: 3,
      result: { kind: "err", error: "bad" },
    },
    write: (writer) => write.writeOneOffError(writer, 3, "bad"),
  },
  {
    title: "ReducerResult Ok",
    bytes: `06 04000000 ${timeHex} 00 00000000 01000000 07000000 01000000 01000000 6e 01000000 00
      ${rowsHex} 01 00000000 00000000`,
    message: {
      kind: "reducerResult",
      requestId: 4,
      timestamp,
      outcome: {
        kind: "ok",
        value: new Uint8Array(0),
        querySets: [
          {
            querySetId: 7,
            tables: [
              {
                table: "n",
                rows: [{ kind: "persistent", inserts: rows, deletes: emptyRowList }],
              },
            ],
          },
        ],
      },
    },
    write: (writer) => {
      write.writeReducerOkHead(writer, 4, micros, 1);
      write.writeQuerySetHead(writer, 7, 1);
      write.writeTableUpdateHead(writer, "n", 1);
      write.writePersistentPart(writer);
      writeRowList(writer, rows);
      writeRowList(writer, emptyRowList);
    },
  },
  {
    title: "ReducerResult OkEmpty",
    bytes: `06 04000000 ${timeHex} 01`,
    message: { kind: "reducerResult", requestId: 4, timestamp, outcome: { kind: "okEmpty" } },
    // No host writes it, but a client must read it.
    write: (writer) =>
      write.writeServerMessage(writer, {
        kind: "reducerResult",
        requestId: 4,
        timestamp,
        outcome: { kind: "okEmpty" },
      }),
  },
  {
    title: "ReducerResult Err",
    bytes: `06 04000000 ${timeHex} 02 08000000 04000000 6e6f7065`,
    message: {
      kind: "reducerResult",
      requestId: 4,
      timestamp,
      outcome: { kind: "err", error: hex("04000000 6e6f7065") },
    },
    write: (writer) => write.writeReducerErr(writer, 4, micros, "nope"),
  },
  {
    title: "ReducerResult InternalError",
    bytes: `06 04000000 ${timeHex} 03 0f000000 6e6f20737563682072656475636572`,
    message: {
      kind: "reducerResult",
      requestId: 4,
      timestamp,
      outcome: { kind: "internalError", error: "no such reducer" },
    },
    write: (writer) => write.writeReducerInternalError(writer, 4, micros, "no such reducer"),
  },
  {
    title: "ProcedureResult Returned",
    bytes: `07 00 04000000 07000000 ${timeHex} fa00000000000000 05000000`,
    message: {
      kind: "procedureResult",
      requestId: 5,
      timestamp,
      duration: new TimeDuration(250n),
      status: { kind: "returned", value: hex("07000000") },
    },
    write: (writer) => write.writeProcedureReturned(writer, 5, micros, 250n, hex("07000000")),
  },
  {
    // Not in the reference: the other status, by the layout in protocol.md 4.2.
    title: "ProcedureResult InternalError",
    bytes: `07 01 03000000 626164 ${timeHex} fa00000000000000 05000000`,
    message: {
      kind: "procedureResult",
      requestId: 5,
      timestamp,
      duration: new TimeDuration(250n),
      status: { kind: "internalError", error: "bad" },
    },
    write: (writer) => write.writeProcedureError(writer, 5, micros, 250n, "bad"),
  },
];

void test("golden bytes decode, and encode from parts and from the object", async (t) => {
  const names = new NameCache();
  for (const { title, bytes, message, write: writeParts } of vectors) {
    const reader = new Reader(hex(bytes));
    t.strictSame(decodeServerMessage(reader, names), message, title);
    t.equal(reader.remaining, 0, `${title} is read whole`);
    t.strictSame(decodeServerMessage(new Reader(hex(bytes))), message, `${title}, without a cache`);
    const parts = new Writer();
    writeParts(parts);
    t.equal(toHex(parts.written()), squeeze(bytes), `${title} from parts`);
    const whole = new Writer();
    write.writeServerMessage(whole, message);
    t.equal(toHex(whole.written()), squeeze(bytes), `${title} from the object`);
  }
});

void test("frames that do not decode are refused", async (t) => {
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ["08", "unknown tag", /unknown tag 8 of a server message/],
    ["02 02000000 07000000 02", "unknown option", /unknown tag 2/],
    ["04 ffffffff", "hostile count of sets", /claims 4294967295 query sets/],
    ["01 01000000 07000000 ffffffff", "hostile count of tables", /claims 4294967295 tables/],
    ["04 01000000 07000000 01000000 00000000 ffffffff", "parts", /claims 4294967295 parts/],
    [`06 04000000 ${timeHex} 04`, "unknown outcome", /unknown tag 4/],
  ];
  for (const [bytes, title, message] of cases) {
    t.throws(
      () => decodeServerMessage(new Reader(hex(bytes))),
      { code: "LC_FRAME_INVALID", message },
      title,
    );
  }
});

void test("random bytes are a message or LC_FRAME_INVALID, nothing else", async (t) => {
  const frames = fc
    .tuple(fc.integer({ min: 0, max: 8 }), fc.uint8Array({ maxLength: 80 }))
    .map(([tag, rest]) => Uint8Array.of(tag, ...rest));
  fc.assert(
    fc.property(frames, (frame) => {
      try {
        const message = decodeServerMessage(new Reader(frame));
        return message.kind !== undefined;
      } catch (thrown) {
        return (thrown as { readonly code?: string }).code === "LC_FRAME_INVALID";
      }
    }),
    { numRuns: 3000 },
  );
  t.pass("3000 frames");
});

import fc from "fast-check";
import { test } from "tap";
import { hex, squeeze, toHex } from "../../test/hex.ts";
import { NameCache } from "../bytes/name-cache.ts";
import { Reader } from "../bytes/reader.ts";
import { Writer } from "../bytes/writer.ts";
import {
  type ClientMessage,
  decodeClientMessage,
  writeCallProcedure,
  writeCallReducer,
  writeOneOffQuery,
  writeSubscribe,
  writeUnsubscribe,
} from "./v2-client.ts";

const query = "SELECT * FROM person";
const queryHex = "14000000 53454c454354202a2046524f4d20706572736f6e";

interface Vector {
  readonly title: string;
  readonly bytes: string;
  readonly write: (writer: Writer) => void;
  readonly message: ClientMessage;
  readonly args?: string;
}

// protocol.md A.1
const vectors: readonly Vector[] = [
  {
    title: "Subscribe",
    bytes: `00 01000000 07000000 01000000 ${queryHex}`,
    write: (writer) => writeSubscribe(writer, 1, 7, [query]),
    message: { kind: "subscribe", requestId: 1, querySetId: 7, queries: [query] },
  },
  {
    title: "Unsubscribe with rows",
    bytes: "01 02000000 07000000 01",
    write: (writer) => writeUnsubscribe(writer, 2, 7, true),
    message: { kind: "unsubscribe", requestId: 2, querySetId: 7, sendDroppedRows: true },
  },
  {
    title: "OneOffQuery",
    bytes: `02 03000000 ${queryHex}`,
    write: (writer) => writeOneOffQuery(writer, 3, query),
    message: { kind: "oneOffQuery", requestId: 3, query },
  },
  {
    title: "CallReducer",
    bytes: "03 04000000 00 03000000 616464 0b000000 03000000426f62 2a000000",
    write: (writer) => writeCallReducer(writer, 4, "add", hex("03000000426f62 2a000000")),
    message: { kind: "callReducer", requestId: 4, name: "add", argsStart: 17, argsEnd: 28 },
    args: "03000000426f622a000000",
  },
  {
    title: "CallProcedure",
    bytes: "04 05000000 00 03000000 6e6f77 00000000",
    write: (writer) => writeCallProcedure(writer, 5, "now", new Uint8Array(0)),
    message: { kind: "callProcedure", requestId: 5, name: "now", argsStart: 17, argsEnd: 17 },
    args: "",
  },
];

void test("golden bytes decode and encode", async (t) => {
  for (const { title, bytes, write, message, args } of vectors) {
    const frame = hex(bytes);
    const reader = new Reader(frame);
    const decoded = decodeClientMessage(reader);
    t.same(decoded, message, title);
    t.equal(reader.remaining, 0, `${title} is read whole`);
    if (args !== undefined && "argsStart" in decoded) {
      t.equal(toHex(frame.subarray(decoded.argsStart, decoded.argsEnd)), args, `${title}: args`);
    }
    const writer = new Writer();
    write(writer);
    t.equal(toHex(writer.written()), squeeze(bytes), `${title} encodes`);
  }
});

void test("several messages in one frame are read one after another, names from a cache", async (t) => {
  const names = new NameCache();
  const reader = new Reader(hex(vectors.map(({ bytes }) => bytes).join("")));
  for (const { message } of vectors) {
    const decoded = decodeClientMessage(reader, names);
    t.equal(decoded.kind, message.kind);
  }
  t.equal(reader.remaining, 0);
});

void test("an argument position counts in the bytes given, wherever the reader began", async (t) => {
  const padded = hex(`ffff ${vectors[3]!.bytes}`);
  const decoded = decodeClientMessage(new Reader(padded, 2));
  t.match(decoded, { argsStart: 19, argsEnd: 30 });
});

void test("frames that do not decode are refused", async (t) => {
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ["", "empty", /data too short for u8/],
    ["05", "unknown tag", /unknown tag 5 of a client message/],
    ["00 01000000 07000000 ffffffff", "hostile count", /claims 4294967295 queries/],
    ["01 02000000 07000000 02", "unknown flags", /unknown flags 2/],
    ["03 04000000 01 03000000 616464 00000000", "flags of a call", /unknown flags 1/],
    ["03 04000000 00 03000000 616464 0b000000 03", "cut arguments", /data too short/],
    ["03 04000000 00 02000000 ff61 00000000", "name is no text", /not valid UTF-8/],
  ];
  for (const [bytes, title, message] of cases) {
    for (const names of [undefined, new NameCache()]) {
      t.throws(
        () => decodeClientMessage(new Reader(hex(bytes)), names),
        { code: "LC_FRAME_INVALID", message },
        title,
      );
    }
  }
});

void test("random bytes are a message or LC_FRAME_INVALID, nothing else", async (t) => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 80 }),
    fc
      .tuple(fc.constantFrom(0, 1, 2, 3, 4), fc.uint8Array({ maxLength: 80 }))
      .map(([tag, rest]) => Uint8Array.of(tag, ...rest)),
  );
  fc.assert(
    fc.property(bytes, (frame) => {
      try {
        const message = decodeClientMessage(new Reader(frame));
        return message.kind !== undefined;
      } catch (thrown) {
        return (thrown as { readonly code?: string }).code === "LC_FRAME_INVALID";
      }
    }),
    { numRuns: 3000 },
  );
  t.pass("3000 frames");
});

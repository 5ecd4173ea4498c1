import fc from "fast-check";
import { test } from "tap";
import { hex, squeeze, toHex } from "../../test/hex.ts";
import { NameCache } from "../bytes/name-cache.ts";
import { Reader } from "../bytes/reader.ts";
import { Writer } from "../bytes/writer.ts";
import { decodeV1ClientMessage, type V1ClientMessage, writeV1ClientMessage } from "./v1-client.ts";
import { decodeV1JsonMessage } from "./v1-json-client.ts";

const query = "SELECT * FROM person";
const queryHex = "14000000 53454c454354202a2046524f4d20706572736f6e";
const queries = [query];

interface Vector {
  readonly title: string;
  readonly bytes: string;
  readonly message: V1ClientMessage;
  readonly args?: string;
  readonly json: string;
}

const call = { argsStart: 12, argsJson: undefined } as const;

// protocol.md A.3 and A.5; where those have only one of the two forms, the other is by section 6.1.
const vectors: readonly Vector[] = [
  {
    title: "CallReducer without notice",
    bytes: "00 03000000 616464 0b000000 03000000426f622a000000 04000000 01",
    message: {
      kind: "callReducer",
      requestId: 4,
      name: "add",
      ...call,
      argsEnd: 23,
      isSilent: true,
    },
    args: "03000000426f622a000000",
    json: '{"CallReducer":{"reducer":"add","args":"[\\"Bob\\",42]","request_id":4,"flags":1}}',
  },
  {
    title: "Subscribe",
    bytes: `01 01000000 ${queryHex} 01000000`,
    message: { kind: "subscribe", requestId: 1, queries },
    json: `{"Subscribe":{"query_strings":["${query}"],"request_id":1}}`,
  },
  {
    title: "OneOffQuery",
    bytes: `02 02000000 aabb ${queryHex}`,
    message: { kind: "oneOffQuery", messageId: hex("aabb"), query },
    json: `{"OneOffQuery":{"message_id":"aabb","query_string":"${query}"}}`,
  },
  {
    title: "SubscribeSingle",
    bytes: `03 ${queryHex} 01000000 07000000`,
    message: { kind: "subscribeSingle", requestId: 1, queryId: 7, queries },
    json: `{"SubscribeSingle":{"query":"${query}","request_id":1,"query_id":{"id":7}}}`,
  },
  {
    title: "SubscribeMulti",
    bytes: `04 01000000 ${queryHex} 01000000 07000000`,
    message: { kind: "subscribeMulti", requestId: 1, queryId: 7, queries },
    json: `{"SubscribeMulti":{"query_strings":["${query}"],"request_id":1,"query_id":{"id":7}}}`,
  },
  {
    title: "Unsubscribe",
    bytes: "05 02000000 07000000",
    message: { kind: "unsubscribe", requestId: 2, queryId: 7 },
    json: '{"Unsubscribe":{"request_id":2,"query_id":{"id":7}}}',
  },
  {
    title: "UnsubscribeMulti",
    bytes: "06 02000000 07000000",
    message: { kind: "unsubscribeMulti", requestId: 2, queryId: 7 },
    json: '{"UnsubscribeMulti":{"request_id":2,"query_id":{"id":7}}}',
  },
  {
    title: "CallProcedure",
    bytes: "07 03000000 6e6f77 00000000 05000000 00",
    message: {
      kind: "callProcedure",
      requestId: 5,
      name: "now",
      ...call,
      argsEnd: 12,
      isSilent: false,
    },
    args: "",
    json: '{"CallProcedure":{"procedure":"now","args":"[]","request_id":5,"flags":0}}',
  },
];

void test("golden bytes decode and encode", async (t) => {
  for (const { title, bytes, message, args = "" } of vectors) {
    const frame = hex(bytes);
    for (const names of [undefined, new NameCache()]) {
      const reader = new Reader(frame);
      const decoded = decodeV1ClientMessage(reader, names);
      t.same(decoded, message, title);
      t.equal(reader.remaining, 0, `${title} is read whole`);
      if (!("argsStart" in decoded)) continue;
      t.equal(toHex(frame.subarray(decoded.argsStart, decoded.argsEnd)), args, `${title}: args`);
    }
    const writer = new Writer();
    writeV1ClientMessage(writer, message, hex(args));
    t.equal(toHex(writer.written()), squeeze(bytes), `${title} encodes`);
  }
});

void test("golden texts decode to the same messages", async (t) => {
  for (const { title, message, json } of vectors) {
    const decoded = decodeV1JsonMessage(json);
    if (!("argsJson" in decoded)) {
      t.same(decoded, message, title);
      continue;
    }
    const argsJson = decoded.name === "now" ? "[]" : '["Bob",42]';
    t.same(decoded, { ...message, argsStart: 0, argsEnd: 0, argsJson }, title);
  }
  const numbers = '{"OneOffQuery":{"message_id":[170,187],"query_string":"q"}}';
  t.same(decodeV1JsonMessage(numbers), {
    kind: "oneOffQuery",
    messageId: hex("aabb"),
    query: "q",
  });
});

void test("frames that do not decode are refused", async (t) => {
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ["", "empty", /data too short for u8/],
    ["08", "unknown tag", /unknown tag 8 of a client message/],
    ["01 ffffffff", "hostile count", /claims 4294967295 queries/],
    ["00 01000000 61 00000000 01000000 02", "flags of a reducer", /unknown flags 2/],
    ["07 01000000 61 00000000 01000000 01", "flags of a procedure", /unknown flags 1/],
    ["00 03000000 616464 0b000000 03", "cut arguments", /data too short/],
    ["02 02000000 aabb 02000000 ff61", "query is no text", /not valid UTF-8/],
  ];
  for (const [bytes, title, message] of cases) {
    const decode = (): unknown => decodeV1ClientMessage(new Reader(hex(bytes)));
    t.throws(decode, { code: "LC_FRAME_INVALID", message }, title);
  }
});

void test("texts that do not decode are refused", async (t) => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ["", /not JSON/],
    ["{", /not JSON/],
    ["[]", /a message must be an object/],
    ["null", /a message must be an object/],
    ["{}", /must have one key/],
    ['{"Subscribe":{},"Unsubscribe":{}}', /must have one key/],
    ['{"__proto__":{}}', /unknown message __proto__/],
    ['{"toString":{}}', /unknown message toString/],
    ['{"Subscribe":7}', /Subscribe must be an object/],
    ['{"Subscribe":{"query_strings":"x","request_id":1}}', /an array of strings/],
    ['{"Subscribe":{"query_strings":[7],"request_id":1}}', /an array of strings/],
    ['{"Subscribe":{"query_strings":[]}}', /request_id is missing/],
    ['{"Subscribe":{"query_strings":[],"request_id":-1}}', /from 0 to 4294967295/],
    ['{"Subscribe":{"query_strings":[],"request_id":1.5}}', /from 0 to 4294967295/],
    ['{"Subscribe":{"query_strings":[],"request_id":4294967296}}', /from 0 to 4294967295/],
    ['{"Unsubscribe":{"request_id":1,"query_id":7}}', /query_id must be an object/],
    ['{"OneOffQuery":{"message_id":"abc","query_string":""}}', /even number of hex/],
    ['{"OneOffQuery":{"message_id":[256],"query_string":""}}', /hex digits or an array/],
    [`{"OneOffQuery":{"message_id":"${"ab".repeat(4097)}","query_string":""}}`, /over 4096 bytes/],
    ['{"CallReducer":{"reducer":"a","args":[],"request_id":1,"flags":0}}', /args must be a string/],
    ['{"CallReducer":{"reducer":"a","args":"","request_id":1,"flags":2}}', /from 0 to 1/],
    ['{"CallProcedure":{"procedure":"a","args":"","request_id":1,"flags":1}}', /from 0 to 0/],
  ];
  for (const [text, message] of cases) {
    t.throws(() => decodeV1JsonMessage(text), { code: "LC_FRAME_INVALID", message }, text);
  }
});

function isMessageOrRefusal(decode: () => V1ClientMessage): boolean {
  try {
    return decode().kind !== undefined;
  } catch (thrown) {
    return (thrown as { readonly code?: string }).code === "LC_FRAME_INVALID";
  }
}

void test("random bytes and texts are a message or LC_FRAME_INVALID, nothing else", async (t) => {
  const bytes = fc
    .tuple(fc.integer({ min: 0, max: 8 }), fc.uint8Array({ maxLength: 80 }))
    .map(([tag, rest]) => Uint8Array.of(tag, ...rest));
  fc.assert(
    fc.property(bytes, (frame) =>
      isMessageOrRefusal(() => decodeV1ClientMessage(new Reader(frame))),
    ),
    { numRuns: 3000 },
  );
  const valid = fc.constantFrom(...vectors.map(({ json }) => json));
  const mutated = fc
    .tuple(valid, fc.nat(100), fc.constantFrom("", '"', "{", "]", "null", "-1", "\u0000"))
    .map(([text, at, put]) => text.slice(0, at) + put + text.slice(at + 1));
  const replaced = fc
    .tuple(fc.constantFrom("Subscribe", "CallReducer", "OneOffQuery", "Unsubscribe"), fc.json())
    .map(([name, json]) => `{"${name}":${json}}`);
  fc.assert(
    fc.property(fc.oneof(fc.json(), fc.string(), mutated, replaced), (text) =>
      isMessageOrRefusal(() => decodeV1JsonMessage(text)),
    ),
    { numRuns: 3000 },
  );
  t.pass("6000 frames");
});

import { test } from "tap";
import { ConnectionId } from "../identity.ts";
import { CloseCode, closeReason } from "./close.ts";
import {
  chooseSubprotocol,
  parseSubprotocols,
  parseSubscribeOptions,
  type Subprotocol,
} from "./subprotocol.ts";

const v1 = "v1.bsatn.spacetimedb";
const v2 = "v2.bsatn.spacetimedb";
const v3 = "v3.bsatn.spacetimedb";
const json = "v1.json.spacetimedb";

// protocol.md 1.2
void test("the server's preference decides among what both know", async (t) => {
  const cases: readonly (readonly [string, readonly Subprotocol[], Subprotocol | undefined])[] = [
    [v2, [v2], v2],
    [`${v2}, ${v3}`, [v2, v3], v3],
    [`${v3},${v2}`, [v2], v2],
    [`${json} ,  ${v1}`, [v1, v2, v3, json], v1],
    [json, [v2], undefined],
    ["", [v2], undefined],
    [" , ", [v2], undefined],
    ["V2.BSATN.SPACETIMEDB", [v2], undefined],
  ];
  for (const [header, supported, expected] of cases) {
    t.equal(chooseSubprotocol(parseSubprotocols(header), supported), expected, header);
  }
});

// protocol.md 1.1
void test("options have their defaults", async (t) => {
  const nothing = new URLSearchParams("unknown=1");
  const expected = {
    connectionId: undefined,
    compression: "Brotli",
    light: false,
    confirmed: true,
    token: undefined,
  };
  t.strictSame(parseSubscribeOptions(nothing, v2), expected);
  t.strictSame(parseSubscribeOptions(nothing, v3), expected);
  t.strictSame(parseSubscribeOptions(nothing, v1), { ...expected, confirmed: false });
  t.strictSame(parseSubscribeOptions(nothing, json), { ...expected, confirmed: false });
});

void test("options are read", async (t) => {
  const id = "000102030405060708090a0b0c0d0e0f";
  const query = `connection_id=${id}&compression=Gzip&light=true&confirmed=false&token=abc`;
  t.strictSame(parseSubscribeOptions(new URLSearchParams(query), v2), {
    connectionId: ConnectionId.fromHex(id),
    compression: "Gzip",
    light: true,
    confirmed: false,
    token: "abc",
  });
});

void test("wrong options are refused with the text of the answer", async (t) => {
  const cases: readonly (readonly [string, RegExp])[] = [
    [
      "compression=gzip",
      /^Failed to deserialize query string: compression: unknown variant `gzip`/,
    ],
    ["compression=", /unknown variant ``/],
    ["confirmed=1", /confirmed: expected true or false/],
    ["light=yes", /light: expected true or false/],
    ["confirmed=true&confirmed=true", /duplicate field `confirmed`/],
    ["connection_id=0x01", /connection_id: expected 32 hex digits/],
    [`connection_id=0x${"1".repeat(32)}`, /connection_id: expected 32 hex digits/],
    [
      `connection_id=${"0".repeat(32)}`,
      /^Invalid connection ID: the all-zeros ConnectionId is reserved\.$/,
    ],
  ];
  for (const [query, message] of cases) {
    t.throws(
      () => parseSubscribeOptions(new URLSearchParams(query), v2),
      { code: "LC_REQUEST_INVALID", message },
      query,
    );
  }
});

// protocol.md section 8
void test("close reasons fit into a control frame and end between characters", async (t) => {
  t.equal(closeReason("too many requests"), "too many requests");
  t.equal(closeReason("x".repeat(200)), "x".repeat(123));
  t.equal(closeReason("ä".repeat(100)), "ä".repeat(61));
  t.equal(closeReason(`${"x".repeat(120)}😀`), "x".repeat(120));
  t.same(Object.values(CloseCode), [1000, 1001, 1011, 1013]);
});

import { test } from "tap";
import { squeeze } from "../test/hex.ts";
import { assert, InvariantError, present, unreachable } from "./assert.ts";
import { errorCodes, LightconeError, messageOf } from "./error.ts";
import { identityFromClaims, keccak256 } from "./hash.ts";
import {
  ConnectionId,
  fromHex,
  Identity,
  numberFromBytes,
  numberToBytes,
  toHex,
  Uuid,
} from "./identity.ts";
import { TimeDuration, Timestamp } from "./time.ts";

const alice = "c20035600353a2e93544d898c6ed0eac323e200c0468300f22958f8b472a265d";

// http-and-auth.md appendix A
void test("identities follow from issuer and subject", async (t) => {
  t.equal(identityFromClaims("localhost", "alice").toHex(), alice);
  t.equal(
    identityFromClaims("https://auth.example.com", "user-1").toHex(),
    "c2008acc5c3458231fe297e178b75c5ac86196c9097e82d680e7a7cfc2f75173",
  );
});

void test("identity: text is big-endian, bytes little-endian", async (t) => {
  const identity = Identity.fromHex(alice);
  const bytes = "5d262a478b8f95220f3068040c203e32ac0eedc698d84435e9a25303603500c2";
  t.equal(toHex(identity.toBytes()), bytes);
  t.ok(Identity.fromBytes(fromHex(bytes)).equals(identity));
  t.ok(Identity.fromHex(`0x${alice}`).equals(identity));
  t.equal(Identity.zero.toString(), "0".repeat(64));
  t.throws(() => Identity.fromHex("c200"), { code: "LC_VALUE_INVALID", message: /64 hex digits/ });
});

void test("connection id: text, bytes and number", async (t) => {
  const id = ConnectionId.fromHex("000102030405060708090a0b0c0d0e0f");
  t.equal(toHex(id.toBytes()), "0f0e0d0c0b0a09080706050403020100");
  t.equal(id.value, 5233100606242806050955395731361295n);
  t.ok(ConnectionId.fromBytes(id.toBytes()).equals(id));
  t.equal(ConnectionId.zero.toString(), "0".repeat(32));
});

void test("a hash read as a little-endian number is its bytes reversed", async (t) => {
  const bytes = Uint8Array.from({ length: 32 }, (_, i) => i);
  const reversed = "1f1e1d1c1b1a191817161514131211100f0e0d0c0b0a09080706050403020100";
  t.equal(numberFromBytes(bytes).toString(16), reversed);
  t.same(numberToBytes(numberFromBytes(bytes), 32), bytes);
});

void test("Keccak-256, not SHA3-256", async (t) => {
  const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);
  const nothing = "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470";
  const abc = "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45";
  t.equal(toHex(keccak256(new Uint8Array(0))), nothing);
  t.equal(toHex(keccak256(ascii("abc"))), abc);
  const migration = keccak256(ascii(alice + nothing + abc));
  t.equal(
    toHex(migration),
    squeeze("26a44fb4ef3de5286644cadfc1536e617f3f7d955d4877c3f64203f9d095b2ec"),
    "the token of a migration",
  );
});

void test("UUIDs, points and spans of time", async (t) => {
  const uuid = Uuid.fromText("01020304-0506-0708-090a-0b0c0d0e0f10");
  t.equal(uuid.toString(), "01020304-0506-0708-090a-0b0c0d0e0f10");
  t.equal(uuid.value, 0x0102030405060708090a0b0c0d0e0f10n);
  t.ok(uuid.equals(new Uuid(uuid.value)));
  const date = new Date("2026-01-02T03:04:05.678Z");
  t.same(Timestamp.fromDate(date).toDate(), date);
  t.ok(new Timestamp(1n << 64n).equals(new Timestamp(0n)), "64 bits");
  t.equal(new Timestamp(-5n).toString(), "-5");
  t.equal(TimeDuration.fromMillis(1.5).micros, 1500n);
  t.equal(new TimeDuration(-250n).toMillis(), -0.25);
  t.ok(new TimeDuration(7n).equals(TimeDuration.fromMillis(0.007)));
  t.equal(new TimeDuration(7n).toString(), "7us");
});

void test("hex must be hex", async (t) => {
  for (const text of ["0", "0g", " 00", "0x00"]) {
    t.throws(() => fromHex(text, "a thing"), {
      code: "LC_VALUE_INVALID",
      message: /^a thing must be an even number of hex digits$/,
    });
  }
});

void test("refusals carry a code and reasons; broken invariants do not", async (t) => {
  const error = new LightconeError("LC_LIMIT", "too much", ["this", "that"]);
  t.match(error, { name: "LightconeError", code: "LC_LIMIT", reasons: ["this", "that"] });
  t.equal(messageOf(error), "too much");
  t.equal(messageOf(7), "7");
  t.throws(() => assert(false, "no"), new InvariantError("no"));
  t.throws(() => present(undefined, "gone"), new InvariantError("gone"));
  t.throws(() => unreachable("x" as never), { name: "InvariantError", message: /unexpected "x"/ });
  t.equal(present(0, "there"), 0);
  for (const [code, meaning] of Object.entries(errorCodes)) {
    t.match(code, /^LC_[A-Z]+(_[A-Z]+)*$/);
    t.match(meaning, /^[a-z].*[a-z]$/i, `${code} has a meaning`);
  }
});

import { deepStrictEqual } from "node:assert";
import fc from "fast-check";
import { test } from "tap";
import { hex, toHex } from "../../test/hex.ts";
import { NameCache } from "./name-cache.ts";
import { Reader } from "./reader.ts";
import { isUtf8 } from "./utf8.ts";
import { Writer } from "./writer.ts";

void test("what is written is read", async (t) => {
  const writer = new Writer(1);
  writer.u8(0xfe);
  writer.bool(true);
  writer.u16(0xfffe);
  writer.u32(0xfffffffe);
  writer.u64(0xfffffffffffffffen);
  writer.i64(-2n);
  writer.words(-2n, 4);
  writer.f32(0.5);
  writer.f64(Math.PI);
  writer.string("größe");
  writer.bytes(hex("0102"));
  const reader = new Reader(writer.finish());
  t.same(
    [reader.u8(), reader.bool(), reader.u16(), reader.u32(), reader.u64(), reader.i64()],
    [0xfe, true, 0xfffe, 0xfffffffe, 0xfffffffffffffffen, -2n],
  );
  t.equal(BigInt.asIntN(256, reader.words(4, "i256")), -2n);
  t.same([reader.f32(), reader.f64(), reader.string()], [0.5, Math.PI, "größe"]);
  t.equal(toHex(reader.bytes()), "0102");
  t.equal(reader.remaining, 0);
});

void test("signed readers read what unsigned writers wrote", async (t) => {
  const reader = new Reader(hex("ff feff feffffff"));
  t.same([reader.i8(), reader.i16(), reader.i32()], [-1, -2, -2]);
});

void test("a position within the bytes, not the buffer", async (t) => {
  const whole = hex("aabb 01000000 ccdd");
  const reader = new Reader(whole.subarray(1), 1, 5);
  t.equal(reader.u32(), 1);
  t.same([reader.position, reader.remaining], [5, 0]);
  reader.reset(whole, 6);
  t.equal(toHex(reader.raw(2)), "ccdd");
  t.equal(reader.source, whole);
});

void test("too few bytes are refused with what was wanted", async (t) => {
  const cases: readonly (readonly [string, (reader: Reader) => unknown, RegExp])[] = [
    ["01", (reader) => reader.u32(), /data too short for u32: Expected 4, given 1/],
    ["", (reader) => reader.u8(), /data too short for u8: Expected 1, given 0/],
    [
      "ff000000 61",
      (reader) => reader.string(),
      /data too short for string: Expected 255, given 1/,
    ],
    ["02", (reader) => reader.bool(), /invalid bool byte 2/],
    ["01000000 ff", (reader) => reader.string(), /not valid UTF-8/],
    ["0102", (reader) => reader.skip(3), /data too short for bytes/],
  ];
  for (const [bytes, read, message] of cases) {
    t.throws(() => read(new Reader(hex(bytes))), { code: "LC_BSATN_DECODE", message });
  }
});

void test("recursion is counted until the reader is turned to other bytes", async (t) => {
  const reader = new Reader(hex("00"));
  reader.enter(2);
  reader.enter(2);
  t.throws(() => reader.enter(2), { code: "LC_BSATN_DECODE", message: /over 2 levels/ });
  reader.reset(hex("00"));
  reader.enter(1);
  reader.leave();
  reader.enter(1);
  t.equal(reader.u8(), 0);
});

void test("a writer keeps, cuts and patches its memory", async (t) => {
  const writer = new Writer(4);
  const at = writer.reserve(4);
  writer.u16(0);
  writer.rawRange(hex("000102030405"), 2, 5);
  writer.rawRange(new Uint8Array(100).fill(7), 10, 90);
  writer.patchU32(at, 0xdeadbeef);
  writer.patchU16(4, 0xcafe);
  t.equal(toHex(writer.written()), `efbeaddefeca020304${"07".repeat(80)}`);
  writer.truncate(6);
  t.equal(writer.length, 6);
  const copy = writer.finish();
  writer.clear();
  writer.u8(1);
  t.equal(toHex(copy), "efbeaddefeca", "a finished copy does not change");
  t.equal(writer.memory[0], 1);
});

void test("strings of any length and alphabet are as the platform encodes them", async (t) => {
  const writer = new Writer(1);
  const platform = new TextEncoder();
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
      writer.clear();
      writer.string(text);
      deepStrictEqual(writer.finish().subarray(4), platform.encode(text));
    }),
  );
  writer.clear();
  writer.string("a\ud800b");
  t.equal(toHex(writer.finish()), "0500000061efbfbd62", "a lone surrogate is replaced");
});

void test("UTF-8 is judged as the platform judges it", async (t) => {
  const platform = new TextDecoder("utf-8", { fatal: true });
  const isTextForPlatform = (bytes: Uint8Array): boolean => {
    try {
      return platform.decode(bytes).length >= 0;
    } catch {
      return false;
    }
  };
  const interesting = fc.constantFrom(
    0x00,
    0x41,
    0x7f,
    0x80,
    0x8f,
    0x90,
    0x9f,
    0xa0,
    0xbf,
    0xc0,
    0xc1,
    0xc2,
    0xdf,
    0xe0,
    0xe1,
    0xed,
    0xef,
    0xf0,
    0xf1,
    0xf4,
    0xf5,
    0xff,
  );
  let valid = 0;
  fc.assert(
    fc.property(fc.array(interesting, { maxLength: 5 }), (list) => {
      const bytes = Uint8Array.from(list);
      const expected = isTextForPlatform(bytes);
      valid += expected ? 1 : 0;
      return isUtf8(bytes, 0, bytes.length) === expected;
    }),
    { numRuns: 20_000 },
  );
  t.ok(valid > 100);
  t.equal(isUtf8(hex("ff41ff"), 1, 2), true, "only the part asked for");
});

void test("a name cache gives what the reader would, the same string again", async (t) => {
  const cache = new NameCache();
  const writer = new Writer();
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "binary", maxLength: 150 })), (names) => {
      writer.clear();
      for (const name of names) writer.string(name);
      const reader = new Reader(writer.finish());
      const platform = new Reader(writer.finish());
      for (const _ of names) deepStrictEqual(cache.read(reader), platform.string());
      deepStrictEqual(reader.remaining, 0);
    }),
  );
  t.throws(() => cache.read(new Reader(hex("01000000 ff"))), { code: "LC_BSATN_DECODE" });
  t.throws(() => cache.read(new Reader(hex(`c8000000 ${"ff".repeat(200)}`))), {
    code: "LC_BSATN_DECODE",
  });
  t.throws(() => cache.read(new Reader(hex("02000000 61"))), { code: "LC_BSATN_DECODE" });
});

void test("what is kept of a frame is a copy, also where the frame is a Buffer", async (t) => {
  const frame = Buffer.from("0200000061620200000061620200000061", "hex");
  const cache = new NameCache();
  t.equal(cache.read(new Reader(frame)), "ab");
  const kept = new Reader(frame, 6).bytesCopy();
  frame.fill(0x63, 4, 6);
  frame.fill(0x63, 10, 12);
  t.equal(cache.read(new Reader(frame)), "cc", "not what the bytes were before");
  t.equal(toHex(kept), "6162");
});

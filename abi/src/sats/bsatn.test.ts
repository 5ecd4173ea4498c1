import { deepStrictEqual } from "node:assert";
import fc from "fast-check";
import { test } from "tap";
import { anyTypedValue, typespace } from "../../test/arbitrary.ts";
import { hex, squeeze, toHex } from "../../test/hex.ts";
import { Reader } from "../bytes/reader.ts";
import { Writer } from "../bytes/writer.ts";
import { TimeDuration } from "../time.ts";
import { compileCodec, decode, encode } from "./bsatn.ts";
import { compileWalk } from "./check.ts";
import {
  type AlgebraicType,
  array,
  bytesType,
  option,
  product,
  ref,
  scheduleAtType,
  sum,
  unitType,
  valueDepthMax,
} from "./type.ts";
import type { Value } from "./value.ts";

const u8: AlgebraicType = { kind: "u8" };
const u16: AlgebraicType = { kind: "u16" };
const u32: AlgebraicType = { kind: "u32" };
const u64: AlgebraicType = { kind: "u64" };
const string: AlgebraicType = { kind: "string" };
const bound = sum({ Included: u32, Excluded: u32, Unbounded: unitType });

// module-def.md section 11, and section 2 where it has none
const vectors: readonly (readonly [string, AlgebraicType, Value, string])[] = [
  ["string", string, "hi", "02000000 6869"],
  ["some", option(u8), 5, "00 05"],
  ["none", option(u8), undefined, "01"],
  ["array", array(u16), [1, 2], "02000000 0100 0200"],
  [
    "product",
    product({ id: u64, name: string }),
    { id: 7n, name: "a" },
    "0700000000000000 01000000 61",
  ],
  [
    "ScheduleAt",
    scheduleAtType,
    { tag: "Interval", value: new TimeDuration(1_000_000n) },
    "00 40420f0000000000",
  ],
  ["sum", bound, { tag: "Included", value: 3 }, "00 03000000"],
  ["sum without payload", bound, { tag: "Unbounded", value: undefined }, "02"],
  ["bytes", bytesType, hex("0a0b"), "02000000 0a0b"],
  ["unit", unitType, {}, ""],
  ["result", sum({ ok: u8, err: string }), { err: "a" }, "01 01000000 61"],
  ["i256", { kind: "i256" }, -2n, `fe${"ff".repeat(31)}`],
  ["u128", { kind: "u128" }, 1n << 127n, `${"00".repeat(15)}80`],
  ["option of option: some none", option(option(u8)), { some: undefined }, "00 01"],
  ["option of option: none", option(option(u8)), undefined, "01"],
  ["option of unit", option(unitType), { some: {} }, "00"],
];

void test("worked bytes", async (t) => {
  for (const [title, type, value, bytes] of vectors) {
    const codec = compileCodec(type);
    t.equal(toHex(encode(codec, value)), squeeze(bytes), `${title} encodes`);
    t.strictSame(decode(codec, hex(bytes)), value, `${title} decodes`);
    const walked = compileWalk(type)(hex(bytes), 0, hex(bytes).length);
    t.equal(walked, hex(bytes).length, `${title} is walked`);
  }
});

void test("any value of any type comes back equal, and the walk ends where the codec does", async (t) => {
  fc.assert(
    fc.property(anyTypedValue, ([type, value]) => {
      const codec = compileCodec(type, typespace);
      const writer = new Writer();
      writer.u8(0xff);
      codec.write(writer, value);
      const end = writer.length;
      writer.u8(0xff);
      const bytes = writer.finish();
      const reader = new Reader(bytes, 1);
      deepStrictEqual(codec.read(reader), value);
      deepStrictEqual(reader.position, end);
      deepStrictEqual(compileWalk(type, typespace)(bytes, 1, bytes.length), end);
    }),
    { numRuns: 1500 },
  );
  t.pass("1500 values");
});

void test("the walk accepts exactly what the codec accepts", async (t) => {
  let accepted = 0;
  let refused = 0;
  const damage = fc.record({
    at: fc.nat(),
    byte: fc.constantFrom(0, 1, 2, 3, 0x80, 0xff),
    cut: fc.nat({ max: 3 }),
  });
  fc.assert(
    fc.property(anyTypedValue, damage, ([type, value], { at, byte, cut }) => {
      const codec = compileCodec(type, typespace);
      const bytes = encode(codec, value);
      if (bytes.length > 0) bytes[at % bytes.length] = byte;
      const end = Math.max(0, bytes.length - cut);
      const reader = new Reader(bytes, 0, end);
      const walked = compileWalk(type, typespace)(bytes, 0, end);
      try {
        codec.read(reader);
        deepStrictEqual(walked, reader.position);
        accepted++;
      } catch (thrown) {
        if ((thrown as { readonly code?: string }).code !== "LC_BSATN_DECODE") throw thrown;
        deepStrictEqual(walked, -1);
        refused++;
      }
    }),
    { numRuns: 3000 },
  );
  t.ok(accepted > 300 && refused > 300, `${accepted} accepted, ${refused} refused`);
});

void test("bytes that are no value are refused", async (t) => {
  const cases: readonly (readonly [string, AlgebraicType, string, RegExp])[] = [
    ["bool", { kind: "bool" }, "02", /invalid bool byte 2/],
    ["tag", bound, "03", /unknown tag 3/],
    ["tag of an option", option(u8), "02", /unknown tag 2 of an option/],
    ["tag of a result", sum({ ok: u8, err: u8 }), "02", /unknown tag 2 of a result/],
    ["text", string, "01000000 c0", /not valid UTF-8/],
    ["short", u64, "00", /data too short/],
    ["count", array(u16), "03000000 00000000", /an array claims 3 elements/],
    ["count of empty elements", array(unitType), "01040000", /an array claims 1025 elements/],
    ["never", sum({}), "00", /unknown tag 0/],
  ];
  for (const [title, type, bytes, message] of cases) {
    const data = hex(bytes);
    t.throws(() => decode(compileCodec(type), data), { code: "LC_BSATN_DECODE", message }, title);
    t.equal(compileWalk(type)(data, 0, data.length), -1, `${title}, walked`);
  }
});

void test("recursion that bytes ask for is limited", async (t) => {
  const list = compileCodec(ref(2), typespace);
  const walk = compileWalk(ref(2), typespace);
  function chain(length: number): Uint8Array {
    const node = new Uint8Array(9 * length);
    node[node.length - 1] = 1;
    return node;
  }
  t.ok(decode(list, chain(valueDepthMax)));
  t.equal(walk(chain(valueDepthMax), 0, 9 * valueDepthMax), 9 * valueDepthMax);
  for (const length of [valueDepthMax + 1, 100_000]) {
    t.throws(() => decode(list, chain(length)), {
      code: "LC_BSATN_DECODE",
      message: /levels deep/,
    });
    t.equal(walk(chain(length), 0, 9 * length), -1);
  }
  t.equal(walk(chain(3), 0, 27), 27, "the walk has recovered");
});

void test("values that do not fit their type are refused by what was expected", async (t) => {
  const cases: readonly (readonly [AlgebraicType, Value, RegExp])[] = [
    [u8, 256, /expected u8 \(an integer from 0 to 255\), given 256/],
    [u8, 1.5, /given 1.5/],
    [u8, 1n, /expected u8/],
    [{ kind: "i8" }, -129, /expected i8/],
    [u64, 1, /expected u64 \(a bigint\), given 1/],
    [u64, -1n, /expected u64 \(in range\), given -1/],
    [{ kind: "i256" }, 1n << 255n, /expected i256 \(in range\)/],
    [{ kind: "bool" }, 1, /expected a boolean/],
    [string, 1, /expected a string/],
    [{ kind: "f32" }, "1", /expected a number/],
    [bytesType, [1], /expected a Uint8Array/],
    [array(u16), "ab", /expected an array/],
    [product({ id: u8 }), 1, /expected an object with id, given 1/],
    [bound, { tag: "Other", value: 1 }, /expected a \{ tag \} out of Included/],
    [sum({ ok: u8, err: u8 }), 1, /expected \{ ok \} or \{ err \}/],
    [scheduleAtType, { tag: "Time", value: 1n }, /expected a Timestamp, given 1/],
  ];
  for (const [type, value, message] of cases) {
    t.throws(() => encode(compileCodec(type), value), { code: "LC_VALUE_INVALID", message });
  }
});

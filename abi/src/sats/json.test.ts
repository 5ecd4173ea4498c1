// Output (json-write.ts) and input (json-read.ts) of SATS-JSON together: most rules are about both.
import { deepStrictEqual } from "node:assert";
import fc from "fast-check";
import { test } from "tap";
import { anyTypedValue, typespace } from "../../test/arbitrary.ts";
import { hex, squeeze, toHex } from "../../test/hex.ts";
import { Reader } from "../bytes/reader.ts";
import { Writer } from "../bytes/writer.ts";
import { ConnectionId, Identity } from "../identity.ts";
import { TimeDuration, Timestamp } from "../time.ts";
import { compileCodec, encode } from "./bsatn.ts";
import { compileArguments, compileJsonReader, encodeArguments } from "./json-read.ts";
import { type JsonValue, parseJson } from "./json-text.ts";
import { compileJsonWriter, type JsonStyle } from "./json-write.ts";
import {
  type AlgebraicType,
  array,
  bytesType,
  connectionIdType,
  identityType,
  option,
  product,
  type ProductType,
  ref,
  sum,
  timeDurationType,
  timestampType,
  unitType,
} from "./type.ts";
import type { Value } from "./value.ts";

const u8: AlgebraicType = { kind: "u8" };
const u32: AlgebraicType = { kind: "u32" };
const string: AlgebraicType = { kind: "string" };
const styles: readonly JsonStyle[] = ["typed", "positional", "mixed"];

function toJson(type: AlgebraicType, value: Value, style: JsonStyle): string {
  return compileJsonWriter(
    type,
    typespace,
    style,
  )(new Reader(encode(compileCodec(type, typespace), value)));
}

function fromJson(type: AlgebraicType, json: JsonValue): string {
  const writer = new Writer();
  compileJsonReader(type, typespace)(json, writer);
  return toHex(writer.written());
}

const alice = Identity.fromHex("c20035600353a2e93544d898c6ed0eac323e200c0468300f22958f8b472a265d");
const aliceText = '"0xc20035600353a2e93544d898c6ed0eac323e200c0468300f22958f8b472a265d"';
const shape = sum({ Nothing: unitType, Circle: { kind: "f32" }, Pair: product({ a: u8, b: u8 }) });

// module-def.md section 4, http-and-auth.md 6.2 and appendix A: typed, positional, mixed
const outputs: readonly (readonly [string, AlgebraicType, Value, string, string, string])[] = [
  [
    "product",
    product({ a: u8, b: string }),
    { a: 1, b: "x" },
    '{"a":1,"b":"x"}',
    '[1,"x"]',
    '{"a":1,"b":"x"}',
  ],
  ["sum", shape, { tag: "Circle", value: 0.5 }, '{"Circle":0.5}', "[1,0.5]", "[1,0.5]"],
  [
    "empty variant",
    shape,
    { tag: "Nothing", value: undefined },
    '{"Nothing":[]}',
    "[0,[]]",
    "[0,{}]",
  ],
  ["unit", unitType, {}, "[]", "[]", "{}"],
  ["some", option(u8), 5, '{"some":5}', "[0,5]", "[0,5]"],
  ["none", option(u8), undefined, '{"none":[]}', "[1,[]]", "[1,{}]"],
  [
    "Identity",
    identityType,
    alice,
    `{"__identity__":${aliceText}}`,
    `[${aliceText}]`,
    `{"__identity__":${aliceText}}`,
  ],
  [
    "ConnectionId",
    connectionIdType,
    ConnectionId.fromHex("000102030405060708090a0b0c0d0e0f"),
    '{"__connection_id__":5233100606242806050955395731361295}',
    "[5233100606242806050955395731361295]",
    '{"__connection_id__":5233100606242806050955395731361295}',
  ],
  [
    "Timestamp",
    timestampType,
    new Timestamp(1_700_000_000_000_000n),
    '{"__timestamp_micros_since_unix_epoch__":1700000000000000}',
    "[1700000000000000]",
    '{"__timestamp_micros_since_unix_epoch__":1700000000000000}',
  ],
  [
    "TimeDuration",
    timeDurationType,
    new TimeDuration(-250n),
    '{"__time_duration_micros__":-250}',
    "[-250]",
    '{"__time_duration_micros__":-250}',
  ],
];

void test("products and sums in the three styles", async (t) => {
  for (const [title, type, value, ...expected] of outputs) {
    for (const [i, style] of styles.entries()) {
      t.equal(toJson(type, value, style), expected[i], `${title}, ${style}`);
    }
  }
});

void test("values look the same in every style", async (t) => {
  const cases: readonly (readonly [AlgebraicType, Value, string])[] = [
    [{ kind: "bool" }, true, "true"],
    [string, 'a"\n\u2028é', '"a\\"\\n\u2028é"'],
    [{ kind: "u64" }, 18446744073709551615n, "18446744073709551615"],
    [{ kind: "i128" }, -(1n << 127n), "-170141183460469231731687303715884105728"],
    [{ kind: "i8" }, -1, "-1"],
    [{ kind: "i16" }, -2, "-2"],
    [{ kind: "i32" }, -3, "-3"],
    [{ kind: "u16" }, 65535, "65535"],
    [{ kind: "u256" }, 255n, '"0xff"'],
    [{ kind: "u256" }, 0n, '"0x0"'],
    [{ kind: "i256" }, -5n, '"-0x5"'],
    [{ kind: "f64" }, 1, "1.0"],
    [{ kind: "f64" }, -0, "-0.0"],
    [{ kind: "f64" }, 0.1, "0.1"],
    [{ kind: "f64" }, 1e300, "1e+300"],
    [{ kind: "f64" }, Number.NaN, "null"],
    [{ kind: "f64" }, Number.NEGATIVE_INFINITY, "null"],
    [{ kind: "f32" }, 0.1, "0.1"],
    [{ kind: "f32" }, 16777216, "16777216.0"],
    [{ kind: "f32" }, -0, "-0.0"],
    [bytesType, hex("00ff"), '"00ff"'],
    [array(u32), [1, 2], "[1,2]"],
    [array(u8), hex(""), '""'],
  ];
  for (const [type, value, expected] of cases) {
    for (const style of styles) t.equal(toJson(type, value, style), expected);
  }
});

void test("accepted input", async (t) => {
  const pair = product({ a: u8, b: string });
  const pairHex = "05 01000000 78";
  const cases: readonly (readonly [string, AlgebraicType, string, string])[] = [
    ["object in any order", pair, '{"b":"x","a":5}', pairHex],
    ["array", pair, '[5,"x"]', pairHex],
    ["variant by name", shape, '{"Pair":{"a":1,"b":2}}', "02 0102"],
    ["variant by number as text", shape, '{"2":[1,2]}', "02 0102"],
    ["variant by tag", shape, "[2,[1,2]]", "02 0102"],
    ["variant by name in an array", shape, '["Pair",[1,2]]', "02 0102"],
    ["empty variant", shape, '{"Nothing":[]}', "00"],
    ["empty variant as an object", shape, '{"Nothing":{}}', "00"],
    ["null is none", option(u8), "null", "01"],
    ["none", option(u8), '{"none":[]}', "01"],
    ["some", option(u8), '{"some":5}', "00 05"],
    ["some by tag", option(u8), "[0,5]", "00 05"],
    ["option in an option", option(option(u8)), '{"some":null}', "00 01"],
    ["hex", bytesType, '"00FF"', "02000000 00ff"],
    ["bytes as numbers", bytesType, "[0,255]", "02000000 00ff"],
    ["array of u32", array(u32), "[1]", "01000000 01000000"],
    ["u256", { kind: "u256" }, '"0xFF"', `ff${"00".repeat(31)}`],
    ["u256 with zeros in front", { kind: "u256" }, '"0x00ff"', `ff${"00".repeat(31)}`],
    ["i256", { kind: "i256" }, '"-0x1"', "ff".repeat(32)],
    ["u64 beyond 2^53", { kind: "u64" }, "18446744073709551615", "ff".repeat(8)],
    ["i64", { kind: "i64" }, "-1", "ff".repeat(8)],
    ["i8", { kind: "i8" }, "-128", "80"],
    ["f64 from an integer", { kind: "f64" }, "1", "000000000000f03f"],
    ["f64 from a large integer", { kind: "f64" }, "18014398509481984", "0000000000005043"],
    ["f32", { kind: "f32" }, "0.1", "cdcccc3d"],
    ["bool", { kind: "bool" }, "true", "01"],
    ["recursive", ref(1), '{"node":[{"leaf":1},[0,2]]}', "01 02000000 0001 0002"],
    ["unit", unitType, "[]", ""],
  ];
  for (const [title, type, json, bytes] of cases) {
    t.equal(fromJson(type, parseJson(json)), squeeze(bytes), title);
  }
});

void test("refused input names its place and what was expected", async (t) => {
  const order = product({
    lines: array(product({ price: { kind: "i64" } })),
    note: option(string),
  });
  const cases: readonly (readonly [string, AlgebraicType, string, string])[] = [
    [
      "depth",
      order,
      '{"lines":[{"price":1},{"price":"x"}],"note":null}',
      'value lines[1].price: expected i64, given "x"',
    ],
    ["missing field", order, '{"lines":[]}', 'value: "note" is missing'],
    [
      "unknown field",
      order,
      '{"lines":[],"note":null,"x":1}',
      'value: unknown name "x", expected lines, note',
    ],
    [
      "field of Object",
      product({}),
      '{"toString":1}',
      'value: unknown name "toString", expected none',
    ],
    ["too few", order, "[[]]", "value: expected 2 fields, given 1"],
    ["neither", order, "7", "value: expected an array or an object of 2 fields, given 7"],
    [
      "bare value is no some",
      option(u8),
      "5",
      "value: expected a variant out of some, none, given 5",
    ],
    [
      "null is no variant",
      shape,
      "null",
      "value: expected a variant out of Nothing, Circle, Pair, given null",
    ],
    [
      "unknown variant",
      shape,
      '{"Square":1}',
      'value: expected a variant out of Nothing, Circle, Pair, given "Square"',
    ],
    [
      "unknown tag",
      shape,
      "[3,[]]",
      "value: expected a variant out of Nothing, Circle, Pair, given 3",
    ],
    [
      "negative tag",
      shape,
      "[-1,[]]",
      "value: expected a variant out of Nothing, Circle, Pair, given -1",
    ],
    [
      "tag as text beyond",
      shape,
      '{"3":[]}',
      'value: expected a variant out of Nothing, Circle, Pair, given "3"',
    ],
    [
      "two variants",
      shape,
      '{"Nothing":[],"Circle":1}',
      "value: expected a variant out of Nothing, Circle, Pair, given an object with Nothing, Circle",
    ],
    ["inside a variant", shape, '{"Pair":[1,"2"]}', 'value Pair.b: expected u8, given "2"'],
    ["range", u8, "256", "value: expected u8 (in range), given 256"],
    ["negative", { kind: "u64" }, "-1", "value: expected u64 (in range), given -1"],
    ["fraction", u32, "1.5", "value: expected u32, given 1.5"],
    ["inexact", { kind: "u64" }, "1e17", "value: expected u64, given 100000000000000000"],
    ["number as text", u32, '"1"', 'value: expected u32, given "1"'],
    [
      "u256 without 0x",
      { kind: "u256" },
      '"ff"',
      'value: expected u256 (a string "0x…"), given "ff"',
    ],
    ["u256 as a number", { kind: "u256" }, "1", 'value: expected u256 (a string "0x…"), given 1'],
    [
      "u256 negative",
      { kind: "u256" },
      '"-0x1"',
      'value: expected u256 (a string "0x…"), given "-0x1"',
    ],
    [
      "i256 range",
      { kind: "i256" },
      `"0x8${"0".repeat(63)}"`,
      `value: expected i256 (in range), given "0x8${"0".repeat(56)}…`,
    ],
    ["null is no float", { kind: "f64" }, "null", "value: expected f64, given null"],
    ["bool", { kind: "bool" }, "1", "value: expected bool, given 1"],
    ["string", string, "1", "value: expected string, given 1"],
    ["hex", bytesType, '"0"', 'value: expected bytes (an even number of hex digits), given "0"'],
    ["bytes", bytesType, "{}", "value: expected bytes (hex digits or an array), given {}"],
    ["byte", bytesType, "[1,256]", "value [1]: expected u8 (in range), given 256"],
    ["array", array(u32), '"ab"', 'value: expected an array, given "ab"'],
    ["array for a number", u32, "[[]]", "value: expected u32, given an array of 1"],
  ];
  for (const [title, type, json, message] of cases) {
    t.throws(() => fromJson(type, parseJson(json)), { code: "LC_JSON_DECODE", message }, title);
  }
});

void test("arguments come in order or by name", async (t) => {
  const params: ProductType = product({ name: string, amount: { kind: "i64" } });
  const expected = squeeze("03000000 426f62 2a00000000000000");
  for (const json of ['["Bob",42]', '{"amount":42,"name":"Bob"}']) {
    t.equal(toHex(encodeArguments(params, [], parseJson(json))), expected, json);
  }
  const cases: readonly (readonly [string, string])[] = [
    ['["Bob","x"]', 'argument amount: expected i64, given "x"'],
    ['{"name":"Bob","amount":"x"}', 'argument amount: expected i64, given "x"'],
    ['["Bob"]', "argument: expected 2 arguments, given 1"],
    ['{"name":"Bob"}', 'argument: "amount" is missing'],
    ['{"name":"Bob","amount":1,"x":2}', 'argument: unknown name "x", expected name, amount'],
    ['"Bob"', 'argument: expected an array or an object of 2 arguments, given "Bob"'],
  ];
  for (const [json, message] of cases) {
    t.throws(
      () => encodeArguments(params, [], parseJson(json)),
      { code: "LC_REDUCER_ARGUMENTS", message },
      json,
    );
  }
});

void test("compiled arguments serve many calls", async (t) => {
  const read = compileArguments(product({ list: ref(1) }), typespace);
  const writer = new Writer();
  t.throws(() => read(parseJson('[{"node":[1]}]'), writer), {
    message: /argument list.node\[0\]: /,
  });
  writer.clear();
  read(parseJson('[{"leaf":1}]'), writer);
  t.equal(toHex(writer.finish()), "0001");
});

function hasOddFloat(value: Value): boolean {
  if (typeof value === "number") return !Number.isFinite(value);
  if (typeof value !== "object" || value instanceof Uint8Array) return false;
  return Object.values(value).some(hasOddFloat);
}

void test("what is written in any style is read as the same bytes", async (t) => {
  let tried = 0;
  fc.assert(
    fc.property(anyTypedValue, ([type, value]) => {
      // NaN and infinities become null and cannot come back.
      fc.pre(!hasOddFloat(value));
      tried++;
      const bytes = toHex(encode(compileCodec(type, typespace), value));
      for (const style of styles) {
        const text = toJson(type, value, style);
        JSON.parse(text);
        deepStrictEqual(fromJson(type, parseJson(text)), bytes);
      }
    }),
    { numRuns: 700 },
  );
  t.ok(tried > 300, `${tried} values`);
});

void test("bytes that are no value make no JSON", async (t) => {
  const cases: readonly (readonly [AlgebraicType, string])[] = [
    [shape, "03"],
    [array(u32), "ffffffff"],
    [array(unitType), "ffffffff"],
    [{ kind: "bool" }, "02"],
    [ref(2), "00".repeat(9 * 1000)],
  ];
  for (const [type, bytes] of cases) {
    const write = compileJsonWriter(type, typespace, "typed");
    t.throws(() => write(new Reader(hex(bytes))), { code: "LC_BSATN_DECODE" });
  }
});

// Values on their way out and back: text and binary forms, of every type.
import {
  type AlgebraicType,
  array,
  bytesType,
  compileJsonReader,
  connectionIdType,
  identityType,
  numberToBytes,
  option,
  parseJson,
  primitive,
  type PrimitiveKind,
  product,
  Reader,
  scheduleAtType,
  sum,
  timeDurationType,
  timestampType,
  unitType,
  uuidType,
  Writer,
} from "@lightcone/abi";
import fc from "fast-check";
import { test } from "tap";
import { parseArray } from "./array-text.ts";
import { durationText, parseDuration, timestampText } from "./calendar.ts";
import { compileCell } from "./cell.ts";
import { Format } from "./frontend.ts";
import { MessageWriter } from "./message-writer.ts";
import { boundParameters } from "./parameter-value.ts";
import { oidOf, pgShapeOf } from "./pg-type.ts";

function bsatn(type: AlgebraicType, json: string): Uint8Array {
  const writer = new Writer();
  compileJsonReader(type, [])(parseJson(json), writer);
  return writer.finish();
}

/** A value as it is sent, without its length; undefined for NULL. */
function written(type: AlgebraicType, bytes: Uint8Array, format: Format): Uint8Array | undefined {
  const out = new MessageWriter();
  compileCell(pgShapeOf(type), format)(new Reader(bytes), out);
  const sent = out.take();
  const length = new DataView(sent.buffer, sent.byteOffset).getInt32(0);
  return length === -1 ? undefined : sent.subarray(4, 4 + length);
}

function textOf(type: AlgebraicType, json: string): string | null {
  const text = written(type, bsatn(type, json), Format.text);
  return text === undefined ? null : Buffer.from(text).toString();
}

const suit = sum({ clubs: unitType, hearts: unitType });
const point = product({ x: primitive("i32"), label: option(primitive("string")) });
const p = (kind: PrimitiveKind): AlgebraicType => primitive(kind);

void test("every type has a number of PostgreSQL and its text", (t) => {
  const cases: readonly (readonly [AlgebraicType, number, string, string | null])[] = [
    [p("bool"), 16, "true", "t"],
    [p("u8"), 21, "255", "255"],
    [p("i8"), 21, "-128", "-128"],
    [p("i16"), 21, "-5", "-5"],
    [p("u16"), 23, "65535", "65535"],
    [p("i32"), 23, "-2147483648", "-2147483648"],
    [p("u32"), 20, "4294967295", "4294967295"],
    [p("i64"), 20, "-9223372036854775808", "-9223372036854775808"],
    [p("u64"), 1700, "18446744073709551615", "18446744073709551615"],
    [p("i128"), 1700, "-1", "-1"],
    [p("u256"), 1700, '"0x100"', "256"],
    [p("f32"), 700, "0.1", "0.1"],
    [p("f64"), 701, "1e300", "1e+300"],
    [p("f64"), 701, "-0.0", "-0"],
    [p("string"), 1043, '"a\\"b"', 'a"b'],
    [bytesType, 17, '"00ff"', "\\x00ff"],
    [timestampType, 1114, "[1500000]", "1970-01-01 00:00:01.5+00:00"],
    [timeDurationType, 1186, "[-90500000]", "PT-1M-30.5S"],
    [uuidType, 2950, "[1]", "00000000-0000-0000-0000-000000000001"],
    [suit, 3500, '{"hearts":[]}', "hearts"],
    [point, 114, '[1,{"some":"a"}]', '{"x":1,"label":{"some":"a"}}'],
    [scheduleAtType, 114, '{"Time":[5]}', '{"Time":{"__timestamp_micros_since_unix_epoch__":5}}'],
    [option(p("u8")), 21, "null", null],
    [option(p("u8")), 21, '{"some":7}', "7"],
    [array(p("i32")), 1007, "[1,-2]", "{1,-2}"],
    [array(p("string")), 1015, '["a","b\\"\\\\",""]', '{"a","b\\"\\\\",""}'],
    [array(option(p("u8"))), 1005, '[{"some":1},null]', "{1,NULL}"],
    [array(p("bool")), 1000, "[]", "{}"],
    [array(suit), 1015, '[{"clubs":[]}]', '{"clubs"}'],
    [array(array(p("u16"))), 199, "[[1],[]]", '{"[1]","[]"}'],
    [option(array(p("u16"))), 1007, '{"some":[1]}', "{1}"],
  ];
  for (const [type, oid, json, wanted] of cases) {
    t.equal(oidOf(pgShapeOf(type)), oid, json);
    t.equal(textOf(type, json), wanted, json);
  }
  const id = numberToBytes(0xc2n << 248n, 32);
  const hex = Buffer.from(written(identityType, id, Format.text) ?? []).toString();
  t.equal(hex, `\\xc2${"0".repeat(62)}`, "an Identity as it is shown");
  t.end();
});

const integers: readonly (readonly [PrimitiveKind, number, boolean])[] = [
  ["u8", 8, false],
  ["i8", 8, true],
  ["u16", 16, false],
  ["i16", 16, true],
  ["u32", 32, false],
  ["i32", 32, true],
  ["u64", 64, false],
  ["i64", 64, true],
  ["u128", 128, false],
  ["i128", 128, true],
  ["u256", 256, false],
  ["i256", 256, true],
];

/** Years that RFC 3339 has. */
const micros = fc.bigInt({ min: -62_135_596_800_000_000n, max: 253_402_300_799_999_999n });
const i64Bytes = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });

const string = fc.string({ unit: "binary" }).map((text) => {
  const writer = new Writer();
  writer.string(text);
  return writer.finish();
});

/** Types with values of theirs. */
const values: readonly (readonly [string, AlgebraicType, fc.Arbitrary<Uint8Array>])[] = [
  ["bool", p("bool"), fc.boolean().map((value) => Uint8Array.of(Number(value)))],
  ...integers.map(([kind, bits, isSigned]): (typeof values)[number] => {
    const range = isSigned
      ? { min: -(2n ** BigInt(bits - 1)), max: 2n ** BigInt(bits - 1) - 1n }
      : { min: 0n, max: 2n ** BigInt(bits) - 1n };
    const bytes = fc
      .bigInt(range)
      .map((value) => numberToBytes(BigInt.asUintN(bits, value), bits / 8));
    return [kind, p(kind), bytes];
  }),
  ["f64", p("f64"), fc.double({ noNaN: true }).map((value) => floatBytes("f64", value))],
  ["f32", p("f32"), fc.float({ noNaN: true }).map((value) => floatBytes("f32", value))],
  ["string", p("string"), string],
  [
    "bytes",
    bytesType,
    fc.uint8Array().map((bytes) => Buffer.concat([numberToBytes(BigInt(bytes.length), 4), bytes])),
  ],
  ["identity", identityType, fc.uint8Array({ minLength: 32, maxLength: 32 })],
  ["connection id", connectionIdType, fc.uint8Array({ minLength: 16, maxLength: 16 })],
  ["uuid", uuidType, fc.uint8Array({ minLength: 16, maxLength: 16 })],
  ["timestamp", timestampType, micros.map((value) => numberToBytes(BigInt.asUintN(64, value), 8))],
  [
    "duration",
    timeDurationType,
    i64Bytes.map((value) => numberToBytes(BigInt.asUintN(64, value), 8)),
  ],
  ["enum", suit, fc.constantFrom(0, 1).map((tag) => Uint8Array.of(tag))],
  [
    "array of strings",
    array(p("string")),
    fc
      .array(string, { maxLength: 5 })
      .map((items) => Buffer.concat([numberToBytes(BigInt(items.length), 4), ...items])),
  ],
  [
    "option of a string",
    option(p("string")),
    fc
      .option(string)
      .map((text) => (text ? Buffer.concat([Uint8Array.of(0), text]) : Uint8Array.of(1))),
  ],
];

function floatBytes(kind: "f32" | "f64", value: number): Uint8Array {
  const writer = new Writer();
  writer[kind](value);
  return writer.finish();
}

void test("what is sent can be bound again, as text and in binary", (t) => {
  for (const [name, type, arbitrary] of values) {
    fc.assert(
      fc.property(arbitrary, (bytes) => {
        for (const format of [Format.text, Format.binary] as const) {
          const sent = written(type, bytes, format);
          const oid = oidOf(pgShapeOf(type));
          const [parameter] = [boundParameters([{ bytes: sent, format, oid }])(1)];
          const back = parameter?.encode(type, "stored");
          const isSame = back !== undefined && Buffer.compare(back, bytes) === 0;
          if (!isSame) t.fail(`${name} ${Buffer.from(bytes).toString("hex")} format ${format}`);
        }
      }),
      { numRuns: 100 },
    );
    t.pass(name);
  }
  t.end();
});

void test("what is not a value of its type is none, and breaks nothing", (t) => {
  const format = fc.constantFrom<Format>(0, 1);
  const oid = fc.constantFrom(0, 16, 17, 20, 25, 114, 1007, 1114, 1186, 1700, 2950, 99_999);
  fc.assert(
    fc.property(fc.uint8Array(), format, oid, (bytes, chosen, type) => {
      const parameter = boundParameters([{ bytes, format: chosen, oid: type }])(1);
      for (const [, wanted] of values) {
        const encoded = parameter?.encode(wanted, "stored");
        t.ok(encoded === undefined || encoded instanceof Uint8Array);
      }
    }),
    { numRuns: 300 },
  );
  t.end();
});

void test("PostgreSQL's own forms of values are understood", (t) => {
  const cases: readonly (readonly [AlgebraicType, string, string | undefined])[] = [
    [p("bool"), "yes", "01"],
    [p("bool"), "maybe", undefined],
    [p("f64"), "Infinity", "000000000000f07f"],
    [p("u8"), " 7 ", "07"],
    [p("u8"), "256", undefined],
    [timestampType, "1970-01-01 00:00:01", "40420f0000000000"],
    [timestampType, "1970-01-01 01:00:01+01", "40420f0000000000"],
    [timestampType, "1970-01-02", "0060d71d14000000"],
    [timestampType, "tomorrow", undefined],
    [timeDurationType, "00:00:01", "40420f0000000000"],
    [timeDurationType, "-00:00:01", "c0bdf0ffffffffff"],
    [timeDurationType, "1 day 00:00:00", "0060d71d14000000"],
    [suit, "spades", undefined],
    [point, '{"x":1,"label":null}', "0100000001"],
    [point, '{"x":1}', undefined],
    [array(p("u8")), "{1}", undefined],
    [array(p("u16")), "{1, 2}", "020000000100" + "0200"],
    [array(p("u16")), "[1,2]", "020000000100" + "0200"],
    [array(p("u16")), "{{1}}", undefined],
  ];
  for (const [type, text, wanted] of cases) {
    const bytes = Buffer.from(text);
    const encoded = boundParameters([{ bytes, format: Format.text, oid: 0 }])(1)?.encode(
      type,
      "stored",
    );
    t.equal(encoded && Buffer.from(encoded).toString("hex"), wanted, text);
  }
  t.end();
});

void test("times and spans", (t) => {
  const times: readonly (readonly [bigint, string])[] = [
    [0n, "1970-01-01 00:00:00+00:00"],
    [-1n, "1969-12-31 23:59:59.999999+00:00"],
    [951_782_400_000_000n, "2000-02-29 00:00:00+00:00"],
    [-62_135_596_800_000_000n, "0001-01-01 00:00:00+00:00"],
    [-62_135_596_800_000_001n, "0001-12-31 23:59:59.999999+00:00 BC"],
    [2n ** 63n - 1n, "294247-01-10 04:00:54.775807+00:00"],
  ];
  for (const [value, text] of times) t.equal(timestampText(value), text);
  t.equal(durationText(0n), "PT0S");
  t.equal(durationText(3_661_000_001n), "PT1H1M1.000001S");
  t.equal(parseDuration("P1DT2H"), 93_600_000_000n);
  for (const text of ["", "P", "PT", "1", "-", "P1Y", "1:2:3"]) {
    t.equal(parseDuration(text), undefined, text);
  }
  t.end();
});

void test("arrays", (t) => {
  const cases: readonly (readonly [string, (string | undefined)[] | undefined])[] = [
    ["{}", []],
    ["{ }", []],
    ["{a}", ["a"]],
    ["{a, b c ,null}", ["a", "b c", undefined]],
    [String.raw`{"a,}","\"","null"}`, ["a,}", '"', "null"]],
    ["{a,}", undefined],
    ["{a", undefined],
    ["{a}b", undefined],
    ["{}x", undefined],
    ['{"a}', undefined],
    ["{{a}}", undefined],
    [`{${" ".repeat(100_000)}`, undefined],
  ];
  for (const [text, wanted] of cases) t.same(parseArray(text), wanted, text.slice(0, 20));
  t.end();
});

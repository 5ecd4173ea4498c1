// Literals read as the type they are compared with: the table of sql-and-subscriptions.md section 4.1.
import {
  type AlgebraicType,
  array,
  bytesType,
  connectionIdType,
  identityType,
  option,
  scheduleAtType,
  timeDurationType,
  timestampType,
  toHex,
  unitType,
  uuidType,
} from "@lightcone/abi";
import fc from "fast-check";
import { test } from "tap";
import { encodeLiteral } from "./literal.ts";
import { parseRfc3339 } from "./rfc3339.ts";
import type { LiteralForm } from "../parse/tree.ts";

/** The BSATN in hex, or "no". */
function read(form: LiteralForm, text: string, type: AlgebraicType): string {
  const value = encodeLiteral({ kind: "literal", form, text, at: 0 }, type);
  return value === undefined ? "no" : toHex(value);
}

type Row = readonly [form: LiteralForm, text: string, expected: string];

const digits64 = "c200".padStart(64, "0");

const tables: Readonly<Record<string, readonly [AlgebraicType, readonly Row[]]>> = {
  Bool: [
    { kind: "bool" },
    [
      ["bool", "TRUE", "01"],
      ["bool", "FALSE", "00"],
      ["number", "1", "no"],
      ["string", "true", "no"],
    ],
  ],
  U8: [
    { kind: "u8" },
    [
      ["number", "255", "ff"],
      ["number", "256", "no"],
      ["number", "-1", "no"],
      ["number", "-0", "00"],
      ["number", "+7", "07"],
      ["number", "10.0", "0a"],
      ["number", "1.5", "no"],
      ["number", "1.5e1", "0f"],
      ["number", "1e2", "64"],
      ["number", "1e-3", "no"],
      ["number", "2500e-2", "19"],
      ["number", "0.00e-99", "00"],
      ["number", "1e999999999999", "no"],
      ["number", `1${"0".repeat(40_000)}1e-40000`, "no"],
      ["number", `1${"0".repeat(40_000)}e-40000`, "01"],
      ["number", "0e999999999999", "00"],
      ["string", "5", "05"],
      ["string", " 5", "no"],
      ["string", "", "no"],
      ["string", "five", "no"],
      // Hex digits are read as a decimal.
      ["hex", "10", "0a"],
      ["hex", "ff", "no"],
      ["bool", "TRUE", "no"],
    ],
  ],
  I16: [
    { kind: "i16" },
    [
      ["number", "-32768", "0080"],
      ["number", "32768", "no"],
      ["string", "-1", "ffff"],
    ],
  ],
  U256: [
    { kind: "u256" },
    [
      ["number", String(2n ** 256n - 1n), "ff".repeat(32)],
      ["number", String(2n ** 256n), "no"],
      ["number", "1e77", toHex(littleEndian(10n ** 77n))],
      ["number", "-1", "no"],
    ],
  ],
  I256: [{ kind: "i256" }, [["number", "-1", "ff".repeat(32)]]],
  F32: [
    { kind: "f32" },
    [
      ["number", "0.5", "0000003f"],
      ["number", "1e39", "0000807f"],
      ["number", "-1e39", "000080ff"],
      ["string", "NaN", "no"],
    ],
  ],
  F64: [
    { kind: "f64" },
    [
      ["number", "+.25", "000000000000d03f"],
      ["number", "1e400", "000000000000f07f"],
      ["string", "1", "000000000000f03f"],
      ["hex", "1", "000000000000f03f"],
      ["string", "inf", "no"],
      ["string", "", "no"],
      ["string", "+", "no"],
      ["bool", "FALSE", "no"],
    ],
  ],
  String: [
    { kind: "string" },
    [
      ["string", "ö", "02000000c3b6"],
      ["number", "5", "0100000035"],
      ["number", "-1e3", "040000002d316533"],
      ["hex", "AB", "020000004142"],
      ["bool", "TRUE", "no"],
    ],
  ],
  bytes: [
    bytesType,
    [
      ["hex", "0aFF", "020000000aff"],
      ["hex", "", "00000000"],
      ["hex", "abc", "020000000abc"],
      ["string", "0x0aff", "020000000aff"],
      ["string", "0aff", "020000000aff"],
      ["string", "0x", "00000000"],
      ["string", "xyz", "no"],
      ["bool", "TRUE", "no"],
    ],
  ],
  Identity: [
    identityType,
    [
      ["hex", digits64, `00c2${"00".repeat(30)}`],
      ["string", digits64, `00c2${"00".repeat(30)}`],
      ["string", `0x${digits64.toUpperCase()}`, `00c2${"00".repeat(30)}`],
      ["hex", "12", "no"],
      ["string", `${digits64}00`, "no"],
      ["string", "z".repeat(64), "no"],
    ],
  ],
  ConnectionId: [
    connectionIdType,
    [
      ["hex", "0f".padStart(32, "0"), `0f${"00".repeat(15)}`],
      ["string", `0x${"0f".padStart(32, "0")}`, `0f${"00".repeat(15)}`],
      ["hex", "0f", "no"],
    ],
  ],
  Uuid: [
    uuidType,
    [
      ["string", "00112233-4455-6677-8899-aabbccddeeff", "ffeeddccbbaa99887766554433221100"],
      ["hex", "00112233445566778899AABBCCDDEEFF", "ffeeddccbbaa99887766554433221100"],
      ["string", "0011-2233445566778899aabbccddeeff", "no"],
      ["string", "", "no"],
    ],
  ],
  Timestamp: [
    timestampType,
    [
      ["string", "1970-01-01T00:00:00.000001Z", "0100000000000000"],
      ["string", "1969-12-31 23:59:59.9999999+00:00", "ffffffffffffffff"],
      ["number", "1700000000", "no"],
      ["string", "2025-01-02", "no"],
    ],
  ],
  TimeDuration: [timeDurationType, [["number", "1", "no"]]],
  Option: [option({ kind: "u8" }), [["number", "1", "no"]]],
  ScheduleAt: [scheduleAtType, [["string", "1970-01-01T00:00:00Z", "no"]]],
  unit: [unitType, [["string", "", "no"]]],
  "array of U16": [array({ kind: "u16" }), [["hex", "00", "no"]]],
};

function littleEndian(value: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
}

for (const [name, [type, rows]] of Object.entries(tables)) {
  void test(`[SQL6] literals read as ${name}`, async (t) => {
    for (const [form, text, expected] of rows) {
      t.equal(read(form, text, type), expected, `${form} ${text.slice(0, 70)}`);
    }
  });
}

void test("[SQL6] any integer in any decimal form", async (t) => {
  const zeros = fc.integer({ min: 0, max: 30 });
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), zeros, (value, count) => {
      const bytes = toHex(littleEndian(BigInt.asUintN(64, value)).subarray(0, 8));
      const forms = [
        `${value}`,
        `${value}.${"0".repeat(count + 1)}`,
        `${value}${"0".repeat(count)}e-${count}`,
        `${value < 0n ? "-" : "+"}.${`${value}`.replace("-", "")}e${`${value}`.replace("-", "").length}`,
      ];
      for (const text of forms) t.equal(read("number", text, { kind: "i64" }), bytes, text);
    }),
    { numRuns: 200 },
  );
});

void test("[SQL6] points in time", async (t) => {
  const rows: readonly [text: string, micros: bigint | undefined][] = [
    ["1970-01-01T00:00:00Z", 0n],
    ["1970-01-01t00:00:00z", 0n],
    ["1970-01-01 01:00:00+01:00", 0n],
    ["1969-12-31T18:30:00-05:30", 0n],
    ["1970-01-01T00:00:00.1234567Z", 123_456n],
    ["1970-01-01T00:00:60Z", 60_000_000n],
    ["2024-02-29T00:00:00Z", 1_709_164_800_000_000n],
    ["0000-01-01T00:00:00Z", -62_167_219_200_000_000n],
    ["0000-02-29T00:00:00Z", -62_162_121_600_000_000n],
    ["9999-12-31T23:59:59.999999Z", 253_402_300_799_999_999n],
    ["2023-02-29T00:00:00Z", undefined],
    ["1900-02-29T00:00:00Z", undefined],
    ["2025-13-01T00:00:00Z", undefined],
    ["2025-00-01T00:00:00Z", undefined],
    ["2025-04-31T00:00:00Z", undefined],
    ["2025-04-00T00:00:00Z", undefined],
    ["2025-04-01T24:00:00Z", undefined],
    ["2025-04-01T00:60:00Z", undefined],
    ["2025-04-01T00:00:61Z", undefined],
    ["2025-04-01T00:00:00+24:00", undefined],
    ["2025-04-01T00:00:00+00:60", undefined],
    ["2025-04-01T00:00:00", undefined],
    ["2025-04-01T00:00Z", undefined],
    ["2025-04-01T00:00:00.Z", undefined],
    ["2025-04-01  00:00:00Z", undefined],
    ["+2025-04-01T00:00:00Z", undefined],
  ];
  for (const [text, micros] of rows) t.equal(parseRfc3339(text), micros, text);
});

void test("[SQL6] points in time agree with the calendar of the language", async (t) => {
  const min = new Date("0000-01-01T00:00:00Z");
  const max = new Date("9999-12-31T23:59:59.999Z");
  fc.assert(
    fc.property(fc.date({ min, max, noInvalidDate: true }), (date) => {
      t.equal(parseRfc3339(date.toISOString()), BigInt(date.getTime()) * 1000n, date.toISOString());
    }),
    { numRuns: 300 },
  );
});

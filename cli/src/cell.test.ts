import {
  type AlgebraicType,
  array,
  bytesType,
  connectionIdType,
  identityType,
  option,
  parseJson,
  product,
  scheduleAtType,
  sum,
  timeDurationType,
  timestampType,
  unitType,
  uuidType,
} from "@lightcone/abi";
import fc from "fast-check";
import { test } from "tap";
import { formatCell, formatTimestamp } from "./cell.ts";

const u64: AlgebraicType = { kind: "u64" };
const text: AlgebraicType = { kind: "string" };

/** The type, the JSON as the server sends it, the cell. */
const cells: [AlgebraicType, string, string][] = [
  [{ kind: "bool" }, "true", "true"],
  [u64, "18446744073709551615", "18446744073709551615"],
  [
    { kind: "i128" },
    "-170141183460469231731687303715884105728",
    "-170141183460469231731687303715884105728",
  ],
  [{ kind: "u256" }, '"0xff"', "0xff"],
  [{ kind: "f64" }, "1.5", "1.5"],
  [{ kind: "f32" }, "null", "null"],
  [text, '"say \\"hi\\"\\n"', '"say \\"hi\\"\\n"'],
  [bytesType, '"00ff"', "0x00ff"],
  [array(u64), "[1,2]", "[1, 2]"],
  [array(text), "[]", "[]"],
  [option(text), '[0,"x"]', '(some = "x")'],
  [option(text), "[1,[]]", "(none = ())"],
  [sum({ red: unitType, rgb: array({ kind: "u8" }) }), "[0,[]]", "(red = ())"],
  [product({ a: u64, b: text }), '[1,"2"]', '(a = 1, b = "2")'],
  [unitType, "[]", "()"],
  [identityType, '["0xc2"]', `0x${"0".repeat(62)}c2`],
  [connectionIdType, "[255]", `0x${"0".repeat(30)}ff`],
  [timestampType, "[1795248115833886]", "2026-11-21T08:01:55.833886Z"],
  [timestampType, "[9223372036854775807]", "9223372036854775807us"],
  [timeDurationType, "[-1500000]", "-1.500000"],
  [timeDurationType, "[0]", "+0.000000"],
  [uuidType, "[1]", "00000000-0000-0000-0000-000000000001"],
  [scheduleAtType, "[0,[1000000]]", "(Interval = +1.000000)"],
  // What does not fit its type is shown rather than hidden.
  [u64, '"seven"', '"seven"'],
  [product({ a: u64 }), "[1,2]", "[1,2]"],
  [option(text), "[7,0]", "[7,0]"],
  [timestampType, '["x"]', '"x"'],
  [timestampType, "[1.5]", "1.5"],
];

void test("cells read as people expect", (t) => {
  for (const [type, json, cell] of cells) t.equal(formatCell(type, parseJson(json)), cell, json);
  t.end();
});

void test("a timestamp keeps its microseconds, before the epoch too", (t) => {
  t.equal(formatTimestamp(0n), "1970-01-01T00:00:00.000000Z");
  t.equal(formatTimestamp(-1n), "1969-12-31T23:59:59.999999Z");
  const max = 253_402_300_799_999_999n;
  fc.assert(
    fc.property(fc.bigInt(-62_135_596_800_000_000n, max), (micros) => {
      const shown = formatTimestamp(micros);
      const millis = BigInt(Date.parse(shown.replace(/\d{3}Z$/, "Z")));
      return millis * 1000n + BigInt(shown.slice(-4, -1)) === micros;
    }),
  );
  t.end();
});

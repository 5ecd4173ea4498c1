import { deepStrictEqual } from "node:assert";
import fc from "fast-check";
import { test } from "tap";
import { anyType } from "../../test/arbitrary.ts";
import { hex, squeeze, toHex } from "../../test/hex.ts";
import {
  decodeType,
  encodeType,
  productTypeFromRaw,
  productTypeToJson,
  productTypeToRaw,
  typeDepthMax,
  typeToJson,
} from "./algebraic-type.ts";
import { parseJson } from "./json-text.ts";
import {
  type AlgebraicType,
  array,
  bytesType,
  kindsByTag,
  option,
  product,
  ref,
  sum,
} from "./type.ts";

const idType = product({ id: { kind: "u64" } });
const idJson = '{"elements":[{"name":{"some":"id"},"algebraic_type":{"U64":[]}}]}';

// module-def.md sections 4 and 11
void test("worked types", async (t) => {
  const cases: readonly (readonly [AlgebraicType, string, string])[] = [
    [bytesType, "03 07", '{"Array":{"U8":[]}}'],
    [idType, "02 01000000 00 02000000 6964 0d", `{"Product":${idJson}}`],
    [ref(3), "00 03000000", '{"Ref":3}'],
    [{ kind: "u8" }, "07", '{"U8":[]}'],
    [{ kind: "f64" }, "13", '{"F64":[]}'],
    [
      sum({ a: { kind: "string" } }),
      "01 01000000 00 01000000 61 04",
      '{"Sum":{"variants":[{"name":{"some":"a"},"algebraic_type":{"String":[]}}]}}',
    ],
    [
      { kind: "product", elements: [{ name: undefined, type: { kind: "bool" } }] },
      "02 01000000 01 05",
      '{"Product":{"elements":[{"name":{"none":[]},"algebraic_type":{"Bool":[]}}]}}',
    ],
  ];
  for (const [type, bytes, json] of cases) {
    t.equal(toHex(encodeType(type)), squeeze(bytes));
    t.strictSame(decodeType(hex(bytes)), type);
    t.equal(typeToJson(type), json);
  }
  t.equal(productTypeToJson(idType), idJson);
  t.strictSame(productTypeFromRaw(productTypeToRaw(idType)), idType);
});

void test("each kind has the tag of its position", async (t) => {
  for (const [tag, kind] of kindsByTag.entries()) {
    if (tag > 3) t.strictSame(decodeType(Uint8Array.of(tag)), { kind });
  }
  t.throws(() => decodeType(hex("14")), { code: "LC_BSATN_DECODE", message: /unknown tag 20/ });
});

void test("any type comes back equal, and its JSON is JSON", async (t) => {
  fc.assert(
    fc.property(anyType, (type) => {
      deepStrictEqual(decodeType(encodeType(type)), type);
      parseJson(typeToJson(type));
    }),
  );
  t.pass("100 types");
});

void test("hostile types are refused", async (t) => {
  function nested(levels: number): Uint8Array {
    return Uint8Array.from({ length: levels }, (_, i) => (i === levels - 1 ? 7 : 3));
  }
  t.strictSame(decodeType(nested(2)), array({ kind: "u8" }));
  t.equal(decodeType(nested(typeDepthMax)).kind, "array");
  t.throws(() => decodeType(nested(typeDepthMax + 1)), {
    code: "LC_BSATN_DECODE",
    message: /a type is nested over 64 levels deep/,
  });
  t.throws(() => decodeType(nested(1_000_000)), { code: "LC_BSATN_DECODE" });
  t.throws(() => decodeType(hex("02 ffffffff")), { code: "LC_BSATN_DECODE" });
  const wide = sum(Object.fromEntries(Array.from({ length: 257 }, (_, i) => [`v${i}`, bytesType])));
  t.throws(() => decodeType(encodeType(wide)), { message: /a sum type has 257 variants/ });
  t.ok(decodeType(encodeType(option(bytesType))));
});

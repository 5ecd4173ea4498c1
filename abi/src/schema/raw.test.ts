import { deepStrictEqual } from "node:assert";
import fc from "fast-check";
import { test } from "tap";
import { module10, module9 } from "../../test/definition.ts";
import { hex, toHex } from "../../test/hex.ts";
import { decodeModuleDef } from "./decode.ts";
import { decodeRaw, definitionLengthMax, encodeRaw, type RawModuleDef } from "./raw.ts";

// module-def.md section 11
void test("the empty V10 definition", async (t) => {
  const empty: RawModuleDef = { version: 10, def: { sections: [] } };
  t.equal(toHex(encodeRaw(empty)), "0200000000");
  t.strictSame(decodeRaw(hex("02 00000000")), empty);
  const def = decodeModuleDef(hex("02 00000000"));
  t.same([def.version, def.tables, def.reducers], [10, [], []]);
});

void test("raw definitions come back equal", async (t) => {
  const definitions: readonly RawModuleDef[] = [
    { version: 9, def: module9() },
    { version: 10, def: module10() },
    {
      version: 10,
      def: module10({ Submodules: [{ namespace: "inner", module: module10() }] }),
    },
  ];
  for (const raw of definitions) t.strictSame(decodeRaw(encodeRaw(raw)), raw);
  const bytes = encodeRaw(definitions[0]!);
  t.strictSame(decodeRaw(Uint8Array.of(...bytes, 1, 2)), definitions[0], "more bytes after it");
});

void test("what cannot be read is refused by what it is", async (t) => {
  const sections = (count: number, rest: string): Uint8Array =>
    hex(`02 ${count.toString(16).padStart(2, "0")}000000 ${rest}`);
  const submodule = "0e 01000000 00000000";
  const cases: readonly (readonly [string, Uint8Array, RegExp])[] = [
    ["nothing", hex(""), /data too short for u8/],
    ["half a version 8", hex("00 00000000"), /near byte 5/],
    ["a version to come", hex("03"), /its version tag 3 is unknown/],
    ["a section to come", sections(1, "0f"), /unknown tag 15 .*near byte 6/],
    ["a cut definition", encodeRaw({ version: 10, def: module10() }).subarray(0, 200), /near byte/],
    ["a hostile count", hex("02 ffffffff"), /an array claims 4294967295 elements/],
    ["a hostile nest of types", sections(1, `00 01000000 ${"03".repeat(100_000)}`), /levels deep/],
    [
      "a hostile nest of submodules",
      hex(`02 ${`01000000 ${submodule} `.repeat(10_000)}`),
      /levels deep/,
    ],
    ["too much", new Uint8Array(definitionLengthMax + 1), /more than the limit of 4194304/],
  ];
  for (const [title, bytes, message] of cases) {
    t.throws(() => decodeModuleDef(bytes), { code: "LC_MODULE_INVALID", message }, title);
  }
});

void test("a type that is nested too deep is a fault of the definition", async (t) => {
  const deep = hex(`02 01000000 00 01000000 ${"03".repeat(70)} 07`);
  t.throws(() => decodeModuleDef(deep), {
    code: "LC_MODULE_INVALID",
    message: /nested over 64 levels/,
    reasons: [/nested over 64 levels/],
  });
});

void test("random and damaged definitions are refused or read, nothing else", async (t) => {
  const sound = [
    encodeRaw({ version: 9, def: module9() }),
    encodeRaw({ version: 10, def: module10() }),
  ];
  const damaged = fc
    .record({
      which: fc.constantFrom(0, 1),
      changes: fc.array(fc.record({ at: fc.nat(), byte: fc.nat({ max: 255 }) }), {
        minLength: 1,
        maxLength: 4,
      }),
    })
    .map(({ which, changes }) => {
      const bytes = (sound[which] as Uint8Array).slice();
      for (const { at, byte } of changes) bytes[at % bytes.length] = byte;
      return bytes;
    });
  const random = fc
    .tuple(fc.constantFrom(0, 1, 2, 3), fc.uint8Array({ maxLength: 100 }))
    .map(([version, rest]) => Uint8Array.of(version, ...rest));
  let read = 0;
  let refused = 0;
  fc.assert(
    fc.property(fc.oneof(damaged, random), (bytes) => {
      try {
        decodeModuleDef(bytes);
        read++;
      } catch (thrown) {
        deepStrictEqual((thrown as { readonly code?: string }).code, "LC_MODULE_INVALID");
        refused++;
      }
    }),
    { numRuns: 3000 },
  );
  t.ok(read > 5 && refused > 500, `${read} read, ${refused} refused`);
});

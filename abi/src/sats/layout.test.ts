import fc from "fast-check";
import { test } from "tap";
import { anyTypedValue, typespace } from "../../test/arbitrary.ts";
import { compileCodec, encode } from "./bsatn.ts";
import { compileWalk } from "./check.ts";
import { fixedSize, isFreeForm, productFieldsMax, typespaceFaults } from "./layout.ts";
import {
  type AlgebraicType,
  array,
  identityType,
  option,
  product,
  ref,
  resolve,
  scheduleAtType,
  specialKind,
  sum,
  typesEqual,
  type Typespace,
  unitType,
  uuidType,
} from "./type.ts";

const u8: AlgebraicType = { kind: "u8" };
const u32: AlgebraicType = { kind: "u32" };

void test("the size of values that all have one", async (t) => {
  const cases: readonly (readonly [string, AlgebraicType, number | undefined, boolean])[] = [
    ["u8", u8, 1, true],
    ["bool", { kind: "bool" }, 1, false],
    ["i256", { kind: "i256" }, 32, true],
    ["string", { kind: "string" }, undefined, false],
    ["product", product({ a: u8, b: u32 }), 5, true],
    ["product with a bool", product({ a: u8, b: { kind: "bool" } }), 2, false],
    ["product with a string", product({ a: u8, b: { kind: "string" } }), undefined, false],
    ["unit", unitType, 0, true],
    ["enum", sum({ a: unitType, b: unitType }), 1, false],
    ["sum of one size", sum({ a: u32, b: u32 }), 5, false],
    ["sum of two sizes", option(u8), undefined, false],
    ["sum of nothing", sum({}), undefined, false],
    ["array", array(u8), undefined, false],
    ["Identity", identityType, 32, true],
    ["ScheduleAt", scheduleAtType, 9, false],
    ["a reference", ref(0), undefined, false],
    ["a tree", ref(1), undefined, false],
    ["a list", ref(2), undefined, false],
  ];
  for (const [title, type, size, free] of cases) {
    t.equal(fixedSize(type, typespace), size, title);
    t.equal(isFreeForm(type, typespace), free, `${title}: any bytes`);
  }
});

void test("every value of a type with a fixed size has it", async (t) => {
  let seen = 0;
  fc.assert(
    fc.property(anyTypedValue, ([type, value]) => {
      const size = fixedSize(type, typespace);
      if (size === undefined) return true;
      seen++;
      return encode(compileCodec(type, typespace), value).length === size;
    }),
    { numRuns: 500 },
  );
  t.ok(seen > 50);
});

/** A typespace whose last type doubles `levels` times. */
function doubling(levels: number, leaf: AlgebraicType): Typespace {
  const types: AlgebraicType[] = [leaf];
  for (let i = 0; i < levels; i++) types.push(product({ left: ref(i), right: ref(i) }));
  return types;
}

void test("types that double at each level cost no time", async (t) => {
  const types = doubling(60, u8);
  t.equal(fixedSize(ref(60), types), 2 ** 60);
  t.equal(compileWalk(ref(60), types)(new Uint8Array(8), 0, 8), -1);
  const sums: AlgebraicType[] = [u8];
  for (let i = 0; i < 60; i++) sums.push(sum({ left: ref(i), right: ref(i) }));
  t.equal(fixedSize(ref(60), sums), 61);
});

void test("types whose values have no end are found", async (t) => {
  const tooWide = new RegExp(`more than ${productFieldsMax} fields`);
  const cases: readonly (readonly [string, Typespace, readonly RegExp[]])[] = [
    ["ordinary types", typespace, []],
    ["a product in itself", [product({ a: ref(0) })], [/type 0 contains itself/]],
    [
      "two products in each other",
      [product({ a: ref(1) }), product({ b: u8, a: ref(0) })],
      [/type 0 contains itself/, /type 1 contains itself/],
    ],
    ["a reference to itself", [ref(0)], [/type 0 contains itself/]],
    ["through an option", [product({ a: option(ref(0)) })], []],
    ["through an array", [product({ a: array(ref(0)) })], []],
    ["units that double", doubling(12, unitType), [tooWide]],
    ["few enough", doubling(10, unitType), []],
  ];
  for (const [title, types, expected] of cases) {
    const faults = typespaceFaults(types);
    t.equal(faults.length, expected.length, title);
    for (const [i, pattern] of expected.entries()) t.match(faults[i], pattern, title);
  }
});

void test("special types are known by their names", async (t) => {
  const cases: readonly (readonly [AlgebraicType, string | undefined])[] = [
    [identityType, "identity"],
    [uuidType, "uuid"],
    [scheduleAtType, "scheduleAt"],
    [option(u8), "option"],
    [sum({ ok: u8, err: u8 }), "result"],
    [product({ __query__: ref(0) }), "query"],
    [product({ __identity__: { kind: "u128" } }), undefined],
    [product({ __identity__: { kind: "u256" }, more: u8 }), undefined],
    [sum({ none: unitType, some: u8 }), undefined],
    [sum({ some: u8, none: u8 }), undefined],
    [sum({ Interval: u8, Time: u8 }), undefined],
    [unitType, undefined],
    [u8, undefined],
  ];
  for (const [type, kind] of cases) t.equal(specialKind(type), kind);
});

void test("references are followed to the end, or lead nowhere", async (t) => {
  const types: Typespace = [ref(1), ref(2), u8, ref(4), ref(3)];
  t.equal(resolve(ref(0), types), u8);
  for (const nowhere of [ref(9), ref(3)]) {
    t.throws(() => resolve(nowhere, types), {
      code: "LC_MODULE_INVALID",
      message: /leads nowhere/,
    });
  }
});

void test("types are equal letter by letter", async (t) => {
  const same = product({ a: array(u8), b: option(ref(1)) });
  t.ok(typesEqual(same, product({ a: array(u8), b: option(ref(1)) })));
  const others: readonly AlgebraicType[] = [
    product({ a: array(u8) }),
    product({ a: array(u8), c: option(ref(1)) }),
    product({ a: array(u8), b: option(ref(2)) }),
    product({ a: array(u32), b: option(ref(1)) }),
    sum({ a: array(u8), b: option(ref(1)) }),
    u8,
  ];
  for (const other of others) t.notOk(typesEqual(same, other));
});

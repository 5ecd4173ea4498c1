// Sizes and alignments as module-def.md section 9 counts them.
import {
  type AlgebraicType,
  array,
  option,
  primitive,
  product,
  sum,
  unitType,
} from "@lightcone/abi";
import { test } from "tap";
import { memoryLayout } from "./column-type.ts";

const [u8, u16, u32, u64] = (["u8", "u16", "u32", "u64"] as const).map(primitive) as [
  AlgebraicType,
  AlgebraicType,
  AlgebraicType,
  AlgebraicType,
];

void test("layouts", async (t) => {
  const cases: readonly (readonly [string, AlgebraicType, size: number, alignment: number])[] = [
    ["bool", primitive("bool"), 1, 1],
    ["u8", u8, 1, 1],
    ["f64", primitive("f64"), 8, 8],
    ["128 bits", primitive("i128"), 16, 16],
    ["256 bits", primitive("u256"), 32, 32],
    ["text", primitive("string"), 4, 2],
    ["array", array(u64), 4, 2],
    ["unit", unitType, 0, 1],
    ["padding between fields", product({ a: u8, b: u32 }), 8, 4],
    ["padding at the end", product({ a: u64, b: u8 }), 16, 8],
    ["text in a product", product({ a: u8, b: primitive("string") }), 6, 2],
    ["enum", sum({ a: unitType, b: unitType }), 1, 1],
    ["never", sum({}), 1, 1],
    ["option of a word", option(u32), 8, 4],
    ["option of text", option(primitive("string")), 6, 2],
    ["payload rounded up", sum({ a: product({ x: u8, y: u8, z: u8 }), b: u16 }), 6, 2],
  ];
  for (const [title, type, size, alignment] of cases) {
    t.same(memoryLayout(type), { size, alignment }, title);
  }
});

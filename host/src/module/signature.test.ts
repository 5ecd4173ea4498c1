import { test } from "tap";
import { assemble } from "../../test/module/guest.ts";
import { readSignatures, showSignature } from "./signature.ts";

void test("functions on both borders, defined or imported, and the memory", async (t) => {
  const wasm = await assemble(`(module
    (type $pair (func (param i32 i64) (result f32 f64)))
    (import "a" "first" (func $first (param i64) (result i32)))
    (import "b" "second" (func (type $pair)))
    (memory (export "memory") 1 65536)
    (func (export "none"))
    (func $own (export "own") (param f32 externref funcref) (result i32) (i32.const 0))
    (export "first again" (func $first))
    (export "own again" (func $own))
    (global (export "global") i32 (i32.const 1)))`);
  const { imports, exports, hasOddMemory } = readSignatures(wasm);
  const shown = (map: typeof imports): unknown =>
    Object.fromEntries([...map].map(([name, signature]) => [name, showSignature(signature)]));
  t.same(shown(imports), { "a first": "(i64) -> i32", "b second": "(i32, i64) -> f32, f64" });
  t.same(shown(exports), {
    none: "() -> nothing",
    own: "(f32, 0x6f, 0x70) -> i32",
    "first again": "(i64) -> i32",
    "own again": "(f32, 0x6f, 0x70) -> i32",
  });
  t.notOk(hasOddMemory);
});

void test("a memory that threads share", async (t) => {
  const wasm = await assemble(`(module (memory 1 2 shared))`);
  t.ok(readSignatures(wasm).hasOddMemory);
});

void test("types of later proposals are refused, those of references are passed over", (t) => {
  const header = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
  const withTypes = (...content: number[]): Uint8Array =>
    Uint8Array.from([...header, 1, content.length, ...content]);
  const struct = withTypes(1, 0x5f, 0);
  t.throws(() => readSignatures(struct), {
    code: "LC_MODULE_LOAD",
    message: /other than those of functions/,
  });
  // (func (param (ref null func)) (result i32))
  t.same(readSignatures(withTypes(1, 0x60, 1, 0x63, 0x70, 1, 0x7f)).imports.size, 0);
  t.end();
});

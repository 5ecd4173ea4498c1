// Which functions can be on the stack of a guest that waits.
import { readWasm } from "@lightcone/fixtures/wasm";
import { test } from "tap";
import { assemble } from "../../../test/module/guest.ts";
import { findWaitingFunctions } from "./waiting-functions.ts";

const imports = `
  (type $word (func (param i32)))
  (type $words (func (param i32 i32)))
  (import "spacetime_10.3" "procedure_sleep_until" (func $sleep (param i64) (result i64)))
  (import "spacetime_10.0" "console_timer_start" (func $other (param i32 i32) (result i32)))`;

void test("callers and their callers, through tables by type", async (t) => {
  const sleep = "(drop (call $sleep (i64.const 1)))";
  // Functions are told by number: 0 and 1 are imported, 0 waits.
  const cases: readonly [string, string, number[]][] = [
    ["nobody calls it", "(func (param i32) nop)", [0]],
    [
      "callers of callers",
      `(func $a ${sleep}) (func (call $a)) (func (call 3)) (func)`,
      [0, 2, 3, 4],
    ],
    ["another import", `(func (drop (call $other (i32.const 0) (i32.const 0))))`, [0]],
    [
      "a table with it",
      `(table funcref (elem $a)) (func $a (type $word) ${sleep})
      (func (call_indirect (type $word) (i32.const 0) (i32.const 0)))
      (func (call_indirect (type $words) (i32.const 0) (i32.const 0) (i32.const 0)))`,
      [0, 2, 3],
    ],
    [
      "a table without it",
      `(table funcref (elem $b)) (func $a (export "a") (type $word) ${sleep}) (func $b (type $word))
      (func (call_indirect (type $word) (i32.const 0) (i32.const 0)))`,
      [0, 2],
    ],
    [
      "one that code puts into a table",
      `(table 1 funcref) (elem declare func $a) (func $a (type $word) ${sleep})
      (func (table.set (i32.const 0) (ref.func $a)))
      (func (call_indirect (type $word) (i32.const 0) (i32.const 0)))`,
      [0, 2, 4],
    ],
    [
      "equal types that are declared twice",
      `(type $again (func (param i32))) (table funcref (elem $a)) (func $a (type $word) ${sleep})
      (func (call_indirect (type $again) (i32.const 0) (i32.const 0)))`,
      [0, 2, 3],
    ],
    [
      "the import itself in a table",
      `(type $sleep (func (param i64) (result i64))) (table funcref (elem $sleep))
      (func (drop (call_indirect (type $sleep) (i64.const 0) (i32.const 0))))`,
      [0, 2],
    ],
    ["functions that call each other", `(func $a (call 3) ${sleep}) (func (call $a))`, [0, 2, 3]],
  ];
  for (const [what, text, expected] of cases) {
    const bytes = await assemble(`(module ${imports} ${text})`);
    const found = findWaitingFunctions(bytes) ?? new Set([-1]);
    t.same(
      [...found].sort((a, b) => a - b),
      expected,
      what,
    );
  }
});

void test("few functions of a real module are among them", (t) => {
  const counts = [
    ["features", 36],
    ["kitchen", 26],
    ["kitchen-as", 3],
    ["chat", 0],
  ] as const;
  for (const [name, expected] of counts) {
    t.equal(findWaitingFunctions(readWasm(name))?.size, expected, name);
  }
  t.end();
});

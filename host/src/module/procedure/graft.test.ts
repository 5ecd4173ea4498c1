// The whole way of a module to one that can be left in the middle of an import and entered again.
import { assert } from "@lightcone/abi";
import { readWasm } from "@lightcone/fixtures/wasm";
import { t as file, test } from "tap";
import { assemble } from "../../../test/module/guest.ts";
import { asyncify, asyncifyPart } from "./asyncify.ts";
import { graft } from "./graft.ts";
import { skeletonOf } from "./skeleton.ts";
import { findWaitingFunctions } from "./waiting-functions.ts";

file.setTimeout(180_000);

// Types that only functions have that cannot wait come first: the pass leaves them out or moves them. Variables, tables and
// functions of both kinds are called from both.
const text = `(module
  (type $pair (func (param i64 f64) (result f64)))
  (type $work (func (param i32) (result i32)))
  (type $two (func (result i32 i32)))
  (import "spacetime_10.3" "procedure_sleep_until" (func $sleep (param i64) (result i64)))
  (import "spacetime_10.0" "console_timer_start" (func $other (param i32 i32) (result i32)))
  (table funcref (elem $waits $plain $both))
  (memory (export "memory") 1)
  (global $calls (mut i32) (i32.const 0))
  (func $mix (type $pair) (f64.add (local.get 1) (f64.convert_i64_s (local.get 0))))
  (func $plain (type $work)
    (i32.trunc_f64_s (call $mix (i64.const 1) (f64.convert_i32_s (local.get 0)))))
  (func $both (type $work) (i32.add (call $plain (local.get 0)) (call $waits (local.get 0))))
  (func $pairOf (type $two) (i32.const 3) (i32.const 4))
  (func $waits (type $work) (local $sum i32) (local $left i32)
    (local.set $left (i32.const 3))
    (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
    (loop $again
      (local.set $sum (i32.add (local.get $sum)
        (i32.mul (local.get 0) (i32.wrap_i64 (call $sleep (i64.extend_i32_u (local.get $left)))))))
      (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
    (block (type $two) (call $pairOf))
    drop drop
    (i32.add (local.get $sum) (call $plain (i32.const 10))))
  (func (export "run") (param $entry i32) (param $value i32) (result i32)
    (i32.add
      (call_indirect (type $work) (local.get $value) (local.get $entry))
      (i32.mul (global.get $calls) (i32.const 1000))))
  (func (export "mixed") (result f64) (call $mix (i64.const 2) (f64.const 0.5))))`;

type Run = (entry: number, value: number) => number;

/** What sleep answers for a time. */
const answer = (time: bigint): bigint => time * 100n;

/** Each run of a module whose sleep answers at once. */
function runPlain(bytes: Uint8Array): Run {
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), {
    "spacetime_10.3": { procedure_sleep_until: answer },
    "spacetime_10.0": { console_timer_start: () => 0 },
  });
  return instance.exports["run"] as Run;
}

/** The same of its variant, which is left and entered again in every sleep; counts how often. */
function runLeaving(bytes: Uint8Array): { run: Run; counts: { left: number } } {
  const counts = { left: 0 };
  let state: "runs" | "leaves" | "enters" = "runs";
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), {
    "spacetime_10.3": {
      procedure_sleep_until: (time: bigint): bigint => {
        if (state === "enters") {
          call("asyncify_stop_rewind");
          state = "runs";
          return answer(time);
        }
        state = "leaves";
        new Uint32Array(memory.buffer).set([8, 4096]);
        call("asyncify_start_unwind", 0);
        return 0n;
      },
    },
    "spacetime_10.0": { console_timer_start: () => 0 },
  });
  const memory = instance.exports["memory"] as WebAssembly.Memory;
  const call = (name: string, ...args: number[]): number =>
    (instance.exports[name] as (...args: number[]) => number)(...args);
  const run: Run = (entry, value) => {
    let result = call("run", entry, value);
    while (state === "leaves") {
      counts.left++;
      call("asyncify_stop_unwind");
      state = "enters";
      call("asyncify_start_rewind", 0);
      result = call("run", entry, value);
    }
    return result;
  };
  return { run, counts };
}

void test("a part of a module behaves like the whole, left and entered again", async (t) => {
  const bytes = await assemble(text);
  t.same(findWaitingFunctions(bytes), new Set([0, 6, 4, 7]));
  const part = asyncifyPart(bytes);
  assert(part !== undefined, "the pass has moved something");
  for (const variant of [part, asyncify(bytes)]) {
    const { run, counts } = runLeaving(variant);
    const again = runPlain(bytes);
    for (const [entry, value, left] of [
      [0, 7, 3],
      [1, 7, 0],
      [2, 5, 3],
      [0, -1, 3],
    ] as const) {
      counts.left = 0;
      t.equal(run(entry, value), again(entry, value));
      t.equal(counts.left, left);
    }
  }
  t.equal(runPlain(bytes)(1, 7), 8);
});

void test("of real modules most functions stay as they are", (t) => {
  for (const name of ["features", "kitchen", "kitchen-as"] as const) {
    const bytes = readWasm(name);
    const variant = asyncifyPart(bytes);
    t.ok(variant !== undefined && variant.length < bytes.length * 1.3, name);
    t.ok(variant !== undefined && WebAssembly.validate(variant), `${name} is valid`);
  }
  t.end();
});

void test("a transformation that moves anything else is not used", async (t) => {
  const bytes = await assemble(text);
  const waiting = findWaitingFunctions(bytes) ?? new Set();
  const skeleton = skeletonOf(bytes, waiting);
  const restored = graft(bytes, waiting, skeleton);
  t.ok(restored !== undefined && Buffer.from(bytes).equals(restored), "nothing was transformed");
  const cases: readonly [string, string, string][] = [
    ["a global variable", "(i32.const 0))\n", "(i32.const 1))\n"],
    ["a function's type", `(func (export "mixed") (result f64)`, "(func (param i32) (result f64)"],
    ["a table", "(memory", "(table 1 funcref) (memory"],
    ["an import", "console_timer_start", "console_timer_end"],
  ];
  for (const [what, from, to] of cases) {
    t.ok(text.includes(from), what);
    const other = await assemble(text.replace(from, to));
    t.equal(graft(bytes, waiting, skeletonOf(other, waiting)), undefined, what);
  }
});

void test("functions that cannot wait may use what the pass does not know", async (t) => {
  const variant = asyncifyPart(
    await assemble(`(module
      (import "spacetime_10.3" "procedure_sleep_until" (func $sleep (param i64) (result i64)))
      (tag $thrown (param i32))
      (func (export "catch") (result i32)
        (try (result i32) (do (throw $thrown (i32.const 5))) (catch $thrown)))
      (memory 1)
      (func (export "run") (drop (call $sleep (i64.const 1)))))`),
  );
  assert(variant !== undefined, "the pass has moved something");
  const module = new WebAssembly.Module(variant);
  const { exports } = new WebAssembly.Instance(module, {
    "spacetime_10.3": { procedure_sleep_until: answer },
  });
  t.equal((exports["catch"] as () => number)(), 5);
});

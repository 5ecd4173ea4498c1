// Traps name the same lines with a meter as without one. The map of these modules says of each byte that it is the line of that number.
import { SourceMapWriter, sourceMapSection } from "@lightcone/abi";
import { test } from "tap";
import { assemble } from "../../test/module/guest.ts";
import { MeteredInstance } from "../../test/module/metered.ts";
import { limit } from "../base/limit.ts";
import { readSections, SectionId } from "./binary.ts";
import { BinaryWriter } from "./meter/binary-writer.ts";
import { defaultLoad } from "./load.ts";
import { meterModule } from "./meter/meter.ts";
import { job } from "./procedure/asyncify.ts";
import { findSourceMap, sourceMapFault, sourcePlaces, withoutSourceMap } from "./source-map.ts";
import { traceOf } from "./trace.ts";

function withMap(program: Uint8Array, map: Uint8Array): Uint8Array {
  const out = new BinaryWriter(program.length + map.length);
  out.bytes(program);
  out.customSection(sourceMapSection, map);
  return out.written.slice();
}

/** A map of every byte of the code, which must be told apart from its neighbours. */
function mapOfBytes(program: Uint8Array): Uint8Array {
  const code = readSections(program).find(({ id }) => id === SectionId.code);
  const writer = new SourceMapWriter(["f"]);
  for (let at = code?.start ?? 0; at < (code?.end ?? 0); at++) writer.add(at, 0, at);
  return writer.finish();
}

function stackOf(run: () => unknown): string {
  try {
    run();
  } catch (thrown) {
    if (thrown instanceof Error) return thrown.stack ?? "";
  }
  throw new Error("it does not trap");
}

const everyFunction = { functionCount: Infinity };

/** A module whose export `run` traps, in functions of all kinds that a meter rewrites. */
const text = `(module (memory 1) (table 1 funcref) (elem (i32.const 0) $indirect) (type $t (func (param i32)))
  (func $small (param i32) (result i32) (i32.div_u (i32.const 8) (local.get 0)))
  (func $indirect (param i32) (local $i i32)
    (loop $a
      (block $b (br_if $b (i32.eqz (local.get 0))) (local.set $i (i32.add (local.get $i) (i32.const 1))))
      (if (i32.gt_u (local.get $i) (i32.const 3)) (then (drop (call $small (i32.const 0)))))
      (loop $c (br_if $a (i32.lt_u (local.get $i) (i32.const 3))) (br_if $c (i32.eqz (local.get $i))))
      (br_if $a (i32.const 1))))
  (func $fill (param i32)
    (memory.fill (i32.const 0) (i32.const 1) (i32.const 64))
    (loop $a (br_if $a (i32.eqz (local.get 0))) (drop (i32.load (i32.const 3))))
    (call_indirect (type $t) (local.get 0) (i32.const 0)))
  (func $tight (param i32) (local $i i32)
    (loop $a
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $a (i32.lt_u (local.get $i) (i32.const 9)))
      (drop (i32.load (i32.mul (local.get $i) (i32.const 1000000))))))
  (func (export "run") (param i32)
    (if (i32.eq (local.get 0) (i32.const 1)) (then (call $fill (i32.const 1)))
      (else (if (i32.eq (local.get 0) (i32.const 2)) (then (call $tight (i32.const 1))) (else (unreachable)))))))`;

void test("[MAP3] a metered module's stack leads to the lines of the one before", async (t) => {
  const program = await assemble(text);
  const mapped = withMap(program, mapOfBytes(program));
  const plain = new WebAssembly.Module(mapped);
  const { exports } = new WebAssembly.Instance(plain);
  const metered = new MeteredInstance(mapped);
  const code = new WebAssembly.Module(meterModule(mapped));
  const { functionCount } = metered.meter;
  t.equal(functionCount, 5);
  for (const [choice, depth] of [
    [0, 1],
    [1, 4],
    [2, 2],
  ] as const) {
    const run = exports["run"] as (choice: number) => void;
    const expected = traceOf(
      stackOf(() => run(choice)),
      { module: plain, ...everyFunction },
    );
    const meteredRun = metered.instance.exports["run"] as typeof run;
    const stack = stackOf(() => meteredRun(choice));
    t.equal(expected.length, depth);
    t.match(expected[0], /^function \d \(f:\d+\)$/);
    t.same(traceOf(stack, { module: code, functionCount }), expected);
    const bare = new WebAssembly.Module(withoutSourceMap(mapped));
    const names = expected.map((frame) => frame.replace(/ \(.*/, ""));
    t.same(traceOf(stack, { module: bare, functionCount }), names, "names alone without a map");
  }
});

void test("[MAP4] fuel that runs out is used up in a line, not in the meter", async (t) => {
  const program = await assemble(
    `(module (memory 1) (func (export "run") (loop $a (memory.fill (i32.const 0) (i32.const 1) (i32.const 9)) (br $a))))`,
  );
  const mapped = withMap(program, mapOfBytes(program));
  const metered = new MeteredInstance(mapped, { fuelUnits: 1e6, millis: 1e9 });
  const code = new WebAssembly.Module(meterModule(mapped));
  const { functionCount } = metered.meter;
  const stack = stackOf(metered.instance.exports["run"] as () => void);
  t.match(traceOf(stack, { module: code, functionCount }), [/^function 0 \(f:\d+\)$/]);
});

void test("[MAP2] maps of no use are left out, and it is told why", async (t) => {
  const program = await assemble(`(module (func (export "run")))`);
  const rows: [Uint8Array, RegExp | undefined][] = [
    [mapOfBytes(program), undefined],
    [new SourceMapWriter([]).finish(), undefined],
    [Uint8Array.of(7), /version is 7/],
    [Uint8Array.of(1, 0, 0x85), /ends in the middle/],
    [new Uint8Array(limit.sourceMapBytesMax + 1).fill(1), /it has 8388609 bytes, of which/],
  ];
  for (const [map, fault] of rows) {
    const mapped = withMap(program, map);
    if (fault === undefined) t.equal(sourceMapFault(mapped), undefined);
    else t.match(sourceMapFault(mapped), fault);
    const metered = meterModule(mapped);
    const [kept] = WebAssembly.Module.customSections(
      new WebAssembly.Module(metered),
      sourceMapSection,
    );
    t.equal(kept !== undefined, fault === undefined);
    const plain = new WebAssembly.Module(mapped);
    t.doesNotThrow(() => sourcePlaces(plain, [0, 1e9]), "nor does an unmetered module's map harm");
  }
  t.equal(sourceMapFault(program), undefined);
  t.equal(withoutSourceMap(program), program);
  const [first = new Uint8Array(0)] = rows.map(([map]) => map);
  const twice = withMap(withMap(program, first), Uint8Array.of(7));
  t.same(findSourceMap(twice, readSections(twice)), first, "the first one counts");
  t.same(withoutSourceMap(twice), program);
});

void test("[MAP5] the variant that can wait carries no map, since its code is another", async (t) => {
  const program = await assemble(text);
  const variant = job(withMap(program, mapOfBytes(program)), defaultLoad);
  const code = new WebAssembly.Module(variant);
  t.same(WebAssembly.Module.customSections(code, sourceMapSection), []);
});

void test("what stands in a stack is read as far as it is known", async (t) => {
  const module = new WebAssembly.Module(await assemble("(module)"));
  const hostile = `    at ${"at (wasm://".repeat(50_000)} (wasm://wasm/0a:wasm-function[7]:0x1f)`;
  const stack = [
    "RuntimeError: unreachable",
    "    at lib/<impl A for B>::f (wasm://wasm/chat-0a1b:wasm-function[3]:0x2c)",
    "    at wasm://wasm/0a1b:wasm-function[4]:0x2d",
    "    at Object.run (file:///x.js:1:2)",
    "    at refill (wasm://wasm/0a1b:wasm-function[9]:0x2d)",
    hostile,
  ].join("\n");
  const trace = traceOf(stack, { module, functionCount: 9 });
  t.same(trace.slice(0, 2), ["lib/<impl A for B>::f", "function 4"]);
  t.equal(trace.length, 3);
  t.equal(trace[2]?.length, 300);
});

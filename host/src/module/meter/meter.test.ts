import { test, type Test } from "tap";
import { assemble } from "../../../test/module/guest.ts";
import { endingOf, MeteredInstance } from "../../../test/module/metered.ts";
import { meterModule, sliceUnits } from "./meter.ts";

/** Runs `text` with and without a meter: the same must come of it, and so much fuel be used. */
async function check(t: Test, title: string, text: string, fuel: number): Promise<void> {
  const bytes = await assemble(`(module (memory (export "memory") 1) ${text})`);
  const plain = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  const run = plain.exports["run"] as () => unknown;
  const metered = new MeteredInstance(bytes);
  const { ending, used } = metered.run();
  t.equal(ending, endingOf(run), `${title}: result`);
  t.equal(used, fuel, `${title}: fuel`);
  t.equal(metered.run().used, used, `${title}: the same again`);
}

/** `run` with such a body, which returns a number. */
const body = (text: string): string =>
  `(func (export "run") (result i32) (local $i i32) (local $j i32) (local $n i32) ${text})`;

/** Adds one to `$i` and goes back to `label` until it is `end`: 7 instructions. */
const until = (end: number, label: string, name = "$i"): string =>
  `(br_if ${label} (i32.lt_u (local.tee ${name} (i32.add (local.get ${name}) (i32.const 1))) (i32.const ${end})))`;

const turn = 7;

void test("what each construct costs, and that it does what it did", async (t) => {
  const nested = `(loop $a (local.set $j (i32.const 0)) (loop $b ${until(3, "$b", "$j")}) ${until(5, "$a")}) (local.get $i)`;
  const cases: readonly (readonly [title: string, text: string, fuel: number])[] = [
    ["a constant", body(`(i32.const 7)`), 1],
    ["structure is free", body(`(block (nop)) (drop (i32.const 1)) (i32.const 7)`), 2],
    ["a loop", body(`(loop $a ${until(10, "$a")}) (local.get $i)`), 1 + 10 * turn],
    ["nested loops", body(nested), 1 + 5 * (2 + turn) + 15 * turn],
    [
      "both arms of an if",
      body(`(if (result i32) (local.get $i) (then (i32.const 1)) (else (i32.const 2)))`),
      4,
    ],
    [
      "a way out with a value",
      body(
        `(block $out (result i32) (loop $a (br_if $out (local.get $i) (i32.eq (local.get $i) (i32.const 4))) (drop) ${until(9, "$a")}) (i32.const -1))`,
      ),
      1 + 5 * (5 + turn),
    ],
    [
      "a way out without one",
      body(
        `(block $out (loop $a (br_if $out (i32.eq (local.get $i) (i32.const 4))) ${until(9, "$a")})) (local.get $i)`,
      ),
      1 + 5 * (4 + turn),
    ],
    [
      "a return out of two loops",
      body(
        `(loop $a (loop $b (if (i32.eq (local.get $i) (i32.const 4)) (then (return (i32.const 8)))) ${until(9, "$b")})) (unreachable)`,
      ),
      1 + 1 + 5 * (6 + turn),
    ],
    [
      "a jump table out of a loop and back",
      body(
        `(block $out (loop $a (block $on (br_table $on $on $out $a (local.get $i))) ${until(9, "$a")})) (local.get $i)`,
      ),
      1 + 3 * (2 + turn),
    ],
    [
      "code that is never reached",
      body(`(return (i32.const 3)) (loop $a (br $a)) (unreachable)`),
      3,
    ],
    ["a trap", body(`(unreachable)`), 1],
  ];
  for (const [title, text, fuel] of cases) await check(t, title, text, fuel);
});

void test("calls, exceptions and bulk instructions", async (t) => {
  const cases: readonly (readonly [title: string, text: string, fuel: number])[] = [
    [
      "a small function is paid for by its callers",
      `(func $inc (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
       ${body(`(loop $a (local.set $n (call $inc (local.get $n))) ${until(10, "$a")}) (local.get $n)`)}`,
      1 + 10 * (3 + 3 + turn),
    ],
    [
      "so is one that can be called from anywhere, by itself",
      `(func $inc (export "inc") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
       ${body(`(loop $a (local.set $n (call $inc (local.get $n))) ${until(10, "$a")}) (local.get $n)`)}`,
      1 + 10 * (3 + 3 + turn),
    ],
    [
      "a call through a table",
      `(table 1 funcref) (elem (i32.const 0) $f) (type $t (func (result i32)))
       (func $f (result i32) (i32.const 5)) ${body(`(call_indirect (type $t) (i32.const 0))`)}`,
      3,
    ],
    [
      "an exception out of a loop inside a loop",
      `(tag $e) ${body(`(loop $a (try (do (loop $b (throw $e))) (catch $e)) ${until(4, "$a")}) (local.get $i)`)}`,
      1 + 4 * turn + 4,
    ],
    [
      "memory that is filled",
      body(
        `(memory.fill (i32.const 0) (i32.const 1) (i32.const 4096)) (i32.load8_u (i32.const 9))`,
      ),
      3 + 1 + 100 + 256 + 2,
    ],
    ["memory that grows", body(`(memory.grow (i32.const 1))`), 2 + 1000],
    [
      "vectors, atomics, wide constants",
      body(
        `(drop (i64.const -9000000000)) (drop (f64.const 1)) (drop (f32.const 1))
         (drop (i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 (v128.const i32x4 1 2 3 4) (v128.load (i32.const 0))))
         (drop (v128.load8_lane 3 (i32.const 0) (v128.const i32x4 0 0 0 0)))
         (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 5))) (atomic.fence)
         (i32.trunc_sat_f64_s (f64.const 6))`,
      ),
      3 + 4 + 3 + 3 + 1 + 2,
    ],
  ];
  for (const [title, text, fuel] of cases) await check(t, title, text, fuel);
});

void test("fuel runs out", async (t) => {
  const small = { fuelUnits: 3 * sliceUnits, millis: 1e9 };
  const endless: Readonly<Record<string, string>> = {
    "a loop": body(`(loop $a (br $a)) (i32.const 0)`),
    "loops that end inside one that does not": body(
      `(loop $a (local.set $i (i32.const 0)) (loop $b ${until(100, "$b")}) (br $a)) (i32.const 0)`,
    ),
    "a loop that calls": `(func $f (export "f")) ${body(`(loop $a (call $f) (br $a)) (i32.const 0)`)}`,
    "a tail call": `(func $f (export "run") (return_call $f))`,
    "recursion that branches": `(func $f (export "run") (call $g (i32.const 40)))
      (func $g (param i32) (if (local.get 0) (then
        (call $g (i32.sub (local.get 0) (i32.const 1))) (call $g (i32.sub (local.get 0) (i32.const 1))))))`,
    "a loop that fills memory": body(
      `(loop $a (memory.fill (i32.const 0) (i32.const 1) (i32.const 65536)) (br $a)) (i32.const 0)`,
    ),
    "a loop that throws and catches": `(tag $e) ${body(
      `(loop $a (try (do (loop $b ${until(1000, "$b")}) (throw $e)) (catch_all)) (br $a)) (i32.const 0)`,
    )}`,
    "one that catches everything": body(
      `(loop $a (try (do (loop $b (br $b))) (catch_all)) (br $a)) (i32.const 0)`,
    ),
  };
  for (const [title, text] of Object.entries(endless)) {
    const metered = new MeteredInstance(await assemble(`(module (memory 1) ${text})`), small);
    const { ending, used, isExhausted } = metered.run();
    t.equal(ending, "unreachable", title);
    t.ok(isExhausted, title);
    t.ok(used >= small.fuelUnits && used < small.fuelUnits + 10_000, `${title}: ${used}`);
  }
});

void test("time runs out", async (t) => {
  const millis = 5;
  const imports = { a: { tick: (): void => metered.clock.advance(1000n) } };
  const text = `(module (import "a" "tick" (func $tick))
    ${body(`(loop $a (call $tick) ${until(1_000_000, "$a")}) (local.get $i)`)})`;
  const metered = new MeteredInstance(await assemble(text), { fuelUnits: 1e12, millis }, imports);
  const { ending, isExhausted, used } = metered.run();
  t.equal(ending, "unreachable");
  t.ok(isExhausted);
  t.ok(used <= 3 * sliceUnits, "at the first look at the clock after that time");
});

void test("calls inside calls share one budget", async (t) => {
  const metered = new MeteredInstance(await assemble(`(module ${body(`(i32.const 1)`)})`));
  metered.meter.begin();
  metered.run();
  metered.run();
  metered.meter.end();
  t.equal(metered.meter.lastUsed, 2);
});

void test("functions keep their numbers and their names in stacks", async (t) => {
  const text = `(module (func $deep (unreachable)) (func $outer (export "run") (call $deep)))`;
  const named = await assemble(text);
  const bytes = new Uint8Array([...named, ...nameSection(["deep", "outer"])]);
  const { instance } = new MeteredInstance(bytes);
  try {
    (instance.exports["run"] as () => void)();
    t.fail("it traps");
  } catch (thrown) {
    t.match(
      (thrown as Error).stack,
      /at .*deep .*:wasm-function\[0\][^]*at .*outer .*:wasm-function\[1\]/,
    );
  }
});

/** A custom section with the names of a module's first functions. */
function nameSection(names: readonly string[]): number[] {
  const text = (name: string): number[] => [name.length, ...new TextEncoder().encode(name)];
  const entries = names.flatMap((name, i) => [i, ...text(name)]);
  const functions = [names.length, ...entries];
  const content = [...text("name"), 1, functions.length, ...functions];
  return [0, content.length, ...content];
}

void test("what is refused", async (t) => {
  const taken = await assemble(`(module (func (export "lightcone:take")))`);
  t.throws(() => meterModule(taken), { code: "LC_MODULE_LOAD", message: /lightcone:take/ });
  const large = await assemble(`(module (memory 20000))`);
  t.throws(() => meterModule(large), {
    code: "LC_MODULE_LOAD",
    message: /1250 MiB of memory to start with; this host gives 1024 MiB/,
  });
  const tables = await assemble(`(module (table 600000 funcref))`);
  t.doesNotThrow(() => meterModule(tables));
  const moreTables = await assemble(`(module (table 10000000 funcref))`);
  t.throws(() => meterModule(moreTables), { message: /tables of 10000000 entries/ });
  // The code of a function of one instruction, which no engine has.
  const odd = Uint8Array.from(
    [
      [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
      [1, 4, 1, 0x60, 0, 0],
      [3, 2, 1, 0],
      [10, 5, 1, 3, 0, 0xfb, 0x0b],
    ].flat(),
  );
  t.throws(() => meterModule(odd), {
    code: "LC_MODULE_LOAD",
    message: "the module has instruction 0xfb at byte 23, which this version cannot meter",
  });
});

void test("memory grows up to its limit, a table up to its own", async (t) => {
  const text = `(module (memory 1) (table 1 funcref)
    (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
    (func (export "growTable") (param i32) (result i32)
      (table.grow (ref.null func) (local.get 0))))`;
  const bytes = meterModule(await assemble(text), 3 * 65_536);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  const grow = exports["grow"] as (pages: number) => number;
  t.same([grow(2), grow(1), grow(0)], [1, -1, 3]);
  const growTable = exports["growTable"] as (entries: number) => number;
  t.same([growTable(2), growTable(1_000_000)], [1, -1]);
});

import { test, type Test } from "tap";
import { LightconeError } from "@lightcone/abi";
import { readWasm } from "@lightcone/fixtures/wasm";
import {
  assemble,
  assembleGuest,
  type GuestParts,
  importDeclarations,
} from "../../test/module/guest.ts";
import { describeModule } from "./describe.ts";

/** The refusal of a module, or undefined if it can be described. */
function refusal(wasm: Uint8Array): LightconeError | undefined {
  try {
    describeModule(wasm);
    return undefined;
  } catch (thrown) {
    if (thrown instanceof LightconeError) return thrown;
    throw thrown;
  }
}

async function check(t: Test, parts: GuestParts, expected: object, title: string): Promise<void> {
  t.match(refusal(await assembleGuest(parts)), expected, title);
}

const load = (message: RegExp): object => ({ code: "LC_MODULE_LOAD", message });
const imports = (message: RegExp): object => ({ code: "LC_MODULE_IMPORT", message });

void test("what is not whole WebAssembly", async (t) => {
  const bank = readWasm("bank");
  const cuts = [
    0,
    3,
    4,
    7,
    8,
    9,
    100,
    1000,
    ...Array.from({ length: 60 }, (_, i) => (i + 1) * 997),
  ];
  for (const length of cuts) {
    const thrown = refusal(bank.subarray(0, length));
    t.match(thrown?.code, /^LC_MODULE_(?:LOAD|IMPORT)$/, `cut to ${length} bytes`);
  }
  t.match(refusal(bank.subarray(0, bank.length - 1)), load(/does not compile/));
  t.match(
    refusal(new TextEncoder().encode("<html>")),
    load(/does not start with the bytes 00 61 73/),
  );
  t.equal(refusal(bank), undefined, "the whole of it loads");
});

void test("imports of another ABI", async (t) => {
  const declare = (module: string, name = "identity", type = "(param i32)"): GuestParts => ({
    imports: `${importDeclarations(["bytes_sink_write"])} (import "${module}" "${name}" (func ${type}))`,
  });
  await check(t, declare("spacetime_10.0", "no_such"), imports(/spacetime_10\.0\.no_such/), "name");
  await check(t, declare("env", "abort"), imports(/env\.abort/), "module");
  await check(
    t,
    declare("spacetime_10.6"),
    imports(/10\.6; this host provides up to 10\.5/),
    "minor",
  );
  await check(t, declare("spacetime_9.0"), imports(/spacetime_9\.0/), "major");
  await check(t, declare("spacetime_11.0"), imports(/spacetime_11\.0/), "a later major");
  await check(t, declare("spacetime_x"), imports(/spacetime_x/), "no number");
  await check(
    t,
    declare("spacetime_10.1"),
    imports(/spacetime_10\.1\.identity/),
    "another minor's",
  );
  const wrongType = /10\.0\.identity is \(i64\) -> nothing, not \(i32\) -> nothing/;
  await check(t, declare("spacetime_10.0", "identity", "(param i64)"), imports(wrongType), "type");
  const global = `(import "spacetime_10.0" "identity" (global i32))`;
  const parts = { imports: `${importDeclarations(["bytes_sink_write"])} ${global}` };
  await check(t, parts, imports(/global spacetime_10\.0\.identity/), "kind");
  t.match(refusal(await assemble(`(module)`)), imports(/not built for this ABI/), "none");
});

void test("exports that are missing or wrong", async (t) => {
  await check(t, { memory: "(memory 1)" }, load(/no memory named memory/), "memory");
  await check(
    t,
    { memory: `(memory 1) (func (export "memory"))` },
    load(/no memory named memory/),
    "a function called memory",
  );
  await check(
    t,
    { memory: `(memory (export "memory") 1 2 shared)` },
    load(/memory is shared/),
    "shared memory",
  );
  await check(t, { describe: "" }, load(/no function named __describe_module__/), "describe");
  await check(
    t,
    { describe: `(func (export "__describe_module__"))` },
    load(/__describe_module__ is \(\) -> nothing, not \(i32\) -> nothing/),
    "describe without its sink",
  );
  await check(
    t,
    { more: `(func (export "__preinit__10_x") (param i32))` },
    load(/__preinit__10_x is \(i32\) -> nothing/),
    "preinit",
  );
  await check(
    t,
    { more: `(global (export "__setup__") i32 (i32.const 0))` },
    load(/__setup__ is not a function/),
    "setup",
  );
  await check(
    t,
    { more: `(func (export "__call_view__") (param i32))` },
    load(/__call_view__ is/),
    "an optional one",
  );
});

void test("a start that fails", async (t) => {
  const trap = (name: string): GuestParts => ({ more: `(func (export "${name}") unreachable)` });
  await check(t, trap("_initialize"), load(/trapped in _initialize: unreachable/), "_initialize");
  await check(t, trap("__preinit__20_x"), load(/trapped in __preinit__20_x/), "preinit");
  await check(
    t,
    { more: `(func $start unreachable) (start $start)` },
    load(/trapped in instantiation: unreachable/),
    "start",
  );
  const start = { more: `(func $start (call $identity (i32.const 64))) (start $start)` };
  t.equal(refusal(await assembleGuest(start)), undefined, "a start function may call imports");
  await check(
    t,
    { more: `(func $deep (call $deep)) (func (export "_initialize") (call $deep))` },
    load(/trapped in _initialize: Maximum call stack/),
    "the end of the stack",
  );
  await check(
    t,
    { more: `(tag $e) (func (export "_initialize") (throw $e))` },
    load(/trapped in _initialize: an exception that nobody caught/),
    "an exception",
  );
  const text = `(data (i32.const 600) "no\\ff") (data (i32.const 620) "\\03\\00\\00\\00")`;
  const setUp = (code: number): GuestParts => ({
    more: `${text} (func (export "__setup__") (param $sink i32) (result i32)
      (drop (call $bytes_sink_write (local.get $sink) (i32.const 600) (i32.const 620)))
      (i32.const ${code}))`,
  });
  await check(t, setUp(1), load(/__setup__ failed: no�$/), "setup");
  await check(t, setUp(7), load(/__setup__ failed: no�$/), "setup with another code");
  t.equal(refusal(await assembleGuest(setUp(0))), undefined, "setup that is content");
  const describe = `(func (export "__describe_module__") (param i32) unreachable)`;
  await check(t, { describe }, load(/trapped in __describe_module__/), "describe");
});

void test("definitions that are none", async (t) => {
  const silent = `(func (export "__describe_module__") (param i32))`;
  t.match(refusal(await assembleGuest({ describe: silent }))?.code, /LC_(?:MODULE_INVALID|BSATN)/);
  const bad = await assembleGuest({ definitionBytes: new Uint8Array([77, 1, 2, 3]) });
  t.match(refusal(bad)?.code, /LC_(?:MODULE_INVALID|BSATN)/);
  const table = { name: "item", columns: { id: { kind: "u32" } }, primaryKey: 5 } as const;
  const invalid = await assembleGuest({ definition: { tables: [table] } });
  t.match(refusal(invalid), { code: "LC_MODULE_INVALID" });
});

void test("start-up code runs in the order of the reference", async (t) => {
  // Each function appends its digit to a number; describe traps unless the number is right.
  const note = (digit: number): string =>
    `(global.set $order (i32.add (i32.mul (global.get $order) (i32.const 10)) (i32.const ${digit})))`;
  const parts: GuestParts = {
    more: `(global $order (mut i32) (i32.const 0))
      (func (export "__setup__") (param i32) (result i32) ${note(5)} (i32.const 0))
      (func (export "__preinit__b") ${note(4)})
      (func (export "__preinit__a") ${note(3)})
      (func (export "__preinit__Z") ${note(2)})
      (func (export "_initialize") ${note(1)})
      (func (export "_start") unreachable)
      (func $check (if (i32.ne (global.get $order) (i32.const 12345)) (then unreachable)))`,
    describe: `(func (export "__describe_module__") (param $sink i32)
      (call $check)
      (drop (call $bytes_sink_write (local.get $sink) (i32.const 1024) (i32.const 8))))`,
  };
  t.equal(refusal(await assembleGuest(parts)), undefined);
});

void test("a flipped bit is refused or does no harm", async (t) => {
  const guest = await assembleGuest({
    imports: importDeclarations(["bytes_sink_write", "datastore_insert_bsatn"]),
    definition: { tables: [{ name: "item", columns: { id: { kind: "u32" } } }] },
  });
  let refusedCount = 0;
  for (let at = 0; at < guest.length; at++) {
    const flipped = guest.slice();
    flipped[at] = (flipped[at] as number) ^ (1 << (at % 8));
    if (refusal(flipped) !== undefined) refusedCount++;
  }
  t.ok(refusedCount > guest.length / 2, `${refusedCount} of ${guest.length} refused`);
});

// Which modules a host takes and which it refuses: versions, imports, exports, what runs at the start.
import { moduleExports, moduleImports } from "../../src/index.ts";
import { expectEqual, fail, type Rule, rulesAbout, type RuleText } from "../rule.ts";
import type { Additions } from "../assemble.ts";
import { bareModule, type BareParts, emptyDefinition } from "./bare.ts";

/** A module that must be taken. */
const taken = (name: string, states: string, parts: BareParts): RuleText => ({
  name,
  states,
  check: async (session) => void (await session.publishGood(await bareModule(parts))),
});

/** A module that must be refused, with a text that names the cause. */
const refused = (name: string, states: string, parts: BareParts, names = ""): RuleText => ({
  name,
  states,
  check: async (session) => {
    const text = await session.publishBad(await bareModule(parts));
    if (!text.includes(names)) fail(`the refusal does not name ${names}: ${text}`);
  },
});

const imported = (module: string, name: string, type = ""): string =>
  `(import "${module}" "${name}" (func ${type}))`;

const versions = rulesAbout("ABI versions", "version", [
  ...["10.0", "10.1", "10.2", "10.3", "10.4", "10.5"].map((version) => {
    const module = `spacetime_${version}`;
    const one = moduleImports.find((each) => each.module === module);
    if (one === undefined) throw new Error(`nothing is imported from ${module}`);
    const params = one.params.length === 0 ? "" : `(param ${one.params.join(" ")})`;
    const result = one.result === undefined ? "" : `(result ${one.result})`;
    const imports = imported(module, one.name, `${params} ${result}`);
    return taken(version, `Imports from \`${module}\` are provided.`, { imports });
  }),
  ...["9.0", "9.9", "11.0", "10.6", "10.99"].map((version) =>
    refused(
      version,
      `A module for version ${version} is refused.`,
      { sinkFrom: `spacetime_${version}` },
      version,
    ),
  ),
  refused("mixed", "Imports of two major versions are refused.", {
    imports: imported("spacetime_9.0", "identity", "(param i32)"),
  }),
  refused("none", "A module without a single import of the ABI is refused.", {
    sinkFrom: undefined,
  }),
  refused("malformed", "An import module whose version is no version is refused.", {
    imports: imported("spacetime_ten", "identity", "(param i32)"),
  }),
]);

/** Code that runs at the start and traps unless an addition to WebAssembly does what it should. */
const runs = (
  name: string,
  states: string,
  additions: Additions,
  code: string,
  more = "",
): RuleText => {
  const begin = `(func $begin (if (i32.ne (i32.const 7) ${code}) (then (unreachable)))) (start $begin)`;
  return taken(name, states, { additions, more: `${more} ${begin}` });
};

const instructions = rulesAbout("Instructions", "instruction", [
  runs(
    "sign-extension",
    "Signed parts of integers are extended.",
    { sign_extension: true },
    "(i32.add (i32.const 8) (i32.extend8_s (i32.const 255)))",
  ),
  runs(
    "saturating",
    "Conversions that saturate do not trap.",
    { sat_float_to_int: true },
    "(i32.add (i32.const 7) (i32.trunc_sat_f32_s (f32.const nan)))",
  ),
  runs(
    "multi-value",
    "Blocks and functions have several results.",
    { multi_value: true },
    "(block (result i32) (i32.add (block (result i32 i32) (i32.const 3) (i32.const 4))))",
  ),
  runs(
    "bulk-memory",
    "Memory is copied and filled.",
    { bulk_memory: true },
    `(block (result i32) (memory.fill (i32.const 64) (i32.const 7) (i32.const 9))
      (memory.copy (i32.const 128) (i32.const 72) (i32.const 1)) (i32.load (i32.const 128)))`,
  ),
  runs(
    "reference-types",
    "Tables hold references, and there are several.",
    { reference_types: true },
    "(i32.add (i32.const 5) (table.size $second))",
    "(table funcref (elem $begin)) (table $second 2 externref)",
  ),
  runs(
    "vectors",
    "Vectors of 128 bits are computed with.",
    { simd: true },
    "(i32x4.extract_lane 2 (i32x4.add (v128.const i32x4 1 2 3 4) (i32x4.splat (i32.const 4))))",
  ),
]);

const imports = rulesAbout("Linking", "link", [
  refused("unknown-function", "A function that the ABI does not have is refused.", {
    imports: imported("spacetime_10.0", "no_such_function"),
  }),
  refused("wrong-namespace", "Each function is in one import module alone.", {
    imports: imported("spacetime_10.0", "datastore_clear", "(param i32 i32) (result i32)"),
  }),
  refused("wasi", "There are no imports of WASI: modules bring their own.", {
    imports: imported("wasi_snapshot_preview1", "proc_exit", "(param i32)"),
  }),
  refused("env", "Nor of any other import module.", { imports: imported("env", "abort") }),
  refused("signature", "An import with another type is refused.", {
    imports: imported("spacetime_10.0", "identity", "(param i64)"),
  }),
  refused("memory", "A module that imports its memory is refused.", {
    imports: '(import "spacetime_10.0" "memory" (memory 1))',
    memory: '(export "memory" (memory 0))',
  }),
]);

const wrong = `(param f64) (result f64) (local.get 0))`;

const exportRules = rulesAbout("Exports", "export", [
  taken("least", "Memory, describe and call are enough.", {}),
  refused("no-memory", "A module that exports no memory is refused.", { memory: "(memory 2)" }),
  refused("memory-kind", "An export `memory` that is no memory is refused.", {
    memory: '(memory 2) (func (export "memory"))',
  }),
  refused("no-describe", "A module without `__describe_module__` is refused.", { describe: "" }),
  refused("no-call-reducer", "A module without `__call_reducer__` is refused.", { reducer: "" }),
  refused("describe-kind", "An export `__describe_module__` that is no function is refused.", {
    describe: '(global (export "__describe_module__") i32 (i32.const 0))',
  }),
  ...moduleExports
    .filter(({ name }) => name !== "_initialize")
    .map(({ name, isPrefix, required }) => {
      const exported = isPrefix ? `${name}10_wrong` : name;
      const text = `(func (export "${exported}") ${wrong}`;
      const parts: BareParts = required
        ? name === "__call_reducer__"
          ? { reducer: text }
          : { describe: text }
        : { more: text };
      return refused(
        `type.${name}`,
        `An export \`${exported}\` of another type is refused.`,
        parts,
      );
    }),
  taken("others", "Exports of other names are ignored, whatever they are.", {
    more: `(func (export "__describe_module_v10__") ${wrong}
      (func (export "preinit") (unreachable)) (global (export "g") i32 (i32.const 1))`,
  }),
  taken("no-start", "`_start` is not called.", { more: '(func (export "_start") (unreachable))' }),
]);

const trap = "(unreachable)";
const sayAndReturn = (code: number): string => `
  (data (i32.const 64) "\\0b\\00\\00\\00not-today-x")
  (func (export "__setup__") (param i32) (result i32)
    (drop (call $sink (local.get 0) (i32.const 68) (i32.const 64))) (i32.const ${code}))`;

const starts = rulesAbout("Start-up", "start", [
  refused("start-traps", "A module whose start function traps is refused.", {
    more: `(func $begin ${trap}) (start $begin)`,
  }),
  refused("initialize-traps", "So is one whose `_initialize` traps.", {
    more: `(func (export "_initialize") ${trap})`,
  }),
  refused("preinit-traps", "So is one whose preinit traps.", {
    more: `(func (export "__preinit__20_find_reducers") ${trap})`,
  }),
  refused("setup-traps", "So is one whose `__setup__` traps.", {
    more: `(func (export "__setup__") (param i32) (result i32) ${trap})`,
  }),
  refused(
    "setup-fails",
    "`__setup__` that answers 1 refuses the module with the text in its sink.",
    { more: sayAndReturn(1) },
    "not-today-x",
  ),
  refused("setup-other", "Any other code of `__setup__` refuses it, too.", {
    more: sayAndReturn(2),
  }),
  taken("setup-ok", "`__setup__` that answers 0 is content, whatever it wrote.", {
    more: sayAndReturn(0),
  }),
  refused("describe-traps", "A module whose `__describe_module__` traps is refused.", {
    describe: `(func (export "__describe_module__") (param i32) ${trap})`,
  }),
  refused("describe-nothing", "So is one that describes nothing, as one in C# does that failed.", {
    describe: '(func (export "__describe_module__") (param i32))',
  }),
  refused("import-traps", "So is one that sleeps before it was described.", {
    imports: `(import "spacetime_10.3" "procedure_sleep_until" (func $s (param i64) (result i64)))`,
    more: '(func (export "_initialize") (drop (call $s (i64.const 0))))',
  }),
]);

const described = rulesAbout("Module definition", "definition", [
  taken("empty", "A definition without sections is one.", { definition: emptyDefinition }),
  refused("version", "A definition of an unknown version is refused.", {
    definition: [3, 0, 0, 0, 0],
  }),
  refused("cut-off", "A definition that is cut off is refused.", { definition: [2, 1, 0, 0] }),
  refused("section", "A section of an unknown kind is refused.", {
    definition: [2, 1, 0, 0, 0, 99],
  }),
  taken("v8", "A definition of version 8, as old modules write it, is taken.", {
    definition: [0, ...new Uint8Array(4 * 4)],
  }),
  taken("v9", "A definition of version 9 is taken.", {
    definition: [1, ...new Uint8Array(6 * 4)],
  }),
]);

const programs = rulesAbout("Programs", "program", [
  {
    name: "not-wasm",
    states: "A program that is no WebAssembly is refused.",
    check: async (session) => void (await session.publishBad(Buffer.from("#!/bin/sh\n"))),
  },
  {
    name: "cut-off",
    states: "A program that is cut off is refused.",
    check: async (session) => {
      const whole = await bareModule();
      await session.publishBad(whole.subarray(0, whole.length - 7));
    },
  },
  {
    name: "empty",
    states: "A program of no bytes is refused.",
    check: async (session) => void (await session.publishBad(new Uint8Array(0))),
  },
  {
    name: "failed-update",
    states: "When an update is refused, the module before it goes on.",
    check: async (session) => {
      const database = await session.publishGood(await bareModule());
      const bad = await bareModule({ reducer: "" });
      const { status } = await session.client.publish(database.name, bad);
      if (status < 400) fail(`the update answered ${status}`);
      const schema = await session.client.send("GET", `${database.name}/schema?version=10`);
      expectEqual(schema.status, 200, "the status of the schema");
    },
  },
]);

export const loadingRules: readonly Rule[] = [
  ...programs,
  ...instructions,
  ...versions,
  ...imports,
  ...exportRules,
  ...starts,
  ...described,
];

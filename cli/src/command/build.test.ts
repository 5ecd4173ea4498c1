import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeModule } from "@lightcone/host";
import { test } from "tap";
import { writeAsProject } from "../../test/as-project.ts";
import { run, type RunResult } from "../../test/run.ts";

function build(home: string, ...argv: string[]): Promise<RunResult> {
  return run(["build", ...argv], { home, host: { describeModule } });
}

/** Where the machine is busy a compiler takes its time. */
const timeout = 120_000;

function hasMap(path: string): boolean {
  return readFileSync(path).includes("lightcone.sourceMap");
}

void test(
  "an AssemblyScript module is built with the SDK of its folder",
  { timeout },
  async (t) => {
    const home = t.testdir();
    writeAsProject(join(home, "m"));
    const built = await build(home, "m");
    t.equal(built.code, 0, built.stderr);
    t.equal(built.stdout, "m/build/release.wasm\n");
    t.match(built.stderr, /^Built in [\d.]+ s: \d\.\d KiB, 0 tables, 3 reducers, 0 views/);
    t.ok(hasMap(join(home, "m/build/release.wasm")));

    const debug = await build(join(home, "m"), "--debug", "--no-source-map");
    t.equal(debug.stdout, "build/debug.wasm\n");
    t.notOk(hasMap(join(home, "m/build/debug.wasm")));
  },
);

void test("editors get declarations of the tables, also where there are errors", async (t) => {
  const home = t.testdir();
  const sdk = "node_modules/@lightcone/sdk-module-as/index.js";
  const files = {
    [sdk]:
      "export const compileModule = async () => ({ declarations: 'of tables', errors: ['wrong'], warnings: [] });",
  };
  writeAsProject(home, { files });
  const { code, stderr } = await build(home);
  t.equal(code, 5);
  t.match(stderr, /^wrong\n/);
  t.equal(readFileSync(join(home, "assembly/lightcone.d.ts"), "utf8"), "of tables");
});

void test("errors are those of the compiler, and nothing is written", { timeout }, async (t) => {
  const home = t.testdir();
  const deep = ["pick(i: i32)", "divide(a: i32, b: i32)", "spin()"].map(
    (signature) => `export function ${signature}: i32 { return x; }`,
  );
  writeAsProject(home, { files: { "assembly/deep.ts": deep.join("\n") } });
  const { code, stdout, stderr } = await build(home);
  t.equal(code, 5);
  t.equal(stdout, "");
  t.match(stderr, /ERROR TS2304: Cannot find name 'x'.*\n[^]*in assembly\/deep\.ts\(2,/);
  t.match(stderr, /the module does not compile/);
  t.notOk(existsSync(join(home, "build")));
});

void test(
  "what the program must not import is told by what it comes of",
  { timeout },
  async (t) => {
    const home = t.testdir();
    const deep = "export function pick(i: i32): i32 { assert(i < 3); return i32(Math.random()); }";
    const files = {
      "assembly/deep.ts": `${deep} export function divide(a: i32, b: i32): i32 { return a; } export function spin(): i32 { return 0; }`,
    };
    writeAsProject(home, { files });
    const { code, stderr } = await build(home);
    t.equal(code, 5);
    t.match(stderr, /no host will take it:\n[^]*- env.abort comes of assert/);
    t.match(stderr, /- env.seed comes of Math.random\(\); instead: ctx.random/);
  },
);

void test("a program that traps when it starts names the lines", { timeout }, async (t) => {
  const home = t.testdir();
  const deep = [
    "function start(): i32 {",
    "  unreachable();",
    "  return 1;",
    "}",
    "export const one = start();",
    ...["pick(i: i32)", "divide(a: i32, b: i32)", "spin()"].map(
      (signature) => `export function ${signature}: i32 { return one; }`,
    ),
  ];
  writeAsProject(home, { files: { "assembly/deep.ts": deep.join("\n") } });
  const { code, stderr } = await build(home);
  t.equal(code, 5);
  t.match(
    stderr,
    /- the module trapped in instantiation: unreachable\n- at assembly\/deep\/start \(assembly\/deep\.ts:2\)/,
  );
});

void test("a folder that cannot be built is told why", { timeout }, async (t) => {
  const home = mkdtempSync(join(tmpdir(), "lightcone-build-"));
  t.teardown(() => rmSync(home, { recursive: true }));
  const sdk = "node_modules/@lightcone/sdk-module-as/index.js";
  const folders: Record<string, Record<string, string>> = {
    broken: { [sdk]: "throw new Error('broken');" },
    old: { [sdk]: "export const nothing = 1;" },
    two: { "asconfig.json": '{"entries":["a.ts","b.ts"]}' },
    text: { "asconfig.json": "entries" },
    nomap: {
      [sdk]:
        "export const compileModule = async () => ({ wasm: Uint8Array.of(0), errors: [], warnings: [] });",
    },
  };
  for (const [name, files] of Object.entries(folders)) {
    writeAsProject(join(home, name), { files });
  }
  writeAsProject(join(home, "absent"));
  rmSync(join(home, "absent/node_modules"), { recursive: true });
  writeFileSync(join(home, "x.txt"), "");
  const rows: [string, number, RegExp, RegExp][] = [
    [".", 2, /this folder has no module that can be built/, /lightcone init/],
    ["nowhere", 2, /nowhere is no folder/, /./],
    ["absent", 1, /sdk-module-as is not installed in absent/, /npm install/],
    ["broken", 1, /cannot be loaded: broken/, /npm ci/],
    ["old", 1, /does not compile modules for this version/, /--version/],
    ["two", 2, /two\/asconfig.json names more than one entry/, /import the others/],
    ["text", 2, /text\/asconfig.json is not JSON/, /./],
    ["nomap", 5, /no source map[^]*no host will take it/, /not WebAssembly/],
  ];
  for (const [folder, code, message, advice] of rows) {
    const result = await build(home, folder);
    t.equal(result.code, code, `${folder}\n${result.stderr}`);
    t.equal(result.stdout, "");
    t.match(result.stderr, message);
    t.match(result.stderr, advice);
  }
});

// `generate` as a user runs it: bindings for the `spacetimedb` package used against a real host, and `--watch` beside a build.
import { execFile, spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { wasmNames, wasmPath } from "@lightcone/fixtures/wasm";
import { describeModule } from "@lightcone/host";
import { t as root, type Test, test } from "tap";
import { run } from "../run.ts";
import { startProtocolProxy } from "./protocol-proxy.ts";
import { openRig, startProcess } from "./rig.ts";

const timeout = 300_000;
root.setTimeout(timeout);

const require = createRequire(import.meta.url);
const compiler = require.resolve("typescript/package.json").replace("package.json", "bin/tsc");

/** Compiles files of a folder into its folder `out`, as the package's own types need it. */
function compile(t: Test, folder: string, files: readonly string[]): void {
  const flags = "--ignoreConfig --strict --skipLibCheck --target es2022 --types node --outDir out";
  const modules = "--lib es2023,dom,esnext.disposable --module esnext --moduleResolution bundler";
  // Without what the test runner tells Node to load.
  const argv = ["-u", "NODE_OPTIONS", process.execPath, compiler];
  const { stdout, status } = spawnSync(
    "env",
    [...argv, ...`${flags} ${modules}`.split(" "), ...files],
    { cwd: folder },
  );
  t.equal(status, 0, String(stdout));
}

/** A program of the other client's, as its own manual would write it. */
const program = `
import { DbConnection, tables, type User } from "./bindings/index.js";

const [uri = "", database = ""] = process.argv.slice(2);
const said: string[] = [];

let token: string | undefined;

function open(): Promise<DbConnection> {
  return new Promise((resolve, reject) => {
    const builder = DbConnection.builder().withUri(uri).withDatabaseName(database);
    if (token !== undefined) builder.withToken(token);
    builder
      .withCompression("none")
      .onConnect((connected, _identity, given) => {
        token ??= given;
        resolve(connected);
      })
      .onConnectError((_ctx, error) => reject(error))
      .build();
  });
}

const connection = await open();
connection.db.message.onInsert((_ctx, row) => said.push(\`said \${row.text}\`));
connection.db.user.onUpdate((_ctx, _from, to) => said.push(\`called \${to.name}\`));
await new Promise<void>((resolve, reject) => {
  connection
    .subscriptionBuilder()
    .onApplied(() => resolve())
    .onError((ctx) => reject(ctx.event))
    .subscribe([tables.user, tables.message.where((row) => row.text.ne("hidden"))]);
});
await connection.reducers.setName({ name: "Ada" });
await connection.reducers.sendMessage({ text: "hidden" });
await connection.reducers.sendMessage({ text: "hello" });
const failure = await connection.reducers.sendMessage({ text: "" }).then(
  () => "none",
  (error: Error) => error.message,
);
const self: User | null | undefined = connection.identity
  ? connection.db.user.identity.find(connection.identity)
  : undefined;
const count = Number(connection.db.message.count());
connection.disconnect();
const again = await open();
await new Promise<void>((resolve) => {
  again.subscriptionBuilder().onApplied(() => resolve()).subscribe([tables.user]);
});
const known = again.identity && again.db.user.identity.find(again.identity);
console.log(JSON.stringify({ said, failure, name: self?.name, count, again: known?.name }));
again.disconnect();
process.exit(0);
`;

void test(
  "bindings for the spacetimedb package, over a real connection",
  { timeout },
  async (t) => {
    const { home, run: runThere, url } = await openRig(t);
    copyFileSync(wasmPath("chat"), join(home, "chat.wasm"));
    await runThere(0, "publish", "chat", "--bin-path", "chat.wasm");
    await runThere(
      0,
      "generate",
      "chat",
      "--sdk",
      "spacetimedb",
      "-l",
      "typescript",
      "-o",
      "bindings",
    );
    writeFileSync(join(home, "package.json"), `{ "type": "module" }`);
    writeFileSync(join(home, "program.ts"), program);
    const flags =
      "--ignoreConfig --strict --skipLibCheck --target es2022 --types node --outDir out";
    const modules = "--lib es2023,dom,esnext.disposable --module esnext --moduleResolution bundler";
    const argv = ["-u", "NODE_OPTIONS", process.execPath, compiler];
    const { stdout, status } = spawnSync(
      "env",
      [...argv, ...`${flags} ${modules}`.split(" "), "program.ts"],
      { cwd: home },
    );
    t.equal(status, 0, String(stdout));
    const env = { PATH: process.env["PATH"] ?? "" };
    const v3 = "v3.bsatn.spacetimedb";
    const cases = [
      { hidden: undefined, protocol: v3 },
      { hidden: v3, protocol: "v2.bsatn.spacetimedb" },
    ];
    for (const [i, { hidden, protocol }] of cases.entries()) {
      const database = `chat-${i}`;
      await runThere(0, "publish", database, "--bin-path", "chat.wasm");
      const proxy = await startProtocolProxy(t, url(), hidden);
      const argv = ["out/program.js", proxy.url.replace("http", "ws"), database];
      const ran = await promisify(execFile)(process.execPath, argv, { cwd: home, env });
      const line = ran.stdout.split("\n").find((each) => each.startsWith("{")) ?? "";
      t.match(JSON.parse(line), {
        said: ["called Ada", "said hello"],
        failure: /a message must not be empty/,
        name: "Ada",
        count: 1,
        again: "Ada",
      });
      t.same(proxy.chosen, [protocol, protocol], "before and after it connected again");
    }
  },
);

/** The same for a module with procedures. */
const callingProgram = `
import { DbConnection } from "./bindings/index.js";

const [uri = "", database = "", id = ""] = process.argv.slice(2);
const connection = await new Promise<DbConnection>((resolve, reject) => {
  DbConnection.builder()
    .withUri(uri)
    .withDatabaseName(database)
    .onConnect((connected) => resolve(connected))
    .onConnectError((_ctx, error) => reject(error))
    .build();
});
const { procedures } = connection;
const sum: bigint = await procedures.returnSum({ a: 40, b: 2 });
const stored: bigint = await procedures.storeParcel({ id: Number(id) });
const failure = await procedures.storeAndPanic({ id: Number(id) + 1 }).then(
  () => "none",
  (error: unknown) => String(error),
);
console.log(JSON.stringify({ sum: String(sum), stored: String(stored), failure }));
connection.disconnect();
process.exit(0);
`;

void test("procedures by the spacetimedb package", { timeout }, async (t) => {
  const { home, run: runThere, url } = await openRig(t);
  copyFileSync(wasmPath("kitchen"), join(home, "kitchen.wasm"));
  await runThere(0, "publish", "kitchen", "--bin-path", "kitchen.wasm");
  const flags = ["--sdk", "spacetimedb", "-l", "typescript", "-o", "bindings"];
  await runThere(0, "generate", "kitchen", ...flags);
  writeFileSync(join(home, "package.json"), `{ "type": "module" }`);
  writeFileSync(join(home, "program.ts"), callingProgram);
  compile(t, home, ["program.ts"]);
  const env = { PATH: process.env["PATH"] ?? "" };
  for (const [i, hidden] of [undefined, "v3.bsatn.spacetimedb"].entries()) {
    const proxy = await startProtocolProxy(t, url(), hidden);
    const argv = ["out/program.js", proxy.url.replace("http", "ws"), "kitchen", `${10 * i}`];
    const ran = await promisify(execFile)(process.execPath, argv, { cwd: home, env });
    const line = ran.stdout.split("\n").find((each) => each.startsWith("{")) ?? "";
    t.match(JSON.parse(line), {
      sum: "42",
      stored: /^[1-9]/,
      failure: /The instance encountered a fatal error/,
    });
  }
});

void test("bindings of all modules for the spacetimedb package compile", { timeout }, async (t) => {
  const home = t.testdir({ "package.json": `{ "type": "module" }` });
  for (const name of wasmNames) {
    const flags = ["--sdk", "spacetimedb", "-l", "typescript", "--include-private", "-o", name];
    const { code, stderr } = await run(["generate", ...flags, "-b", wasmPath(name)], {
      home,
      host: { describeModule },
    });
    t.equal(code, 0, stderr);
  }
  compile(
    t,
    home,
    wasmNames.map((name) => `${name}/index.ts`),
  );
  // What is no class or function of the package at run time is seen here alone.
  const argv = ["-u", "NODE_OPTIONS", process.execPath, "--input-type=module", "-e"];
  const imports = wasmNames.map((name) => `await import("./out/${name}/index.js");`).join("\n");
  const { status, stderr } = spawnSync("env", [...argv, imports], { cwd: home, encoding: "utf8" });
  t.equal(status, 0, stderr);
});

/** Resolves once `look` is true; the test's own time limit ends it otherwise. */
async function until(look: () => boolean): Promise<void> {
  while (!look()) await delay(50);
}

void test("--watch writes what has changed, and nothing else", { timeout }, async (t) => {
  const { home } = await openRig(t);
  const wasm = join(home, "chat.wasm");
  const file = (name: string): string => join(home, "bindings", name);
  copyFileSync(wasmPath("chat"), wasm);
  const watching = startProcess(home, [
    "generate",
    "-l",
    "typescript",
    "-o",
    "bindings",
    "-b",
    "chat.wasm",
    "--watch",
  ]);
  t.teardown(() => watching.child.kill("SIGKILL"));
  await until(() => existsSync(file("index.ts")));
  const before = statSync(file("index.ts")).mtimeMs;
  t.notMatch(readFileSync(file("tables.ts"), "utf8"), "readonly room");
  // First a piece of a file, then the whole.
  writeFileSync(wasm, readFileSync(wasmPath("chat-v2")).subarray(0, 1000));
  await delay(300);
  copyFileSync(wasmPath("chat-v2"), wasm);
  await until(() => /readonly room/.test(readFileSync(file("tables.ts"), "utf8")));
  t.equal(statSync(file("index.ts")).mtimeMs, before, "what stays the same is not written");
  watching.child.kill("SIGINT");
  const { code, stderr } = await watching.ended;
  t.equal(code, 0);
  t.match(stderr, /4 files, 4 changed[^]*4 files, [123] changed, 0 old ones removed/);
  mkdirSync(join(home, "empty"));
  const absent = startProcess(home, [
    "generate",
    "-l",
    "typescript",
    "-o",
    "b",
    "-p",
    "empty",
    "-w",
  ]);
  t.equal((await absent.ended).code, 2, "a module that is not there at first is a mistake");
});

// From nothing to a database that answers: init, build, publish, calls of two people, in each language that can be compiled here.
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { t as root, type Test, test } from "tap";
import type { Language } from "../../src/build/project.ts";
import { openRig, startProcess } from "./rig.ts";

async function walk(t: Test, lang: Language): Promise<void> {
  const rig = await openRig(t);
  const { home, run, url } = rig;
  const command = async (...argv: string[]): Promise<string> => {
    const { code, stdout, stderr } = await startProcess(home, argv).ended;
    t.equal(code, 0, `${argv.join(" ")}\n${stderr}`);
    return stdout;
  };
  await command("init", "todo", "--lang", lang);
  t.match(await command("build", "todo"), /^todo\/.*\.wasm\n$/);
  if (lang === "assemblyscript") checkEditor(t, join(home, "todo/assembly"));
  runTests(t, join(home, "todo"));
  const publish = ["publish", "todo", "--module-path", "todo", "--no-build", "--server", url()];
  t.match(await command(...publish), /^created todo /);
  await run(0, "call", "todo", "set_name", '"Ada"');
  await run(0, "call", "todo", "add", '"write a module"');
  await run(0, "call", "todo", "add", '"publish it"');
  await run(0, "call", "todo", "finish", "1");
  const mine = await run(0, "sql", "todo", "SELECT title, done FROM my_tasks", "--format", "json");
  t.match(JSON.parse(mine.stdout), [
    {
      rows: [
        ["publish it", false],
        ["write a module", true],
      ],
    },
  ]);
  // Somebody else.
  t.match(
    (await run(5, "call", "todo", "set_name", '"Ada"', "--anonymous")).stderr,
    /Ada is taken/,
  );
  const others = await run(5, "call", "todo", "finish", "2", "--anonymous");
  t.match(others.stderr, /you have no task 2/);
  t.match((await run(5, "call", "todo", "add", '""')).stderr, /a task needs a title/);
  await run(0, "call", "todo", "tidy_up");
  t.match((await run(0, "logs", "todo")).stdout, /the list is open[^]* 1 tasks removed/);
  t.match(await command(...publish), /^updated todo /);
}

const typescript = fileURLToPath(new URL("../../../../node_modules/.bin/tsc", import.meta.url));

/** What an editor underlines: decorators before functions, which TypeScript does not have, and nothing else. */
function checkEditor(t: Test, folder: string): void {
  // Without what the test runner tells Node to load.
  const argv = ["-u", "NODE_OPTIONS", typescript, "--noEmit", "--pretty", "false", "-p", "."];
  const { stdout } = spawnSync("env", argv, { cwd: folder });
  const found = String(stdout)
    .split("\n")
    .filter((line) => line.startsWith("index.ts("));
  t.ok(found.length > 0, "functions with decorators are underlined");
  t.same(
    found.filter((line) => !line.includes("error TS1206:")),
    [],
  );
}

/** The tests that a module begins with, as `node --test` finds and runs them. */
function runTests(t: Test, folder: string): void {
  const argv = ["-u", "NODE_OPTIONS", process.execPath, "--test", "--test-reporter=tap"];
  const { status, stdout } = spawnSync("env", argv, { cwd: folder });
  t.equal(status, 0, String(stdout));
  t.match(String(stdout), /^# pass 2$/m);
}

const timeout = 300_000;
root.setTimeout(3 * timeout);

void test("a module in AssemblyScript", { timeout }, async (t) => {
  await walk(t, "assemblyscript");
});

/** Whether a plain `cargo build` has what it needs. */
function canBuildRust(): boolean {
  const target = "wasm32-unknown-unknown";
  const { stdout } = spawnSync("rustc", ["--print", "target-libdir", "--target", target]);
  const folder = String(stdout ?? "").trim();
  return folder !== "" && existsSync(folder);
}

void test("a module in Rust, or what to install for it", { timeout }, async (t) => {
  if (canBuildRust()) {
    await walk(t, "rust");
    return;
  }
  const { home } = await openRig(t);
  t.equal((await startProcess(home, ["init", "todo", "--lang", "rust"]).ended).code, 0);
  const { code, stderr } = await startProcess(home, ["build", "todo"]).ended;
  t.equal(code, 1);
  t.match(stderr, /rustup target add wasm32-unknown-unknown/);
});

void test("the tests for a module in Rust", { timeout }, async (t) => {
  const { home } = await openRig(t);
  for (const lang of ["assemblyscript", "rust"]) {
    t.equal((await startProcess(home, ["init", `to-do-${lang}`, "--lang", lang]).ended).code, 0);
  }
  t.equal((await startProcess(home, ["build", "to-do-assemblyscript"]).ended).code, 0);
  // Both modules are one list, whatever they are written in: so the tests of one hold for the other's program.
  const target = join(home, "to-do-rust/target/wasm32-unknown-unknown/release");
  mkdirSync(target, { recursive: true });
  const built = join(home, "to-do-assemblyscript/build/release.wasm");
  copyFileSync(built, join(target, "to_do_rust.wasm"));
  runTests(t, join(home, "to-do-rust"));
});

// The kit under the runners that people use: a small project of its own, run as they would run it. (The kit's own tests are of tap.)
import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { wasmPath } from "@lightcone/fixtures/wasm";
import { t as root, type Test, test } from "tap";

const timeout = 300_000;
root.setTimeout(timeout);

const require = createRequire(import.meta.url);
const execute = promisify(execFile);

/** A test file; `head` says where `test`, `equal` and hooks come from. */
function testFile(head: string, module: "chat" | "chat-as"): string {
  return `${head}
import { openTestDatabase } from "@lightcone/host/testing";

const origin = await openTestDatabase({ wasm: ${JSON.stringify(wasmPath(module))} });

for (const text of ["one", "two"]) {
  test("${module} says " + text, async () => {
    const app = await origin.fork();
    const alice = await app.connect("alice");
    await alice.call("send_message", { text });
    equal(app.table("message").rows().map((row) => row.text).join(), text);
    await app.close();
  });
}

test("${module} is told of an error", async () => {
  const app = await origin.fork();
  const alice = await app.connect("alice");
  const message = await alice.call("send_message", { text: "" }).catch((error) => error.message);
  equal(message, "a message must not be empty");
  await app.close();
});
`;
}

const heads = {
  nodeTest: `import { test } from "node:test"; import { equal } from "node:assert/strict";`,
  vitest: `import { expect, test } from "vitest"; const equal = (a, b) => expect(a).toBe(b);`,
  tap: `import { test as tapTest } from "tap"; import { equal } from "node:assert/strict";
const test = (title, run) => void tapTest(title, async (t) => { await run(); t.pass(); });`,
} as const;

function project(t: Test, head: string): string {
  return t.testdir({
    "package.json": `{ "type": "module" }`,
    "rust.test.js": testFile(head, "chat"),
    "script.test.js": testFile(head, "chat-as"),
  });
}

/** Runs a command in a folder, without what the runner of this test tells Node to load; returns what it said. */
async function run(cwd: string, ...argv: string[]): Promise<string> {
  const env = { PATH: process.env["PATH"] ?? "", HOME: cwd, CI: "1" };
  const { stdout } = await execute(process.execPath, argv, { cwd, env });
  return stdout;
}

void test("node:test", { timeout }, async (t) => {
  const folder = project(t, heads.nodeTest);
  t.match(await run(folder, "--test", "--test-reporter=tap"), /^# pass 6$/m);
});

void test("vitest", { timeout }, async (t) => {
  const folder = project(t, heads.vitest);
  const bin = join(dirname(require.resolve("vitest/package.json")), "vitest.mjs");
  const out = await run(
    folder,
    bin,
    "run",
    "--root",
    folder,
    "--testTimeout=200000",
    "--reporter=json",
  );
  t.match(JSON.parse(out), { success: true, numPassedTests: 6 });
});

void test("tap", { timeout }, async (t) => {
  const folder = project(t, heads.tap);
  for (const file of ["rust.test.js", "script.test.js"]) {
    t.match(await run(folder, file), /^# \{ total: 3, pass: 3 \}$|^1\.\.3$/m);
  }
});

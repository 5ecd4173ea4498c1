import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "tap";

const main = fileURLToPath(new URL("./main.js", import.meta.url));

function run(args: readonly string[], env: NodeJS.ProcessEnv = {}): SpawnSyncReturns<string> {
  return spawnSync(process.execPath, [main, ...args], {
    encoding: "utf8",
    env: { ...process.env, ...env },
  });
}

void test("a short run prints a line of JSON for each figure, and leaves nothing", async (t) => {
  const directory = await mkdtemp(join(tmpdir(), "lightcone-bench-test-"));
  t.teardown(() => rm(directory, { recursive: true }));
  const args = ["transfer", "--json", "--seconds", "0.2", "--case", "engine/r*alpha-0"];
  const { status, stdout, stderr } = run(args, { TMPDIR: directory });
  t.equal(status, 0, stderr);
  const figure = JSON.parse(stdout) as { readonly figure: number };
  t.match(figure, { bench: "transfer", case: "engine/rust/alpha-0", unit: "calls/s" });
  t.ok(figure.figure > 0, `${figure.figure} calls/s`);
  t.same(readdirSync(directory), [], "directories are removed");
});

void test("a command line that cannot be followed ends with 2", (t) => {
  const check = (args: readonly string[], message: RegExp): void => {
    const { status, stdout, stderr } = run(args);
    t.equal(status, 2);
    t.equal(stdout, "");
    t.match(stderr, message);
  };
  check([], /name a benchmark/);
  check(["none"], /no benchmark is named none; there are transfer/);
  check(["transfer", "--case", "none"], /no case of transfer matches/);
  t.end();
});

void test("help lists benchmarks and cases", (t) => {
  const { status, stdout } = run(["--help"]);
  t.equal(status, 0);
  t.match(stdout, /transfer-profile/);
  t.match(stdout, /sockets\/rust\/alpha-1\.5\/p99-ms/);
  t.end();
});

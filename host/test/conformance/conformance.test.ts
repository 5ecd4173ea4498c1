// The conformance suite against a host of our own, over its HTTP interface as against any other.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import t, { test } from "tap";
import { ChildHost } from "../server/child-host.ts";

/** The suite is no part of the package @lightcone/abi, so its program is run and not imported. */
const program = fileURLToPath(new URL("../../../../abi/dist/conformance/run.js", import.meta.url));

/** How long the suite may take on a busy machine, in milliseconds. */
const suiteMsMax = 400_000;

t.setTimeout(suiteMsMax);

/** One rule waits until a call has used its budget up. */
const options = { callTimeLimitMs: 60_000, callBudgetMs: 1500 };

interface Run {
  readonly code: number;
  readonly lines: readonly string[];
}

function runSuite(args: readonly string[]): Promise<Run> {
  const { NODE_OPTIONS: _runnersOwn, ...env } = process.env;
  return new Promise((resolve) => {
    const options = { env, maxBuffer: 64 * 1024 * 1024, timeout: suiteMsMax };
    execFile(process.execPath, [program, ...args], options, (error, stdout) => {
      const code = error === null ? 0 : Number(error.code ?? 1);
      resolve({ code, lines: stdout.trimEnd().split("\n") });
    });
  });
}

interface Told {
  readonly id: string;
  readonly outcome: string;
  readonly reason: string;
}

void test("every rule holds, in the strict reading", { timeout: suiteMsMax }, async (t) => {
  const host = await ChildHost.start(t, options);
  const server = `http://${host.address}`;
  const { code, lines } = await runSuite([
    "--server",
    server,
    "--token",
    host.token,
    "--strict",
    "--json",
  ]);
  const results = lines.slice(0, -1).map((line) => JSON.parse(line) as Told);
  const broken = results.filter(({ outcome }) => outcome === "failed");
  t.same(
    broken.map(({ id, reason }) => `${id}: ${reason}`),
    [],
  );
  // A host that is started without more speaks to no address of its own machine.
  const skipped = results.filter(({ outcome }) => outcome === "skipped").map(({ id }) => id);
  t.same(skipped, ["http.response"]);
  t.match(JSON.parse(lines.at(-1) ?? "{}"), { failed: 0, skipped: 1 });
  t.equal(code, 0);
});

void test("a token that the server refuses ends the run", async (t) => {
  const host = await ChildHost.start(t);
  const { code, lines } = await runSuite([
    "--server",
    `http://${host.address}`,
    "--token",
    "not.a.token",
    "--filter",
    "program",
  ]);
  t.equal(code, 2);
  t.match(lines.at(-1), /takes no programs with this token: 401/);
});

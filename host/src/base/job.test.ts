// What a job may do to its process, and what its caller hears of it.
import { test } from "tap";
import { runJob } from "./job.ts";

const jobOf = (body: string): URL =>
  new URL(
    `data:text/javascript,${encodeURIComponent(`export function job(input, options) {${body}}`)}`,
  );

const input = Uint8Array.of(1, 2, 3);

void test("bytes and options go in, bytes come out", async (t) => {
  const output = await runJob(
    jobOf("return input.map((byte) => byte * options.factor);"),
    input,
    30_000,
    { factor: 2 },
  );
  t.same([...output], [2, 4, 6]);
});

void test("whatever becomes of a job, its caller hears why", async (t) => {
  const cases: readonly [string, string, RegExp][] = [
    ["it throws", `throw new Error("no such section");`, /^no such section$/],
    ["it aborts", "process.abort();", /its process ended \(SIG/],
    ["it exits", "process.exit(7);", /its process ended \(exit code 7\)/],
  ];
  for (const [what, body, expected] of cases) {
    await t.rejects(runJob(jobOf(body), input, 30_000), { message: expected }, what);
  }
});

void test("a job without end is ended", async (t) => {
  await t.rejects(runJob(jobOf("for (;;);"), input, 1500), { message: /^not done within 1.5 s$/ });
});

void test("all threads of a job step back", { skip: process.platform !== "linux" }, async (t) => {
  const read = `
    const { readdirSync } = process.getBuiltinModule("node:fs");
    const { getPriority } = process.getBuiltinModule("node:os");
    return Uint8Array.from(readdirSync("/proc/self/task"), (task) => getPriority(Number(task)));`;
  const priorities = await runJob(jobOf(read), input, 30_000);
  t.ok(priorities.length > 1, "the engine has threads of its own");
  t.same(new Set(priorities), new Set([10]));
});

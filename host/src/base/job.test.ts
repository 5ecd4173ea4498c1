// What a job may do to its process, and what its caller hears of it.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { t as file, test } from "tap";
import { runJob } from "./job.ts";

file.setTimeout(180_000);

const jobOf = (body: string): URL =>
  new URL(
    `data:text/javascript,${encodeURIComponent(`export function job(input, options) {${body}}`)}`,
  );

const input = Uint8Array.of(1, 2, 3);

/** Of each thread of the process: its scheduling class, as proc(5) numbers them, and its priority. */
const readThreads = `
  const { readdirSync, readFileSync } = process.getBuiltinModule("node:fs");
  const { getPriority } = process.getBuiltinModule("node:os");
  return Uint8Array.from(readdirSync("/proc/self/task").flatMap((task) => {
    const fields = readFileSync("/proc/self/task/" + task + "/stat", "utf8").split(") ")[1].split(" ");
    return [Number(fields[38]), getPriority(Number(task))];
  }));`;

function classesOf(threads: Uint8Array): string[] {
  const classes = new Set<string>();
  for (let i = 0; i < threads.length; i += 2) {
    const name = threads[i] === 5 ? "idle" : "other";
    classes.add(`${name} ${threads[i + 1]}`);
  }
  return [...classes];
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

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
  const hasChrt = spawnSync("chrt", ["-i", "0", "true"]).status === 0;
  const threads = await runJob(jobOf(readThreads), input, 60_000, undefined, 120_000);
  t.ok(threads.length > 2, "the engine has threads of its own");
  t.same(classesOf(threads), hasChrt ? ["idle 0"] : ["other 10"]);
});

void test(
  "where no process can be idle, it has a low priority",
  { skip: process.platform !== "linux" },
  async (t) => {
    const { PATH } = process.env;
    const directory = t.testdir({ forbidden: {}, missing: {} });
    // What util-linux does where the system call is refused.
    writeFileSync(`${directory}/forbidden/chrt`, "#!/bin/sh\nexit 1\n", { mode: 0o755 });
    t.teardown(() => {
      process.env["PATH"] = PATH;
    });
    for (const name of ["forbidden", "missing"]) {
      process.env["PATH"] = `${directory}/${name}`;
      const threads = await runJob(jobOf(readThreads), input, 30_000);
      t.same(classesOf(threads), ["other 10"], name);
    }
  },
);

void test(
  "what an idle process does not get done begins anew with a share",
  { skip: process.platform !== "linux" },
  async (t) => {
    const body = `const threads = (() => {${readThreads}})(); while (threads[0] === 5); return threads;`;
    const threads = await runJob(jobOf(body), input, 60_000, undefined, 3000);
    t.same(classesOf(threads), ["other 10"]);
  },
);

void test("a host that is killed leaves no job behind", async (t) => {
  const script = new URL("./job.js", import.meta.url).href;
  const body = `
    process.stderr.write(process.pid + "\\n");
    const end = Date.now() + 2000;
    while (Date.now() < end);
    return input;`;
  const source = `
    import { runJob } from ${JSON.stringify(script)};
    await runJob(new URL(${JSON.stringify(jobOf(body).href)}), new Uint8Array(), 60_000);`;
  const host = spawn(process.execPath, ["--input-type=module", "-e", source], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const [line] = (await once(host.stderr, "data")) as [Buffer];
  const jobPid = Number(line.toString());
  t.ok(isAlive(jobPid));
  host.kill("SIGKILL");
  while (isAlive(jobPid)) await sleep(100);
});

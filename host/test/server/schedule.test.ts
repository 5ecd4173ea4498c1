// Schedules of a running host: they go on after a kill, and there is no burst after a sleep.
import { setTimeout as pause } from "node:timers/promises";
import { test } from "tap";
import { ChildHost } from "./child-host.ts";

async function count(host: ChildHost, text: string): Promise<number> {
  const rows = await host.sql("timers", `SELECT text FROM note WHERE text = '${text}'`);
  return Array.isArray(rows) ? rows.length : -1;
}

/** Waits until there are so many notes; returns how many there are. */
async function until(host: ChildHost, text: string, wanted: number): Promise<number> {
  for (;;) {
    const found = await count(host, text);
    if (found >= wanted) return found;
    await pause(20);
  }
}

void test("[SCHED7] intervals and single calls of a host that is killed and put to sleep", async (t) => {
  const host = await ChildHost.start(t);
  t.equal((await host.publish("timers", "probe-views")).status, 200);
  t.equal((await host.call("timers", "remind_often", 100_000, "tick")).status, 200);
  t.ok((await until(host, "tick", 3)) < 20);
  t.equal((await host.call("timers", "remind_once", 300_000, "overdue")).status, 200);
  await host.kill();
  await pause(400);
  await host.start();
  const before = await count(host, "tick");
  t.ok(before >= 3 && before < 20, `${before} ticks survived`);
  await until(host, "tick", before + 3);
  t.equal(await until(host, "overdue", 1), 1);
  const start = await count(host, "tick");
  process.kill(host.pid, "SIGSTOP");
  await pause(2500);
  process.kill(host.pid, "SIGCONT");
  const after = await count(host, "tick");
  t.ok(after - start < 10, `${after - start} ticks after a sleep of 25`);
  await until(host, "tick", after + 2);
  t.equal(await count(host, "overdue"), 1, "once");
});

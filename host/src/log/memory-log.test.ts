// The log without a disk keeps the promises of the contract.
import { LightconeError } from "@lightcone/abi";
import { test } from "tap";
import { MemoryLog } from "./memory-log.ts";
import { Listener } from "./test-rig.ts";

void test("without a listener everything is durable at once", async (t) => {
  const log = new MemoryLog();
  t.equal(log.durableOffset, -1);
  t.equal(log.append(undefined, []), 0);
  t.equal(log.append(undefined, []), 1);
  t.equal(log.nextOffset, 2);
  t.equal(log.durableOffset, 1);
  await log.flush();
  await log.close();
  t.throws(() => log.makeDurable(1), { name: "InvariantError" });
});

void test("with one, the test decides", async (t) => {
  const listener = new Listener();
  const log = new MemoryLog(listener);
  for (let i = 0; i < 3; i++) log.append(undefined, []);
  const flushed = log.flush();
  log.makeDurable(0);
  t.equal(log.durableOffset, 0);
  t.throws(() => log.makeDurable(0), { name: "InvariantError" });
  t.throws(() => log.makeDurable(3), { name: "InvariantError" });
  log.makeDurable(2);
  await flushed;
  await log.close();
  t.same(listener.durable, [0, 2]);
});

void test("it can fail", async (t) => {
  const listener = new Listener();
  const log = new MemoryLog(listener);
  log.append(undefined, []);
  const flushed = log.flush();
  const error = new LightconeError("LC_DISK", "gone");
  log.fail(error);
  await t.rejects(flushed, error);
  await t.rejects(log.close(), error);
  t.throws(() => log.append(undefined, []), error);
  t.same(listener.failures, [error]);
});

// What the pieces under embedding and tests do when things go wrong: refused clients, a disk that fails, one that is slow.
import { ConnectionId } from "@lightcone/abi";
import { readWasm } from "@lightcone/fixtures/wasm";
import { t as root, test } from "tap";
import { systemClock } from "../base/clock.ts";
import { MemoryDisk } from "../base/disk/memory.ts";
import { systemPause } from "../base/pause.ts";
import { systemTimers } from "../base/timers.ts";
import { callerOf, identityOf } from "./caller.ts";
import { EmbeddedClient } from "./client.ts";
import { Core } from "./core.ts";
import type { AnyModule } from "./types.ts";

const timeout = 300_000;
root.setTimeout(timeout);

async function open(disk: MemoryDisk): Promise<Core> {
  const core = await Core.open({
    identity: identityOf("database"),
    disk,
    clock: systemClock,
    schedule: queueMicrotask,
    pause: systemPause,
    timers: systemTimers,
    watch: { begin: () => undefined, end: () => undefined },
  });
  await core.publish(readWasm("chat-as"), identityOf("owner"));
  return core;
}

async function connect(core: Core, id: bigint): Promise<EmbeddedClient<AnyModule>> {
  return EmbeddedClient.connect(core, callerOf({ identity: "alice" }, new ConnectionId(id)));
}

void test("a client that is not let in is told why", async (t) => {
  const core = await open(new MemoryDisk());
  const first = await connect(core, 1n);
  await t.rejects(connect(core, 1n), { code: "LC_REDUCER_FAILED", message: /is in use/ });
  await first.call("send_message", ["still there"]);
  await first.disconnect();
  await first.disconnect();
  const second = await connect(core, 1n);
  t.ok(second.isConnected);
  await core.close();
  t.notOk(second.isConnected);
});

void test("a disk that fails ends the database and all that waits for it", async (t) => {
  const disk = new MemoryDisk();
  const core = await open(disk);
  const client = await connect(core, 1n);
  const subscription = await client.subscribe("SELECT * FROM message");
  disk.failAfter("sync", 0, "EIO");
  await t.rejects(client.call("send_message", ["lost"]), { code: "LC_DISK" });
  t.match(core.service.failure, { code: "LC_DISK" });
  t.notOk(client.isConnected);
  t.notOk(subscription.isActive);
  t.same(subscription.rows("message"), [], "nothing was shown that is not durable");
  await t.rejects(client.call("send_message", ["later"]), { code: "LC_DISK" });
  await t.rejects(connect(core, 2n), { code: "LC_DISK" });
  await t.rejects(
    core.inTurn(() => 1),
    { code: "LC_DISK" },
  );
});

void test("commands wait in order while the disk is behind", { timeout }, async (t) => {
  let release = (): void => undefined;
  let held = Promise.resolve();
  const disk = new MemoryDisk({ beforeSync: () => held });
  const core = await open(disk);
  const client = await connect(core, 1n);
  held = new Promise((resolve) => {
    release = resolve;
  });
  const text = "x".repeat(1000);
  let answered = 0;
  const calls: Promise<unknown>[] = [];
  // As much as the log lets wait, and more.
  while (!core.service.isBackpressured) calls.push(client.call("send_message", [text]));
  for (let i = 0; i < 50; i++) {
    calls.push(
      client.call("send_message", [`late ${i}`]).then(() => t.equal(answered++, i, "in order")),
    );
  }
  t.equal(answered, 0);
  release();
  held = Promise.resolve();
  await Promise.all(calls);
  t.equal(answered, 50);
  const rows = await client.sql("SELECT COUNT(*) AS n FROM message");
  t.same(rows, [{ n: BigInt(calls.length) }]);
  await core.close();
});

void test("a large table is read in parts", { timeout }, async (t) => {
  const core = await open(new MemoryDisk());
  const client = await connect(core, 1n);
  const text = "y".repeat(900);
  const calls = Array.from({ length: 9000 }, () => client.call("send_message", [text]));
  await Promise.all(calls);
  const subscription = await client.subscribe("SELECT * FROM message");
  t.equal(subscription.rows("message").length, 9000);
  await client.call("send_message", ["one more"]);
  t.equal(subscription.rows("message").length, 9001);
  t.equal(client.rows("message").length, 9001);
  await core.close();
});

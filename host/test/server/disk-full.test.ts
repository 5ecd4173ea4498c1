// A disk that is full closes the database that needs it, and no other; what was acknowledged stays (design decision 8).
//
// The host runs in a process whose files may not grow beyond some megabytes, which to it is a disk without room.
import { spawnSync } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import { t, test } from "tap";
import { ChildHost } from "./child-host.ts";
import { SocketClient } from "./socket-client.ts";

// Hosts take their time to start on a busy machine.
t.setTimeout(180_000);

/** In units of the shell's `ulimit`: 512 or 1024 bytes each. */
const fileBlocksMax = 8192;

function limited(command: readonly string[]): readonly string[] {
  return ["/bin/sh", "-c", `ulimit -S -f ${fileBlocksMax}; exec "$@"`, "sh", ...command];
}

/** Lets the host's files grow again, without it noticing; by a new start where the system has no way to do that. */
async function makeRoom(host: ChildHost): Promise<void> {
  const args = ["--pid", `${host.pid}`, "--fsize=unlimited"];
  if (spawnSync("prlimit", args).status === 0) return;
  await host.kill();
  await host.start({});
}

void test("a full disk", { skip: process.platform === "win32" }, async (t) => {
  const host = await ChildHost.start(t, { wrap: limited });
  for (const name of ["full", "roomy"]) t.equal((await host.publish(name, "probe")).status, 200);
  const roomy = await SocketClient.open(host, "roomy");

  const kept: number[] = [];
  let lastId = 0;
  // Ever smaller rows, until nothing fits any more.
  for (const size of [1_000_000, 50_000, 2000, 100]) {
    const client = await SocketClient.open(host, "full").catch(() => undefined);
    if (client === undefined) break;
    for (;;) {
      const id = ++lastId;
      const outcome = await client.call("big_string", (writer) => {
        writer.u32(id);
        writer.u32(size);
      });
      if (outcome === "ok") {
        kept.push(id);
        continue;
      }
      t.match(outcome, /^ended .*"code":1011.*cannot write to .*EFBIG/, `with ${kept.length} rows`);
      break;
    }
    t.equal(await roomy.call("whoami"), "ok", "the other one goes on");
    const closed = await host.call("full", "insert_many", 1_000_000, 1);
    if (closed.status !== 200)
      t.match(closed, { status: 503, text: /closed for now: .*EFBIG|cannot write/ });
    await pause(300);
  }
  t.ok(kept.length > 2, `${kept.length} rows were acknowledged`);

  await makeRoom(host);
  await host.untilOpen("full");
  const rows = (await host.sql("full", "SELECT id FROM item WHERE id < 1000000")) as [number][];
  const ids = new Set(rows.map(([id]) => id));
  t.same(
    kept.filter((id) => !ids.has(id)),
    [],
    "nothing that was acknowledged is lost",
  );
  const client = await SocketClient.open(host, "full");
  const outcome = await client.call("big_string", (writer) => {
    writer.u32(++lastId);
    writer.u32(2_000_000);
  });
  t.equal(outcome, "ok", "there is room again");
});

// A file system that is really full: a small one in memory, mounted for the host alone.
import { spawnSync } from "node:child_process";
import { t, test } from "tap";
import { ChildHost } from "./child-host.ts";

t.setTimeout(120_000);

/** Why nothing can be mounted, if so. */
const noMount =
  spawnSync("unshare", ["-rm", "mount", "-t", "tmpfs", "none", "/mnt"]).status === 0
    ? false
    : "a file system cannot be mounted here";

/** The host's command, with 8 MiB mounted over its data directory. */
function onSmallDisk(command: readonly string[]): readonly string[] {
  const dataDir = command.find((word) => word.includes("lightcone-host-")) ?? "";
  const script = 'mount -t tmpfs -o size=8m none "$0" && exec "$@"';
  return ["unshare", "-rm", "/bin/sh", "-c", script, dataDir, ...command];
}

void test("a file system without room", { skip: noMount }, async (t) => {
  const host = await ChildHost.start(t, { wrap: onSmallDisk });
  for (const name of ["full", "other"]) t.equal((await host.publish(name, "probe")).status, 200);
  t.equal((await host.call("other", "big_string", 1, 2_000_000)).status, 200);
  const kept: number[] = [];
  let refusal = { status: 200, text: "" };
  for (let id = 1; refusal.status === 200; id++) {
    refusal = await host.call("full", "big_string", id, 500_000);
    if (refusal.status === 200) kept.push(id);
  }
  t.match(refusal, {
    status: 503,
    text: /cannot (?:write to|sync) clog\/\d{20}\.stdb\.log: ENOSPC/,
  });
  t.ok(kept.length > 2, `${kept.length} rows were acknowledged`);
  t.equal((await host.send("GET", "database/other")).status, 200, "the other one goes on");
  const restore = await host.send("PUT", "database/new/restore", new Uint8Array(100));
  t.equal(restore.status, 400);

  // Room for what the full one needs to open.
  t.equal((await host.send("DELETE", "database/other")).status, 200);
  await host.untilOpen("full");
  const rows = (await host.sql("full", "SELECT id FROM item")) as [number][];
  const ids = rows.map(([id]) => id).sort((a, b) => a - b);
  t.same(ids.slice(0, kept.length), kept, "nothing that was acknowledged is lost");
  t.ok(ids.length <= kept.length + 1, "and nothing is there that nobody asked for");
});

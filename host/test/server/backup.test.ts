// A database is copied while it runs, and becomes another one: on a real host, under load, and with
// a host that is killed while an archive comes in.
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type Test, t, test } from "tap";
import { ChildHost } from "./child-host.ts";
import { newToken } from "./remote-host.ts";
import { SocketClient } from "./socket-client.ts";

t.setTimeout(120_000);

interface Fetched {
  readonly status: number;
  readonly lastOffset: number;
  readonly bytes: Uint8Array;
}

async function backUp(host: ChildHost, name: string, token = host.token): Promise<Fetched> {
  const answer = await fetch(`http://${host.address}/v1/database/${name}/backup`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const bytes = new Uint8Array(await answer.arrayBuffer());
  const lastOffset = Number(answer.headers.get("lightcone-last-offset"));
  return { status: answer.status, lastOffset, bytes };
}

/** The ids in table `item` of the module `probe`, in order. */
async function ids(host: ChildHost, database: string): Promise<number[]> {
  const rows = (await host.sql(database, "SELECT id FROM item")) as [number][];
  return rows.map(([id]) => id).sort((a, b) => a - b);
}

function replicas(host: ChildHost): string[] {
  return readdirSync(join(host.dataDir, "replicas")).sort();
}

/** Calls without a pause until it is told to stop; returns the ids that were acknowledged. */
function load(client: SocketClient): { readonly stop: () => Promise<number[]> } {
  const acknowledged: number[] = [];
  let isOver = false;
  const done = (async () => {
    for (let id = 1; !isOver; id++) {
      const outcome = await client.call("insert_both", (writer) => {
        writer.u32(id);
        writer.u32(1_000_000 + id);
      });
      if (outcome === "ok") acknowledged.push(id);
    }
  })();
  return {
    stop: async () => {
      isOver = true;
      await done;
      return acknowledged;
    },
  };
}

async function check(t: Test, host: ChildHost, name: string): Promise<void> {
  const before = (await ids(host, "probe")).length;
  const { status, bytes, lastOffset } = await backUp(host, "probe");
  const after = (await ids(host, "probe")).length;
  t.equal(status, 200);
  const restored = await host.send("PUT", `database/${name}/restore`, bytes);
  t.equal(restored.status, 200, restored.text);
  const { Success: said } = JSON.parse(restored.text) as { Success: Record<string, unknown> };
  t.match(said, { domain: name, op: "restored", last_offset: lastOffset });
  const rows = await ids(host, name);
  t.ok(rows.length >= before && rows.length <= after, `${before}, ${rows.length}, ${after} rows`);
  const low = rows.filter((id) => id < 1_000_000);
  t.same(
    rows,
    [...low, ...low.map((id) => id + 1_000_000)],
    "every transaction is there wholly, and none is missing in between",
  );
  t.same(
    low,
    low.map((_, i) => i + 1),
  );
}

void test("backups under load hold a moment of the database", async (t) => {
  const host = await ChildHost.start(t);
  t.equal((await host.publish("probe", "probe")).status, 200);
  const client = await SocketClient.open(host, "probe");
  const running = load(client);
  await pause(300);
  for (const name of ["copy-1", "copy-2", "copy-3"]) {
    await check(t, host, name);
    await pause(200);
  }
  const acknowledged = await running.stop();
  t.ok(acknowledged.length > 20, `${acknowledged.length} calls`);
  const { bytes } = await backUp(host, "probe");
  t.equal((await host.send("PUT", "database/last/restore", bytes)).status, 200);
  t.same(await ids(host, "last"), await ids(host, "probe"), "at rest, all rows");

  // The copy lives on by itself, over a restart too.
  t.equal((await host.call("last", "insert_both", 900_001, 900_002)).status, 200);
  await host.stop();
  await host.start();
  t.ok((await ids(host, "last")).includes(900_001));
  t.notOk((await ids(host, "probe")).includes(900_001));
  const again = await backUp(host, "last");
  t.equal((await host.send("PUT", "database/copy-of-copy/restore", again.bytes)).status, 200);
  t.same(await ids(host, "copy-of-copy"), await ids(host, "last"));
});

void test("whose a backup is, and what is refused", async (t) => {
  const host = await ChildHost.start(t);
  t.equal((await host.publish("probe", "probe")).status, 200);
  const other = await newToken(host.address);
  const refused = await backUp(host, "probe", other);
  t.equal(refused.status, 403);
  t.match(Buffer.from(refused.bytes).toString(), /not authorized .*: back up database/);
  const { bytes } = await backUp(host, "probe");

  // Whoever has the file owns what becomes of it.
  t.equal((await host.send("PUT", "database/theirs/restore", bytes, other)).status, 200);
  t.equal((await backUp(host, "theirs", other)).status, 200);
  t.equal((await backUp(host, "theirs")).status, 403);

  const before = replicas(host);
  const damaged = bytes.slice();
  damaged[bytes.length - 100] = (damaged[bytes.length - 100] as number) ^ 1;
  const bad: [string, Uint8Array, number, RegExp][] = [
    ["new", bytes.subarray(0, bytes.length - 1), 400, /the backup at byte \d+: it ends too early/],
    ["new", damaged, 400, /do not match their checksum/],
    ["new", new Uint8Array(0), 400, /the backup at byte 0: it ends too early/],
    ["probe", bytes, 409, /the name probe belongs to another database/],
    ["BAD", bytes, 400, /invalid characters in database name/],
    ["c2".repeat(32), bytes, 400, /gets a new identity: give a name/],
  ];
  for (const [name, body, status, message] of bad) {
    const answer = await host.send("PUT", `database/${name}/restore`, body);
    t.match(answer, { status, text: message }, name);
  }
  t.same(replicas(host), before, "nothing is left of them");
  t.same(readdirSync(join(host.dataDir, "restoring")), []);
  t.equal((await host.send("PUT", "database/new/restore", bytes)).status, 200, "the name is free");
});

void test("a host that is killed while an archive comes in", async (t) => {
  const host = await ChildHost.start(t);
  t.equal((await host.publish("probe", "probe")).status, 200);
  const { bytes } = await backUp(host, "probe");
  const before = replicas(host);
  const [hostname, port] = host.address.split(":");
  const upload = request({
    hostname,
    port,
    method: "PUT",
    path: "/v1/database/new/restore",
    headers: { authorization: `Bearer ${host.token}`, "content-length": bytes.length },
  });
  const broken = once(upload, "error");
  upload.write(bytes.subarray(0, bytes.length - 10));
  const restoring = join(host.dataDir, "restoring");
  for (let tries = 0; tries < 200; tries++) {
    if (readdirSync(host.dataDir).includes("restoring") && readdirSync(restoring).length > 0) break;
    await pause(20);
  }
  t.equal(readdirSync(restoring).length, 1, "a part of it has arrived");
  await host.kill();
  await broken;
  await host.start();
  t.same(replicas(host), before);
  t.notOk(readdirSync(host.dataDir).includes("restoring"), "the next start cleans up");
  t.equal((await host.send("PUT", "database/new/restore", bytes)).status, 200);
});

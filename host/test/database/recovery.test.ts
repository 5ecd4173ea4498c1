// What a log gives back, whole or torn (runtime.md section 19).
import { t, test } from "tap";
import { present } from "@lightcone/abi";
import { readWasm } from "@lightcone/fixtures/wasm";
import { MemoryDisk } from "../../src/base/disk/memory.ts";
import { seededRandom } from "../../src/base/random.ts";
import { logDirectory } from "../../src/database/database.ts";
import { owner, TestClient, TestHost } from "../../src/session/test-client.ts";
import { ending, Probe } from "../module/probe.ts";
import { tableRows } from "../rows.ts";

// Long histories take their time on a busy machine.
t.setTimeout(180_000);

void test("[scenario 1] a call that fails leaves no row and no offset, and its number is not drawn again", async (t) => {
  const probe = await Probe.open();
  t.equal(probe.ask("take_ticket", { id: 0n }), "1");
  const { log } = probe.host.database;
  const offset = log.nextOffset;
  const watcher = new TestClient(probe.host, 2, "watcher");
  watcher.subscribe(1, "SELECT * FROM ticket");
  probe.host.take(2);
  const connected = log.nextOffset;
  t.equal(connected, offset + 1);
  t.equal(probe.call("take_ticket_and_fail"), "ticket 2 is given back");
  t.equal(log.nextOffset, connected);
  t.same(probe.host.take(2), [], "nobody else is told");
  t.equal(probe.rows("ticket").length, 1);
  t.equal(probe.ask("take_ticket", { id: 0n }), "3");
});

void test("[scenarios 2 and 3] what changes nothing in the end is not logged and not told", async (t) => {
  const probe = await Probe.open();
  const { log } = probe.host.database;
  probe.call("insert_many", { start: 1, n: 3 });
  probe.call("insert_pair", { left: 1, right: 1 });
  const watcher = new TestClient(probe.host, 2, "watcher");
  watcher.subscribe(1, "SELECT * FROM item", "SELECT * FROM pair");
  probe.host.take(2);
  const offset = log.nextOffset;
  t.equal(probe.call("insert_pair", { left: 1, right: 1 }), "ok");
  t.equal(probe.call("delete_and_insert", { id: 2 }), "ok");
  t.equal(probe.call("insert_and_delete", { id: 9 }), "ok");
  t.equal(log.nextOffset, offset);
  t.same(probe.host.take(2), []);
});

/** The newest segment's path and bytes. */
async function newestSegment(disk: MemoryDisk): Promise<[path: string, bytes: Uint8Array]> {
  const names = (await disk.list(logDirectory)).filter((name) => name.endsWith(".log"));
  const path = `${logDirectory}/${present(names.at(-1), "a segment")}`;
  return [path, await disk.readFile(path)];
}

void test("[scenario 15] a tail cut at any byte loses only what it touches", async (t) => {
  const host = new TestHost();
  const service = await host.open();
  await service.publish(readWasm("bank"), owner);
  const client = new TestClient(host, 1, "alice");
  host.take(1);
  client.call("seed", { n: 2, balance: 100n });
  await host.database.log.flush();
  const disk = host.disk as MemoryDisk;
  const [, seeded] = await newestSegment(disk);
  // What the log holds after each call, and the balance then.
  const states: [length: number, balance: bigint][] = [[seeded.length, 100n]];
  for (let i = 1n; i <= 6n; i++) {
    t.equal(ending(client.call("transfer", { from: 0, to: 1, amount: i })), "ok");
    await host.database.log.flush();
    const [, { length }] = await newestSegment(disk);
    const [, balance] = states.at(-1) as [number, bigint];
    states.push([length, balance - i]);
  }
  const [path, whole] = await newestSegment(disk);
  const cuts = Array.from(
    { length: whole.length - seeded.length + 1 },
    (_, i) => seeded.length + i,
  );
  // Every boundary and its neighbours, and each seventh byte between.
  const near = new Set(states.flatMap(([length]) => [length - 1, length, length + 1]));
  for (const length of cuts.filter((one) => one % 7 === 0 || near.has(one))) {
    const torn = new MemoryDisk();
    await torn.makeDirectory(logDirectory);
    torn.install(path, whole.slice(0, length));
    const again = new TestHost(torn);
    await again.open();
    const rows = tableRows(again.database, "account");
    const balance = rows.find((row) => row["id"] === 0)?.["balance"];
    t.equal(
      balance,
      present(
        states.findLast(([end]) => end <= length),
        "a state",
      )[1],
      `cut to ${length}`,
    );
    t.equal(
      rows.reduce((sum, row) => sum + (row["balance"] as bigint), 0n),
      200n,
    );
  }
});

void test("a bit that flipped before the tail stops the database from opening", async (t) => {
  const probe = await Probe.open();
  for (let i = 0; i < 5; i++) probe.call("insert_many", { start: i * 10, n: 3 });
  await probe.host.database.log.flush();
  const [path, whole] = await newestSegment(probe.host.disk as MemoryDisk);
  const rotten = whole.slice();
  const middle = Math.floor(whole.length / 2);
  rotten[middle] = (rotten[middle] as number) ^ 4;
  const disk = new MemoryDisk();
  await disk.makeDirectory(logDirectory);
  disk.install(path, rotten);
  await t.rejects(new TestHost(disk).open(), { code: /^LC_LOG_(?:CORRUPT|FORMAT)$/ });
});

void test("a log of another database is refused", async (t) => {
  const probe = await Probe.open();
  await probe.host.database.log.flush();
  const disk = (probe.host.disk as MemoryDisk).crash(seededRandom(1));
  const other = new TestHost(disk, "other");
  await t.rejects(other.open(), { code: "LC_LOG_REPLAY", message: /belongs to database/ });
});

// A database that opens from a snapshot is the one that opens from its log.
import { test } from "tap";
import { readWasm } from "@lightcone/fixtures/wasm";
import type { MemoryDisk } from "../../src/base/disk/memory.ts";
import { seededRandom } from "../../src/base/random.ts";
import { owner, TestClient, TestHost } from "../../src/session/test-client.ts";
import { ending } from "../module/probe.ts";
import { tableRows } from "../rows.ts";

/** Every row of every table, in an order of their own. */
function everything(host: TestHost): Map<string, string[]> {
  const { datastore } = host.database.parts;
  const text = (row: unknown): string =>
    JSON.stringify(row, (_, value: unknown) => (typeof value === "bigint" ? `${value}n` : value));
  return new Map(
    datastore
      .allTables()
      .map(({ schema: { name } }) => [name, tableRows(host.database, name).map(text).toSorted()]),
  );
}

void test("[SNAP8] a state from a snapshot is the state from the log", async (t) => {
  const host = new TestHost();
  const service = await host.open();
  await service.publish(readWasm("bank"), owner);
  const client = new TestClient(host, 1, "alice");
  host.take(1);
  t.equal(ending(client.call("seed", { n: 5000, balance: 100n })), "ok");
  const transfer = (from: number): void => {
    t.equal(ending(client.call("transfer", { from, to: from + 1, amount: 1n })), "ok");
  };
  for (let i = 0; i < 50; i++) transfer(i);
  const offset = await host.database.snapshot();
  t.equal(offset, host.database.log.nextOffset - 1);
  for (let i = 0; i < 50; i++) transfer(i * 7);
  await host.database.log.flush();

  const disk = host.disk as MemoryDisk;
  const crashed = disk.crash(seededRandom(1));
  const fromSnapshot = new TestHost(crashed);
  await fromSnapshot.open();
  const logOnly = disk.crash(seededRandom(1));
  await logOnly.remove("snapshots");
  const fromLog = new TestHost(logOnly);
  await fromLog.open();
  t.same(everything(fromSnapshot), everything(fromLog));
  t.equal(await fromSnapshot.database.snapshot(), fromSnapshot.database.log.nextOffset - 1);
  t.equal((await crashed.list("snapshots")).length, 4, "two manifests, two packs");

  // Numbers and clients go on where they were.
  for (const one of [fromSnapshot, fromLog]) {
    const next = new TestClient(one, 2, "bob");
    one.take(2);
    t.equal(ending(next.call("transfer", { from: 1, to: 2, amount: 1n })), "ok");
  }
  t.same(everything(fromSnapshot), everything(fromLog));
});

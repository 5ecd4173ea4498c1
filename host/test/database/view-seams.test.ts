// Views that fail in transactions which are nobody's call: each has its own way to go on.
import {
  type AlgebraicType,
  bytesType,
  compileCodec,
  ConnectionId,
  encode,
  present,
  primitive,
  product,
  ref,
  scheduleAtType,
  Timestamp,
} from "@lightcone/abi";
import { test } from "tap";
import type { MemoryDisk } from "../../src/base/disk/memory.ts";
import { seededRandom } from "../../src/base/random.ts";
import { commit } from "../../src/database/call.ts";
import { statusByCode } from "../../src/server/status.ts";
import { owner, TestClient, TestHost } from "../../src/session/test-client.ts";
import type { TestDefinition } from "../module/definition.ts";
import { Script } from "../module/script.ts";
import { assembleViewGuest, returning, withViews } from "../module/view-script.ts";
import { tableRows } from "../rows.ts";

const timer = {
  script: bytesType,
  id: primitive("u64"),
  at: scheduleAtType,
} satisfies Record<string, AlgebraicType>;
const timerCodec = compileCodec(product(timer));

function definition(): TestDefinition {
  const key = { name: "timer_id", algorithm: { tag: "BTree", value: [1] } };
  const table = {
    name: "timer",
    columns: timer,
    primaryKey: 1,
    indexes: [key],
    unique: [[1]],
    schedule: { reducer: "tick", column: 2 },
  };
  const note = { name: "note", columns: { n: primitive("u32") } };
  const views = withViews({ tables: [table, note] });
  const tick = { name: "tick", params: { row: ref(0) } };
  return { ...views, reducers: [...(views.reducers ?? []), tick] };
}

const noRows = new Uint8Array(4);

/** A database whose view `all` reads that table; `client` is a subscriber of it. */
async function openWatched(
  tableName: string,
): Promise<{ host: TestHost; client: TestClient; failFromNowOn: () => void }> {
  const host = new TestHost();
  const service = await host.open();
  await service.publish(await assembleViewGuest(definition()), owner);
  const client = new TestClient(host, 1, "somebody");
  const read = (...sink: Uint8Array[]): Script => {
    const { id } = present(host.database.parts.datastore.tableByName(tableName), "table").schema;
    const script = new Script();
    script.call("datastore_table_scan_bsatn", id, script.word());
    return returning(script, ...sink);
  };
  client.callRaw("remember", read(noRows).encode(0));
  client.subscribe(1, "SELECT * FROM all");
  host.take(1);
  const failFromNowOn = (): void => {
    client.callRaw("remember", read(new TextEncoder().encode("no")).encode(1));
  };
  return { host, client, failFromNowOn };
}

function addTimer(host: TestHost, id: bigint, micros: bigint): void {
  const { parts } = host.database;
  const script = new Script().encode(0).subarray(4);
  const at = { tag: "Time", value: new Timestamp(micros) };
  const row = encode(timerCodec, { script, id, at });
  const tx = parts.datastore.begin();
  tx.insert(present(parts.datastore.tableByName("timer"), "timer"), row, 0, row.length);
  commit(parts, tx, undefined, undefined);
  host.service.endTurn();
}

void test("[SCHED12] the row of a single call goes even if a view objects, which is then empty", async (t) => {
  const { host, failFromNowOn } = await openWatched("timer");
  addTimer(host, 1n, host.clock.nowMicros() + 1000n);
  failFromNowOn();
  t.equal(tableRows(host.database, "timer").length, 1);
  host.timers.advance(2000n);
  t.same(tableRows(host.database, "timer"), []);
  t.equal(host.database.parts.schedules.count, 0);
  t.same(host.failures, []);
  await host.database.log.flush();
  const again = new TestHost((host.disk as MemoryDisk).crash(seededRandom(1)));
  await again.open();
  t.same(tableRows(again.database, "timer"), []);
});

void test("SQL that a view prevents says which, and changes nothing", async (t) => {
  const { host, failFromNowOn } = await openWatched("note");
  failFromNowOn();
  const caller = { identity: owner, connectionId: new ConnectionId(9n), jwtPayload: "{}" };
  await t.rejects(host.service.sql("INSERT INTO note (n) VALUES (1)", caller, true), {
    code: "LC_VIEW",
    message: "The view all failed; the transaction was rolled back.",
  });
  t.equal(statusByCode.LC_VIEW, 530);
  t.same(tableRows(host.database, "note"), []);
  t.match(tableRows(host.database, "st_client"), [{}], "its connection has ended");
  t.same(host.take(1), []);
  t.same(host.failures, []);
});

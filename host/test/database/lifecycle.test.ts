// Clients coming and going, crashes between, and what remains of them (runtime.md sections 4 and 19).
import { test } from "tap";
import { ConnectionId, identityFromClaims, present } from "@lightcone/abi";
import { readWasm } from "@lightcone/fixtures/wasm";
import { MemoryDisk } from "../../src/base/disk/memory.ts";
import { seededRandom } from "../../src/base/random.ts";
import { systemTableId } from "../../src/datastore/system-tables.ts";
import { owner, TestClient, TestHost } from "../../src/session/test-client.ts";
import { assembleGuest, importDeclarations } from "../module/guest.ts";
import { ending } from "../module/probe.ts";
import { tableRows } from "../rows.ts";
import { ScheduleWorld } from "./schedule-guest.ts";

async function openWith(program: Uint8Array, disk = new MemoryDisk()): Promise<TestHost> {
  const host = new TestHost(disk);
  const service = await host.open();
  await service.publish(program, owner);
  return host;
}

function events(host: TestHost): unknown[] {
  return tableRows(host.database, "caller").map((row) => row["event"]);
}

/** Identities of those who are connected, as the system tables have them. */
function connected(host: TestHost): unknown[] {
  const ids = tableRows(host.database, "st_client").map((row) => row["connection_id"] as bigint);
  const credentials = tableRows(host.database, "st_connection_credentials");
  return ids.map((id) => [
    id,
    credentials.find((row) => row["connection_id"] === id)?.["jwt_payload"],
  ]);
}

void test("a client's rows are there as long as it is, and its reducers see them", async (t) => {
  const host = await openWith(readWasm("probe"));
  const payload = (subject: string): string => `{"iss":"localhost","sub":"${subject}"}`;
  new TestClient(host, 1, "alice");
  new TestClient(host, 2, "alice");
  t.same(connected(host), [
    [1001n, payload("alice")],
    [1002n, payload("alice")],
  ]);
  host.service.disconnect(1);
  host.service.disconnect(1);
  host.service.endTurn();
  t.same(connected(host), [[1002n, payload("alice")]]);
  t.same(events(host), ["init", "connected", "connected", "disconnected"], "once each");
  t.match(tableRows(host.database, "caller").at(-1), {
    sender: identityFromClaims("localhost", "alice"),
    connection_id: new ConnectionId(1001n),
    subject: "alice",
  });
});

void test("init runs as the owner, without a connection", async (t) => {
  const host = await openWith(readWasm("probe"));
  t.match(tableRows(host.database, "caller"), [
    { event: "init", sender: owner, connection_id: undefined },
  ]);
});

void test("[scenario 4] a crash disconnects those who were connected, before anybody connects", async (t) => {
  const host = await openWith(readWasm("probe"));
  new TestClient(host, 1, "alice");
  new TestClient(host, 2, "bob");
  await host.database.log.flush();
  const again = new TestHost((host.disk as MemoryDisk).crash(seededRandom(3)));
  await again.open();
  t.same(events(again), ["init", "connected", "connected", "disconnected", "disconnected"]);
  t.same(connected(again), []);
  t.match(await again.database.parts.moduleLog.read(1), /disconnected 2 clients/);
  const third = new TestHost((again.disk as MemoryDisk).crash(seededRandom(4)));
  await third.open();
  t.equal(events(third).length, 5, "it is durable before the database is open");
});

/** Reducer 0 is `client_connected`, 1 is `client_disconnected`; each first writes the row of its number. */
function lifecycleGuest(connect: string, disconnect: string): Promise<Uint8Array> {
  return assembleGuest({
    imports: importDeclarations(["bytes_sink_write", "datastore_insert_bsatn"]),
    definition: {
      tables: [{ name: "item", columns: { id: { kind: "u32" } } }],
      reducers: [
        { name: "client_connected", lifecycle: "OnConnect" },
        { name: "client_disconnected", lifecycle: "OnDisconnect" },
      ],
    },
    reducer: `
      (i32.store (i32.const 640) (local.get $id))
      (i32.store (i32.const 648) (i32.const 4))
      (drop (call $datastore_insert_bsatn (i32.const 4096) (i32.const 640) (i32.const 648)))
      (if (result i32) (i32.eqz (local.get $id)) (then ${connect}) (else ${disconnect}))`,
  });
}

void test("[scenario 5] who is refused leaves nothing, and is not disconnected later", async (t) => {
  for (const refusal of ["(i32.const 1)", "(i32.const 9)", "unreachable"]) {
    const host = await openWith(await lifecycleGuest(refusal, "(i32.const 0)"));
    const client = new TestClient(host, 1, "alice");
    t.same(host.dropped, [1], "without a word");
    t.same(host.take(1), []);
    t.same(client.query("SELECT * FROM item"), [], "nobody listens");
    host.service.disconnect(1);
    t.same(connected(host), []);
    t.same(tableRows(host.database, "item"), [], refusal);
    const call = { identity: client.identity, connectionId: new ConnectionId(5n), jwtPayload: "" };
    const { outcome } = await host.service.call("nobody", "[]", call);
    t.match(outcome, { kind: "unknown" });
    const asked = host.service.sql("SELECT * FROM item", call, true);
    if (refusal === "(i32.const 1)") t.match(await asked, { kind: "refused" });
    else await t.rejects(asked, { code: "LC_CLIENT_CONNECTED", message: /fatal error/ });
    t.same(host.failures, []);
  }
});

void test("a client goes, whatever its last reducer says", async (t) => {
  for (const failure of ["(i32.const 1)", "(i32.const 9)", "unreachable"]) {
    const host = await openWith(await lifecycleGuest("(i32.const 0)", failure));
    new TestClient(host, 1, "alice");
    host.service.disconnect(1);
    t.same(connected(host), []);
    t.same(tableRows(host.database, "item"), [{ id: 0 }], "its writes are taken back");
    new TestClient(host, 2, "bob");
    await host.database.log.flush();
    const again = new TestHost((host.disk as MemoryDisk).crash(seededRandom(5)));
    await again.open();
    t.same(connected(again), [], "nor does it stay after a crash");
    t.same(again.failures, []);
  }
});

void test("a module without such reducers has clients, too", async (t) => {
  const host = await openWith(readWasm("bank"));
  const before = host.database.log.nextOffset;
  const client = new TestClient(host, 1, "alice");
  t.equal(connected(host).length, 1);
  host.service.disconnect(1);
  t.same(connected(host), []);
  t.equal(host.database.log.nextOffset, before + 2, "coming and going are logged");
  host.take(1);
  t.same(client.call("seed", { n: 1, balance: 1n }), [], "who has gone calls nothing");
});

void test("a connection id that is in use is refused; the one who has it stays", async (t) => {
  const host = await openWith(readWasm("probe"));
  const alice = new TestClient(host, 1, "alice");
  host.take(1);
  const caller = {
    identity: owner,
    connectionId: new ConnectionId(1001n),
    jwtPayload: `{"iss":"localhost","sub":"owner"}`,
  };
  host.service.connect(2, caller, "token", false);
  host.service.connect(3, { ...caller, identity: alice.identity }, "token", false);
  host.service.endTurn();
  t.same(host.dropped, [2, 3]);
  t.same(host.failures, []);
  t.equal(ending(alice.call("whoami")), "ok");
  host.service.disconnect(1);
  host.service.connect(4, caller, "token", false);
  t.same(host.dropped, [2, 3], "it is free again");
});

void test("a call over HTTP is a connection of its own", async (t) => {
  const host = await openWith(readWasm("probe"));
  const caller = {
    identity: identityFromClaims("localhost", "alice"),
    connectionId: new ConnectionId(77n),
    jwtPayload: `{"iss":"localhost","sub":"alice"}`,
  };
  const call = async (name: string, args: string): Promise<unknown> =>
    (await host.service.call(name, args, caller)).outcome;
  t.match(await call("whoami", "[]"), { kind: "committed" });
  t.same(events(host), ["init", "connected", "whoami", "disconnected"]);
  t.match(tableRows(host.database, "caller").at(-2), {
    subject: "alice",
    connection_id: new ConnectionId(77n),
  });
  t.match(await call("fail", `["no"]`), { kind: "failed", message: "no" });
  t.match(await call("fail", `{"message":"no"}`), { kind: "failed", message: "no" });
  t.match(await call("panic_now", `["no"]`), { kind: "fatal", message: /fatal error/ });
  t.match(await call("fail", `[1]`), {
    kind: "invalid",
    message: /^invalid arguments for reducer fail/,
  });
  t.match(await call("fail", `[]`), { kind: "invalid" });
  t.match(await call("init", `[]`), { kind: "invalid", message: /Init lifecycle/ });
  t.match(await call("nobody", `[]`), { kind: "unknown" });
  await t.rejects(call("fail", `[`), { code: "LC_JSON_DECODE" });
  const answer = await host.service.sql("SELECT event FROM caller WHERE id = 1", caller, true);
  const text = "pieces" in answer ? Buffer.concat(answer.pieces).toString() : answer.message;
  t.match(text, /"rows":\[\["init"\]\]/);
  await t.rejects(host.service.sql("SELECT", caller, true), { code: "LC_SQL_SYNTAX" });
  t.same(connected(host), []);
  t.equal(
    events(host).filter((event) => event === "connected").length,
    events(host).filter((event) => event === "disconnected").length,
  );
});

void test("a start clears all that tells of connections, also what no client's end would take", async (t) => {
  const host = await openWith(readWasm("bank"));
  const { datastore, log } = host.database.parts;
  const { catalog } = datastore;
  const tx = datastore.begin();
  // As other hosts leave it behind.
  catalog.insert(tx, systemTableId.connectionCredentials, {
    connection_id: 5n,
    jwt_payload: "{}",
  });
  catalog.insert(tx, systemTableId.viewSub, {
    view_id: 4096,
    arg_id: 1n,
    identity: 7n,
    num_subscribers: 1n,
    has_subscribers: true,
    last_called: 0n,
  });
  log.append(undefined, present(datastore.commit(tx), "a change").tables);
  datastore.release(tx);
  await log.flush();
  const again = new TestHost((host.disk as MemoryDisk).crash(seededRandom(6)));
  await again.open();
  t.same(tableRows(again.database, "st_connection_credentials"), []);
  t.same(tableRows(again.database, "st_view_sub"), []);
  const { nextOffset } = again.database.log;
  const third = new TestHost((again.disk as MemoryDisk).crash(seededRandom(7)));
  await third.open();
  t.equal(third.database.log.nextOffset, nextOffset, "where nothing is left, nothing is written");
});

void test("[SCHED14] overdue calls come after the clean-up, in a turn of their own", async (t) => {
  const first = await ScheduleWorld.open();
  first.call("put", { at: first.startMicros });
  const again = await first.restart(0n);
  t.same(again.fired, [], "not before the database is open");
  await again.pass(0);
  t.same(again.fired, [[1, 1]]);
});

// Procedures beside everything else: reducers, each other, subscribers, clients that leave, a database that closes, a new
// program (runtime.md section 6).
import { t as file, test } from "tap";
import { limit } from "../../src/base/limit.ts";
import { owner, TestClient } from "../../src/session/test-client.ts";
import { assemblePlayer, playerModule, PlayerScript } from "./player.ts";
import {
  callProcedure,
  errorOf,
  eventually,
  openRig,
  resultsOf,
  type Rig,
  valueOf,
} from "./rig.ts";

// Code is made on a thread of its own, which takes its time on a busy machine.
file.setTimeout(180_000);

const room = new Uint8Array(8);

/** Sleeps, then stores a row. */
function sleeper({ tableId }: Rig, wakeAt: bigint, id: number): Uint8Array {
  const script = new PlayerScript();
  script.call("procedure_sleep_until", wakeAt);
  script.call("procedure_start_mut_tx", script.place(room)).insert(tableId, id);
  return script.call("procedure_commit_mut_tx").encode();
}

/** The code is made. */
async function warm(rig: Rig): Promise<void> {
  await callProcedure(rig, "play", new PlayerScript().encode());
}

void test("a thousand sleep while reducers go on; more wait for room", async (t) => {
  const rig = await openRig();
  await warm(rig);
  const { clock, timers, database } = rig.host;
  const count = limit.procedureCountMax + 5;
  const wakeAt = clock.nowMicros() + 1_000_000n;
  for (let i = 0; i < count; i++) rig.client.procedure("play", sleeper(rig, wakeAt, i));
  t.same(database.procedures.counts, { running: limit.procedureCountMax, waiting: 5 });
  for (let i = 0; i < 100; i++) rig.client.call("add", { id: 10_000 + i });
  t.equal(rig.items().length, 100, "reducers have gone on");
  rig.host.take(1);
  clock.advance(2_000_000n);
  timers.advance(0n);
  rig.host.service.endTurn();
  const results = resultsOf(rig.host.take(1));
  t.equal(results.length, count);
  t.ok(results.every(({ status }) => status.kind === "returned"));
  t.equal(rig.items().length, count + 100);
  t.same(database.procedures.counts, { running: 0, waiting: 0 });
  t.equal(timers.count, 0);
});

void test("[PROC3] what begins waits until those under way have given memory back", async (t) => {
  const more = `(func (export "__preinit__1") (drop (memory.grow (i32.const 16000))))`;
  const rig = await openRig(await assemblePlayer({ more }));
  await warm(rig);
  const { clock, timers, database } = rig.host;
  const instanceBytes = 16_016 * 65_536;
  const running = Math.ceil(limit.procedureMemoryBytesMax / instanceBytes);
  const wakeAt = clock.nowMicros() + 1_000_000n;
  for (let i = 0; i < running + 3; i++) rig.client.procedure("play", sleeper(rig, wakeAt, i));
  t.same(database.procedures.counts, { running, waiting: 3 });
  rig.host.take(1);
  clock.advance(2_000_000n);
  timers.advance(0n);
  rig.host.service.endTurn();
  t.equal(resultsOf(rig.host.take(1)).length, running + 3);
  t.same(database.procedures.counts, { running: 0, waiting: 0 });
});

void test("a queue that is too long refuses", async (t) => {
  const rig = await openRig();
  const { procedures } = rig.host.database;
  const ends: string[] = [];
  // Nothing can start before the code is made.
  const script = new PlayerScript().encode();
  for (let i = 0; i < limit.procedureQueueCountMax; i++) {
    procedures.startScheduled("play", script, () => ends.push("ended"));
  }
  t.same(ends, []);
  const [refused] = resultsOf(rig.client.procedure("play", script));
  t.match(refused?.status, { kind: "internalError", error: /calls of procedures are waiting/ });
  await eventually(() => (ends.length === limit.procedureQueueCountMax ? true : undefined));
});

void test("two procedures take turns with their transactions", async (t) => {
  const rig = await openRig();
  await warm(rig);
  const { clock, timers } = rig.host;
  const start = clock.nowMicros();
  const steps = (ids: readonly number[], offset: bigint): Uint8Array => {
    const script = new PlayerScript();
    ids.forEach((id, i) => {
      script.call("procedure_sleep_until", start + BigInt(i + 1) * 1000n + offset);
      script.call("procedure_start_mut_tx", script.place(room)).insert(rig.tableId, id);
      script.call("procedure_commit_mut_tx");
    });
    return script.encode();
  };
  const watcher = new TestClient(rig.host, 2, "watcher");
  watcher.subscribe(1, "SELECT * FROM item");
  rig.client.procedure("play", steps([1, 2, 3], 0n));
  rig.client.procedure("play", steps([11, 12, 13], 500n));
  const seen: unknown[] = [];
  for (let i = 0; i < 8; i++) {
    clock.advance(500n);
    timers.advance(0n);
    for (const message of rig.host.take(2)) {
      if (message.kind !== "transactionUpdate") continue;
      for (const set of message.querySets) {
        for (const { rows } of set.tables) {
          for (const one of rows) {
            if (one.kind === "persistent") seen.push(...watcher.rows("item", one.inserts));
          }
        }
      }
    }
  }
  t.same(
    seen,
    [1, 11, 2, 12, 3, 13].map((id) => ({ id })),
  );
});

void test("updates of a procedure reach its caller before its result", async (t) => {
  const rig = await openRig();
  await warm(rig);
  rig.client.subscribe(1, "SELECT * FROM item");
  const messages = rig.client.procedure("play", sleeper(rig, 0n, 5));
  t.same(
    messages.map(({ kind }) => kind),
    ["transactionUpdate", "procedureResult"],
  );
});

void test("an instance is used again after a good end, and not after a bad one", async (t) => {
  const rig = await openRig();
  const script = new PlayerScript();
  // The only state of a player: where its stack of the past lay.
  script.call("console_log", 2, 0, 0, 0, 0, -1, 1, 0);
  for (const code of [0, 0, 7, 0]) await callProcedure(rig, "play", script.encode(code));
  t.match(rig.logged(), /it returned 7/);
  t.same(rig.host.database.procedures.counts, { running: 0, waiting: 0 });
});

void test("a caller that leaves: the procedure goes on, its answer is nobody's", async (t) => {
  const rig = await openRig();
  await warm(rig);
  const { clock, timers, service } = rig.host;
  rig.client.procedure("play", sleeper(rig, clock.nowMicros() + 1000n, 8));
  service.disconnect(1);
  service.endTurn();
  rig.host.take(1);
  clock.advance(1000n);
  timers.advance(0n);
  t.same(rig.host.take(1), []);
  t.same(rig.items(), [8]);
});

void test("a database that closes: callers are told, no timer is left", async (t) => {
  const rig = await openRig();
  await warm(rig);
  const { clock, timers, service, database } = rig.host;
  const wakeAt = clock.nowMicros() + 1000n;
  for (let i = 0; i < 3; i++) rig.client.procedure("play", sleeper(rig, wakeAt, i));
  const caller = {
    identity: rig.client.identity,
    connectionId: rig.client.connectionId,
    jwtPayload: "{}",
  };
  service.disconnect(1);
  const json = `["${Buffer.from(sleeper(rig, wakeAt, 7).subarray(4)).toString("hex")}"]`;
  const overHttp = service.call("play", json, caller);
  t.equal(timers.count, 4);
  await service.close("over");
  t.equal(timers.count, 0);
  t.match((await overHttp).outcome, { kind: "procedureFailed", message: /closing/ });
  t.notOk(database.parts.datastore.isInTransaction);
  clock.advance(5000n);
  timers.advance(0n);
  t.same(rig.host.failures, []);
});

void test("a database that fails: nobody waits for ever", async (t) => {
  const { LightconeError } = await import("@lightcone/abi");
  const rig = await openRig();
  await warm(rig);
  const { clock, timers, service } = rig.host;
  const script = sleeper(rig, clock.nowMicros() + 1000n, 1).subarray(4);
  const caller = { identity: owner, connectionId: rig.client.connectionId, jwtPayload: "{}" };
  service.disconnect(1);
  const call = service.call("play", `["${Buffer.from(script).toString("hex")}"]`, caller);
  service.fail(new LightconeError("LC_DISK", "the disk is gone"));
  await t.rejects(call, { code: "LC_DISK" });
  t.equal(timers.count, 0);
});

void test("over HTTP: a connection of its own, arguments and result as JSON", async (t) => {
  const module = {
    ...playerModule,
    reducers: [
      ...(playerModule.reducers ?? []),
      { name: "hello", lifecycle: "OnConnect" as const },
    ],
  };
  const rig = await openRig(await assemblePlayer({ module }));
  const { service } = rig.host;
  const caller = {
    identity: rig.client.identity,
    connectionId: rig.client.connectionId,
    jwtPayload: "{}",
  };
  service.disconnect(1);
  const empty = new PlayerScript().encode().subarray(4);
  const hex = Buffer.from(empty).toString("hex");
  const cases: [string, string, object][] = [
    ["play", `["${hex}"]`, { kind: "returned", json: `"${hex}"` }],
    ["play", `{"script":"${hex}"}`, { kind: "returned", json: `"${hex}"` }],
    ["whoami", "[]", { kind: "returned", json: /^\[\d+(,\d+){6}\]$/ }],
    ["wrong", "[]", { kind: "procedureFailed", message: /no value of its return type/ }],
    ["deep", "[]", { kind: "procedureFailed", message: /fatal error/ }],
    ["play", "[]", { kind: "invalid", message: /invalid arguments for procedure play/ }],
    ["secret", "[]", { kind: "unknown" }],
    ["secret", `["${hex}"]`, { kind: "unknown" }],
    ["nobody", "[]", { kind: "unknown" }],
  ];
  for (const [name, args, expected] of cases) {
    t.match((await service.call(name, args, caller)).outcome, expected, `${name} ${args}`);
  }
});

void test("a new program while procedures run: they end on the old one", async (t) => {
  const rig = await openRig();
  await warm(rig);
  const { clock, timers, service } = rig.host;
  const wakeAt = clock.nowMicros() + 1000n;
  rig.client.procedure("play", sleeper(rig, wakeAt, 1));
  await service.publish(await assemblePlayer({ more: "(global i32 (i32.const 1))" }), owner);
  rig.client.procedure("play", sleeper(rig, wakeAt, 2));
  const tables = { ...playerModule.tables, other: { id: { kind: "u32" as const } } };
  const program = await assemblePlayer({ module: { ...playerModule, tables } });
  await eventually(() => (timers.count === 2 ? true : undefined));
  await service.publish(program, owner);
  rig.host.take(1);
  clock.advance(1000n);
  timers.advance(0n);
  const errors = resultsOf(rig.host.take(1)).map(errorOf);
  t.equal(errors.length, 2, "their tables are not those of the database any more");
  t.match(rig.logged(), /its tables have changed/);
  t.same(rig.items(), []);
  valueOf(await callProcedure(rig, "play", sleeper(rig, 0n, 3)));
  t.same(rig.items(), [3], "new calls run on the new program");
});

// Scheduled calls on a disk in memory, by a clock that the test moves (runtime.md sections 5 and 19).
import { test } from "tap";
import { identityFromClaims, present } from "@lightcone/abi";
import { owner } from "../../src/session/test-client.ts";
import { tableRows } from "../rows.ts";
import { action, assembleSchedules, ScheduleWorld } from "./schedule-guest.ts";

const second = 1_000_000n;

void test("[SCHED12] a single call is made at its time, once, and its row goes", async (t) => {
  const world = await ScheduleWorld.open();
  world.call("put", { at: world.startMicros + second });
  await world.pass(998);
  t.same(world.fired, []);
  t.same(world.timers, [1]);
  await world.pass(1);
  t.same(world.fired, [[1, 1000]]);
  t.same(world.timers, []);
  await world.pass(10_000);
  t.equal(world.fired.length, 1);
  t.equal(world.host.timers.count, 0, "nobody is woken for nothing");
  t.same(world.anchors, [], "only intervals need anchors");
});

void test("[SCHED11] the database itself calls, without a connection", async (t) => {
  const world = await ScheduleWorld.open();
  world.call("put", { at: 0n });
  await world.pass(0);
  const [row] = tableRows(world.host.database, "fired");
  const { value } = world.host.database.parts.identity;
  t.equal(row?.["sender"], BigInt.asUintN(64, value));
  t.equal(row?.["connection"], 0n);
  t.same(world.fired, [[1, 1]], "a time that has passed is now");
});

void test("[SCHED5] an interval ticks from the moment it was asked for, without drift", async (t) => {
  const world = await ScheduleWorld.open();
  world.call("put", { every: second });
  t.same(world.anchors, [1]);
  world.host.callMicros = 333n;
  await world.pass(4500);
  t.same(
    world.fired.map(([, millis]) => millis),
    [1001, 2001, 3001, 4001],
  );
  t.same(world.timers, [1], "its row stays");
});

void test("[SCHED3] a negative interval counts by its size; one of zero runs once a turn", async (t) => {
  const world = await ScheduleWorld.open();
  world.call("put", { every: -second });
  await world.pass(2500);
  t.equal(world.fired.length, 2);
  world.call("cancel", { at: 0n }, 1n);
  world.call("put", { every: 0n });
  world.host.callMicros = 400n;
  await world.pass(4);
  t.equal(world.fired.length, 2 + 10, "as fast as its calls allow");
  t.equal(world.call("cancel", { at: 0n }, 2n), "ok", "clients have their turns between");
  await world.pass(4);
  t.equal(world.fired.length, 2 + 10);
});

void test("[SCHED5] [scenario 8] an interval of 100 ms whose reducer takes 250 ms skips what it missed", async (t) => {
  const world = await ScheduleWorld.open();
  world.call("put", { every: 100_000n });
  world.host.callMicros = 250_000n;
  await world.pass(1000);
  t.same(
    world.fired.map(([, millis]) => millis - 1),
    [100, 400, 700, 1000],
  );
});

void test("[SCHED5] a process that slept makes one call, and no burst", async (t) => {
  const world = await ScheduleWorld.open();
  world.call("put", { every: second });
  world.clock.advance(3_600_500_000n);
  await world.pass(1600);
  t.same(
    world.fired.map(([, millis]) => millis),
    [3_600_501, 3_601_001, 3_602_001],
  );
});

void test("[SCHED12] [scenario 6] a single call that fails or traps is not tried again", async (t) => {
  for (const act of [action.fail, action.trap]) {
    const world = await ScheduleWorld.open();
    world.call("put", { at: world.startMicros + second }, 0n, act);
    await world.pass(3000);
    t.same(world.fired, [], "its writes are taken back");
    t.same(world.timers, []);
    const log = await world.host.database.parts.moduleLog.read(1);
    t.match(log, act === action.fail ? /"Error".*tick returned an error/ : /"Panic".*tick trapped/);
    world.call("put", { every: second }, 0n, act);
    await world.pass(3000);
    t.same(world.timers, [2], "an interval goes on");
    t.same(world.host.failures, []);
  }
});

void test("[SCHED1] [scenario 9] a row of a call that fails asks for nothing", async (t) => {
  const world = await ScheduleWorld.open();
  t.equal(world.call("put_and_fail", { at: world.startMicros + second }), "err");
  t.equal(world.call("put_and_fail", { every: second }), "err");
  await world.pass(5000);
  t.same(world.fired, []);
  t.equal(world.host.timers.count, 0);
  t.equal(world.call("put", { every: second }), "ok", "also if it would have been the first");
  t.same(world.anchors, world.timers);
});

void test("[SCHED1] an update asks anew, a delete cancels", async (t) => {
  const world = await ScheduleWorld.open();
  world.call("put", { at: world.startMicros + second });
  world.call("put", { every: second });
  await world.pass(500);
  world.call("replace", { at: world.startMicros + 3n * second }, 1n);
  world.call("replace", { every: 2n * second }, 2n);
  await world.pass(3000);
  t.same(world.fired, [
    [2, 2501],
    [1, 3000],
  ]);
  world.call("replace", { at: world.startMicros + 5n * second }, 2n);
  t.same(world.anchors, [], "it is an interval no more");
  world.call("replace", { every: second }, 2n);
  t.same(world.anchors, [2]);
  world.call("cancel", { at: 0n }, 2n);
  t.same(world.anchors, []);
  await world.pass(5000);
  t.equal(world.fired.length, 2);
  t.equal(world.host.timers.count, 0);
});

void test("[SCHED12] a reducer may cancel or replace the row it was called for", async (t) => {
  const world = await ScheduleWorld.open();
  world.call("put", { every: second }, 0n, action.cancel);
  world.call("put", { at: 0n }, 0n, action.cancel);
  world.call("put", { at: 0n }, 0n, action.postpone);
  await world.pass(0);
  t.same(world.timers, [1, 3], "a single call that its reducer put off stays");
  await world.pass(5000);
  t.same(
    world.fired.map(([id]) => id),
    [2, 3, 1, 3],
  );
  t.same(world.timers, []);
});

void test("[SCHED6] a restart keeps an interval's phase and makes overdue single calls at once", async (t) => {
  let world = await ScheduleWorld.open();
  world.call("put", { every: second });
  world.call("put", { at: world.startMicros + 2n * second });
  world.call("put", { at: world.startMicros + 9n * second });
  await world.pass(1500);
  world = await world.restart(3_000_000n);
  await world.pass(2000);
  t.same(world.fired, [
    [1, 1001],
    [2, 4501],
    [1, 5001],
    [1, 6001],
  ]);
  world = await world.restart(1_400_000n);
  world = await world.restart(0n);
  await world.pass(1600);
  t.same(world.fired.slice(4), [
    [1, 8001],
    [3, 9000],
    [1, 9001],
  ]);
});

void test("[SCHED6] a restart from a snapshot keeps the phase as well", async (t) => {
  let world = await ScheduleWorld.open();
  world.call("put", { every: second });
  await world.host.database.snapshot();
  world = await world.restart(1_700_000n);
  await world.pass(600);
  t.same(world.fired, [[1, 2001]]);
});

void test("[SCHED6] anchors that are missing are made, those left over are removed", async (t) => {
  for (const isMissing of [true, false]) {
    let world = await ScheduleWorld.open();
    world.call("put", { every: second });
    world.call("put", { every: second });
    const { datastore, log } = world.host.database.parts;
    const table = present(datastore.tableByName("st_lightcone_schedule"), "anchors");
    const tx = datastore.begin();
    if (isMissing) {
      tx.clear(table);
    } else {
      const bytes = new Uint8Array(20);
      // Table 4097 has no row 77.
      new DataView(bytes.buffer).setUint32(0, 4097, true);
      bytes[4] = 77;
      tx.insertAsIs(table, bytes, 0, bytes.length);
    }
    log.append(undefined, present(datastore.commit(tx), "a change").tables);
    datastore.release(tx);
    world = await world.restart(500_000n);
    t.same(world.anchors, [1, 2]);
    await world.pass(600);
    t.equal(world.fired.length, isMissing ? 0 : 2);
    await world.pass(500);
    t.equal(world.fired.length, 2, "what has no anchor counts from the start");
  }
});

void test("[SCHED12] a crash between a call and the end of its row makes it again", async (t) => {
  let world = await ScheduleWorld.open();
  world.call("put", { at: world.startMicros + second });
  // The transaction of the call is the last one on the disk.
  const { log } = world.host.database;
  const append = log.append.bind(log);
  let appended = 0;
  log.append = (...args) => {
    if (++appended === 2) throw new Error("the machine stops");
    return append(...args);
  };
  await world.pass(2000);
  t.match(world.host.failures, [/the machine stops/]);
  t.equal(world.host.timers.count, 0, "who has failed is not woken");
  world = await world.restart(0n);
  await world.pass(0);
  t.same(
    world.fired.map(([id]) => id),
    [1, 1],
  );
  t.same(world.timers, []);
});

void test("[SCHED6] a publish keeps what is to come, and its phase", async (t) => {
  const world = await ScheduleWorld.open();
  world.call("put", { every: second });
  world.call("put", { at: world.startMicros + 4n * second });
  await world.pass(1500);
  t.equal(await world.host.service.publish(await assembleSchedules(true), owner), "updated");
  await world.pass(3000);
  t.same(world.fired, [
    [1, 1001],
    [1, 2001],
    [1, 3001],
    [2, 4000],
    [1, 4001],
  ]);
});

void test("[SCHED5] a tick that a publish held up is not missed", async (t) => {
  const world = await ScheduleWorld.open();
  world.call("put", { every: second });
  world.clock.advance(1_200_000n);
  await world.host.service.publish(await assembleSchedules(true), owner);
  await world.pass(1000);
  t.same(world.fired, [
    [1, 1201],
    [1, 2001],
  ]);
});

void test("[SCHED4] immediate calls are made, whatever becomes of who asked", async (t) => {
  const world = await ScheduleWorld.open();
  t.equal(world.call("at_once", { at: 0n }, 5n), "ok");
  t.same(world.fired, [], "not inside the call");
  await world.pass(0);
  t.equal(world.call("at_once_and_fail", { at: 0n }, 6n), "err");
  await world.pass(0);
  t.same(
    world.fired.map(([id]) => id),
    [5, 6],
  );
  const [row] = tableRows(world.host.database, "fired");
  const { identity } = world.host.database.parts;
  t.same([row?.["sender"], row?.["connection"]], [BigInt.asUintN(64, identity.value), 0n]);
  t.equal(world.call("at_once_nobody", { at: 0n }), "ok");
  t.equal(world.call("at_once_in_vain", { at: 0n }), "ok");
  await world.pass(0);
  t.equal(world.fired.length, 2);
  const log = await world.host.database.parts.moduleLog.read(2);
  t.match(log, /immediate call of tic was refused: no such reducer/);
  t.match(log, /immediate call of tick was refused: invalid arguments for reducer tick/);
});

void test("[SCHED14] nothing is called once the database is closed", async (t) => {
  const world = await ScheduleWorld.open();
  world.call("put", { every: second });
  world.call("at_once", { at: 0n });
  await world.host.service.close("the host stops");
  t.equal(world.host.timers.count, 0);
  world.host.timers.advance(10n * second);
  t.same(world.host.failures, []);
});

void test("the table of anchors is the host's own", async (t) => {
  const world = await ScheduleWorld.open();
  world.call("put", { every: second });
  const all = world.client.subscribe(1, "SELECT * FROM *");
  const names = all.flatMap((message) =>
    message.kind === "subscribeApplied" ? message.tables.map(({ table }) => table) : [],
  );
  t.same(names, ["timer"]);
  t.match(world.client.query("SELECT row_key FROM st_lightcone_schedule"), [
    { kind: "oneOffQueryResult" },
  ]);
  const caller = {
    identity: identityFromClaims("localhost", "stranger"),
    connectionId: world.client.connectionId,
    jwtPayload: "{}",
  };
  world.host.service.disconnect(1);
  await t.rejects(world.host.service.sql("SELECT * FROM st_lightcone_schedule", caller, false), {
    code: "LC_SQL_NAME",
  });
});

void test("[SCHED8] what is due comes by its time, a few milliseconds a turn", async (t) => {
  const world = await ScheduleWorld.open();
  for (const millis of [5n, 3n, 4n, 3n, 6n]) {
    world.call("put", { at: world.startMicros + millis * 1000n });
  }
  world.host.callMicros = 3000n;
  world.clock.advance(10_000n);
  world.host.database.runDue();
  t.same(
    world.fired.map(([id]) => id),
    [2, 4],
    "another one would not have begun in time",
  );
  await world.pass(100);
  t.same(
    world.fired.map(([id]) => id),
    [2, 4, 3, 1, 5],
  );
});

void test("[SCHED8] while the log is behind, calls wait", async (t) => {
  const world = await ScheduleWorld.open();
  world.call("put", { at: world.startMicros + second });
  await world.host.database.log.flush();
  let isBehind = true;
  Object.defineProperty(world.host.database.log, "isBackpressured", { get: () => isBehind });
  await world.pass(3000);
  t.same(world.fired, []);
  t.equal(world.host.timers.count, 0);
  isBehind = false;
  world.host.service.onDurable(world.host.database.log.durableOffset);
  await world.pass(1);
  t.same(world.fired, [[1, 3001]]);
});

void test("[SCHED10] what a calendar that was set made due is made at the next look", async (t) => {
  const world = await ScheduleWorld.open();
  world.call("put", { at: world.startMicros + 3600n * second });
  world.clock.set(world.startMicros + 7200n * second);
  world.host.service.endTurn();
  t.same(world.fired, [], "the alarm is as it was");
  world.host.database.runDue();
  t.equal(world.fired.length, 1, "whoever is woken finds it due");
});

// Procedures, call by call: what their imports answer, what becomes of their transactions, how they end (abi.md sections 5.9, 6
// and 7.5, protocol.md section 7.3).
import { t as file, test } from "tap";
import { Errno } from "@lightcone/abi";
import { assemblePlayer, PlayerScript } from "./player.ts";
import { callProcedure, errorOf, openRig, resultsOf, type Rig, valueOf } from "./rig.ts";

const fatal = "The instance encountered a fatal error.";
// Code is made on a thread of its own, which takes its time on a busy machine.
file.setTimeout(180_000);

const room = new Uint8Array(8);

/** Plays a script and returns what its calls returned. */
async function play(rig: Rig, script: PlayerScript, code = 0): Promise<number[]> {
  const value = valueOf(await callProcedure(rig, "play", script.encode(code)));
  return script.results(value).map(Number);
}

void test("transactions by hand: what each import answers", async (t) => {
  const rig = await openRig();
  const { wouldBlockTransaction: open, transactionNotAnonymous: closed, notInTransaction } = Errno;
  const script = new PlayerScript();
  const out = script.place(room);
  script
    .insert(rig.tableId, 1)
    .call("procedure_commit_mut_tx")
    .call("procedure_abort_mut_tx")
    .call("procedure_start_mut_tx", out)
    .call("procedure_start_mut_tx", out)
    .call("procedure_http_request", 1, 0, 1, 0, script.place(room))
    .insert(rig.tableId, 2)
    .call("procedure_abort_mut_tx")
    .insert(rig.tableId, 3)
    .call("procedure_start_mut_tx", out)
    .insert(rig.tableId, 4)
    .call("procedure_commit_mut_tx")
    .call("procedure_commit_mut_tx")
    .call("procedure_start_mut_tx", out)
    .insert(rig.tableId, 5)
    .call("procedure_commit_mut_tx");
  const disabled = Errno.httpError;
  const expected = [notInTransaction, closed, closed, 0, open, disabled, 0, 0, notInTransaction];
  t.same(await play(rig, script), [...expected, 0, 0, 0, closed, 0, 0, 0]);
  t.same(rig.items(), [4, 5], "what was aborted is gone");
});

void test("a transaction has a time of its own", async (t) => {
  const rig = await openRig();
  const script = new PlayerScript();
  const [first, second] = [script.place(room), script.place(room)];
  for (const out of [first, second]) {
    script.call("procedure_start_mut_tx", out).call("procedure_commit_mut_tx");
  }
  const result = await callProcedure(rig, "play", script.encode());
  const times = [first, second].map((at) =>
    new DataView(script.bytes(valueOf(result), at, 8).buffer).getBigInt64(0, true),
  );
  const called = result.timestamp.micros;
  t.ok(called < (times[0] as bigint), "later than the call");
  t.ok((times[0] as bigint) < (times[1] as bigint), "each later than the one before");
});

void test("calls that are refused or fail", async (t) => {
  const rig = await openRig();
  const inTransaction = (): PlayerScript =>
    new PlayerScript().call("procedure_start_mut_tx", 40).insert(rig.tableId, 9);
  const soon = rig.host.clock.nowMicros() - 1n;
  const empty = new Uint8Array(0);
  const script = new PlayerScript().encode();
  const cases: [string, string, Uint8Array, string, RegExp][] = [
    ["unknown", "nobody", empty, "No such procedure", /^$/],
    ["private", "secret", script, "No such procedure", /^$/],
    [
      "arguments",
      "play",
      empty,
      "invalid arguments for procedure play: data too short for length of bytes: Expected 4, given 0",
      /^$/,
    ],
    [
      "a bad return value",
      "wrong",
      empty,
      "procedure wrong returned bytes that are no value of its return type",
      /Error.*procedure wrong returned bytes/,
    ],
    ["a trap", "play", new PlayerScript().trap().encode(), fatal, /Panic.*play trapped: unreach/],
    [
      "a trap in a transaction",
      "play",
      inTransaction().trap().encode(),
      fatal,
      /Panic.*play trapped: unreachable/,
    ],
    ["a result code", "play", new PlayerScript().encode(7), fatal, /Panic.*it returned 7/],
    [
      "sleep in a transaction",
      "play",
      inTransaction().call("procedure_sleep_until", soon).encode(),
      fatal,
      /Panic.*slept inside a transaction/,
    ],
    [
      "a null pointer",
      "play",
      new PlayerScript().call("procedure_start_mut_tx", 0).encode(),
      fatal,
      /null pointer/,
    ],
    ["a stack that does not fit", "deep", empty, fatal, /Panic.*deep trapped/],
  ];
  for (const [title, name, args, error, log] of cases) {
    const before = rig.logged().length;
    t.equal(errorOf(await callProcedure(rig, name, args)), error, title);
    t.match(rig.logged().slice(before), log, title);
  }
  t.same(rig.items(), [], "nothing of them is left");
  t.same(rig.host.failures, [], "the database goes on");
  t.same(await play(rig, new PlayerScript()), []);
});

void test("a transaction left open is rolled back and told", async (t) => {
  const rig = await openRig();
  const script = new PlayerScript();
  script.call("procedure_start_mut_tx", script.place(room)).insert(rig.tableId, 1);
  t.same(await play(rig, script), [0, 0], "the procedure itself is a success");
  t.same(rig.items(), []);
  t.match(rig.logged(), /"Error".*aborting dangling anonymous transaction in procedure play/);
  rig.client.call("add", { id: 2 });
  t.same(rig.items(), [2], "the database is free");
});

void test("sleep lasts until the time given, or not at all", async (t) => {
  const rig = await openRig();
  const { clock, timers } = rig.host;
  const now = clock.nowMicros();
  for (const wakeAt of [0n, -5n, -(2n ** 63n), now]) {
    t.same(await play(rig, new PlayerScript().call("procedure_sleep_until", wakeAt)), [
      Number(now),
    ]);
  }
  t.equal(timers.count, 0);
  const script = new PlayerScript();
  const kept = script.place(Uint8Array.of(1, 2, 3, 4));
  script.call("procedure_sleep_until", now + 90_000_000n).call("procedure_sleep_until", 0n);
  t.same(rig.client.procedure("play", script.encode()), []);
  for (const seconds of [30n, 30n, 29n]) {
    clock.advance(seconds * 1_000_000n);
    timers.advance(0n);
    t.same(resultsOf(rig.host.take(1)), [], "not yet");
    t.equal(timers.count, 1);
  }
  clock.advance(1_500_000n);
  timers.advance(0n);
  const [result] = resultsOf(rig.host.take(1));
  t.ok(result !== undefined);
  if (result === undefined) return;
  const value = valueOf(result);
  t.same(script.results(value).map(Number), [Number(clock.nowMicros()), Number(clock.nowMicros())]);
  t.same(script.bytes(value, kept, 4), [1, 2, 3, 4], "its memory is its own");
  t.equal(result.duration.micros, 90_500_000n);
  t.equal(timers.count, 0);
});

void test("a module that cannot wait runs as it is", async (t) => {
  const rig = await openRig(await assemblePlayer({ canWait: false }));
  const script = new PlayerScript();
  script.call("procedure_start_mut_tx", script.place(room)).insert(rig.tableId, 3);
  script.call("procedure_commit_mut_tx");
  const results = resultsOf(rig.client.procedure("play", script.encode()));
  t.equal(results.length, 1, "answered in the same turn: nothing had to be made");
  t.same(rig.items(), [3]);
});

void test("who calls", async (t) => {
  const rig = await openRig();
  const value = valueOf(await callProcedure(rig, "whoami", new Uint8Array(0)));
  t.same(value.slice(4, 36), rig.client.identity.toBytes());
  t.same(value.slice(36, 52), rig.client.connectionId.toBytes());
});

void test("as the database itself: for schedules", async (t) => {
  const rig = await openRig();
  const ends: string[] = [];
  const script = new PlayerScript();
  script.call("procedure_start_mut_tx", script.place(room)).insert(rig.tableId, 6);
  script.call("procedure_commit_mut_tx");
  await callProcedure(rig, "whoami", new Uint8Array(0));
  const { procedures } = rig.host.database;
  procedures.startScheduled("secret", script.encode(), () => ends.push("private"));
  procedures.startScheduled("nobody", script.encode(), () => ends.push("unknown"));
  procedures.startScheduled("play", new Uint8Array(0), () => ends.push("arguments"));
  t.same(ends, ["private", "unknown", "arguments"]);
  t.same(rig.items(), [6], "private procedures are the database's to call");
  t.match(rig.logged(), /procedure nobody was not called: No such procedure/);
});

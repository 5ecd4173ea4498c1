// Calls that go wrong, what a call knows of its caller, logs and events, as a module in Rust has them.
import { test } from "tap";
import { ConnectionId, identityFromClaims, Timestamp, type Value } from "@lightcone/abi";
import { TestClient } from "../../src/session/test-client.ts";
import { ending, Probe } from "./probe.ts";

const fatal = "The instance encountered a fatal error.";
const lost = 0xffff_ffff;

void test("whatever goes wrong inside a module, its writes are taken back and the next call works", async (t) => {
  const probe = await Probe.open();
  const faults: [
    reducer: string,
    args: Readonly<Record<string, Value>>,
    ends: string,
    log: object,
  ][] = [
    [
      "fail",
      { message: "no" },
      "no",
      { level: "Error", message: "reducer fail returned an error: no" },
    ],
    ["fail", { message: "" }, "", { level: "Error" }],
    ["panic_now", { message: "ouch" }, fatal, { level: "Panic", message: /trapped: unreachable/ }],
    [
      "exhaust_stack",
      {},
      fatal,
      { level: "Panic", message: /trapped: memory access out of bounds/ },
    ],
    ["divide_by", { divisor: 0 }, fatal, { level: "Panic", message: /trapped/ }],
  ];
  const { log } = probe.host.database;
  for (const [reducer, args, ends, record] of faults) {
    const offset = log.nextOffset;
    const records = probe.logged(() => t.equal(probe.call(reducer, args), ends, reducer));
    t.match(records.at(-1), { ...record, target: "__spacetimedb__", function: "__spacetimedb__" });
    t.equal(log.nextOffset, offset, `${reducer} is not in the log`);
    t.notOk(
      probe.rows("item").some((row) => row["id"] === lost),
      `${reducer} left no row`,
    );
    t.equal(probe.call("divide_by", { divisor: 7 }), "ok", `after ${reducer}`);
  }
  t.same(probe.host.failures, []);
});

void test("a panic is logged with its place and the names on the stack", async (t) => {
  const probe = await Probe.open();
  const [panic] = probe.logged(() => probe.call("panic_now", { message: "ouch" }));
  t.match(panic, { level: "Panic", message: "ouch", function: "panic_now", line_number: Number });
  t.match(panic?.["filename"], /faults\.rs$/);
  const trace = panic?.["trace"] as unknown as { func_name: string }[];
  t.ok(trace.length > 2, "as deep as the module was");
  t.ok(trace.every(({ func_name }) => typeof func_name === "string"));
});

void test("arguments that do not fit are refused before anything runs", async (t) => {
  const probe = await Probe.open();
  const good = { a: 1, b: "b", c: [1, 2], d: true };
  t.equal(probe.ask("take_arguments", good), `1 "b" [1, 2] Some(true)`);
  const given = (bytes: readonly number[]): string =>
    ending(probe.client.callRaw("take_arguments", Uint8Array.from(bytes)));
  const whole = [7, 1, 0, 0, 0, 98, 1, 0, 0, 0, 5, 0, 0, 0, 1];
  const refused = /^invalid arguments for reducer take_arguments: /;
  for (let length = 0; length < whole.length; length++) {
    t.match(given(whole.slice(0, length)), refused, `${length} bytes`);
  }
  t.equal(given(whole), "ok");
  t.equal(given([...whole, 1, 2, 3]), "ok", "more bytes than parameters are ignored");
  t.match(given([7, 1, 0, 0, 0, 0xff, 0, 0, 0, 0, 1]), refused, "not UTF-8");
  t.match(given([7, 0, 0, 0, 0, 0, 0, 0, 0, 2]), refused, "no such variant");
  t.match(given([7, 0, 0, 0, 0, 255, 255, 255, 255]), refused, "a length beyond the message");
});

void test("a call knows its caller, its time and the caller's claims", async (t) => {
  const probe = await Probe.open();
  const { clock, database } = probe.host;
  clock.set(1_800_000_000_000_001n);
  probe.host.service.endTurn();
  t.equal(probe.call("whoami"), "ok");
  const identity = identityFromClaims("localhost", "somebody");
  t.match(probe.rows("caller").at(-1), {
    event: "whoami",
    sender: identity,
    connection_id: new ConnectionId(1001n),
    at: new Timestamp(1_800_000_000_000_001n),
    issuer: "localhost",
    subject: "somebody",
    is_internal: false,
  });
  const other = new TestClient(probe.host, 2, "owner");
  probe.host.take(2);
  t.equal(ending(other.call("whoami")), "ok");
  t.match(probe.rows("caller").at(-1), {
    subject: "owner",
    connection_id: new ConnectionId(1002n),
  });
  t.equal(probe.ask("database_identity"), database.parts.identity.toHex());
});

void test("the same time gives the same random numbers", async (t) => {
  const probe = await Probe.open();
  const first = probe.ask("random_number");
  const again = await Probe.open();
  t.equal(again.ask("random_number"), first);
  again.host.clock.advance(1n);
  again.host.service.endTurn();
  t.not(again.ask("random_number"), first);
});

void test("what a module logs", async (t) => {
  const probe = await Probe.open();
  const lines = probe.logged(() => probe.call("log_all"));
  t.match(
    lines.map(({ level, message }) => [level, message]),
    [
      ["Error", "an error"],
      ["Warn", "a warning"],
      ["Info", "an information"],
      ["Debug", "a debug line"],
      ["Trace", "a trace line"],
    ],
  );
  for (const line of lines) {
    t.match(line, {
      function: "log_all",
      filename: /logging\.rs$/,
      line_number: Number,
      ts: Number,
    });
  }
  const odd = `"quoted"\n\u0000\u2028 \u{1f30d} \\ end`;
  t.match(
    probe.logged(() => probe.call("log_text", { text: odd })),
    [{ message: odd }],
  );
  t.equal(probe.logged(() => probe.call("log_many", { n: 3000 })).length, 3000);
  const [inner, outer, ...rest] = probe.logged(() => probe.call("log_timers"));
  t.match(inner, { level: "Info", message: /^Timing span "inner": [\d.]+(?:ns|µs|ms|s)$/ });
  t.match(outer, { level: "Info", message: /^Timing span "outer": / });
  t.same(rest, []);
});

void test("events reach those who watch, and nobody else ever", async (t) => {
  const probe = await Probe.open();
  const watcher = new TestClient(probe.host, 2, "watcher");
  watcher.subscribe(4, "SELECT * FROM signal WHERE kind = 1");
  probe.host.take(2);
  t.equal(
    probe.ask("send_signal", { kind: 1, text: "one" }),
    "1",
    "the transaction itself sees it",
  );
  t.match(probe.host.take(2), [
    {
      kind: "transactionUpdate",
      querySets: [{ querySetId: 4, tables: [{ table: "signal", rows: [{ kind: "event" }] }] }],
    },
  ]);
  t.equal(probe.call("send_signal", { kind: 2, text: "not wanted" }), "ok");
  t.equal(probe.call("send_signal_and_fail", { kind: 1 }), "no signal");
  t.same(probe.host.take(2), []);
  t.equal(
    probe.ask("send_signal", { kind: 1, text: "one" }),
    "1",
    "the last one is not there any more",
  );
  t.match(probe.host.take(2), [{ kind: "transactionUpdate" }]);
  t.same(probe.rows("signal"), []);
  const [applied] = watcher.subscribe(5, "SELECT * FROM signal");
  t.match(applied, { kind: "subscribeApplied", tables: [] });
  await probe.host.database.log.flush();
  t.same((await Probe.open(probe.host.disk)).rows("signal"), [], "nor after a restart");
});

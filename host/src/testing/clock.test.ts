// Time in the hands of the test: schedules and procedures run when it passes, in order, each at its own time.
import { wasmPath } from "@lightcone/fixtures/wasm";
import { Timestamp } from "@lightcone/abi";
import { t as root, test } from "tap";
import { openTestDatabase } from "./app.ts";

const timeout = 300_000;
root.setTimeout(timeout);
const second = 1000;
const start = new Date("2025-01-01");

function seconds(at: unknown): number {
  return ((at as Timestamp).toDate().getTime() - start.getTime()) / second;
}

void test("scheduled reducers run as time passes", { timeout }, async (t) => {
  const app = await openTestDatabase({ wasm: wasmPath("features"), clock: start });
  const alice = await app.connect("alice");
  const firings = (): string[] =>
    app
      .table("firing")
      .rows()
      .map(({ label, at }) => `${label as string} ${seconds(at)}`);
  await alice.call("alarm_often", ["tick", 2000n]);
  await alice.call("alarm_once", ["late", 5000n]);
  await alice.call("alarm_once", ["early", 1000n]);
  await app.runDue();
  t.same(firings(), [], "nothing is due yet");
  await app.clock.advance(999);
  t.same(firings(), []);
  await app.clock.advance(1);
  t.same(firings(), ["early 1"]);
  await app.clock.set(new Date(start.getTime() + 5.5 * second));
  t.same(firings(), ["early 1", "tick 2", "tick 4", "late 5"]);
  t.equal(app.table("alarm").count, 1, "single calls are gone");
  await alice.call("cancel_alarms", ["tick"]);
  await app.clock.advance(60 * second);
  t.equal(firings().length, 4);
  t.ok(app.clock.now().toDate() >= new Date(start.getTime() + 65 * second));
  t.match(app.table("firing").rows()[0], { sender: app.identity, hasConnection: false });
  await app.clock.set(start);
  t.same(app.clock.now().toDate(), start, "the calendar is set back");
  await app.close();
});

void test("a row that the test inserts is a scheduled call, too", { timeout }, async (t) => {
  const app = await openTestDatabase({ wasm: wasmPath("features"), clock: start });
  const at = Timestamp.fromDate(new Date(start.getTime() + second));
  await app.table("alarm").insert({ label: "by hand", scheduledAt: { tag: "Time", value: at } });
  await app.clock.advance(second);
  t.match(app.table("firing").rows(), [{ label: "by hand" }]);
  t.equal(app.table("alarm").count, 0);
  await app.close();
});

void test("what is overdue", { timeout }, async (t) => {
  const app = await openTestDatabase({ wasm: wasmPath("features"), clock: start });
  const alice = await app.connect("alice");
  await alice.call("alarm_once", ["past", -1000n]);
  await app.runDue();
  t.match(app.table("firing").rows(), [{ label: "past" }], "what is overdue runs at once");
  await app.close();
});

void test("procedures sleep until time has passed", { timeout }, async (t) => {
  const app = await openTestDatabase({ wasm: wasmPath("kitchen-as") });
  const alice = await app.connect("alice");
  let isOver = false;
  // It sleeps for 20 ms between two transactions.
  const moving = alice.callProcedure("move_parcel", [1]).then(() => {
    isOver = true;
  });
  await app.clock.advance(19);
  t.notOk(isOver);
  t.equal(app.table("parcel").count, 1);
  await app.clock.advance(1);
  await moving;
  t.ok(isOver);
  await alice.call("errand_once", ["errand", 1000n]);
  await app.clock.advance(1000);
  t.match(app.table("firing").rows(), [{ label: "errand" }], "scheduled procedures run, too");
  await app.close();
});

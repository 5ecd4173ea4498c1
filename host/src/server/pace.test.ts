// How long those with backlogs wait, and how large their turns are.
import { test } from "tap";
import { limit } from "../base/limit.ts";
import { Pace } from "./pace.ts";

void test("nobody waits while nobody calls", async (t) => {
  const pace = new Pace();
  pace.sent(0);
  pace.taken(100);
  t.notOk(pace.isKept(100));
  t.equal(pace.waitMillis(100), 0);
});

void test("after a turn as much time is free as it took, within bounds", async (t) => {
  const pace = new Pace();
  const { incomingFreeMillisMin: least, incomingFreeMillisMax: most } = limit;
  for (const [took, free] of [
    [0.25, least],
    [1.5, 1.5],
    [50, most],
  ] as const) {
    pace.called(1000);
    pace.sent(1000);
    t.equal(pace.waitMillis(1000 + took), undefined, "the turn's end is waited for");
    pace.taken(1000 + took);
    t.equal(pace.waitMillis(1000 + took), free);
    t.equal(pace.waitMillis(1000 + took + free / 2), free / 2);
    t.equal(pace.waitMillis(1000 + took + free), 0);
  }
});

void test("it ends with the company", async (t) => {
  const pace = new Pace();
  pace.called(0);
  t.ok(pace.isKept(limit.incomingCompanyMillis - 1));
  t.notOk(pace.isKept(limit.incomingCompanyMillis));
  pace.called(500);
  t.ok(pace.isKept(limit.incomingCompanyMillis));
});

void test("turns have as many messages as take half a millisecond to one", async (t) => {
  const pace = new Pace();
  const run = (millisPerMessage: number): number => {
    for (let i = 0; i < 20; i++) {
      pace.sent(0);
      pace.taken(pace.count * millisPerMessage);
    }
    return pace.count;
  };
  t.equal(run(0.001), limit.incomingPacedCount, "no more than this");
  t.equal(run(0.12), 6);
  t.equal(run(0.3), 3);
  t.equal(run(1000), 1, "one at least");
});

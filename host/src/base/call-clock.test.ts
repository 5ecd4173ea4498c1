import { test } from "tap";
import { CallClock } from "./call-clock.ts";
import { ManualClock } from "./clock.ts";

void test("calls of one turn get different times", async (t) => {
  const calls = new CallClock(new ManualClock(1_000_000n));
  t.same([calls.next(), calls.next(), calls.next()], [1_000_000n, 1_000_001n, 1_000_002n]);
});

void test("the clock is asked once a turn", async (t) => {
  const clock = new ManualClock(1_000_000n);
  const calls = new CallClock(clock);
  calls.next();
  clock.advance(500n);
  t.equal(calls.next(), 1_000_001n);
  calls.endTurn();
  t.equal(calls.next(), 1_000_500n);
});

void test("a clock that was set back is followed", async (t) => {
  const clock = new ManualClock(10_000_000n);
  const calls = new CallClock(clock);
  calls.next();
  clock.set(1_000n);
  calls.endTurn();
  t.equal(calls.next(), 1_000n);
});

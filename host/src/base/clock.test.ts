// The clocks: the machine's is near the calendar and fine-grained, the manual one moves only by
// hand.
import { test } from "tap";
import { ManualClock, systemClock } from "./clock.ts";

void test("the system clock keeps to the calendar, in fractions of a millisecond", async (t) => {
  const before = BigInt(Date.now()) * 1000n;
  const micros = Array.from({ length: 1000 }, () => systemClock.nowMicros());
  const after = BigInt(Date.now()) * 1000n;
  for (const now of micros) {
    t.ok(now >= before - 3000n && now <= after + 3000n, "within the drift allowed");
  }
  t.ok(
    micros.some((now) => now % 1000n !== 0n),
    "finer than milliseconds",
  );
  const first = systemClock.nowMillis();
  t.ok(systemClock.nowMillis() >= first, "durations do not go back");
});

void test("the system clock follows a calendar that is set", async (t) => {
  const real = Date.now;
  t.teardown(() => (Date.now = real));
  Date.now = () => real() + 3_600_000;
  const ahead = Number(systemClock.nowMicros() / 1000n) - real();
  t.ok(Math.abs(ahead - 3_600_000) < 1000, "an hour ahead");
  Date.now = real;
  t.ok(Math.abs(Number(systemClock.nowMicros() / 1000n) - real()) < 1000, "and back again");
});

void test("a manual clock moves by hand alone", async (t) => {
  const clock = new ManualClock(1_000_000n);
  t.equal(clock.nowMicros(), 1_000_000n);
  t.equal(clock.nowMillis(), 0);
  clock.advance(2500n);
  t.equal(clock.nowMicros(), 1_002_500n);
  t.equal(clock.nowMillis(), 2.5);
  clock.set(5n);
  t.equal(clock.nowMicros(), 5n);
  t.equal(clock.nowMillis(), 2.5, "setting the calendar is no passing of time");
  t.throws(() => clock.advance(-1n), RangeError);
});

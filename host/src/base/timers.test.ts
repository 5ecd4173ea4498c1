import { test } from "tap";
import { ManualClock, systemClock } from "./clock.ts";
import { ManualTimers, systemTimers } from "./timers.ts";

void test("moved by hand: each is woken at its time, and one that was called off is not", async (t) => {
  const clock = new ManualClock(1000n);
  const timers = new ManualTimers(clock);
  const woken: [string, bigint][] = [];
  const wake = (name: string) => () => {
    woken.push([name, clock.nowMicros()]);
  };
  timers.after(30, wake("c"));
  timers.after(10, wake("a"));
  const cancel = timers.after(15, wake("never"));
  timers.after(10, () => {
    wake("b")();
    cancel();
    timers.after(5, wake("later"));
    timers.after(1000, wake("not yet"));
  });
  timers.advance(30n);
  t.same(woken, [
    ["a", 1010n],
    ["b", 1010n],
    ["later", 1015n],
    ["c", 1030n],
  ]);
  t.equal(timers.count, 1);
  timers.after(-5, wake("at once"));
  timers.advance(0n);
  t.same(woken.at(-1), ["at once", 1030n]);
  timers.after(5, () => {
    clock.advance(100n);
  });
  timers.advance(10n);
  t.equal(clock.nowMicros(), 1135n, "what runs may take longer than was to pass");
});

void test("the machine's: in a later turn, not much before their time, not if called off", async (t) => {
  // Those that sleep do not keep the process alive.
  const alive = setInterval(() => undefined, 1000);
  const start = systemClock.nowMillis();
  const wait = (delayMicros: number): Promise<number> =>
    new Promise((resolve) => {
      systemTimers.after(delayMicros, () => {
        resolve(systemClock.nowMillis() - start);
      });
    });
  let isCalled = false;
  const called = (): void => {
    isCalled = true;
  };
  systemTimers.after(0, called)();
  systemTimers.after(2000, called)();
  const atOnce = wait(0);
  const later = wait(20_500);
  const never = systemTimers.after(1e15, called);
  t.ok((await atOnce) < 1000);
  t.ok((await later) >= 19, "whole milliseconds, rounded down");
  t.notOk(isCalled);
  never();
  clearInterval(alive);
});

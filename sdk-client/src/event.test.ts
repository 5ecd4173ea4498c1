import { test } from "tap";
import { Listeners } from "./event.ts";

void test("callbacks are called in order; a change of the list counts from the next event on", (t) => {
  const listeners = new Listeners<[event: string]>();
  const log: string[] = [];
  const report = (thrown: unknown): void => void log.push(`reported ${String(thrown)}`);
  t.ok(listeners.isEmpty);
  const stopFirst = listeners.add((event) => {
    log.push(`first ${event}`);
    stopFirst();
    listeners.add((later) => log.push(`new ${later}`));
  });
  listeners.add((event) => {
    log.push(`second ${event}`);
    throw new Error(event);
  });
  const third = (event: string): void => void log.push(`third ${event}`);
  const stopThird = listeners.add(third);
  listeners.add(third);
  listeners.emit(report, "a");
  stopThird();
  stopThird();
  listeners.emit(report, "b");
  t.same(log, [
    "first a",
    "second a",
    "reported Error: a",
    "third a",
    "third a",
    "second b",
    "reported Error: b",
    "third b",
    "new b",
  ]);
  t.notOk(listeners.isEmpty);
  t.end();
});

import { test } from "tap";
import { WatchCode } from "../database/parts.ts";
import { CallWatchdog, describeWatched, makeWatchMemory, SharedCallWatch } from "./call-watch.ts";

void test("a call is noticed once it has gone on for longer than the limit, and no sooner", (t) => {
  const memory = makeWatchMemory();
  const watch = new SharedCallWatch(memory);
  const dog = new CallWatchdog(memory, 100);
  const steps: [do_: () => void, nowMillis: number, seen: number | undefined, why: string][] = [
    [() => undefined, 0, undefined, "nothing runs"],
    [() => watch.begin(7), 1000, undefined, "seen for the first time"],
    [() => undefined, 1099, undefined, "not long enough"],
    [() => undefined, 1100, 7, "long enough"],
    [() => watch.end(), 1200, undefined, "it ended"],
    [() => watch.begin(7), 1300, undefined, "another call of the same reducer"],
    [() => undefined, 1399, undefined, "not long enough"],
    [() => watch.end(), 1399, undefined, "it ended between two looks"],
    [() => watch.begin(8), 1399, undefined, "and another began"],
    [() => undefined, 1450, undefined, "which has run for a moment"],
    [() => undefined, 1499, 8, "and now for too long"],
    [() => watch.end(), 1500, undefined, "it ended, too"],
    [() => watch.begin(WatchCode.procedure), 1510, undefined, "a procedure"],
    [() => watch.begin(WatchCode.view), 1520, undefined, "commits, and a view runs"],
    [() => watch.end(), 1530, undefined, "which ends"],
    [() => undefined, 1629, undefined, "the procedure runs on"],
    [() => undefined, 1630, WatchCode.procedure, "for too long"],
    [() => watch.end(), 1640, undefined, "and ends"],
    [() => watch.begin(WatchCode.loading), 1700, undefined, "loading begins anew"],
    [() => undefined, 1800, WatchCode.loading, "and is watched as well"],
  ];
  for (const [act, nowMillis, seen, why] of steps) {
    act();
    t.equal(dog.look(nowMillis), seen, why);
  }
  t.end();
});

void test("many short calls between two looks are never taken for one long one", (t) => {
  const memory = makeWatchMemory();
  const watch = new SharedCallWatch(memory);
  const dog = new CallWatchdog(memory, 100);
  for (let look = 0; look < 50; look++) {
    for (let call = 0; call < 1000; call++) {
      watch.begin(3);
      if (call < 999) watch.end();
    }
    t.equal(dog.look(look * 1000), undefined);
    watch.end();
  }
  t.end();
});

void test("what ran too long, for people", (t) => {
  const names = ["add", "remove"];
  const cases: [number, string][] = [
    [1, "reducer remove"],
    [9, "reducer 9"],
    [WatchCode.loading, "loading the module"],
    [WatchCode.init, "the init reducer"],
    [WatchCode.onConnect, "the reducer for clients that connect"],
    [WatchCode.onDisconnect, "the reducer for clients that disconnect"],
    [WatchCode.view, "a view"],
  ];
  for (const [what, text] of cases) t.equal(describeWatched(what, names), text);
  t.end();
});

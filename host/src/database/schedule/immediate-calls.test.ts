import { test } from "tap";
import { limit } from "../../base/limit.ts";
import { ImmediateCalls } from "./immediate-calls.ts";

void test("calls come in the order in which they were asked for", async (t) => {
  const calls = new ImmediateCalls();
  let added = 0;
  const taken: string[] = [];
  for (let round = 0; round < 50; round++) {
    for (let i = 0; i < (round % 5) + 1; i++) calls.add(`${added++}`, new Uint8Array(0));
    for (let i = 0; i < 3; i++) taken.push(calls.take()?.functionName ?? "none");
  }
  while (calls.count > 0) taken.push(calls.take()?.functionName ?? "none");
  t.same(
    taken.filter((name) => name !== "none"),
    Array.from({ length: added }, (_, i) => `${i}`),
  );
  t.equal(calls.take(), undefined);
});

void test("[SCHED4] there is room for so many calls, and for so many bytes", async (t) => {
  const calls = new ImmediateCalls();
  const none = new Uint8Array(0);
  for (let i = 0; i < limit.immediateCallCountMax; i++) calls.add("f", none);
  t.equal(calls.count, limit.immediateCallCountMax);
  t.notOk(calls.add("f", none));
  calls.take();
  t.ok(calls.add("f", none));
  while (calls.count > 0) calls.take();
  const large = new Uint8Array(limit.immediateCallBytesMax - 1);
  t.ok(calls.add("f", large), "all bytes are free again");
  t.notOk(calls.add("f", none));
});

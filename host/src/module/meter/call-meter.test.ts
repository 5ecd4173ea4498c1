import { test } from "tap";
import { ManualClock } from "../../base/clock.ts";
import { CallMeter } from "./call-meter.ts";
import { sliceUnits } from "./meter.ts";

void test("work in the host looks at the clock as often as the guest's own, and costs nothing", (t) => {
  const clock = new ManualClock();
  const meter = new CallMeter(clock, { fuelUnits: 1e9, millis: 10 }, { units: 0 });
  meter.begin();
  t.ok(meter.work(sliceUnits), "the time begins");
  clock.advance(20_000n);
  t.ok(meter.work(sliceUnits - 1), "nobody has looked");
  t.notOk(meter.isExhausted);
  t.notOk(meter.work(1));
  t.ok(meter.isExhausted);
  meter.end();
  t.equal(meter.lastUsed, 0);
  meter.begin();
  t.notOk(meter.isExhausted, "the next call has a budget of its own");
  t.ok(meter.work(sliceUnits));
  meter.end();
  t.end();
});

import fc from "fast-check";
import { test } from "tap";
import { Histogram } from "./histogram.ts";

void test("short durations are exact", (t) => {
  const histogram = new Histogram();
  for (let micros = 1; micros <= 200; micros++) histogram.record(micros);
  t.equal(histogram.total, 200);
  t.equal(histogram.percentile(0.5), 100);
  t.equal(histogram.percentile(0.99), 198);
  t.equal(histogram.percentile(1), 200);
  t.equal(histogram.percentile(0), 1);
  t.end();
});

void test("no percentile is off by more than 0.8 %", (t) => {
  const micros = fc.array(fc.integer({ min: 0, max: 2 ** 31 - 1 }), { minLength: 1 });
  fc.assert(
    fc.property(micros, fc.double({ min: 0, max: 1, noNaN: true }), (durations, share) => {
      const histogram = new Histogram();
      for (const duration of durations) histogram.record(duration);
      const sorted = durations.toSorted((a, b) => a - b);
      const exact = sorted[Math.max(1, Math.ceil(share * sorted.length)) - 1] ?? 0;
      return Math.abs(histogram.percentile(share) - exact) <= exact * 0.008;
    }),
  );
  t.end();
});

void test("whatever the clock says is counted", (t) => {
  const histogram = new Histogram();
  histogram.record(-3);
  t.equal(histogram.percentile(1), 0);
  histogram.record(1e15);
  t.ok(histogram.percentile(1) > 2 ** 30, "the longest that there is");
  histogram.clear();
  t.equal(histogram.total, 0);
  t.throws(() => histogram.percentile(0.5), /without durations/);
  t.end();
});

import { test } from "tap";
import { Histogram } from "./histogram.ts";

void test("values are counted below their bounds", (t) => {
  const histogram = new Histogram([1, 10]);
  t.same(histogram.read(), { bounds: [1, 10], counts: [0, 0, 0], sum: 0 });
  for (const value of [0, 1, 1.5, 10, 11, 1000]) histogram.observe(value);
  t.same(histogram.read(), { bounds: [1, 10], counts: [2, 2, 2], sum: 1023.5 });
  t.end();
});

void test("what was read stays as it was", (t) => {
  const histogram = new Histogram([1]);
  const before = histogram.read();
  histogram.observe(1);
  t.same(before.counts, [0, 0]);
  t.end();
});

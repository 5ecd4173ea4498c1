import fc from "fast-check";
import { test } from "tap";
import { nextTick } from "./next-tick.ts";

void test("[SCHED5] the next tick is the one that counting tick by tick finds", async (t) => {
  const base = 1_700_000_000_000_000;
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 1_000_000 }),
      fc.integer({ min: 1, max: 5_000 }),
      fc.integer({ min: -10_000, max: 200_000 }),
      (offset, interval, elapsed) => {
        const anchor = base + offset;
        const now = anchor + elapsed;
        let tick = anchor + interval;
        while (tick <= now) tick += interval;
        return nextTick(anchor, interval, now) === tick;
      },
    ),
  );
  t.equal(nextTick(0, 10, 30), 40, "the present tick is not the next one");
});

void test("ticks are exact over centuries", async (t) => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: 0n, max: 1n << 51n }),
      fc.bigInt({ min: 1n, max: 1n << 46n }),
      fc.bigInt({ min: 0n, max: 1n << 51n }),
      (anchor, interval, elapsed) => {
        const tick = anchor + (elapsed / interval + 1n) * interval;
        const found = nextTick(Number(anchor), Number(interval), Number(anchor + elapsed));
        return BigInt(found) === tick;
      },
    ),
  );
  t.end();
});

import fc from "fast-check";
import { test } from "tap";
import { TokenBucket } from "./token-bucket.ts";

void test("in any time no more is taken than the store and what came meanwhile", async (t) => {
  const steps = fc.array(fc.tuple(fc.nat(50), fc.nat(3000)), { maxLength: 100 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100 }), fc.nat(100), steps, (rate, more, all) => {
      const capacity = 1 + more;
      const bucket = new TokenBucket(rate, capacity, 0);
      let now = 0;
      let taken = 0;
      for (const [count, pause] of all) {
        now += pause;
        if (bucket.take(count, now)) taken += count;
        const isFair = taken <= capacity + (now / 1000) * rate + 1e-6;
        if (!isFair) return false;
        const wait = bucket.secondsUntil(count, now);
        if (count <= capacity && !bucket.take(0, now)) return false;
        if (wait < 1) return false;
      }
      return true;
    }),
  );
  t.pass("for any steps");
});

void test("who waits as long as was said gets it", async (t) => {
  const bucket = new TokenBucket(2, 10, 0);
  t.ok(bucket.isFull(0));
  t.notOk(bucket.spend(25, 0));
  t.notOk(bucket.isFull(0));
  const wait = bucket.secondsUntil(5, 0);
  t.equal(wait, 10);
  t.notOk(bucket.take(5, wait * 1000 - 1));
  t.ok(bucket.take(5, wait * 1000));
  t.ok(bucket.isFull(60_000));
});

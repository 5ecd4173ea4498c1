import { test } from "tap";
import { defaultReconnect, retryDelayMs, systemClockwork } from "./backoff.ts";

const options = { ...defaultReconnect, firstDelayMs: 100, delayMsMax: 1000, jitter: 0.5 };

const cases: readonly (readonly [failedAttempts: number, random: number, delayMs: number])[] = [
  [0, 0, 100],
  [0, 0.999, 50.05],
  [1, 0, 200],
  [3, 0.5, 600],
  [4, 0, 1000],
  [4, 0.5, 750],
  [5000, 0, 1000],
];

for (const [failedAttempts, random, delayMs] of cases) {
  void test(`after ${failedAttempts} failures, chance ${random}: ${delayMs} ms`, (t) => {
    t.equal(retryDelayMs(options, failedAttempts, random), delayMs);
    t.end();
  });
}

void test("the clockwork of the system", async (t) => {
  const fired: string[] = [];
  const cancel = systemClockwork.setTimer(() => fired.push("cancelled"), 1);
  cancel();
  await new Promise<void>((resolve) => {
    systemClockwork.setTimer(() => {
      fired.push("fired");
      resolve();
    }, 5);
  });
  t.same(fired, ["fired"]);
  const chance = systemClockwork.random();
  t.ok(chance >= 0 && chance < 1);
});

// Ten thousand rows that change sixty times a second.
//
// What is asserted does not depend on how busy the machine is: only rows that changed and their groups are rendered, and
// never more often than transactions came. Frames of the screen are measured, and asserted where LIGHTCONE_FRAMES=1 says that the machine
// has nothing else to do.
import { setTimeout as sleep } from "node:timers/promises";
import { t, test } from "tap";
import { openBank } from "../web/bank.ts";
import type { Probe } from "../web/pages/connect.ts";
import {
  bundlePage,
  launchBrowser,
  openPage,
  picture,
  servePage,
  startWebHost,
} from "../web/rig.ts";

t.setTimeout(300_000);

const rowCount = 10_000;
const updatesPerSecond = 60;
const durationMs = 5000;
const frameMsMax = 50;

interface PageGlobals {
  readonly probe: Probe;
  measureFrames(
    durationMs: number,
  ): Promise<{ readonly gapsMs: readonly number[]; readonly longTasksMs: readonly number[] }>;
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}

/** How often each way to write a list may render it for an update, and the groups of the two rows that an update changes. */
const lists = [
  { list: "rows", listRendersMax: 1, groupRendersMax: 2 },
  { list: "keys", listRendersMax: 0, groupRendersMax: 0 },
] as const;

for (const { list, listRendersMax, groupRendersMax } of lists) {
  void test(`10,000 rows at 60 updates a second, a list of ${list}`, async (t) => {
    const browser = await launchBrowser(t);
    if (browser === undefined) return;
    const host = await startWebHost(t, "bank");
    const bank = await openBank(t, host, rowCount);
    const errors: string[] = [];
    const options = { define: { "process.env.NODE_ENV": `"production"` }, minify: true };
    const pageUrl = await servePage(t, await bundlePage("react-many", options));
    const page = await openPage(browser, pageUrl, host, errors, `&list=${list}`);
    await page.waitForFunction(
      (wanted) => document.querySelectorAll("li").length === wanted,
      rowCount,
    );
    await picture(page, `react-many-${list}`);
    const before = await page.evaluate(() => {
      const { probe } = globalThis as unknown as PageGlobals;
      return { renders: { ...probe.renders }, frameCount: probe.busyMs.length };
    });

    const measured = page.evaluate(
      (ms) => (globalThis as unknown as PageGlobals).measureFrames(ms),
      durationMs,
    );
    const start = performance.now();
    let updateCount = 0;
    while (performance.now() < start + durationMs) {
      const from = (updateCount * 7919) % rowCount;
      await bank.reducers.transfer({ from, to: (from + 1) % rowCount, amount: 1n });
      updateCount++;
      const restMs = start + (updateCount * 1000) / updatesPerSecond - performance.now();
      if (restMs > 0) await sleep(restMs);
    }
    const { gapsMs: gaps, longTasksMs } = await measured;
    const total = 1000 * rowCount;
    await page.waitForFunction(
      (expected) => {
        const sum = [...document.querySelectorAll("li")].reduce(
          (all, { textContent }) => all + Number(textContent?.split(": ")[1]),
          0,
        );
        return sum === expected;
      },
      total,
      { polling: 500 },
    );
    const after = await page.evaluate(() => (globalThis as unknown as PageGlobals).probe);
    const busyMs = after.busyMs.slice(before.frameCount);
    const more = (name: string): number => (after.renders[name] ?? 0) - (before.renders[name] ?? 0);
    t.ok(more("Line") > 0 && more("Line") <= 2 * updateCount, `${more("Line")} lines rendered`);
    t.ok(more("List") <= listRendersMax * updateCount, `${more("List")} lists rendered`);
    t.ok(more("Group") <= groupRendersMax * updateCount, `${more("Group")} groups rendered`);
    t.same(errors, []);
    const long = gaps.filter((gap) => gap > frameMsMax);
    t.comment(
      `${updateCount} updates in ${durationMs} ms; page busy for each: median ${quantile(busyMs, 0.5).toFixed(1)} ms, ` +
        `p99 ${quantile(busyMs, 0.99).toFixed(1)} ms, longest ${quantile(busyMs, 1).toFixed(1)} ms; ${gaps.length} frames, ` +
        `median ${quantile(gaps, 0.5).toFixed(1)} ms, longest ${quantile(gaps, 1).toFixed(1)} ms, ${long.length} over ${frameMsMax} ms; ${longTasksMs.length} tasks of the page over 50 ms`,
    );
    if (process.env["LIGHTCONE_FRAMES"] === "1") t.same(long, [], "no long frame");
  });
}

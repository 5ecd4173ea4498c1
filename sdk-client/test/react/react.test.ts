// Hooks in Chromium, through a real host, with React 19 and with React 18.
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
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

const top = createRequire(new URL("../../../../package.json", import.meta.url));

/** The React beside this package is 19; the one at the top, which other tools brought, is 18. */
function folderOf(name: string): string {
  return fileURLToPath(new URL(".", `file://${top.resolve(`${name}/package.json`)}`));
}

const versions: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "React 19": {},
  "React 18": { react: folderOf("react"), "react-dom": folderOf("react-dom") },
};

async function press(page: Page, name: string): Promise<void> {
  await page.getByRole("button", { name, exact: true }).click();
}

/** Waits until an element says this. */
async function says(page: Page, id: string, text: string): Promise<void> {
  await page.waitForFunction(
    ([wantedId = "", wanted]) => document.getElementById(wantedId)?.textContent === wanted,
    [id, text],
  );
}

function probeOf(page: Page): Promise<Probe> {
  return page.evaluate(() => (globalThis as unknown as { probe: Probe }).probe);
}

for (const [version, alias] of Object.entries(versions)) {
  void test(`${version} in strict mode`, async (t) => {
    const browser = await launchBrowser(t);
    if (browser === undefined) return;
    const host = await startWebHost(t, "bank");
    const bank = await openBank(t, host, 10);
    const errors: string[] = [];
    const pageUrl = await servePage(t, await bundlePage("react", { alias }));
    const page = await openPage(browser, pageUrl, host, errors);
    await says(page, "status", "connected");

    await t.test("equal queries of two components are one subscription", async (t) => {
      await press(page, "first");
      await says(page, "first", "live");
      await press(page, "second");
      await says(page, "second", "live");
      await says(page, "count", "10");
      await press(page, "first");
      t.match(await probeOf(page), { subscribed: 1, unsubscribed: 0 });
    });

    await t.test("a component renders only for its rows", async (t) => {
      const before = (await probeOf(page)).renders;
      await bank.reducers.transfer({ from: 1, to: 2, amount: 600n });
      await says(page, "one1", "400");
      await says(page, "one2", "1600");
      await says(page, "rich", "2");
      await says(page, "inline", "9");
      await says(page, "groups", "1:10");
      const after = (await probeOf(page)).renders;
      const more = (component: string): number =>
        (after[component] ?? 0) - (before[component] ?? 0);
      // Strict mode renders everything twice.
      t.same(
        ["One1", "One2", "One3", "Rich", "Count"].map((name) => [name, more(name)]),
        [
          ["One1", 2],
          ["One2", 2],
          ["One3", 0],
          ["Rich", 2],
          ["Count", 0],
        ],
      );
    });

    await t.test("calls: pending, done, refused, reset", async (t) => {
      await press(page, "calls");
      await says(page, "call", "idle");
      await press(page, "transfer nothing");
      await says(page, "call", "amount must be positive, got -1");
      await picture(page, `react-${version.slice(-2)}`);
      await press(page, "reset");
      await says(page, "call", "idle");
      await bank.reducers.transfer({ from: 3, to: 1, amount: 1000n });
      await press(page, "transfer");
      await says(page, "one2", "2600");
      await says(page, "call", "idle");
      t.same((await probeOf(page)).notes, ["refused", "done"]);
    });

    await t.test("a component that goes while its call is under way", async (t) => {
      await bank.reducers.transfer({ from: 4, to: 1, amount: 1000n });
      await page.evaluate(() => {
        const buttons = [...document.querySelectorAll("button")];
        buttons.find(({ textContent }) => textContent === "transfer")?.click();
        buttons.find(({ textContent }) => textContent === "calls")?.click();
      });
      t.equal(await page.locator("#call").count(), 0);
      await says(page, "one2", "3600");
      await page.waitForFunction(
        () => (globalThis as unknown as { probe: Probe }).probe.notes.length === 3,
      );
      t.same((await probeOf(page)).notes, ["refused", "done", "done"]);
    });

    await t.test("suspense waits for the rows, and refusals reach the boundary", async (t) => {
      await press(page, "suspense");
      await says(page, "suspended", "10 rows at once");
      await press(page, "refused");
      await page.locator("#boundary").waitFor();
      t.match(await page.locator("#boundary").textContent(), /nothing/);
    });

    await t.test("a host that dies and comes back", async (t) => {
      const { subscribed } = await probeOf(page);
      await host.kill();
      await says(page, "status", "reconnecting");
      await says(page, "one2", "3600");
      await says(page, "second", "live");
      await host.start();
      await says(page, "status", "connected");
      const again = await openBank(t, host, 3);
      await says(page, "count", "3");
      await says(page, "groups", "1:3");
      await again.reducers.transfer({ from: 1, to: 2, amount: 1n });
      await says(page, "one2", "1001");
      t.equal((await probeOf(page)).subscribed, subscribed, "no component subscribed again");
    });

    await t.test("a subscription ends a while after the last component", async (t) => {
      await press(page, "second");
      await page.waitForFunction(
        () => (globalThis as unknown as { probe: Probe }).probe.unsubscribed === 1,
      );
      // The suspended component is shown still, and its query selects the first five.
      await says(page, "count", "3");
      await press(page, "suspense");
      await says(page, "count", "0");
      t.equal((await probeOf(page)).unsubscribed, 2);
    });

    const expected = /nothing|error boundary|above error|occurred in/i;
    t.same(
      errors.filter((each) => !expected.test(each)),
      [],
      "React had nothing to complain about",
    );
  });
}

// Rows that outlive a page: in Chromium, through a real host.
import { setTimeout } from "node:timers/promises";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { type Test, t, test } from "tap";
import type { DbConnection } from "../web/bindings/bank/index.js";
import { openBank } from "../web/bank.ts";
import type { Probe } from "../web/pages/connect.ts";
import { bundlePage, launchBrowser, servePage, startWebHost, type WebHost } from "../web/rig.ts";

t.setTimeout(300_000);

interface PageGlobals {
  readonly connection: DbConnection;
  readonly probe: Probe;
  stored(): Promise<number>;
  clear(): Promise<void>;
}

/** One person's browser, who visits the page now and then. */
class Visitor {
  readonly #context: BrowserContext;
  readonly #pageUrl: string;
  readonly #host: WebHost;

  constructor(context: BrowserContext, pageUrl: string, host: WebHost) {
    this.#context = context;
    this.#pageUrl = pageUrl;
    this.#host = host;
  }

  async open(query = ""): Promise<Visit> {
    const page = await this.#context.newPage();
    page.setDefaultTimeout(120_000);
    await page.goto(`${this.#pageUrl}?host=${encodeURIComponent(this.#host.url)}${query}`);
    return new Visit(page);
  }

  async forget(): Promise<void> {
    const page = await this.#context.newPage();
    await page.goto(this.#pageUrl);
    await page.evaluate(() => localStorage.clear());
    await page.close();
  }
}

class Visit {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  /** Waits for as many rows in the cache and, where given, in the store. */
  async holds(cached: number, stored = cached): Promise<void> {
    // `waitForFunction` would take the promise of the count for an answer.
    while ((await this.#counts()) !== `${cached} cached, ${stored} stored`) await setTimeout(100);
  }

  #counts(): Promise<string> {
    return this.page.evaluate(async () => {
      const page = globalThis as unknown as PageGlobals;
      return `${page.connection.db.account.count()} cached, ${await page.stored()} stored`;
    });
  }

  async noted(note: string): Promise<void> {
    await this.page.waitForFunction(
      (wanted) => (globalThis as unknown as PageGlobals).probe.notes.includes(wanted),
      note,
    );
  }

  notes(): Promise<string[]> {
    return this.page.evaluate(() => (globalThis as unknown as PageGlobals).probe.notes);
  }

  balanceOf(id: number): Promise<number> {
    return this.page.evaluate(
      (wanted) =>
        Number(
          (globalThis as unknown as PageGlobals).connection.db.account.find({ id: wanted })
            ?.balance,
        ),
      id,
    );
  }

  evaluate(run: () => unknown): Promise<unknown> {
    return this.page.evaluate(run);
  }

  close(): Promise<void> {
    return this.page.close();
  }
}

interface Rig {
  readonly host: WebHost;
  readonly bank: DbConnection;
  readonly visitor: Visitor;
  readonly browser: Browser;
}

async function openRig(t: Test, rowCount: number): Promise<Rig | undefined> {
  const browser = await launchBrowser(t);
  if (browser === undefined) return undefined;
  const host = await startWebHost(t, "bank");
  const bank = await openBank(t, host, rowCount);
  const pageUrl = await servePage(t, await bundlePage("persist"));
  return { host, bank, browser, visitor: new Visitor(await browser.newContext(), pageUrl, host) };
}

void test("the next visit shows the rows of the last one, then the differences alone", async (t) => {
  const rig = await openRig(t, 10);
  if (rig === undefined) return;
  const { host, bank, visitor } = rig;

  const first = await visitor.open();
  await first.holds(10);
  await bank.reducers.transfer({ from: 1, to: 2, amount: 1n });
  t.same((await first.notes())[0], "+10 -0 ~0 subscribed");
  await first.noted("+0 -0 ~2 transaction");
  await first.evaluate(() =>
    Object.defineProperty(document, "visibilityState", { value: "hidden" }),
  );
  await first.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
  await first.holds(10);
  await first.close();

  await bank.reducers.transfer({ from: 3, to: 4, amount: 500n });
  await host.kill();
  for (const query of ["", "&late"]) {
    const again = await visitor.open(query);
    await again.noted("stale");
    t.same(await again.notes(), ["+10 -0 ~0 cached", "stale"], "while there is no server");
    const isFirst = query === "";
    t.equal(await again.balanceOf(4), isFirst ? 1000 : 1500);
    await host.start();
    await again.noted("confirmed");
    const differences = isFirst ? ["+0 -0 ~2 reconnected"] : [];
    t.same((await again.notes()).slice(2), [...differences, "confirmed"]);
    t.equal(await again.balanceOf(4), 1500);
    t.equal(await again.balanceOf(1), 999, "stored when the page was hidden");
    if (isFirst) {
      // What was stored is read by the next visit: it must have been told by then.
      await again.evaluate(() =>
        Object.defineProperty(document, "visibilityState", { value: "hidden" }),
      );
      await again.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
      await again.holds(10);
    }
    await again.close();
    await host.kill();
  }
});

void test("nobody else sees them", async (t) => {
  const rig = await openRig(t, 10);
  if (rig === undefined) return;
  const { host, visitor } = rig;

  await t.test("another version of the page", async (t) => {
    const first = await visitor.open();
    await first.holds(10);
    await first.close();
    await host.kill();
    const other = await visitor.open("&version=2");
    await other.holds(0);
    t.same(await other.notes(), []);
    await host.start();
    await other.holds(10);
    await other.close();
  });

  await t.test("another token", async (t) => {
    await visitor.forget();
    await host.kill();
    const stranger = await visitor.open("&version=2");
    await stranger.holds(0);
    t.same(await stranger.notes(), []);
    await host.start();
    await stranger.holds(10);
    await stranger.close();
  });

  await t.test("after clear()", async (t) => {
    const visit = await visitor.open("&version=2");
    await visit.holds(10);
    await visit.evaluate(() => (globalThis as unknown as PageGlobals).clear());
    await visit.holds(10, 0);
    await visit.close();
    await host.kill();
    const next = await visitor.open("&version=2");
    await next.holds(0);
    t.same(await next.notes(), []);
  });
});

void test("two tabs, and a tab of somebody else", async (t) => {
  const rig = await openRig(t, 10);
  if (rig === undefined) return;
  const { host, bank, visitor } = rig;
  const one = await visitor.open();
  await one.holds(10);
  const two = await visitor.open();
  await two.holds(10);
  for (let i = 0; i < 20; i++) {
    await bank.reducers.transfer({ from: i % 9, to: 9, amount: 10n });
  }
  await bank.reducers.seed({ n: 12, balance: 7n });
  await one.holds(12);
  await two.holds(12);
  await visitor.forget();
  const stranger = await visitor.open();
  await stranger.holds(12);
  await bank.reducers.seed({ n: 5, balance: 1n });
  await stranger.holds(5);
  await one.holds(5);
  t.notOk((await one.notes()).includes("LC_PERSISTENCE"), "those who lost the store are silent");
  await Promise.all([one.close(), two.close(), stranger.close()]);
  await host.kill();
  const next = await visitor.open();
  await next.noted("stale");
  t.same((await next.notes())[0], "+5 -0 ~0 cached");
});

/** What goes wrong, and the rows that are stored all the same. */
const failures: readonly (readonly [title: string, query: string])[] = [
  ["a page that may keep nothing", "&failure=open"],
  ["a full disk", "&failure=quota"],
  ["more rows than allowed", "&rows=9"],
];

void test("where rows cannot be kept, the connection goes on without", async (t) => {
  const rig = await openRig(t, 10);
  if (rig === undefined) return;
  for (const [title, query] of failures) {
    await t.test(title, async (t) => {
      const visit = await rig.visitor.open(query);
      await visit.noted("LC_PERSISTENCE");
      await visit.noted("+10 -0 ~0 subscribed");
      const told = (await visit.notes()).filter((note) => note.startsWith("LC_"));
      t.same(told, ["LC_PERSISTENCE"], "told once");
      if (query !== "&failure=open") await visit.holds(10, 0);
      await visit.close();
    });
  }
});

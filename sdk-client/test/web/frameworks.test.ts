// The same page in Vue, Svelte and Angular: in Chromium, through a real host.
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { BuildOptions, Plugin } from "esbuild";
import type { Page } from "playwright-core";
import { compile } from "svelte/compiler";
import { t, test } from "tap";
import { openBank } from "./bank.ts";
import type { Probe } from "./pages/connect.ts";
import { bundlePage, launchBrowser, openPage, picture, servePage, startWebHost } from "./rig.ts";

t.setTimeout(300_000);

/** Components lie beside the sources, which the compiler of types leaves alone. */
const svelte: Plugin = {
  name: "svelte",
  setup: (build) => {
    build.onResolve({ filter: /\.svelte$/ }, ({ path }) => ({
      path: fileURLToPath(new URL(`../../../test/web/pages/${path}`, import.meta.url)),
    }));
    build.onLoad({ filter: /\.svelte$/ }, async ({ path }) => {
      const source = await readFile(path, "utf8");
      const { js } = compile(source, { filename: path, generate: "client" });
      return { contents: js.code, loader: "js" };
    });
  },
};

const frameworks: Readonly<Record<string, BuildOptions>> = {
  vue: {
    define: {
      "process.env.NODE_ENV": `"development"`,
      __VUE_OPTIONS_API__: "true",
      __VUE_PROD_DEVTOOLS__: "false",
      __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: "false",
    },
  },
  svelte: { plugins: [svelte], conditions: ["browser", "svelte"] },
  angular: {},
};

async function press(page: Page, name: string): Promise<void> {
  await page.getByRole("button", { name, exact: true }).click();
}

async function says(page: Page, id: string, text: string): Promise<void> {
  await page.waitForFunction(
    ([wantedId = "", wanted]) => document.getElementById(wantedId)?.textContent === wanted,
    [id, text],
  );
}

for (const [name, options] of Object.entries(frameworks)) {
  void test(name, async (t) => {
    const browser = await launchBrowser(t);
    if (browser === undefined) return;
    const host = await startWebHost(t, "bank");
    const bank = await openBank(t, host, 4);
    const errors: string[] = [];
    const pageUrl = await servePage(t, await bundlePage(name, options));
    const page = await openPage(browser, pageUrl, host, errors);
    await says(page, "status", "connected");
    await says(page, "subscription", "live");
    await says(page, "count", "4");
    await says(page, "rich", "0,1,2,3");

    await press(page, "transfer");
    await says(page, "one", "400");
    await press(page, "rich only");
    await says(page, "rich", "2");
    await press(page, "the second");
    await says(page, "one", "1600");
    await bank.reducers.transfer({ from: 3, to: 2, amount: 100n });
    await says(page, "one", "1700");
    await press(page, "transfer nothing");
    await says(page, "call", "account 1 cannot transfer to itself");
    await picture(page, name);
    await press(page, "reset");
    await says(page, "call", "idle");

    await host.kill();
    await says(page, "status", "reconnecting");
    await host.start();
    await says(page, "status", "connected");
    await openBank(t, host, 6);
    await says(page, "count", "6");

    await press(page, "toggle");
    await page.waitForFunction(
      () => (globalThis as unknown as { probe: Probe }).probe.unsubscribed === 1,
    );
    const { subscribed } = await page.evaluate(
      () => (globalThis as unknown as { probe: Probe }).probe,
    );
    t.equal(subscribed, 1, "one subscription over all of that");
    await page.waitForFunction(
      () =>
        (
          globalThis as unknown as { connection: { db: { account: { count(): number } } } }
        ).connection.db.account.count() === 0,
    );
    t.same(errors, []);
  });
}

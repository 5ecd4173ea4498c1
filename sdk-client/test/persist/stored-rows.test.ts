// Whose rows are in the store, when pages of several owners come and store in any order: in Chromium.
import type { Page } from "playwright-core";
import { t, test } from "tap";
import type { StoredRows } from "../../src/persist/stored-rows.ts";
import { bundlePage, launchBrowser, servePage } from "../web/rig.ts";

t.setTimeout(300_000);

type Owner = "ann" | "bob";

/** `1 ann enters`: the page with this number looks for rows of this owner and gets its number in the store. */
type Step =
  | readonly [page: number, owner: Owner, what: "enters" | "replaces" | "changes", isDone?: boolean]
  | readonly [page: number, owner: Owner, what: "clears"];

interface PageGlobals {
  StoredRows: typeof StoredRows;
  pages: Map<number, StoredRows>;
}

/** Each page takes its steps on a connection of its own, as tabs do. Answers what came of the steps that store. */
function run(page: Page, name: string, steps: readonly Step[]): Promise<boolean[]> {
  return page.evaluate(
    async (given) => {
      const { StoredRows } = globalThis as unknown as PageGlobals;
      const pages = new Map<number, StoredRows>();
      const results: boolean[] = [];
      for (const [number, owner, what] of given.steps) {
        const mark = { owner, schema: "" };
        const stored = pages.get(number) ?? (await StoredRows.open(given.name));
        pages.set(number, stored);
        const edit = { table: "t", key: new Uint8Array([number]), bytes: new Uint8Array([1]) };
        if (what === "enters") {
          await stored.load(mark, ["t"]);
          await stored.enter();
        } else if (what === "clears") await stored.clear();
        else if (what === "replaces")
          results.push((await stored.replace(mark, [edit])) !== undefined);
        else results.push((await stored.change(mark, [edit])) !== undefined);
      }
      return results;
    },
    { name, steps },
  );
}

/** The keys of the rows that a later page of this owner would be shown. */
function shownTo(page: Page, name: string, owner: Owner): Promise<number[]> {
  return page.evaluate(
    async (given) => {
      const { StoredRows } = globalThis as unknown as PageGlobals;
      const stored = await StoredRows.open(given.name);
      const database = await new Promise<IDBDatabase>((resolve) => {
        const request = indexedDB.open(`lightcone ${given.name}`, 1);
        request.onsuccess = () => resolve(request.result);
      });
      const keys = database.transaction("rows").objectStore("rows").getAllKeys();
      await new Promise((resolve) => {
        keys.onsuccess = resolve;
      });
      const loaded = await stored.load({ owner: given.owner, schema: "" }, ["t"]);
      if (loaded === undefined) return [];
      return keys.result.map((key) => new Uint8Array((key as [string, ArrayBuffer])[1])[0] ?? -1);
    },
    { name, owner },
  );
}

const ann = "ann";
const bob = "bob";

/** The last element of a step that stores says whether it does. */
const cases: readonly (readonly [
  title: string,
  steps: readonly Step[],
  owner: Owner,
  keys: number[],
])[] = [
  [
    "two tabs of one owner",
    [
      [1, ann, "enters"],
      [1, ann, "replaces", true],
      [2, ann, "enters"],
      [2, ann, "changes", true],
      [1, ann, "changes", true],
    ],
    ann,
    [1, 2],
  ],
  [
    "a tab that stores all, long after another owner came and stored",
    [
      [1, ann, "enters"],
      [2, bob, "enters"],
      [2, bob, "replaces", true],
      [1, ann, "replaces", false],
    ],
    bob,
    [2],
  ],
  [
    "a second tab, which never stored by itself, after another owner came",
    [
      [1, ann, "enters"],
      [1, ann, "replaces", true],
      [2, ann, "enters"],
      [3, bob, "enters"],
      [3, bob, "replaces", true],
      [2, ann, "replaces", false],
      [1, ann, "changes", false],
    ],
    bob,
    [3],
  ],
  [
    "an earlier page that stores before the later one",
    [
      [1, ann, "enters"],
      [2, bob, "enters"],
      [1, ann, "replaces", true],
      [2, bob, "replaces", true],
      [1, ann, "replaces", false],
      [1, ann, "changes", false],
    ],
    bob,
    [2],
  ],
  [
    "an owner who comes back",
    [
      [1, ann, "enters"],
      [1, ann, "replaces", true],
      [2, bob, "enters"],
      [2, bob, "replaces", true],
      [3, ann, "enters"],
      [3, ann, "replaces", true],
      [2, bob, "replaces", false],
    ],
    ann,
    [3],
  ],
  [
    "pages that were open when somebody logged out",
    [
      [1, ann, "enters"],
      [2, ann, "enters"],
      [1, ann, "replaces", true],
      [1, ann, "clears"],
      [2, ann, "changes", false],
      [2, ann, "replaces", false],
    ],
    ann,
    [],
  ],
  [
    "a page that was opened since",
    [
      [1, ann, "enters"],
      [1, ann, "clears"],
      [2, ann, "enters"],
      [2, ann, "replaces", true],
    ],
    ann,
    [2],
  ],
];

void test("the rows in the store", async (t) => {
  const browser = await launchBrowser(t);
  if (browser === undefined) return;
  const pageUrl = await servePage(t, await bundlePage("stored-rows"));
  const page = await browser.newPage();
  await page.goto(pageUrl);
  for (const [title, steps, owner, keys] of cases) {
    await t.test(title, async (t) => {
      const expected = steps.flatMap((step) => (step[3] === undefined ? [] : [step[3]]));
      t.same(await run(page, title, steps), expected);
      t.same(await shownTo(page, title, owner), keys);
    });
  }
});

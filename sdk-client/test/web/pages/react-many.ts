// Ten thousand rows, all of them on the page, in the build that users get.
import {
  haveSameItems,
  LightconeProvider,
  useConnection,
  useGroups,
  useRow,
  useRows,
  useSelected,
  useSubscription,
} from "@lightcone/sdk-client/react";
import { createElement as h, memo, type ReactNode } from "react";
import { createRoot } from "react-dom/client";
import type { Account, DbConnection } from "../bindings/bank/index.js";
import { connectBank, params, probe, rendered, watchFrames } from "./connect.ts";

const Line = memo(({ account }: { readonly account: Account }): ReactNode => {
  rendered("Line");
  return h("li", null, `${account.id}: ${account.balance}`);
});

const Lines = memo(({ accounts }: { readonly accounts: readonly Account[] }): ReactNode => {
  rendered("Group");
  return h(
    "ul",
    { className: "group" },
    accounts.map((account) => h(Line, { key: account.id, account })),
  );
});

/** The list has the rows: a change of a row renders it, the group of the row and its line. */
function RowList(): ReactNode {
  rendered("List");
  const { db } = useConnection<DbConnection>();
  const groups = useGroups(useRows(db.account), idOf);
  return h(
    "section",
    null,
    groups.map(({ key, items }) => h(Lines, { key, accounts: items })),
  );
}

function idOf({ id }: Account): number {
  return id;
}

const LineOf = memo(({ id }: { readonly id: number }): ReactNode => {
  rendered("Line");
  const { db } = useConnection<DbConnection>();
  const account = useRow(db.account, { id });
  return h("li", null, `${id}: ${account?.balance}`);
});

const LinesOf = memo(({ ids }: { readonly ids: readonly number[] }): ReactNode => {
  rendered("Group");
  return h(
    "ul",
    { className: "group" },
    ids.map((id) => h(LineOf, { key: id, id })),
  );
});

/** The list has the keys: a change of a row renders its line alone. */
function KeyList(): ReactNode {
  rendered("List");
  const { db } = useConnection<DbConnection>();
  const groups = useGroups(useSelected(db.account, idsOf, haveSameItems));
  return h(
    "section",
    null,
    groups.map(({ key, items }) => h(LinesOf, { key, ids: items })),
  );
}

function idsOf(accounts: readonly Account[]): readonly number[] {
  return accounts.map(idOf);
}

function App(): ReactNode {
  const { kind } = useSubscription("SELECT * FROM account");
  return h(
    "main",
    null,
    h("p", { id: "subscription" }, kind),
    h(params.get("list") === "keys" ? KeyList : RowList),
  );
}

/** The times from each frame of the screen to the next, and of tasks that kept the page busy for over 50 ms. */
interface Frames {
  readonly gapsMs: readonly number[];
  readonly longTasksMs: readonly number[];
}

function measureFrames(durationMs: number): Promise<Frames> {
  const gapsMs: number[] = [];
  const longTasksMs: number[] = [];
  const observer = new PerformanceObserver((list) => {
    longTasksMs.push(...list.getEntries().map(({ duration }) => duration));
  });
  observer.observe({ type: "longtask" });
  return new Promise((resolve) => {
    let last = performance.now();
    const end = last + durationMs;
    const step = (): void => {
      const now = performance.now();
      gapsMs.push(now - last);
      last = now;
      if (now < end) {
        requestAnimationFrame(step);
        return;
      }
      observer.disconnect();
      resolve({ gapsMs, longTasksMs });
    };
    requestAnimationFrame(step);
  });
}

watchFrames();
const connection = connectBank();
Object.assign(globalThis, { connection, measureFrames, probe });
const root = document.getElementById("root");
if (root !== null) createRoot(root).render(h(LightconeProvider, { connection }, h(App)));

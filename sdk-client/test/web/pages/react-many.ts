// Ten thousand rows, all of them on the page, in the build that users get.
import {
  LightconeProvider,
  useConnection,
  useRows,
  useSubscription,
} from "@lightcone/sdk-client/react";
import { createElement as h, memo, type ReactNode } from "react";
import { createRoot } from "react-dom/client";
import type { Account, DbConnection } from "../bindings/bank/index.js";
import { connectBank, probe, rendered, watchFrames } from "./connect.ts";

const Line = memo(({ account }: { readonly account: Account }): ReactNode => {
  rendered("Line");
  return h("li", null, `${account.id}: ${account.balance}`);
});

function List(): ReactNode {
  rendered("List");
  const { db } = useConnection<DbConnection>();
  const { kind } = useSubscription("SELECT * FROM account");
  const accounts = useRows(db.account);
  return h(
    "main",
    null,
    h("p", { id: "subscription" }, kind),
    h("p", { id: "count" }, accounts.length),
    h(
      "ul",
      null,
      accounts.map((account) => h(Line, { key: account.id, account })),
    ),
  );
}

/** Notes the time from each frame of the screen to the next for so long. */
function measureFrames(durationMs: number): Promise<number[]> {
  return new Promise((resolve) => {
    const gaps: number[] = [];
    let last = performance.now();
    const end = last + durationMs;
    const step = (): void => {
      const now = performance.now();
      gaps.push(now - last);
      last = now;
      if (now < end) requestAnimationFrame(step);
      else resolve(gaps);
    };
    requestAnimationFrame(step);
  });
}

watchFrames();
const connection = connectBank();
Object.assign(globalThis, { connection, measureFrames, probe });
const root = document.getElementById("root");
if (root !== null) createRoot(root).render(h(LightconeProvider, { connection }, h(List)));

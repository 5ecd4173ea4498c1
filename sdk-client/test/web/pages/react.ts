// A page that uses every hook, in strict mode.
import {
  LightconeProvider,
  useCall,
  useConnection,
  useGroups,
  useRow,
  useRows,
  useSelected,
  useSubscription,
  useSuspenseRows,
} from "@lightcone/sdk-client/react";
import {
  Component,
  createElement as h,
  type ReactNode,
  StrictMode,
  Suspense,
  useState,
} from "react";
import { createRoot } from "react-dom/client";
import type { Account, DbConnection } from "../bindings/bank/index.js";
import { connectBank, probe, rendered } from "./connect.ts";

const allAccounts = "SELECT * FROM account";

function isRich(account: Account): boolean {
  return account.balance > 1000n;
}

function Status(): ReactNode {
  const { status } = useConnection<DbConnection>();
  return h("p", { id: "status" }, status.kind);
}

function Subscribed({ id }: { readonly id: string }): ReactNode {
  const { kind } = useSubscription([allAccounts]);
  return h("p", { id }, kind);
}

function Count(): ReactNode {
  rendered("Count");
  const { db } = useConnection<DbConnection>();
  return h(
    "p",
    { id: "count" },
    useSelected(db.account, (rows) => rows.length),
  );
}

function One({ id }: { readonly id: number }): ReactNode {
  rendered(`One${id}`);
  const { db } = useConnection<DbConnection>();
  const account = useRow(db.account, { id });
  return h("p", { id: `one${id}` }, account === undefined ? "none" : String(account.balance));
}

function Grouped(): ReactNode {
  const { db } = useConnection<DbConnection>();
  const groups = useGroups(useRows(db.account), ({ id }) => id);
  return h("p", { id: "groups" }, groups.map(({ key, items }) => `${key}:${items.length}`).join());
}

function Rich(): ReactNode {
  rendered("Rich");
  const { db } = useConnection<DbConnection>();
  const rows = useRows(db.account, { where: isRich });
  return h("p", { id: "rich" }, rows.map(({ id }) => id).join());
}

function Inline({ least }: { readonly least: bigint }): ReactNode {
  const { db } = useConnection<DbConnection>();
  const rows = useRows(db.account, { where: ({ balance }) => balance >= least });
  return h("p", { id: "inline" }, rows.length);
}

function Transfer(): ReactNode {
  const { reducers } = useConnection<DbConnection>();
  const { call, isPending, error, reset } = useCall(reducers.transfer);
  const transfer = (amount: bigint) => async () => {
    const { ok } = await call({ from: 1, to: 2, amount });
    probe.notes.push(ok ? "done" : "refused");
  };
  return h(
    "div",
    null,
    h("button", { onClick: transfer(1000n) }, "transfer"),
    h("button", { onClick: transfer(-1n) }, "transfer nothing"),
    h("button", { onClick: reset }, "reset"),
    h("p", { id: "call" }, isPending ? "pending" : (error?.message ?? "idle")),
  );
}

function Suspended({ query }: { readonly query: string }): ReactNode {
  const { db } = useConnection<DbConnection>();
  const rows = useSuspenseRows(db.account, query);
  return h("p", { id: "suspended" }, `${rows.length} rows at once`);
}

class Boundary extends Component<{ readonly children?: ReactNode }, { readonly message?: string }> {
  override state: { readonly message?: string } = {};
  static getDerivedStateFromError(error: Error): { readonly message: string } {
    return { message: error.message };
  }
  override render(): ReactNode {
    const { message } = this.state;
    return message === undefined ? this.props.children : h("p", { id: "boundary" }, message);
  }
}

function Toggle(props: { readonly name: string; readonly children?: ReactNode }): ReactNode {
  const [isShown, setShown] = useState(false);
  const toggle = (): void => setShown(!isShown);
  return h(
    "div",
    null,
    h("button", { onClick: toggle }, props.name),
    isShown ? props.children : null,
  );
}

function suspended(query: string): ReactNode {
  const fallback = h("p", { id: "fallback" }, "waiting");
  return h(Boundary, null, h(Suspense, { fallback }, h(Suspended, { query })));
}

function App(): ReactNode {
  return h(
    "main",
    null,
    h(Status),
    h(Toggle, { name: "first" }, h(Subscribed, { id: "first" })),
    h(Toggle, { name: "second" }, h(Subscribed, { id: "second" })),
    h(Count),
    h(One, { id: 1 }),
    h(One, { id: 2 }),
    h(One, { id: 3 }),
    h(Rich),
    h(Grouped),
    h(Inline, { least: 500n }),
    h(Toggle, { name: "calls" }, h(Transfer)),
    h(Toggle, { name: "suspense" }, suspended("SELECT * FROM account WHERE id < 5")),
    h(Toggle, { name: "refused" }, suspended("SELECT * FROM nothing")),
  );
}

const connection = connectBank();
Object.assign(globalThis, { connection });
const root = document.getElementById("root");
if (root !== null) {
  createRoot(root).render(h(StrictMode, null, h(LightconeProvider, { connection }, h(App))));
}

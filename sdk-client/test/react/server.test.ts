// What a server renders, and what the compiler makes of the adapters.
import { createElement as h, type ReactNode } from "react";
import { renderToString } from "react-dom/server";
import { test } from "tap";
import type { LightconeService } from "../../src/angular/index.ts";
import {
  type Group,
  LightconeProvider,
  useCall,
  useConnection,
  useGroups,
  useRow,
  useRows,
  useSelected,
  useSubscription,
  useSuspenseRows,
} from "../../src/react/index.ts";
import type { CallResult } from "../../src/request.ts";
import * as svelte from "../../src/svelte/index.ts";
import * as vue from "../../src/vue/index.ts";
import { connectClient, startHost } from "../client.ts";
import { message } from "../chat.ts";
import type { Account, DbConnection } from "../web/bindings/bank/index.js";

function Everything(): ReactNode {
  const { db, reducers, status } = useConnection<DbConnection>();
  const { kind } = useSubscription("SELECT * FROM message");
  const rows = useRows(db.account);
  const one = useRow(db.account, { id: 1 });
  const count = useSelected(db.account, (all) => all.length);
  const waited = useSuspenseRows(db.account, "SELECT * FROM message");
  const groups = useGroups(rows, ({ id }) => id);
  const { isPending } = useCall((n: number) => reducers.seed({ n, balance: 0n }));
  return [
    status.kind,
    kind,
    rows.length,
    one?.id,
    count,
    waited.length,
    groups.length,
    isPending,
  ].join();
}

void test("a server renders no rows and subscribes to nothing", async (t) => {
  const host = await startHost(t);
  host.commit({ insert: { message: [message(1, "a")] } });
  const { connection } = await connectClient(t, host);
  await connection.subscribe("SELECT * FROM message").applied;
  Object.assign(connection.db, { account: connection.db.message });
  const before = host.messages.length;
  const html = renderToString(h(LightconeProvider, { connection }, h(Everything)));
  t.equal(html, "connecting,pending,0,,0,0,0,false");
  t.equal(host.messages.length, before);
});

void test("a hook without a provider says what is missing", (t) => {
  t.throws(() => renderToString(h(Everything)), {
    code: "LC_CONFIG",
    message: "hooks need a LightconeProvider above their component",
  });
  t.end();
});

// What follows is for the compiler: each marked line must not compile.

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

function assertType<_T extends true>(): void {
  // Nothing to do at run time.
}

function CheckReact(): void {
  const { db, reducers, connection } = useConnection<DbConnection>();
  assertType<Equal<typeof connection, DbConnection>>();
  const rows = useRows(db.account, { where: ({ balance }) => balance > 0n });
  assertType<Equal<typeof rows, readonly Account[]>>();
  const row = useRow(db.account, { id: 1 });
  assertType<Equal<typeof row, Account | undefined>>();
  const total = useSelected(db.account, (all) => all.reduce((sum, each) => sum + each.balance, 0n));
  assertType<Equal<typeof total, bigint>>();
  const [group] = useGroups(rows, ({ id }) => id);
  assertType<Equal<typeof group, Group<Account> | undefined>>();
  // @ts-expect-error rows have no such column
  useGroups(rows, ({ name }) => name);
  // @ts-expect-error a balance is a bigint
  useRows(db.account, { where: ({ balance }) => balance > "" });
  // @ts-expect-error balances are not unique
  useRow(db.account, { balance: 1n });
  // @ts-expect-error no such table
  useRows(db.message);
  const { call } = useCall((amount: bigint) => reducers.transfer({ from: 0, to: 1, amount }));
  void call(1n).then((outcome) => {
    if (outcome.ok) assertType<Equal<typeof outcome.value, CallResult>>();
    else assertType<Equal<typeof outcome.error, Error>>();
  });
  // @ts-expect-error an amount is a bigint
  void call(1);
  // @ts-expect-error arrays of rows are shared, nobody may change them
  rows.length = 0;
}

function checkOthers(connection: DbConnection, service: LightconeService<DbConnection>): void {
  const { db } = connection;
  assertType<Equal<ReturnType<typeof service.db.account.count>, number>>();
  const signal = service.rows(db.account, () => ({ where: ({ balance }) => balance > 0n }));
  assertType<Equal<ReturnType<typeof signal>, readonly Account[]>>();
  // @ts-expect-error balances are not unique
  service.row(db.account, { balance: 1n });
  const ref = vue.useRow(db.account, () => ({ id: 1 }));
  assertType<Equal<typeof ref.value, Account | undefined>>();
  // @ts-expect-error an id is a number
  vue.useRow(db.account, { id: "" });
  svelte.useRows(db.account).subscribe((rows) => {
    assertType<Equal<typeof rows, readonly Account[]>>();
  });
  // @ts-expect-error no such table
  svelte.useRows(db.message);
}

void test("types", (t) => {
  t.type(CheckReact, "function");
  t.type(checkOthers, "function");
  t.end();
});

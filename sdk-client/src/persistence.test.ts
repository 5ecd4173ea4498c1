// Rows of an earlier visit, as a connection takes them from any store: persist/ is tried in a browser.
import { compileCodec, type ProductValue, type TableRows } from "@lightcone/abi";
import { type Test, test } from "tap";
import { chat, message } from "../test/chat.ts";
import { type Client, connectClient, settled, startClient, startHost } from "../test/client.ts";
import type { FakeHost } from "../test/fake-host.ts";
import { rowList } from "../test/row-list.ts";
import { Deferred } from "./deferred.ts";
import type { PersistenceHost } from "./persistence.ts";

const codec = compileCodec<ProductValue>(chat.tables.message.row, chat.types);
const all = "SELECT * FROM message";

function kept(...rows: ProductValue[]): TableRows[] {
  return [{ table: "message", rows: rowList(codec, rows) }];
}

interface Kept {
  readonly client: Client;
  readonly store: PersistenceHost;
}

function start(t: Test, host: FakeHost): Kept {
  const attached: PersistenceHost[] = [];
  const client = startClient(t, host, (builder) =>
    builder.withPersistence({ attach: (store) => attached.push(store) }),
  );
  const [store] = attached;
  if (store === undefined) throw new Error("the store was not attached");
  return { client, store };
}

void test("shown before the server answers, then replaced by difference", async (t) => {
  const host = await startHost(t);
  host.commit({ insert: { message: [message(1, "a"), message(2, "new"), message(4, "d")] } });
  const { client, store } = start(t, host);
  t.same(
    store.tables.map(({ schema }) => schema.name),
    ["message", "user", "word"],
  );
  t.ok(store.showCached(kept(message(1, "a"), message(2, "old"), message(3, "c"))));
  t.ok(client.connection.isStale);
  t.equal(
    client.taken().join(),
    "+message 1/a/0 cached,+message 2/old/0 cached,+message 3/c/0 cached",
  );
  const [row] = [...client.connection.db.message];
  await client.connection.subscribe(all).applied;
  t.same(client.taken().slice(1), [
    "-message 3/c/0 reconnected",
    "~message 2/old/0 2/new/0 reconnected",
    "+message 4/d/0 reconnected",
  ]);
  t.notOk(client.connection.isStale);
  t.equal(client.connection.db.message.find({ id: 1n }), row, "the same object");
  t.equal(await store.token, "token-0");
});

void test("subscribed once the connection is there", async (t) => {
  const host = await startHost(t);
  host.commit({ insert: { message: [message(1, "a")] } });
  host.reducers.set("clear", () => ({}));
  const { client, store } = start(t, host);
  store.showCached(kept(message(1, "a"), message(2, "b")));
  await client.connection.connected;
  await client.connection.reducers.clear();
  t.ok(client.connection.isStale, "calls do not wait for a subscription");
  t.equal(client.connection.db.message.count(), 2);
  client.taken();
  const stale: boolean[] = [];
  client.connection.onStale((isStale) => stale.push(isStale));
  const subscriptions = [client.connection.subscribe(all), client.connection.subscribe(all)];
  await Promise.all(subscriptions.map(({ applied }) => applied));
  t.same(client.taken(), ["-message 2/b/0 reconnected"], "compared when both were answered");
  t.same(stale, [false]);
});

void test("lost before the server answered", async (t) => {
  const host = await startHost(t);
  host.commit({ insert: { message: [message(1, "a")] } });
  const { client, store } = start(t, host);
  store.showCached(kept(message(2, "b")));
  const subscription = client.connection.subscribe(all);
  const heard = new Deferred<void>();
  host.override = (session) => {
    host.override = () => false;
    session.terminate();
    heard.resolve();
    return true;
  };
  await heard.promise;
  await subscription.applied;
  t.equal(client.connection.isStale, false);
  t.same(
    client.taken().filter((line) => line.includes("message")),
    ["+message 2/b/0 cached", "-message 2/b/0 reconnected", "+message 1/a/0 reconnected"],
  );
});

void test("lost with nothing subscribed: still shown", async (t) => {
  const host = await startHost(t);
  const { client, store } = start(t, host);
  store.showCached(kept(message(2, "b")));
  await client.connection.connected;
  host.drop();
  await new Promise<void>((resolve) => {
    client.connection.onStatus(({ kind }) => {
      if (kind === "connected") resolve();
    });
  });
  await settled(client);
  t.ok(client.connection.isStale);
  t.equal(client.connection.db.message.count(), 1);
});

void test("too late, or for ever too late", async (t) => {
  const host = await startHost(t);
  const { client, store } = start(t, host);
  await client.connection.connected;
  await client.connection.subscribe(all).applied;
  t.notOk(store.showCached(kept(message(1, "a"))));
  client.connection.disconnect();
  t.notOk(store.showCached(kept(message(1, "a"))));
  const closed = start(t, host);
  closed.client.connection.disconnect();
  t.notOk(closed.store.showCached(kept(message(1, "a"))));
  await t.rejects(closed.store.token, { code: "LC_CONNECTION" });
});

void test("rows that do not decode change nothing", async (t) => {
  const host = await startHost(t);
  const { client, store } = start(t, host);
  const rows = { sizeHint: { kind: "fixedSize" as const, size: 1 }, data: Uint8Array.of(1) };
  t.throws(() => store.showCached([{ table: "message", rows }]), { code: "LC_BSATN_DECODE" });
  t.notOk(client.connection.isStale);
  t.ok(store.showCached(kept(message(1, "a"))));
});

void test("one change for each transaction, after the callbacks of rows; the version comes first", async (t) => {
  const host = await startHost(t);
  const client = await connectClient(t, host);
  const { message: table } = client.connection.db;
  const lines: string[] = [];
  const versions = [table.version];
  table.onInsert(() => lines.push(`row ${table.version - (versions[0] ?? 0)}`));
  table.onChange(({ inserted, deleted, updated }, { kind }) => {
    lines.push(`${inserted.length} ${deleted.length} ${updated.length} ${kind}`);
    versions.push(table.version);
  });
  await client.connection.subscribe(all).applied;
  host.commit({ insert: { message: [message(1, "a"), message(2, "b")] } });
  host.commit({ insert: { word: [{ word: "w", marks: [] }] } });
  host.commit({ delete: { message: [message(1, "a")] }, insert: { message: [message(1, "c")] } });
  await settled(client);
  t.same(lines, ["row 1", "row 1", "2 0 0 transaction", "0 0 1 transaction"]);
  t.equal(new Set(versions).size, 3);
});

import { setTimeout as sleep } from "node:timers/promises";
import { test } from "tap";
import { message } from "../../test/chat.ts";
import { connectClient, settled, startHost } from "../../test/client.ts";
import { queriesKey, sharedSubscription } from "./subscription-pool.ts";

const liked = "SELECT * FROM message WHERE likes > 0";
const all = "SELECT * FROM message";

void test("lists that ask the same", (t) => {
  t.equal(queriesKey(all), queriesKey([all]));
  t.equal(queriesKey([all, liked]), queriesKey([liked, all, liked]));
  t.equal(queriesKey({ toSql: () => all }), queriesKey(all), "built queries are their text");
  t.not(queriesKey(all), queriesKey(liked));
  t.end();
});

void test("held by many, one on the server; ends a while after the last", async (t) => {
  const host = await startHost(t);
  host.commit({ insert: { message: [message(1, "a")] } });
  const client = await connectClient(t, host);
  const shared = sharedSubscription(client.connection, queriesKey(all));
  t.equal(shared.get().kind, "pending");
  t.equal(sharedSubscription(client.connection, queriesKey(all)), shared);
  const release = shared.hold();
  release();
  const stops = [shared.hold(), shared.hold()];
  await settled(client);
  t.equal(shared.get().kind, "live");
  for (const stop of stops) {
    stop();
    stop();
  }
  t.equal(client.connection.db.message.count(), 1, "still there");
  t.equal(host.messages.filter(({ kind }) => kind === "subscribe").length, 1);
  while (client.connection.db.message.count() > 0) await sleep(50);
  t.equal(shared.get().kind, "pending");
  const again = shared.hold();
  await settled(client);
  t.equal(shared.get().kind, "live", "an ended one begins again");
  again();
});

void test("refused, and tried again by the next", async (t) => {
  const host = await startHost(t);
  const client = await connectClient(t, host);
  const shared = sharedSubscription(client.connection, queriesKey("SELECT nonsense"));
  let told = 0;
  t.teardown(
    shared.subscribe(() => {
      told++;
    }),
  );
  const settledOnce = shared.expect();
  await settledOnce;
  t.match(shared.get(), { kind: "failed", error: { code: "LC_SUBSCRIPTION" } });
  t.equal(told, 1);
  const stop = shared.hold();
  t.equal(shared.get().kind, "pending");
  await settled(client);
  t.equal(shared.get().kind, "failed");
  stop();
});

void test("a connection that is closed for good", async (t) => {
  const host = await startHost(t);
  const client = await connectClient(t, host);
  client.connection.disconnect();
  const shared = sharedSubscription(client.connection, queriesKey(all));
  await shared.expect();
  t.match(shared.get(), { kind: "failed", error: { code: "LC_CONNECTION" } });
});

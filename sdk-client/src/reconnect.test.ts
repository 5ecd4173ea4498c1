import { test } from "tap";
import { message } from "../test/chat.ts";
import {
  connectClient,
  type Setup,
  settled,
  startClient,
  startHost,
  status,
} from "../test/client.ts";
import type { Clockwork } from "./backoff.ts";
import type { ConnectionStatus } from "./event.ts";
import { memoryTokenStore } from "./token.ts";

void test("after a loss only the differences are told", async (t) => {
  const host = await startHost(t);
  host.commit({
    insert: { message: [message(1, "stays"), message(2, "goes"), message(3, "changes")] },
  });
  const client = await connectClient(t, host);
  const { connection, taken } = client;
  let appliedCount = 0;
  const onApplied = (): number => appliedCount++;
  const all = connection.subscribe("SELECT * FROM message", { onApplied });
  const some = connection.subscribe("SELECT * FROM message WHERE id > 1", { onApplied });
  await some.applied;
  taken();
  const kept = connection.db.message.find({ id: 1n });

  host.drop();
  await status(client, "reconnecting");
  t.same(taken(), ["disconnect LC_CONNECTION again"]);
  t.equal(connection.db.message.count(), 3, "the rows stay meanwhile");
  t.equal(all.isActive, true);
  host.commit({
    insert: { message: [message(3, "changed"), message(4, "comes")] },
    delete: { message: [message(2, "goes"), message(3, "changes")] },
  });
  await status(client, "connected");
  await settled(client);
  t.same(taken(), [
    "-message 2/goes/0 reconnected",
    "~message 3/changes/0 3/changed/0 reconnected",
    "+message 4/comes/0 reconnected",
  ]);
  t.equal(connection.db.message.find({ id: 1n }), kept, "a row that stayed is the same object");
  t.equal(appliedCount, 2, "applied is told once");
  t.equal(connection.identity?.value, 1n);
  t.equal(host.upgrades.at(-1)?.authorization, "Bearer token-0", "the same token again");

  host.commit({ delete: { message: [message(1, "stays"), message(4, "comes")] } });
  await all.unsubscribe();
  await some.unsubscribe();
  t.same(taken(), [
    "-message 1/stays/0 transaction",
    "-message 4/comes/0 transaction",
    "-message 3/changed/0 unsubscribed",
  ]);
});

void test("what is asked while the connection is lost", async (t) => {
  const host = await startHost(t);
  host.commit({ insert: { message: [message(1, "a")], word: [{ word: "w", marks: [] }] } });
  const client = await connectClient(t, host);
  const { connection, taken } = client;
  const ended = connection.subscribe("SELECT * FROM message");
  await ended.applied;
  host.override = () => true; // Silence.
  const call = connection.reducers.clear();
  const query = connection.query("SELECT * FROM user");
  const unanswered = connection.subscribe("SELECT * FROM word");
  const unsubscribed = connection.subscribe("SELECT * FROM word WHERE word = 'w'");
  const unsubscribing = unsubscribed.unsubscribe();
  await host.heard(5);
  taken();
  host.drop();
  await t.rejects(call, { code: "LC_OUTCOME_UNKNOWN", message: /whether clear ran is not known/ });
  await t.rejects(query, { code: "LC_CONNECTION" });
  await t.rejects(connection.reducers.clear(), { code: "LC_CONNECTION" });
  await t.rejects(connection.query("SELECT * FROM user"), { code: "LC_CONNECTION" });
  const late = connection.subscribe("SELECT * FROM user");
  const ending = ended.unsubscribe();
  t.equal(ended.isActive, false);
  t.equal(connection.db.message.count(), 1, "its rows go when the cache is right again");
  host.override = () => false;
  await Promise.all([unanswered.applied, late.applied, ending, unsubscribing]);
  await t.rejects(unsubscribed.applied, { code: "LC_CONNECTION" });
  t.same(taken(), [
    "disconnect LC_CONNECTION again",
    "-message 1/a/0 reconnected",
    "+word w/ reconnected",
  ]);
  t.equal(host.session.sets.size, 2);
});

void test("answers wait for the rows while the cache is being restored", async (t) => {
  const host = await startHost(t);
  const client = await connectClient(t, host);
  const { connection, taken } = client;
  await connection.subscribe("SELECT * FROM message").applied;
  host.reducers.set("clear", () => ({ insert: { message: [message(1, "own")] } }));
  let release = (): void => undefined;
  host.override = (session, subscribe) => {
    host.override = () => false;
    release = () => host.answer(session, subscribe, new Uint8Array(0));
    return true;
  };
  host.drop();
  await status(client, "connected");
  taken();
  let isDone = false;
  const call = connection.reducers.clear().then(() => (isDone = true));
  await settled(client);
  t.equal(isDone, false, "the answer is there, the rows are not");
  release();
  await call;
  t.same(taken(), ["+message 1/own/0 reconnected"]);
});

void test("a query set that fails later is dropped and the rest is fetched anew", async (t) => {
  const host = await startHost(t);
  host.commit({ insert: { message: [message(1, "a")], word: [{ word: "w", marks: [] }] } });
  const client = await connectClient(t, host);
  const errors: string[] = [];
  const failing = client.connection.subscribe("SELECT * FROM message", {
    onError: (error) => errors.push(`${error.code} ${error.message}`),
  });
  await client.connection.subscribe("SELECT * FROM word").applied;
  client.taken();
  const failure = { kind: "subscriptionError", requestId: undefined } as const;
  host.session.send({ ...failure, querySetId: 1, error: "table dropped" });
  await status(client, "connected");
  await settled(client);
  t.same(errors, ["LC_SUBSCRIPTION table dropped"]);
  t.equal(failing.isActive, false);
  t.same(client.taken(), ["disconnect LC_SUBSCRIPTION again", "-message 1/a/0 reconnected"]);
  t.equal(host.session.sets.size, 1);
});

void test("the first connection", async (t) => {
  const host = await startHost(t);
  host.reducers.set("clear", () => ({ insert: { message: [message(1, "early")] } }));
  const client = startClient(t, host);
  const early = client.connection.reducers.clear();
  void client.connection.subscribe("SELECT * FROM message");
  await early;
  t.same(client.taken(), ["connect 1 token-0", "+message 1/early/0 reducer"]);

  await host.stop();
  const lonely = startClient(t, host);
  const call = lonely.connection.reducers.clear();
  const { applied } = lonely.connection.subscribe("SELECT * FROM message");
  await t.rejects(lonely.connection.connected, { code: "LC_CONNECTION" });
  await t.rejects(call, { code: "LC_CONNECTION" });
  await t.rejects(applied, { code: "LC_CONNECTION" });
  await t.rejects(lonely.connection.reducers.clear(), { code: "LC_CONNECTION" });
  await t.rejects(lonely.connection.subscribe("SELECT * FROM user").applied, {
    code: "LC_CONNECTION",
  });
  t.same(lonely.taken(), ["connect error LC_CONNECTION"]);
  t.equal(lonely.connection.status.kind, "closed");

  const patient = startClient(t, host, (builder) => builder.withReconnect({ retriesFirst: true }));
  await status(patient, "reconnecting");
  await host.start();
  await patient.connection.connected;
  t.match(patient.taken().at(-1), /^connect /);
});

void test("disconnect() ends all", async (t) => {
  const host = await startHost(t);
  host.commit({ insert: { message: [message(1, "a")] } });
  const client = await connectClient(t, host);
  const { connection, taken } = client;
  const statuses: string[] = [];
  connection.onStatus(({ kind }) => statuses.push(kind));
  const subscription = connection.subscribe("SELECT * FROM message");
  await subscription.applied;
  taken();
  const call = connection.reducers.clear();
  connection.disconnect();
  connection.disconnect();
  t.same(taken(), ["disconnect undefined over"]);
  t.same(statuses, ["closed"]);
  await t.rejects(call, { code: "LC_OUTCOME_UNKNOWN" });
  await t.rejects(connection.reducers.clear(), { code: "LC_CONNECTION" });
  t.equal(subscription.isActive, false);
  t.equal(connection.db.message.count(), 1, "the rows can still be read");
  t.equal(await subscription.unsubscribe(), undefined);

  const waiting = await connectClient(t, host, (builder) =>
    builder.withReconnect({ firstDelayMs: 60_000 }),
  );
  host.drop();
  await status(waiting, "reconnecting");
  waiting.connection.disconnect();
  t.equal(waiting.connection.status.kind, "closed");
  const opening = startClient(t, host);
  opening.connection.disconnect();
  await t.rejects(opening.connection.connected, { code: "LC_CONNECTION" });
});

void test("waits grow up to their maximum and start again after a good while", async (t) => {
  const host = await startHost(t);
  const timers: { readonly delayMs: number; readonly callback: () => void }[] = [];
  const clockwork: Clockwork = {
    setTimer: (callback, delayMs) => {
      const timer = { callback, delayMs };
      timers.push(timer);
      return () => timers.splice(timers.indexOf(timer), 1);
    },
    random: () => 0.5,
  };
  const client = await connectClient(t, host, (builder) =>
    builder
      .withClockwork(clockwork)
      .withReconnect({ firstDelayMs: 100, delayMsMax: 400, jitter: 0.5, attemptsMax: 5 }),
  );
  const statuses: ConnectionStatus[] = [];
  client.connection.onStatus((each) => statuses.push(each));
  const delays = (): number[] =>
    statuses.flatMap((each) => (each.kind === "reconnecting" ? [each.delayMs] : []));
  const fire = (): void => timers.shift()?.callback();
  t.same(
    timers.map(({ delayMs }) => delayMs),
    [5000],
    "only the watch for stability",
  );
  await host.stop();
  await status(client, "reconnecting");
  for (let attempt = 1; attempt < 4; attempt++) {
    fire();
    await status(client, "reconnecting");
  }
  t.same(delays(), [75, 150, 300, 300]);
  await host.start();
  fire();
  await status(client, "connected");
  host.drop();
  await status(client, "reconnecting");
  t.equal(delays().at(-1), 300, "a short connection does not count");
  fire();
  await status(client, "connected");
  fire();
  host.drop();
  await status(client, "reconnecting");
  t.equal(delays().at(-1), 75, "one that lasted does");
  await host.stop();
  for (let attempt = 1; attempt < 5; attempt++) {
    fire();
    await status(client, "reconnecting");
  }
  fire();
  await status(client, "closed");
  const last = statuses.at(-1);
  t.equal(last?.kind === "closed" && last.error?.code, "LC_CONNECTION");
  t.same(timers, []);
});

void test("withReconnect(false)", async (t) => {
  const host = await startHost(t);
  const client = await connectClient(t, host, (builder) => builder.withReconnect(false));
  const { applied } = client.connection.subscribe("SELECT * FROM message");
  await applied;
  host.session.close(1001, "module exited");
  await status(client, "closed");
  t.same(client.taken(), ["disconnect LC_CONNECTION over"]);
});

void test("tokens", async (t) => {
  const host = await startHost(t);
  const store = memoryTokenStore();
  const withStore: Setup = (builder) => builder.withTokenStore(store);
  const first = await connectClient(t, host, withStore);
  t.equal(store.get(host.url), "token-0");
  const second = await connectClient(t, host, withStore);
  t.ok(first.connection.identity?.equals(second.connection.identity!));
  t.equal(host.upgrades[0]?.authorization, undefined);
  t.equal(host.upgrades[1]?.authorization, "Bearer token-0");
  t.match(host.upgrades[1]?.url, "/v1/database/chat/subscribe?compression=None");

  host.tokens.clear();
  const third = await connectClient(t, host, withStore);
  t.equal(third.connection.token, "token-1", "a stale token in the store is replaced");
  t.equal(store.get(host.url), "token-1");

  const forged = startClient(t, host, (builder) =>
    builder.withToken("forged").withReconnect({ retriesFirst: true }),
  );
  await t.rejects(forged.connection.connected, { code: "LC_TOKEN_INVALID" });
  t.same(forged.taken(), ["connect error LC_TOKEN_INVALID"], "trying again would not help");

  const broken = {
    get: () => Promise.reject(new Error("no get")),
    set: () => Promise.reject(new Error("no set")),
  };
  const careless = startClient(t, host, (builder) => builder.withTokenStore(broken));
  await careless.connection.connected;
  await settled(careless);
  t.same(careless.taken(), [
    "reported Error: no get",
    "connect 3 token-2",
    "reported Error: no set",
  ]);
});

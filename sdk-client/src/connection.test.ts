import { compileCodec, emptyRowList, encode, type LightconeError } from "@lightcone/abi";
import { test } from "tap";
import { message } from "../test/chat.ts";
import { connectClient, settled, startClient, startHost } from "../test/client.ts";

void test("connects, subscribes and follows transactions", async (t) => {
  const host = await startHost(t);
  host.commit({ insert: { message: [message(1, "a"), message(2, "b")] } });
  const client = startClient(t, host);
  const { connection, taken } = client;
  t.equal(connection.status.kind, "connecting");
  t.equal(connection.identity, undefined);
  await connection.connected;
  t.same(taken(), ["connect 1 token-0"]);
  t.equal(connection.identity?.value, 1n);
  t.equal(connection.connectionId?.value, 1n);
  t.equal(connection.token, "token-0");
  t.equal(connection.status.kind, "connected");

  const subscription = connection.subscribe("SELECT * FROM message");
  t.equal(subscription.isActive, false);
  await subscription.applied;
  t.equal(subscription.isActive, true);
  t.same(taken(), ["+message 1/a/0 subscribed", "+message 2/b/0 subscribed"]);

  host.commit({ insert: { message: [message(3, "c")] } });
  host.commit({ delete: { message: [message(1, "a")] } });
  host.commit({
    insert: { message: [message(2, "b", 9)], word: [{ word: "unseen", marks: [] }] },
    delete: { message: [message(2, "b")] },
  });
  await settled(client);
  t.same(taken(), [
    "+message 3/c/0 transaction",
    "-message 1/a/0 transaction",
    "~message 2/b/0 2/b/9 transaction",
  ]);
  const { db } = connection;
  t.equal(db.message.count(), 2);
  t.equal(db.word.count(), 0);
  t.same(db.message.find({ id: 2n }), { id: 2n, text: "b", likes: 9 });
  t.same(db.message.find({ likes: 9, text: "b" })?.id, 2n);
  t.equal(db.message.find({ id: 1n }), undefined);
  t.same(
    Array.from(db.message, ({ id }) => Number(id)).toSorted((one, other) => one - other),
    [2n, 3n],
  );
});

void test("the cache is whole when callbacks run, and they can be removed", async (t) => {
  const host = await startHost(t);
  const { connection } = await connectClient(t, host);
  const counts: number[][] = [];
  const stop = connection.db.word.onInsert(() => {
    counts.push([connection.db.word.count(), connection.db.message.count()]);
  });
  await connection.subscribe(["SELECT * FROM message", "SELECT * FROM word"]).applied;
  const word = (text: string) => ({ word: text, marks: [1, 2] });
  host.commit({ insert: { message: [message(1, "a")], word: [word("x"), word("y")] } });
  await connection.query("SELECT * FROM user");
  t.same(counts, [
    [2, 1],
    [2, 1],
  ]);
  stop();
  stop();
  host.commit({ insert: { word: [word("z")] } });
  await connection.query("SELECT * FROM user");
  t.equal(counts.length, 2);
  t.equal(connection.db.word.count(), 3);
});

void test("what a callback throws is reported and harms nobody else", async (t) => {
  const host = await startHost(t);
  const client = await connectClient(t, host);
  const { connection } = client;
  connection.db.user.onInsert(() => {
    throw new Error("my own fault");
  });
  await connection.subscribe("SELECT * FROM message", {
    onApplied: () => {
      throw new Error("also mine");
    },
  }).applied;
  await connection.subscribe("SELECT * FROM user").applied;
  host.commit({ insert: { user: [{ identity: connection.identity, name: "Al" }] } });
  await settled(client);
  t.same(client.taken(), [
    "reported Error: also mine",
    `+user ${connection.identity?.toHex()}/Al transaction`,
    "reported Error: my own fault",
  ]);
  t.equal(connection.db.user.find({ identity: connection.identity! })?.name, "Al");
});

void test("rows of event tables pass by", async (t) => {
  const host = await startHost(t);
  const client = await connectClient(t, host);
  await client.connection.subscribe("SELECT * FROM ping").applied;
  host.commit({ insert: { ping: [{ from: "Al" }, { from: "Al" }] } });
  await settled(client);
  t.same(client.taken(), ["+ping Al transaction", "+ping Al transaction"]);
});

void test("several subscriptions select the same rows", async (t) => {
  const host = await startHost(t);
  host.commit({ insert: { message: [message(1, "a"), message(2, "b"), message(3, "c")] } });
  const client = await connectClient(t, host);
  const { connection, taken } = client;
  const low = connection.subscribe("SELECT * FROM message WHERE id < 3");
  const high = connection.subscribe([
    "SELECT * FROM message WHERE id > 1",
    "SELECT * FROM message WHERE text = 'c'",
  ]);
  await high.applied;
  t.same(taken(), [
    "+message 1/a/0 subscribed",
    "+message 2/b/0 subscribed",
    "+message 3/c/0 subscribed",
  ]);
  host.commit({ insert: { message: [message(2, "c")] }, delete: { message: [message(2, "b")] } });
  await settled(client);
  t.same(taken(), ["~message 2/b/0 2/c/0 transaction"]);
  await low.unsubscribe();
  t.equal(low.isActive, false);
  t.same(taken(), ["-message 1/a/0 unsubscribed"]);
  await high.unsubscribe();
  t.same(taken(), ["-message 3/c/0 unsubscribed", "-message 2/c/0 unsubscribed"]);
  t.equal(connection.db.message.count(), 0);
  t.equal(await high.unsubscribe(), undefined, "a second time does nothing");
  t.equal(host.session.sets.size, 0);
});

void test("unsubscribing at once, before the answer", async (t) => {
  const host = await startHost(t);
  host.commit({ insert: { message: [message(1, "a")] } });
  const client = await connectClient(t, host);
  await client.connection.subscribe("SELECT * FROM message").unsubscribe();
  t.equal(client.connection.db.message.count(), 0);
  t.equal(host.session.sets.size, 0);
  await client.connection.subscribe("SELECT * FROM nothing").unsubscribe();
  t.equal(client.connection.status.kind, "connected", "a refusal leaves nothing to unsubscribe");
});

void test("refused subscriptions", async (t) => {
  const host = await startHost(t);
  const { connection } = await connectClient(t, host);
  const errors: LightconeError[] = [];
  const refused = connection.subscribe("SELECT * FROM nothing", {
    onApplied: () => t.fail("it is refused"),
    onError: (error) => errors.push(error),
  });
  await t.rejects(refused.applied, { code: "LC_SUBSCRIPTION", message: "bad query" });
  t.equal(errors.length, 1);
  t.equal(refused.isActive, false);
  await connection.subscribe("SELECT * FROM user").applied;
});

void test("reducer calls", async (t) => {
  const host = await startHost(t);
  const client = await connectClient(t, host);
  const { connection, taken } = client;
  const textOf = compileCodec({ kind: "string" });
  host.reducers.set("say_it", (args) => {
    const inserted = message(host.messages.length, "said");
    if (Buffer.from(args).equals(encode(textOf, ""))) throw new Error("a message has text");
    return { insert: { message: [inserted] } };
  });
  await connection.subscribe("SELECT * FROM message").applied;
  const seen = connection.reducers.say({ text: "hi" }).then(({ timestamp }) => {
    t.equal(connection.db.message.count(), 1, "the call's rows are there");
    t.same(taken(), ["+message 2/said/0 reducer"], "and their callbacks have run");
    return timestamp;
  });
  t.equal((await seen).micros, 2n);
  await t.rejects(connection.reducers.say({ text: "" }), {
    code: "LC_REDUCER_FAILED",
    message: "a message has text",
  });
  await t.rejects(connection.reducers.clear(), {
    code: "LC_MODULE_TRAP",
    message: "clear: no such reducer",
  });
  const wrong = { text: 7 } as unknown as { text: string };
  await t.rejects(connection.reducers.say(wrong), {
    code: "LC_VALUE_INVALID",
    message: "arguments of say_it: expected a string, given 7",
  });
  await t.rejects(connection.reducers.say({ text: "x".repeat(40_000_000) }), { code: "LC_LIMIT" });
});

void test("other clients see a call as a transaction", async (t) => {
  const host = await startHost(t);
  host.reducers.set("clear", () => ({ insert: { message: [message(1, "new")] } }));
  const caller = await connectClient(t, host);
  const other = await connectClient(t, host);
  await other.connection.subscribe("SELECT * FROM message").applied;
  await caller.connection.reducers.clear();
  await settled(other);
  t.same(other.taken(), ["+message 1/new/0 transaction"]);
  t.same(caller.taken(), []);
  t.notOk(caller.connection.identity?.equals(other.connection.identity!));
});

void test("one-off queries", async (t) => {
  const host = await startHost(t);
  host.commit({ insert: { message: [message(1, "a"), message(2, "b")] } });
  const { connection } = await connectClient(t, host);
  const rows = await connection.query("SELECT * FROM message WHERE text = 'b'");
  t.same(rows, [{ id: 2n, text: "b", likes: 0 }]);
  t.equal(connection.db.message.count(), 0, "the cache is not touched");
  await t.rejects(connection.query("SELECT oops"), {
    code: "LC_REQUEST_INVALID",
    message: "bad query",
  });
  host.override = (session, { requestId }) => {
    const tables = [{ table: "secret", rows: emptyRowList }];
    const result = { kind: "ok" as const, tables };
    session.send({ kind: "oneOffQueryResult", requestId, result });
    return true;
  };
  await t.rejects(connection.query("SELECT * FROM secret"), { code: "LC_TABLE_UNKNOWN" });
});

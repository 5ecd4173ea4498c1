// The life of a subscription, and what is told once for each transaction.
import { test } from "tap";
import { message, show } from "../test/chat.ts";
import { connectClient, settled, startHost, status } from "../test/client.ts";

void test("states, errors and the end", async (t) => {
  const host = await startHost(t);
  const { connection } = await connectClient(t, host);
  const log: string[] = [];
  const callbacks = {
    onApplied: () => log.push("applied"),
    onError: () => log.push("error"),
    onEnded: () => log.push("ended"),
  };
  const whole = connection.subscribe("SELECT * FROM message", callbacks);
  t.equal(whole.state, "pending");
  await whole.applied;
  t.equal(whole.state, "active");
  const ending = whole.unsubscribe();
  t.equal(whole.state, "ending");
  await Promise.all([ending, whole.ended]);
  t.equal(whole.state, "ended");
  t.equal(whole.error, undefined);
  t.same(log.splice(0), ["applied", "ended"]);

  const refused = connection.subscribe("SELECT * FROM nothing", callbacks);
  await refused.ended;
  t.equal(refused.error?.code, "LC_SUBSCRIPTION");
  t.same(log.splice(0), ["error", "ended"]);

  const unwanted = connection.subscribe("SELECT * FROM nothing", callbacks);
  await unwanted.unsubscribe();
  t.equal(unwanted.error, undefined, "the program ended it before the refusal came");
  t.same(log.splice(0), ["ended"]);

  const closed = connection.subscribe("SELECT * FROM message", callbacks);
  connection.disconnect();
  await closed.ended;
  t.equal(closed.error?.code, "LC_CONNECTION");
  t.same(log.splice(0), ["ended"]);
});

void test("onChange is called once for each transaction, when all else is told", async (t) => {
  const host = await startHost(t);
  host.commit({ insert: { message: [message(1, "a")] } });
  const client = await connectClient(t, host);
  const { connection } = client;
  const log: string[] = [];
  const { message: table, word } = connection.db;
  table.onInsert((row) => log.push(`+${show(row)}`));
  const stop = table.onChange(({ inserted, deleted, updated }, { kind }) => {
    log.push(`table ${inserted.length} ${deleted.length} ${updated.length} ${kind}`);
  });
  word.onChange(() => log.push("words"));
  const subscribe = (name: string, sql: string): Promise<void> =>
    connection.subscribe(sql, { onChange: ({ kind }) => log.push(`${name} ${kind}`) }).applied;
  await subscribe("all", "SELECT * FROM message");
  await subscribe("high", "SELECT * FROM message WHERE id > 5");
  await subscribe("words", "SELECT * FROM word");
  t.same(log.splice(0), ["+1/a/0", "table 1 0 0 subscribed"], "first rows are no change");

  host.commit({ insert: { message: [message(2, "b"), message(3, "c")] } });
  await settled(client);
  t.same(log.splice(0), ["+2/b/0", "+3/c/0", "table 2 0 0 transaction", "all transaction"]);
  host.commit({
    insert: { message: [message(1, "A"), message(7, "g")], word: [{ word: "w", marks: [] }] },
    delete: { message: [message(1, "a"), message(2, "b")] },
  });
  await settled(client);
  t.same(log.splice(0), [
    "+7/g/0",
    "table 1 1 1 transaction",
    "words",
    "all transaction",
    "high transaction",
    "words transaction",
  ]);

  host.drop();
  await status(client, "connected");
  await settled(client);
  t.same(log.splice(0), [], "nothing changed meanwhile");
  host.drop();
  await status(client, "reconnecting");
  host.commit({ delete: { message: [message(7, "g")] } });
  stop();
  await status(client, "connected");
  await settled(client);
  t.same(log.splice(0), ["all reconnected", "high reconnected", "words reconnected"]);
});

void test("subscribeToAllTables", async (t) => {
  const host = await startHost(t);
  const { connection } = await connectClient(t, host);
  const all = connection.subscribeToAllTables();
  t.same(all.queries, [
    'SELECT * FROM "message"',
    'SELECT * FROM "user"',
    'SELECT * FROM "word"',
    'SELECT * FROM "ping"',
  ]);
});

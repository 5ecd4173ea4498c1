// The kit on the chat in Rust and in AssemblyScript: what a test of a module does with it.
import { readWasm, wasmPath } from "@lightcone/fixtures/wasm";
import { LightconeError } from "@lightcone/abi";
import { t as root, type Test, test } from "tap";
import { identityOf } from "../embedded/caller.ts";
import { openTestDatabase, type TestDatabase } from "./app.ts";
import type { ModuleTypes } from "../embedded/types.ts";

/** Generous: machines may be slow, and other tests run beside this one. */
const timeout = 300_000;
root.setTimeout(timeout);

const chats = ["chat", "chat-as"] as const;

for (const name of chats) {
  void test(`${name}: calls, subscriptions and errors`, async (t) => {
    const app = await openTestDatabase({ wasm: wasmPath(name) });
    const alice = await app.connect("alice");
    const bob = await app.connect("bob");
    const watched = await bob.subscribe("SELECT * FROM user", "SELECT * FROM message");
    t.equal(watched.rows("user").length, 2, "both are there");
    const { timestamp } = await alice.call("sendMessage", { text: "hello" });
    t.same(watched.changes(), [
      {
        table: "message",
        inserted: [{ id: 1n, sender: alice.identity, sent: timestamp, text: "hello" }],
        deleted: [],
        updated: [],
      },
    ]);
    await alice.call("set_name", ["Al"]);
    const [change] = watched.changes();
    const before = { identity: alice.identity, name: undefined, online: true };
    t.same(change?.updated, [{ from: before, to: { ...before, name: "Al" } }]);
    t.same(watched.changes(), [], "each is told once");
    await t.rejects(alice.call("send_message", { text: " " }), {
      code: "LC_REDUCER_FAILED",
      message: "a message must not be empty",
    });
    t.match(app.logs.at(-1), { level: "Error", message: /send_message returned an error/ });
    t.same(alice.rows("message"), [], "alice watches nothing");
    t.same(await alice.sql("SELECT text FROM message WHERE id = 1"), [{ text: "hello" }]);
    await watched.unsubscribe();
    t.notOk(watched.isActive);
    await alice.call("send_message", ["again"]);
    t.same(watched.changes(), []);
    await alice.disconnect();
    t.notOk(alice.isConnected);
    t.equal(
      app
        .table("user")
        .rows()
        .filter(({ online }) => online === true).length,
      1,
    );
    await t.rejects(alice.call("send_message", ["gone"]), { code: "LC_CONNECTION" });
    await app.close();
  });

  void test(`${name}: fifty tests, each with state of its own`, { timeout: timeout }, async (t) => {
    const origin = await openTestDatabase({ wasm: readWasm(name) });
    await origin.table("message").insert(
      ...["one", "two", "three"].map((text) => ({
        sender: identityOf("alice"),
        sent: origin.clock.now(),
        text,
      })),
    );
    for (let i = 0; i < 50; i++) {
      const app = await origin.fork();
      const bob = await app.connect("bob");
      await bob.call("send_message", { text: `number ${i}` });
      const texts = app
        .table("message")
        .rows()
        .map(({ text }) => text);
      t.same(texts, ["one", "two", "three", `number ${i}`]);
      await app.close();
    }
    t.equal(origin.table("message").count, 3, "the origin has seen nothing of it");
    await origin.close();
    const sent = origin.coverage().functions.find((one) => one.name === "send_message");
    t.same(sent, { kind: "reducer", name: "send_message", calls: 50, failures: 0 });
    t.same(origin.coverage().missing, ["set_name"]);
  });
}

/** What a value given to a reducer or a table comes to. */
const refusals: Record<string, (app: TestDatabase<ModuleTypes & Loose>) => Promise<unknown>> = {
  "LC_VALUE_INVALID the module has no reducer sing; it has: ": async (app) =>
    (await app.connect()).call("sing"),
  "LC_REDUCER_ARGUMENTS reducer set_name: has no field nam; its fields: name": async (app) =>
    (await app.connect()).call("set_name", { nam: "x" }),
  "LC_REDUCER_ARGUMENTS reducer set_name: name is missing: expected a string": async (app) =>
    (await app.connect()).call("set_name"),
  "LC_REDUCER_ARGUMENTS reducer set_name: takes 1 values, given 2": async (app) =>
    (await app.connect()).call("set_name", ["x", "y"]),
  LC_SUBSCRIPTION: async (app) => (await app.connect()).subscribe("SELECT * FROM nowhere"),
  LC_SQL_: async (app) => (await app.connect()).sql("SELEKT"),
  LC_SQL_FORBIDDEN: async (app) => (await app.connect()).sql("DELETE FROM message"),
  "LC_TABLE_UNKNOWN no table is named mesage; there are: ": async (app) => app.table("mesage"),
  "LC_VALUE_INVALID row of message: text: expected a string, given 5": async (app) =>
    app.table("message").insert({ text: 5, sender: app.owner, sent: app.clock.now() }),
  "LC_VALUE_INVALID row of message: sender is missing": async (app) =>
    app.table("message").insert({ text: "x" }),
  "LC_SQL_CONSTRAINT a row of message has a unique key that is taken: id 7": async (app) => {
    const row = { id: 7n, text: "x", sender: app.owner, sent: app.clock.now() };
    await app.table("message").insert(row, { ...row, text: "y" });
  },
  "LC_VALUE_INVALID time does not go back": async (app) => app.clock.advance(-1),
  LC_PUBLISH_REFUSED: async (app) => app.publish(wasmPath("chat-bad")),
  LC_DISK: async (app) => app.publish("no-such-file.wasm"),
};

interface Loose {
  readonly rows: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly reducers: Readonly<Record<string, unknown>>;
}

void test("what does not fit is refused, and nothing happens", async (t) => {
  const origin = await openTestDatabase<Loose>({ wasm: wasmPath("chat") });
  for (const [expected, run] of Object.entries(refusals)) {
    const app = await origin.fork();
    const thrown = await run(app).then(
      () => undefined,
      (fault: unknown) => fault,
    );
    t.ok(thrown instanceof LightconeError, expected);
    const text = thrown instanceof LightconeError ? `${thrown.code} ${thrown.message}` : "";
    t.ok(text.startsWith(expected), text);
    t.equal(app.table("message").count, 0);
    await app.close();
  }
  await origin.close();
});

/** Whether two runs of the same calls leave the same rows and ids. */
async function runOnce(t: Test, seed?: number): Promise<string> {
  const app = await openTestDatabase({
    wasm: wasmPath("features"),
    clock: new Date("2030-01-01"),
    ...(seed !== undefined && { seed }),
  });
  const client = await app.connect("alice");
  await client.call("draw_numbers");
  t.equal(app.table("draw").count > 0, true);
  const drawn = app
    .table("draw")
    .rows()
    .map(({ first, letters }) => [first, letters]);
  await app.close();
  return `${client.connectionId.toHex()} ${JSON.stringify(drawn, (_, value: unknown) => String(value))}`;
}

void test("chance repeats itself", { timeout }, async (t) => {
  const first = await runOnce(t);
  t.equal(await runOnce(t), first);
  t.not(await runOnce(t, 2), first, "another seed gives other ids");
});

void test("a database starts again, and runs another program", async (t) => {
  const app = await openTestDatabase({ wasm: wasmPath("chat"), owner: "ada" });
  const ada = await app.connect("owner");
  t.ok(ada.identity.equals(identityOf("ada")));
  await ada.call("set_name", ["Ada"]);
  await app.restart();
  t.notOk(ada.isConnected);
  t.match(app.table("user").rows(), [{ name: "Ada", online: false }]);
  t.equal(await app.publish(wasmPath("chat-v2")), "updated");
  t.equal(await app.publish(wasmPath("chat-v2")), "unchanged");
  const again = await app.connect("owner");
  await again.call("send_message", ["to the new one"]);
  const fork = await app.fork();
  t.equal(fork.table("message").count, 1, "a fork runs the program of its origin");
  t.equal(await fork.publish(wasmPath("chat-v2")), "unchanged");
  await fork.close();
  const deleted = await app.table("message").delete(({ text }) => text === "to the new one");
  t.equal(deleted, 1);
  t.equal(await app.table("message").delete(() => true), 0);
  await t.rejects(
    app.table("user").delete(() => {
      throw new Error("mine");
    }),
    /mine/,
  );
  t.equal(app.table("user").count, 1, "a test's own fault changes nothing");
  await app.close();
});

void test("a large state is forked by a snapshot", { timeout }, async (t) => {
  const origin = await openTestDatabase({ wasm: wasmPath("chat-as") });
  const alice = await origin.connect("alice");
  for (let i = 0; i < 1100; i++) await alice.call("send_message", [`text ${i}`]);
  for (let i = 0; i < 3; i++) {
    const fork = await origin.fork();
    t.equal(fork.table("message").count, 1100);
    const row = { text: "next", sender: fork.owner, sent: fork.clock.now() };
    const [inserted] = await fork.table("message").insert(row);
    t.ok((inserted?.["id"] as bigint) > 1100n, "numbers go on");
    await fork.close();
  }
  t.equal(origin.table("message").count, 1100);
  await origin.close();
});

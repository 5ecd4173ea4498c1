// Subscriptions as protocol.md sections 7.2, 7.4 and 7.6 to 7.8 have them.
import { test } from "tap";
import { emptyRowList, rowCount, type ServerMessage, type Value } from "@lightcone/abi";
import { readWasm } from "@lightcone/fixtures/wasm";
import { owner, TestClient, TestHost } from "./test-client.ts";

interface World {
  readonly host: TestHost;
  readonly alice: TestClient;
  readonly bob: TestClient;
}

async function open(): Promise<World> {
  const host = new TestHost();
  const service = await host.open();
  await service.publish(readWasm("probe"), owner);
  const [alice, bob] = [new TestClient(host, 1, "alice"), new TestClient(host, 2, "bob")];
  host.take(1);
  host.take(2);
  return { host, alice, bob };
}

type Applied = Extract<ServerMessage, { kind: "subscribeApplied" }>;

/** Tables with how many rows each, or the error. */
function applied(messages: readonly ServerMessage[]): unknown {
  const [message] = messages;
  if (messages.length !== 1) return messages;
  if (message?.kind === "subscriptionError") return message.error;
  if (message?.kind !== "subscribeApplied" && message?.kind !== "unsubscribeApplied")
    return message;
  return message.tables?.map(
    ({ table, rows }: Applied["tables"][number]) => `${table} ${rowCount(rows)}`,
  );
}

/** In how many query sets the answer to a call reports changes. */
function changes(messages: readonly ServerMessage[]): unknown[] {
  return messages.map((message) =>
    message.kind === "reducerResult" && message.outcome.kind === "ok"
      ? message.outcome.querySets.length
      : message.kind,
  );
}

void test("all rows of a set come at once: an entry for each distinct query, none for an empty table", async (t) => {
  const { alice } = await open();
  alice.call("insert_many", { start: 0, n: 3 });
  const [all, one, none] = [
    "SELECT * FROM item",
    "SELECT * FROM item WHERE id = 1",
    "SELECT * FROM item WHERE id = 9",
  ];
  t.same(
    applied(alice.subscribe(1, one, all)),
    ["item 1", "item 3"],
    "in the order of the queries",
  );
  t.same(applied(alice.subscribe(2, all, all, ` ${all} `)), ["item 3"], "equal texts count once");
  t.same(applied(alice.subscribe(3, none)), ["item 0"], "rows, but none that match");
  t.same(applied(alice.subscribe(4, "SELECT * FROM pair")), [], "no rows at all");
  t.same(applied(alice.subscribe(5)), [], "no queries are legal");
  t.match(alice.subscribe(0xffff_ffff, all), [{ requestId: 7, querySetId: 0xffff_ffff }]);
});

void test("what is refused leaves the sets as they were", async (t) => {
  const { host, alice } = await open();
  alice.call("insert_many", { start: 0, n: 1 });
  t.same(applied(alice.subscribe(1, "SELECT * FROM item")), ["item 1"]);
  const cases: [title: string, queries: string[], error: RegExp][] = [
    ["an id in use", ["SELECT * FROM item"], /already exists/],
    ["no SQL", ["SELEKT * FROM item"], /.+ executing: `SELEKT \* FROM item`$/],
    ["an empty text", [""], /^SubscriptionError: Empty string/],
    [
      "an unknown table",
      ["SELECT * FROM nothing"],
      /^no such table: `nothing`\. If the table exists, it may/,
    ],
    ["a private table", ["SELECT * FROM secret"], /^no such table: `secret`/],
    ["an unknown column", ["SELECT * FROM item WHERE nothing = 1"], /nothing/],
    ["a projection", ["SELECT id FROM item"], /^Column projections are not supported/],
    ["a limit", ["SELECT * FROM item LIMIT 1"], /^Unsupported: /],
    ["a write", ["DELETE FROM item"], /^Unsupported: Non-SELECT queries/],
    ["one bad among good ones", ["SELECT * FROM pair", "SELECT * FROM nothing"], /`nothing`/],
    ["a text beyond all bounds", [`SELECT * FROM item WHERE text = '${"x".repeat(60_000)}'`], /.+/],
  ];
  for (const [title, queries, error] of cases) {
    const id = title === "an id in use" ? 1 : 2;
    const [message, ...rest] = alice.subscribe(id, ...queries);
    t.match(message, { kind: "subscriptionError", requestId: 7, querySetId: id, error }, title);
    t.same(rest, [], title);
  }
  t.same(applied(alice.subscribe(2, "SELECT * FROM item")), ["item 1"], "the id is still free");
  t.match(alice.call("upsert", { id: 0, text: "x" }), [
    { outcome: { querySets: [{ querySetId: 1 }, { querySetId: 2 }] } },
  ]);
  t.same(host.closed, []);
});

void test("unsubscribing ends a set and frees its id", async (t) => {
  const { host, alice, bob } = await open();
  alice.call("insert_many", { start: 0, n: 2 });
  bob.subscribe(1, "SELECT * FROM item");
  bob.subscribe(2, "SELECT * FROM item WHERE id = 0");
  t.match(applied(bob.unsubscribe(77)), /^Subscription not found: .*77/);
  t.match(bob.unsubscribe(1), [{ kind: "unsubscribeApplied", requestId: 8, querySetId: 1 }]);
  t.match(applied(bob.unsubscribe(1)), /^Subscription not found/);
  alice.call("upsert", { id: 1, text: "x" });
  t.same(host.take(2), []);
  alice.call("upsert", { id: 0, text: "x" });
  t.match(host.take(2), [{ querySets: [{ querySetId: 2 }] }]);
  t.same(applied(bob.subscribe(1, "SELECT * FROM item")), ["item 2"]);
  t.same(applied(bob.unsubscribe(1)), ["item 2"], "with the rows that go");
  t.match(bob.unsubscribe(2, false), [{ tables: undefined }], "or without, as was asked");
});

void test("an update is one delete and one insert in one table's part", async (t) => {
  const { host, alice, bob } = await open();
  alice.call("insert_many", { start: 0, n: 3 });
  bob.subscribe(1, "SELECT * FROM item");
  alice.call("upsert", { id: 1, text: "new" });
  const messages = host.take(2);
  t.equal(messages.length, 1);
  const sets = messages.flatMap((one) => (one.kind === "transactionUpdate" ? one.querySets : []));
  const parts = sets.flatMap(({ tables }) => tables.flatMap(({ rows }) => rows));
  const shown = parts.map((part) =>
    part.kind === "event"
      ? part.kind
      : { inserts: bob.rows("item", part.inserts), deletes: bob.rows("item", part.deletes) },
  );
  t.same(shown, [{ inserts: [{ id: 1, text: "new" }], deletes: [{ id: 1, text: "item 1" }] }]);
});

void test("sets ascend by id, tables by name, and each query has a part of its own", async (t) => {
  const { host, alice, bob } = await open();
  bob.subscribe(
    9,
    "SELECT * FROM item",
    "SELECT * FROM answer",
    "SELECT * FROM item WHERE text = 'item 1'",
  );
  bob.subscribe(3, "SELECT * FROM pair", "SELECT * FROM item");
  alice.call("insert_many", { start: 1, n: 1 });
  alice.call("delete_where", { text: "item 1" });
  const shapes = host
    .take(2)
    .map((message) =>
      message.kind === "transactionUpdate"
        ? message.querySets.map(({ querySetId, tables }) => [
            querySetId,
            tables.map(({ table, rows }) => `${table} ${rows.length}`),
          ])
        : message.kind,
    );
  t.same(shapes, [
    [
      [3, ["item 1"]],
      [9, ["item 2"]],
    ],
    [
      [3, ["item 1"]],
      [9, ["answer 1", "item 2"]],
    ],
  ]);
});

void test("only those who see a change are told, the caller in its answer alone", async (t) => {
  const { host, alice, bob } = await open();
  const second = new TestClient(host, 3, "alice");
  host.take(3);
  for (const client of [alice, second]) client.subscribe(1, "SELECT * FROM item WHERE id < 10");
  bob.subscribe(1, "SELECT * FROM item WHERE id >= 10");
  t.match(alice.call("upsert", { id: 1, text: "x" }, 42), [
    {
      kind: "reducerResult",
      requestId: 42,
      outcome: { kind: "ok", querySets: [{ querySetId: 1 }] },
    },
  ]);
  t.same(host.take(1), []);
  t.same(host.take(2), [], "not one of bob's rows");
  t.match(
    host.take(3),
    [{ kind: "transactionUpdate" }],
    "the caller's other connection is another",
  );
  t.same(changes(alice.call("upsert", { id: 1, text: "x" })), [0]);
  t.same(host.take(3), [], "nothing changed");
  t.same(changes(alice.call("upsert", { id: 11, text: "x" })), [0], "not one of hers");
  t.match(host.take(2), [{ kind: "transactionUpdate" }]);
  t.match(bob.call("fail", { message: "no" }), [{ outcome: { kind: "err" } }]);
  t.same([host.take(1), host.take(3)], [[], []]);
});

void test("all tables: what the caller may read, as of now", async (t) => {
  const { host, alice } = await open();
  const own = new TestClient(host, 3, "owner");
  host.take(3);
  alice.call("keep_secret", { id: 1, text: "hush" });
  alice.call("insert_many", { start: 0, n: 2 });
  const tables = (client: TestClient, text: string, id: number): unknown =>
    applied(client.subscribe(id, text));
  t.same(tables(alice, "SELECT * FROM *", 1), ["caller 4", "item 2"]);
  t.same(tables(alice, "  select *  from * ; ", 2), ["caller 4", "item 2"]);
  t.match(JSON.stringify(tables(own, "SELECT * FROM *", 1)), /secret 1/);
  t.same(changes(alice.call("keep_secret", { id: 2, text: "hush" })), [0]);
  t.match(host.take(3), [{ querySets: [{ tables: [{ table: "secret" }] }] }]);
});

void test("one-off queries: exactly one table, even when empty; faults are values", async (t) => {
  const { alice } = await open();
  const ask = (text: string): unknown => {
    const [message] = alice.query(text);
    if (message?.kind !== "oneOffQueryResult") return message;
    const { result } = message;
    return result.kind === "ok"
      ? result.tables.map(({ table, rows }) => `${table} ${rowCount(rows)}`)
      : result.error;
  };
  t.same(ask("SELECT * FROM item"), ["item 0"]);
  alice.call("insert_many", { start: 0, n: 2 });
  t.same(ask("SELECT * FROM item WHERE id = 1"), ["item 1"]);
  t.match(
    ask("SELECT * FROM nothing"),
    /^no such table: `nothing`.*executing: `SELECT \* FROM nothing`$/,
  );
  t.match(ask("SELECT COUNT(*) AS n FROM item"), /^Column projections/);
  t.match(alice.query("SELECT * FROM pair"), [
    { requestId: 9, result: { tables: [{ rows: emptyRowList }] } },
  ]);
});

void test("clients that have gone are told nothing, and leave no query behind", async (t) => {
  const { host, alice, bob } = await open();
  bob.subscribe(1, "SELECT * FROM item", "SELECT * FROM pair WHERE left = 1");
  t.notOk(host.database.parts.registry.isEmpty);
  host.service.disconnect(2);
  t.ok(host.database.parts.registry.isEmpty);
  alice.call("insert_many", { start: 0, n: 1 });
  t.same(host.take(2), []);
  const many = Array.from({ length: 50 }, (_, i): [number, Value] => [i, i * 2]);
  for (const [id, value] of many)
    alice.subscribe(id, `SELECT * FROM item WHERE id = ${value as number}`);
  for (const [id] of many) alice.unsubscribe(id);
  t.ok(host.database.parts.registry.isEmpty);
});

// Subscriptions of protocol v1 (protocol.md sections 7.5 and 7.6).
import { test } from "tap";
import { rowCount, type V1ServerMessage, type V1TableUpdate } from "@lightcone/abi";
import { readWasm } from "@lightcone/fixtures/wasm";
import { owner, TestHost } from "../test-client.ts";
import { only, V1TestClient } from "./test-client.ts";

async function open(): Promise<{ host: TestHost; alice: V1TestClient; bob: V1TestClient }> {
  const host = new TestHost();
  const service = await host.open();
  await service.publish(readWasm("probe"), owner);
  const [alice, bob] = [new V1TestClient(host, 1, "alice"), new V1TestClient(host, 2, "bob")];
  alice.take();
  bob.call("insert_many", { start: 0, n: 3 });
  bob.take();
  return { host, alice, bob };
}

function shown(tables: readonly V1TableUpdate[]): string[] {
  return tables.map(({ table, rowCount: count, parts }) => {
    const rows = parts.map(({ inserts, deletes }) => `+${rowCount(inserts)}-${rowCount(deletes)}`);
    return `${table} ${count}: ${rows.join(" ")}`;
  });
}

/** What an answer or an update says. */
function told(messages: readonly V1ServerMessage[]): unknown {
  const [message, ...others] = messages;
  if (message === undefined) return [];
  if (others.length > 0) return messages.map(({ kind }) => kind);
  if (message.kind === "subscriptionError") return message.error;
  if ("tables" in message) return shown(message.tables as readonly V1TableUpdate[]);
  return "table" in message ? shown([message.table]) : message.kind;
}

const items = "SELECT * FROM item";
const one = "SELECT * FROM item WHERE id = 1";
const pairs = "SELECT * FROM pair";

void test("several queries: those that the connection holds already are not told again", async (t) => {
  const { alice, bob } = await open();
  t.match(alice.multi(7, items, pairs, ` ${items}`), [
    { kind: "subscribeMultiApplied", requestId: 1, queryId: 7 },
  ]);
  t.same(told(alice.multi(8, items)), [], "held under 7");
  t.same(told(alice.multi(9, one, items)), ["item 1: +1-0"], "other words are another query");
  bob.call("upsert", { id: 1, text: "new" });
  t.same(told(alice.take()), ["item 4: +1-1 +1-1"], "each query once, one table update");
  t.same(told(alice.unsubscribe(7)), [], "8 and 9 hold items");
  t.same(told(alice.unsubscribe(9)), ["item 1: +0-1"], "nobody holds the other one");
  bob.call("upsert", { id: 1, text: "newer" });
  t.same(told(alice.take()), ["item 2: +1-1"]);
  t.match(alice.unsubscribe(8), [{ kind: "unsubscribeMultiApplied", requestId: 2, queryId: 8 }]);
  bob.call("upsert", { id: 1, text: "newest" });
  t.same(alice.take(), []);
});

void test("queries on one table form one table update", async (t) => {
  const { alice } = await open();
  t.same(told(alice.multi(1, items, one)), ["item 4: +4-0"]);
  t.same(told(alice.unsubscribe(1)), ["item 4: +0-4"]);
  t.same(told(alice.multi(2)), [], "no queries are legal");
  t.same(told(alice.unsubscribe(2)), []);
});

void test("a single query is told whole, and ends if nothing else holds it", async (t) => {
  const { alice } = await open();
  t.same(told(alice.single(1, items)), ["item 3: +3-0"]);
  t.same(told(alice.single(2, items)), ["item 3: +3-0"], "all rows though they are held");
  t.equal(told(alice.unsubscribe(2, "unsubscribe")), "Internal error", "1 holds it, too");
  t.same(told(alice.unsubscribe(2)), [], "the other message knows how");
  const answer = only(alice.unsubscribe(1, "unsubscribe"), "unsubscribeApplied");
  t.same(shown([answer.table]), ["item 3: +0-3"]);
  t.same(told(alice.single(3, pairs)), ["pair 0: +0-0"], "an empty table is named");
  t.same(told(alice.unsubscribe(3, "unsubscribe")), ["pair 0: +0-0"]);
  t.match(alice.single(4, "SELECT * FROM *"), [{ kind: "subscriptionError", queryId: 4 }]);
});

void test("the legacy message replaces what it asked for before, and nothing else", async (t) => {
  const { alice, bob } = await open();
  alice.multi(1, one);
  const first = only(alice.legacy(5, items), "initialSubscription");
  t.equal(first.requestId, 5);
  t.same(shown(first.tables), ["item 3: +3-0"]);
  t.match(alice.legacy(6, "SELEKT"), [
    { kind: "subscriptionError", requestId: 6, queryId: undefined, tableId: undefined },
  ]);
  bob.call("upsert", { id: 2, text: "new" });
  t.same(told(alice.take()), ["item 2: +1-1"], "a refused one leaves the former");
  t.same(told(alice.legacy(7, pairs, one)), ["item 1: +1-0"], "all rows, held or not");
  bob.call("upsert", { id: 2, text: "newer" });
  t.same(alice.take(), []);
  t.same(told(alice.legacy(8)), []);
  bob.call("upsert", { id: 1, text: "new" });
  t.same(told(alice.take()), ["item 2: +1-1"], "held under 1");
});

void test("all tables", async (t) => {
  const { alice, bob } = await open();
  const { tables } = only(alice.multi(1, "select * FROM *;"), "subscribeMultiApplied");
  const names = tables.map(({ table }) => table).toSorted();
  t.ok(names.includes("item") && names.includes("caller"), names.join());
  t.notOk(names.includes("secret"));
  bob.call("insert_pair", { left: 1, right: 2 });
  t.same(told(alice.take()), ["pair 1: +1-0"], "tables that were empty, too");
});

void test("what is refused leaves everything as it was", async (t) => {
  const { alice, bob } = await open();
  alice.multi(1, items);
  const cases: [title: string, queries: string[], error: RegExp][] = [
    ["no SQL", [items, "SELEKT"], /executing: `SELEKT`$/],
    ["a private table", ["SELECT * FROM secret"], /^no such table: `secret`/],
    ["events", ["SELECT * FROM signal"], /^Subscribing to event tables requires WebSocket v2/],
  ];
  for (const [title, queries, error] of cases) {
    t.match(
      alice.multi(2, ...queries),
      [{ kind: "subscriptionError", requestId: 1, queryId: 2, tableId: undefined, error }],
      title,
    );
  }
  t.match(told(alice.multi(1, pairs)), /already exists/);
  t.match(told(alice.unsubscribe(77)), /^Subscription not found/);
  t.match(told(alice.unsubscribe(77, "unsubscribe")), /^Subscription not found/);
  t.same(told(alice.multi(2, pairs)), [], "the id is free");
  bob.call("upsert", { id: 1, text: "new" });
  t.same(told(alice.take()), ["item 2: +1-1"]);
});

void test("a client that goes takes its subscriptions with it", async (t) => {
  const { host, alice, bob } = await open();
  alice.multi(1, items);
  alice.legacy(1, pairs);
  host.service.disconnect(1);
  bob.call("upsert", { id: 1, text: "new" });
  t.same(alice.take(), []);
  t.ok(host.database.parts.registry.isEmpty);
});

void test("a long first result comes in parts, and what comes meanwhile waits for it", async (t) => {
  const { host, alice, bob } = await open();
  bob.call("insert_many", { start: 100, n: 30_000 });
  alice.send({ kind: "subscribeMulti", requestId: 1, queryId: 1, queries: [items] });
  bob.call("upsert", { id: 1, text: "new" });
  let messages: V1ServerMessage[] = [];
  while (messages.length < 2) {
    await new Promise(setImmediate);
    host.service.endTurn();
    messages = [...messages, ...alice.take()];
  }
  t.same(
    messages.map((message) => told([message])),
    [["item 30003: +30003-0"], ["item 2: +1-1"]],
  );
});

// Calls and queries of protocol v1 (protocol.md sections 6, 7.1 to 7.3 and 7.8).
import { test } from "tap";
import {
  ConnectionId,
  Reader,
  rowCount,
  type V1ServerMessage,
  type V1TableUpdate,
  v1NoReducer,
} from "@lightcone/abi";
import { readWasm } from "@lightcone/fixtures/wasm";
import { owner, TestClient, TestHost } from "../test-client.ts";
import { only, V1TestClient } from "./test-client.ts";

interface World {
  readonly host: TestHost;
  readonly alice: V1TestClient;
  readonly bob: V1TestClient;
}

async function open(): Promise<World> {
  const host = new TestHost();
  const service = await host.open();
  await service.publish(readWasm("probe"), owner);
  const [alice, bob] = [new V1TestClient(host, 1, "alice"), new V1TestClient(host, 2, "bob")];
  bob.take();
  return { host, alice, bob };
}

/** Tables with how many rows came and went in each part. */
function shown(tables: readonly V1TableUpdate[]): string[] {
  return tables.map(({ table, rowCount: count, parts }) => {
    const rows = parts.map(({ inserts, deletes }) => `+${rowCount(inserts)}-${rowCount(deletes)}`);
    return `${table} ${count}: ${rows.join(" ")}`;
  });
}

function update(messages: readonly V1ServerMessage[]): string[] {
  return shown(only(messages, "transactionUpdateLight").tables);
}

void test("the first message says who the client is", async (t) => {
  const { host, alice } = await open();
  const hello = only(alice.take(), "identityToken");
  t.ok(hello.identity.equals(alice.identity));
  t.ok(hello.connectionId.equals(alice.connectionId));
  t.equal(hello.token, "token");
  t.same(host.closed, []);
});

void test("a caller is told all of its call, changes or not", async (t) => {
  const { alice } = await open();
  alice.take();
  const args = { id: 3, text: "x" };
  const first = only(alice.call("insert_unique", args, 77), "transactionUpdate");
  t.match(first, { status: { kind: "committed", tables: [] }, requestId: 77 });
  t.equal(first.reducer, "insert_unique");
  t.ok(first.timestampMicros > 1_700_000_000_000_000n);
  t.ok(first.identity.equals(alice.identity));
  t.ok(first.connectionId.equals(alice.connectionId));
  t.ok(first.energy > 0n);
  const reader = new Reader(first.args);
  t.same([reader.u32(), reader.string(), reader.remaining], [3, "x", 0]);
  only(alice.multi(1, "SELECT * FROM item"), "subscribeMultiApplied");
  const second = only(alice.call("insert_many", { start: 10, n: 2 }), "transactionUpdate");
  if (second.status.kind !== "committed") throw new Error(second.status.kind);
  t.same(shown(second.status.tables), ["item 2: +2-0"]);
  t.not(second.reducerId, v1NoReducer);
});

void test("calls that fail are told to the caller alone", async (t) => {
  const { alice, bob } = await open();
  alice.take();
  bob.multi(1, "SELECT * FROM item");
  const fatal = "The instance encountered a fatal error.";
  const cases: [name: string, args: Uint8Array | undefined, message: string | RegExp][] = [
    ["fail", undefined, "no"],
    ["panic_now", undefined, fatal],
    ["nobody", new Uint8Array(0), "no such reducer"],
    ["fail", Uint8Array.of(1), /^invalid arguments for reducer fail: data too short/],
    ["client_connected", new Uint8Array(0), /special OnConnect lifecycle reducer/],
  ];
  for (const [name, args, message] of cases) {
    const answer =
      args === undefined
        ? alice.call(name, { message: "no" }, 5)
        : alice.callRaw("callReducer", name, args, 5);
    const { status, requestId, reducerId } = only(answer, "transactionUpdate");
    t.match(status, { kind: "failed", message });
    t.equal(requestId, 5, "the call can be told from others");
    t.equal(reducerId === v1NoReducer, name === "nobody");
  }
  t.same(bob.take(), []);
});

void test("without notice a caller is a watcher like others, and failures are nobody's", async (t) => {
  const { alice } = await open();
  alice.take();
  t.same(alice.call("insert_many", { start: 0, n: 1 }, 1, true), []);
  t.same(alice.call("fail", { message: "no" }, 1, true), []);
  t.same(alice.callRaw("callReducer", "nobody", new Uint8Array(0), 1, true), []);
  alice.multi(1, "SELECT * FROM item");
  t.same(update(alice.call("insert_many", { start: 5, n: 1 }, 1, true)), ["item 1: +1-0"]);
});

void test("others are told changes without the call, whatever dialect made them", async (t) => {
  const { host, alice, bob } = await open();
  const carol = new TestClient(host, 3, "carol");
  host.take(3);
  for (const watcher of [alice, bob]) {
    watcher.take();
    watcher.multi(1, "SELECT * FROM item");
  }
  carol.subscribe(1, "SELECT * FROM item");
  alice.call("insert_many", { start: 0, n: 2 });
  t.same(update(bob.take()), ["item 2: +2-0"]);
  t.match(host.take(3), [{ kind: "transactionUpdate" }]);
  carol.call("delete_item", { id: 1 });
  t.same(update(alice.take()), ["item 1: +0-1"]);
  t.same(update(bob.take()), ["item 1: +0-1"]);
  const connectionId = new ConnectionId(5n);
  const caller = { identity: owner, connectionId, jwtPayload: `{"iss":"localhost","sub":"owner"}` };
  await host.service.sql("DELETE FROM item", caller, true);
  t.same(update(alice.take()), ["item 1: +0-1"]);
});

void test("one-off queries", async (t) => {
  const { alice } = await open();
  alice.take();
  alice.call("insert_many", { start: 0, n: 3 });
  const found = only(alice.query("SELECT * FROM item WHERE id > 0"), "oneOffQueryResponse");
  t.same([...found.messageId], [0xaa, 0xbb]);
  t.equal(found.error, undefined);
  t.same(
    found.tables.map(({ table, rows }) => [table, rowCount(rows)]),
    [["item", 2]],
  );
  const none = only(alice.query("SELECT * FROM pair"), "oneOffQueryResponse");
  t.match(none.tables, [{ table: "pair" }], "always one table");
  const bad = only(alice.query("SELEKT"), "oneOffQueryResponse");
  t.match(bad.error, /executing: `SELEKT`$/);
  t.same(bad.tables, []);
});

void test("procedures that there are not", async (t) => {
  const { alice } = await open();
  alice.take();
  const answer = only(
    alice.callRaw("callProcedure", "nobody", new Uint8Array(0), 9),
    "procedureResult",
  );
  t.match(answer, {
    status: { kind: "internalError", error: "No such procedure" },
    requestId: 9,
    timestampMicros: 0n,
    durationMicros: 0n,
  });
});

void test("frames that are no messages close the socket", async (t) => {
  const { host, alice, bob } = await open();
  alice.raw(Uint8Array.of(99));
  bob.raw(new TextEncoder().encode('{"Nothing":{}}'), true);
  const third = new V1TestClient(host, 3, "carol");
  third.raw(Uint8Array.of(0xff, 0xfe), true);
  t.match(host.closed, [
    { socket: 1, code: 1011, reason: /unknown tag 99/ },
    { socket: 2, code: 1011, reason: /unknown message Nothing/ },
    { socket: 3, code: 1011, reason: /not valid UTF-8/ },
  ]);
});

// A whole database with clients, in place: a real module, real messages, a disk in memory.
import { test, type Test } from "tap";
import type { ServerMessage, Value } from "@lightcone/abi";
import { readWasm } from "@lightcone/fixtures/wasm";
import { owner, TestClient, TestHost } from "./test-client.ts";

async function openChat(): Promise<TestHost> {
  const host = new TestHost();
  const service = await host.open();
  await service.publish(readWasm("chat"), owner);
  return host;
}

/** What a client is told, in short: rows by table and kind. */
function show(client: TestClient, messages: readonly ServerMessage[]): unknown[] {
  return messages.map((message) => {
    switch (message.kind) {
      case "subscribeApplied":
        return {
          applied: message.tables.map(({ table, rows }) => [
            table,
            client.rows(table, rows).length,
          ]),
        };
      case "transactionUpdate":
        return { update: message.querySets.map((set) => shownSet(client, set)) };
      case "reducerResult":
        return message.outcome.kind === "ok"
          ? { ok: message.outcome.querySets.map((set) => shownSet(client, set)) }
          : { [message.outcome.kind]: "error" in message.outcome ? message.outcome.error : "" };
      default:
        return message.kind;
    }
  });
}

type QuerySet = Extract<ServerMessage, { kind: "transactionUpdate" }>["querySets"][number];

function shownSet(client: TestClient, set: QuerySet): unknown {
  return [
    set.querySetId,
    ...set.tables.map(({ table, rows }) => [
      table,
      ...rows.map((part) =>
        part.kind === "event"
          ? { events: client.rows(table, part.events).length }
          : {
              inserts: client.rows(table, part.inserts).map(textOf),
              deletes: client.rows(table, part.deletes).map(textOf),
            },
      ),
    ]),
  ];
}

function textOf(row: Value): unknown {
  const record = row as Record<string, Value>;
  return record["text"] ?? record["name"] ?? record["online"];
}

async function firstMessages(t: Test): Promise<void> {
  const host = await openChat();
  const alice = new TestClient(host, 1, "alice");
  const [hello] = host.take(1);
  t.match(hello, { kind: "initialConnection", token: "token" });
  t.same(show(alice, alice.subscribe(1, "SELECT * FROM user", "SELECT * FROM message")), [
    { applied: [["user", 1]] },
  ]);
}

void test("a client is greeted and gets the rows of its subscription", firstMessages);

void test("a message reaches the caller in its answer and others as an update", async (t) => {
  const host = await openChat();
  const alice = new TestClient(host, 1, "alice");
  const bob = new TestClient(host, 2, "bob");
  alice.subscribe(1, "SELECT * FROM message");
  bob.subscribe(5, "SELECT * FROM message");
  host.take(1);
  host.take(2);
  const change = ["message", { inserts: ["hello"], deletes: [] }];
  t.same(show(alice, alice.call("send_message", { text: "hello" })), [{ ok: [[1, change]] }]);
  t.same(show(bob, host.take(2)), [{ update: [[5, change]] }]);
});

void test("an error of the reducer rolls back and is told to the caller alone", async (t) => {
  const host = await openChat();
  const alice = new TestClient(host, 1, "alice");
  const bob = new TestClient(host, 2, "bob");
  bob.subscribe(5, "SELECT * FROM message");
  host.take(2);
  t.match(alice.call("send_message", { text: "" }), [
    {},
    { kind: "reducerResult", outcome: { kind: "err" } },
  ]);
  t.same(host.take(2), []);
});

void test("wrong calls are answered and the connection lives", async (t) => {
  const host = await openChat();
  const alice = new TestClient(host, 1, "alice");
  host.take(1);
  const error = (messages: readonly ServerMessage[]): unknown =>
    messages.map((message) => message.kind === "reducerResult" && message.outcome);
  t.match(error(alice.callRaw("nobody", new Uint8Array(0))), [
    { kind: "internalError", error: "no such reducer" },
  ]);
  t.match(error(alice.callRaw("client_connected", new Uint8Array(0))), [
    { error: "can't directly call special OnConnect lifecycle reducer" },
  ]);
  t.match(error(alice.callRaw("send_message", new Uint8Array([1]))), [
    { error: /^invalid arguments for reducer send_message: data too short for .*given 1$/ },
  ]);
});

void test("a garbage frame closes its socket alone", async (t) => {
  const host = await openChat();
  const alice = new TestClient(host, 1, "alice");
  const bob = new TestClient(host, 2, "bob");
  host.take(2);
  alice.raw(new Uint8Array([200, 1, 2, 3]));
  t.match(host.closed, [{ socket: 1, code: 1011, reason: /unknown tag 200/ }]);
  t.match(bob.call("send_message", { text: "still here" }), [{ kind: "reducerResult" }]);
});

void test("a second start has the rows of the first, and no clients", async (t) => {
  const host = await openChat();
  const alice = new TestClient(host, 1, "alice");
  alice.call("send_message", { text: "kept" });
  await host.database.log.flush();
  const again = new TestHost(host.disk);
  await again.open();
  const bob = new TestClient(again, 1, "bob");
  again.take(1);
  t.same(show(bob, bob.subscribe(1, "SELECT * FROM message", "SELECT * FROM st_client")), [
    {
      applied: [
        ["message", 1],
        ["st_client", 1],
      ],
    },
  ]);
});

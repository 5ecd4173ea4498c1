// Protocol v1 as JSON (protocol.md section 6.3).
import { test } from "tap";
import { readWasm } from "@lightcone/fixtures/wasm";
import { owner, TestHost } from "../test-client.ts";
import { type JsonMessage, V1TestClient } from "./test-client.ts";

async function open(): Promise<{ host: TestHost; alice: V1TestClient; bob: V1TestClient }> {
  const host = new TestHost();
  const service = await host.open();
  await service.publish(readWasm("probe"), owner);
  const protocol = "v1.json.spacetimedb";
  const alice = new V1TestClient(host, 1, "alice", { protocol, compression: "Gzip" });
  const bob = new V1TestClient(host, 2, "bob");
  bob.take();
  return { host, alice, bob };
}

function call(reducer: string, args: string, flags = 0): JsonMessage {
  return { CallReducer: { reducer, args, request_id: 4, flags } };
}

function subscribe(queryId: number, ...queries: string[]): JsonMessage {
  return {
    SubscribeMulti: { query_strings: queries, request_id: 1, query_id: { id: queryId } },
  };
}

void test("the first message, a call, and what others are told of it", async (t) => {
  const { alice, bob } = await open();
  const [{ bytes } = { bytes: new Uint8Array(0) }] = alice.payloads();
  t.equal(
    Buffer.from(bytes).toString(),
    `{"IdentityToken":{"identity":{"__identity__":"0x${alice.identity.toHex()}"},"token":"token","connection_id":{"__connection_id__":1001}}}`,
  );
  bob.multi(1, "SELECT * FROM item");
  const [answer] = alice.sendJson(call("insert_unique", '[3,"a \\"b\\""]'));
  t.match(answer, {
    TransactionUpdate: {
      status: { Committed: { tables: [] } },
      timestamp: { __timestamp_micros_since_unix_epoch__: Number },
      caller_identity: { __identity__: `0x${alice.identity.toHex()}` },
      caller_connection_id: { __connection_id__: 1001 },
      reducer_call: { reducer_name: "insert_unique", args: '[3,"a \\"b\\""]', request_id: 4 },
    },
  });
  t.match(bob.take(), [{ kind: "transactionUpdateLight" }]);
  const byName = alice.sendJson(call("insert_unique", '{"text":"c","id":4}'));
  t.match(byName, [{ TransactionUpdate: { reducer_call: { args: '[4,"c"]' } } }]);
});

void test("first rows are objects, rows of updates are arrays", async (t) => {
  const { alice, bob } = await open();
  alice.payloads();
  bob.call("insert_unique", { id: 1, text: "x" });
  bob.call("insert_pair", { left: 1, right: 2 });
  const [applied] = alice.sendJson(subscribe(7, "SELECT * FROM item", "SELECT * FROM pair"));
  t.match(applied, {
    SubscribeMultiApplied: {
      request_id: 1,
      query_id: { id: 7 },
      update: {
        tables: [
          {
            table_name: "item",
            num_rows: 1,
            updates: [{ deletes: [], inserts: ['{"id":1,"text":"x"}'] }],
          },
          { table_name: "pair", updates: [{ inserts: ['{"left":1,"right":2}'] }] },
        ],
      },
    },
  });
  bob.call("upsert", { id: 1, text: "y" });
  t.match(alice.takeJson(), [
    {
      TransactionUpdateLight: {
        request_id: 0,
        update: {
          tables: [
            {
              table_name: "item",
              num_rows: 2,
              updates: [{ deletes: ['[1,"x"]'], inserts: ['[1,"y"]'] }],
            },
          ],
        },
      },
    },
  ]);
  const ids = { request_id: 2, query_id: { id: 7 } };
  t.match(alice.sendJson({ UnsubscribeMulti: ids }), [
    {
      UnsubscribeMultiApplied: {
        update: {
          tables: [
            { updates: [{ deletes: ['{"id":1,"text":"y"}'], inserts: [] }] },
            { updates: [{ deletes: ['{"left":1,"right":2}'] }] },
          ],
        },
      },
    },
  ]);
});

void test("single and legacy subscriptions, queries that are asked once", async (t) => {
  const { alice, bob } = await open();
  alice.payloads();
  bob.call("insert_unique", { id: 1, text: "x" });
  const query = "SELECT * FROM item";
  const ids = { request_id: 1, query_id: { id: 1 } };
  const rows = [{ deletes: [], inserts: ['{"id":1,"text":"x"}'] }];
  t.match(alice.sendJson({ SubscribeSingle: { query, ...ids } }), [
    {
      SubscribeApplied: {
        query_id: { id: 1 },
        rows: { table_name: "item", table_rows: { table_name: "item", updates: rows } },
      },
    },
  ]);
  t.match(alice.sendJson({ Unsubscribe: ids }), [
    { UnsubscribeApplied: { rows: { table_rows: { num_rows: 1 } } } },
  ]);
  t.match(alice.sendJson({ Subscribe: { query_strings: [query], request_id: 3 } }), [
    { InitialSubscription: { database_update: { tables: [{ updates: rows }] }, request_id: 3 } },
  ]);
  t.match(alice.sendJson({ OneOffQuery: { message_id: "aabb", query_string: query } }), [
    {
      OneOffQueryResponse: {
        message_id: "aabb",
        error: { none: [] },
        tables: [{ table_name: "item", rows: ['{"id":1,"text":"x"}'] }],
      },
    },
  ]);
  t.match(alice.sendJson({ OneOffQuery: { message_id: [1], query_string: "SELEKT" } }), [
    { OneOffQueryResponse: { message_id: "01", error: { some: /SELEKT/ }, tables: [] } },
  ]);
  t.match(alice.sendJson({ SubscribeSingle: { query: "SELEKT", ...ids } }), [
    {
      SubscriptionError: {
        request_id: { some: 1 },
        query_id: { some: 1 },
        table_id: { none: [] },
        error: /SELEKT/,
      },
    },
  ]);
});

void test("arguments that are wrong", async (t) => {
  const { alice } = await open();
  alice.payloads();
  const cases: [reducer: string, args: string, fault: RegExp][] = [
    ["insert_unique", "[1]", /^invalid arguments for reducer insert_unique: .*expected 2/],
    ["insert_unique", "[", /^invalid arguments for reducer insert_unique: invalid JSON/],
    ["insert_unique", '["x","y"]', /argument id: expected u32/],
    ["whoami", "[1]", /^invalid arguments for reducer whoami/],
    ["whoami", `[${" ".repeat(2 * 1024 * 1024)}]`, /more than 2097152 characters/],
    ["nobody", "[]", /^no such reducer$/],
    ["init", "[]", /lifecycle/],
  ];
  for (const [reducer, args, fault] of cases) {
    t.match(alice.sendJson(call(reducer, args)), [
      {
        TransactionUpdate: {
          status: { Failed: fault },
          reducer_call: { args: "[]", request_id: 4 },
        },
      },
    ]);
    t.same(alice.sendJson(call(reducer, args, 1)), [], "without notice");
  }
  const procedure = { procedure: "nobody", args: "[", request_id: 5, flags: 0 };
  t.match(alice.sendJson({ CallProcedure: procedure }), [
    { ProcedureResult: { status: { InternalError: "No such procedure" }, request_id: 5 } },
  ]);
});

void test("every type of column, and rows of many kilobytes", async (t) => {
  const { alice, bob } = await open();
  alice.payloads();
  bob.call("insert_extremes", { id: 10 });
  alice.sendJson(subscribe(1, "SELECT * FROM everything", "SELECT * FROM item"));
  bob.call("insert_extremes", { id: 20 });
  bob.call("big_string", { id: 30, n: 400_000 });
  const [first, second] = alice.takeJson();
  t.match(first, {
    TransactionUpdateLight: { update: { tables: [{ table_name: "everything" }] } },
  });
  const text = JSON.stringify(second);
  t.ok(text.length > 400_000, "and it is one text frame");
});

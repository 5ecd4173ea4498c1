import { type Test, test } from "tap";
import type { ThreadStats } from "../channel.ts";
import { SocketCount } from "../metrics/socket-counts.ts";
import { openRig, type Rig } from "../test-rig.ts";
import { routes } from "../route-table.ts";

async function open(t: Test): Promise<Rig & { readonly lines: () => Promise<string[]> }> {
  const rig = await openRig({ routes });
  t.teardown(() => rig.close());
  const lines = async (): Promise<string[]> => (await rig.send("/v1/metrics")).text.split("\n");
  return { ...rig, lines };
}

const durations = { bounds: [0.001, 0.1], counts: [5, 2, 1], sum: 1.5 };

const threadStats: ThreadStats = {
  database: {
    reducers: [
      {
        name: "add",
        committed: 100,
        failed: 3,
        fatal: 2,
        outOfEnergy: 1,
        energyUnits: 12_345,
        durations,
      },
    ],
    tables: [
      { id: 4096, name: "note", rowCount: 7, byteCount: 640, insertedCount: 9, deletedCount: 2 },
    ],
    programHash: "ab",
    moduleMemoryBytes: 65_536,
    energyUnits: 20_000,
    nextOffset: 11,
    durableOffset: 9,
    logWaitingBytes: 128,
    queryCount: 4,
    listenerCount: 6,
    matchedQueryCount: 8,
  },
  watches: { setCount: 5, clientCount: 3 },
  thread: { heapUsedBytes: 10, heapTotalBytes: 20, externalBytes: 30, activeMillis: 1500 },
  logBytes: 4096,
};

void test("what an open database tells", async (t) => {
  const { lines, publish, tokens, databases } = await open(t);
  const db = await publish("chat", await tokens.issueNew());
  databases.open.set(db, { queues: { messages: 2, requests: 1 }, stats: threadStats });
  const found = await lines();
  const expected = [
    "lightcone_databases 1",
    "lightcone_database_threads 1",
    `lightcone_database_answering{db="${db}"} 1`,
    `spacetime_total_incoming_queue_length{db="${db}"} 2`,
    `spacetime_worker_instance_operation_queue_length{database_identity="${db}"} 3`,
    `spacetime_num_txns_total{db="${db}",txn_type="Reducer",reducer="add",committed="true"} 100`,
    `spacetime_num_txns_total{db="${db}",txn_type="Reducer",reducer="add",committed="false"} 6`,
    `spacetime_txn_elapsed_time_sec_bucket{db="${db}",txn_type="Reducer",reducer="add",le="0.001"} 5`,
    `spacetime_txn_elapsed_time_sec_bucket{db="${db}",txn_type="Reducer",reducer="add",le="0.1"} 7`,
    `spacetime_txn_elapsed_time_sec_bucket{db="${db}",txn_type="Reducer",reducer="add",le="+Inf"} 8`,
    `spacetime_reducer_plus_query_duration_sec_sum{db="${db}",reducer="add"} 1.5`,
    `spacetime_reducer_plus_query_duration_sec_count{db="${db}",reducer="add"} 8`,
    `spacetime_worker_wasm_instance_errors_total{database_identity="${db}",module_hash="ab",reducer_symbol="add"} 3`,
    `spacetime_worker_sender_errors_total{database_identity="${db}",module_hash="ab",reducer_symbol="add"} 3`,
    `spacetime_num_table_rows{db="${db}",table_id="4096",table_name="note"} 7`,
    `spacetime_num_rows_inserted_total{db="${db}",table_id="4096",table_name="note"} 9`,
    `spacetime_num_rows_deleted_total{db="${db}",table_id="4096",table_name="note"} 2`,
    `spacetime_message_log_size_bytes{db="${db}"} 4096`,
    `spacetime_active_queries{database_identity="${db}"} 4`,
    `spacetime_subscription_sets{database_identity="${db}"} 5`,
    `spacetime_subscription_connections{database_identity="${db}"} 3`,
    `lightcone_log_durable_offset{db="${db}"} 9`,
    `lightcone_database_busy_seconds_total{db="${db}"} 1.5`,
  ];
  for (const line of expected) t.ok(found.includes(line), line);
  t.ok(found.some((line) => line.startsWith("lightcone_nodejs_eventloop_lag_p99_seconds ")));
});

void test("a database that does not answer is told of, one that sleeps is left alone", async (t) => {
  const { lines, publish, tokens, databases } = await open(t);
  const owner = await tokens.issueNew();
  const stuck = await publish("stuck", owner);
  const asleep = await publish("asleep", owner);
  databases.open.set(stuck, { queues: { messages: 2, requests: 1 }, stats: undefined });
  const found = await lines();
  t.ok(found.includes(`lightcone_database_answering{db="${stuck}"} 0`));
  t.notOk(found.some((line) => line.includes(asleep)));
});

void test("answers and sockets are counted, and forgotten with their database", async (t) => {
  const { lines, publish, tokens, services, send, control } = await open(t);
  const owner = await tokens.issueNew();
  const db = await publish("chat", owner);
  await send("/v1/database/chat/schema?version=9");
  await send("/v1/database/none/subscribe");
  await send("/v1/nothing");
  const socket = new SocketCount(services.metrics.database(db), "v2.bsatn.spacetimedb");
  socket.received(100);
  const before = await lines();
  const schema = "/v1/database/:db/schema";
  for (const line of [
    `lightcone_http_requests_total{method="GET",route="${schema}",status="200"} 1`,
    `lightcone_http_requests_total{method="",route="",status="404"} 1`,
    `spacetime_http_response_size_bytes_total{db="${db}"} 13`,
    `spacetime_worker_connected_clients{database_identity="${db}"} 1`,
    `spacetime_websocket_requests_total{database_identity="${db}",protocol="v2.bsatn.spacetimedb"} 1`,
    `spacetime_websocket_request_msg_size_bucket{database_identity="${db}",protocol="v2.bsatn.spacetimedb",le="64"} 0`,
    `spacetime_websocket_request_msg_size_bucket{database_identity="${db}",protocol="v2.bsatn.spacetimedb",le="256"} 1`,
    `spacetime_worker_ws_client_rejections_total{database_identity="",cause="websocket_upgrade_error"} 1`,
  ]) {
    t.ok(before.includes(line), line);
  }
  const [record] = control.databases();
  if (record !== undefined) await services.deletions.delete(record.identity, false);
  t.ok(
    (await lines()).some((line) => line.includes(db)),
    "its socket is still there",
  );
  socket.closed(1000);
  t.notOk((await lines()).some((line) => line.includes(db)));
});

void test("those who ask at once share one answer", async (t) => {
  const { services } = await open(t);
  const { metrics } = services;
  let made = 0;
  let finish: (text: string) => void = () => undefined;
  const make = (): Promise<string> => {
    made++;
    return new Promise((resolve) => {
      finish = resolve;
    });
  };
  const both = [metrics.tell(make), metrics.tell(make)];
  finish("text");
  t.same(await Promise.all(both), ["text", "text"]);
  t.equal(made, 1);
  const failing = metrics.tell(() => Promise.reject(new Error("no")));
  await t.rejects(failing, { message: "no" });
  t.equal(await metrics.tell(() => Promise.resolve("again")), "again");
});

void test("Prometheus is told to ask the address that it asked", async (t) => {
  const { send } = await open(t);
  const { text } = await send("/v1/prometheus/sd_config", { headers: { host: "db.example:80" } });
  t.same(JSON.parse(text), [
    { targets: ["db.example:80"], labels: { __metrics_path__: "/v1/metrics" } },
  ]);
});

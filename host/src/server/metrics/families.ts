// Names, types and help of all metrics (http-and-auth.md section 16), except for those that the process tells of itself. Names
// that begin with `lightcone_` are this host's own. docs/metrics.md lists them all.
import { Family } from "./prometheus.ts";

export const familyTable = {
  // The host as a whole.
  databases: ["gauge", "lightcone_databases", "Databases that there are"],
  threads: ["gauge", "lightcone_database_threads", "Databases that are open, each on its thread"],
  answers: ["counter", "lightcone_http_requests_total", "Answers by route and status"],

  // WebSockets and HTTP, as the server's thread sees them.
  connected: ["gauge", "spacetime_worker_connected_clients", "WebSockets that are open"],
  opened: ["gauge", "spacetime_worker_ws_clients_spawned", "WebSockets opened so far"],
  aborted: [
    "gauge",
    "spacetime_worker_ws_clients_aborted",
    "WebSockets that ended without a Close frame",
  ],
  closed: ["gauge", "spacetime_worker_ws_clients_closed_connection", "WebSockets that have ended"],
  ends: [
    "counter",
    "spacetime_worker_ws_client_disconnections_total",
    "WebSockets by why they ended",
  ],
  rejections: [
    "counter",
    "spacetime_worker_ws_client_rejections_total",
    "WebSockets that were refused, by why",
  ],
  idle: [
    "counter",
    "spacetime_worker_ws_clients_idle_timed_out_total",
    "WebSockets whose clients fell silent",
  ],
  requests: ["counter", "spacetime_websocket_requests_total", "Messages from clients"],
  requestSizes: [
    "histogram",
    "spacetime_websocket_request_msg_size",
    "Bytes of messages from clients",
  ],
  roundTrips: ["histogram", "spacetime_websocket_pong_rtt_secs", "From a ping to its pong"],
  outgoing: [
    "gauge",
    "spacetime_total_outgoing_queue_length",
    "Messages that wait for clients to read them",
  ],
  outgoingFull: [
    "counter",
    "spacetime_client_outgoing_queue_disconnects_total",
    "Clients cut off because too much waited for them",
  ],
  sentBytes: [
    "counter",
    "lightcone_websocket_sent_bytes_total",
    "Bytes of frames for clients, before TLS",
  ],
  httpBytes: [
    "counter",
    "spacetime_http_response_size_bytes_total",
    "Bytes of bodies of HTTP answers",
  ],

  // Open databases, as their threads see them.
  incoming: [
    "gauge",
    "spacetime_total_incoming_queue_length",
    "Messages from clients that wait for the database",
  ],
  operations: [
    "gauge",
    "spacetime_worker_instance_operation_queue_length",
    "Messages and requests that wait for the database",
  ],
  transactions: [
    "counter",
    "spacetime_num_txns_total",
    "Calls of reducers, by whether they committed",
  ],
  durations: [
    "histogram",
    "spacetime_reducer_plus_query_duration_sec",
    "A committed call with its subscriptions; one call in sixteen is timed",
  ],
  elapsed: [
    "histogram",
    "spacetime_txn_elapsed_time_sec",
    "A committed transaction; one in sixteen is timed",
  ],
  fatal: [
    "counter",
    "spacetime_worker_wasm_instance_errors_total",
    "Calls that trapped or were stopped",
  ],
  failed: [
    "counter",
    "spacetime_worker_sender_errors_total",
    "Calls whose reducer returned an error",
  ],
  queries: ["gauge", "spacetime_active_queries", "Different queries that are watched"],
  sets: ["gauge", "spacetime_subscription_sets", "Query sets that clients watch"],
  watching: ["gauge", "spacetime_subscription_connections", "Clients that watch something"],
  listeners: ["gauge", "spacetime_query_subscriptions", "Queries of all clients' subscriptions"],
  matched: [
    "counter",
    "spacetime_num_delta_queries_matched",
    "Watched queries whose rows a transaction changed",
  ],
  rows: ["gauge", "spacetime_num_table_rows", "Rows of a table"],
  tableBytes: [
    "gauge",
    "spacetime_table_size_bytes",
    "Memory of a table's rows, without its indexes",
  ],
  inserted: ["counter", "spacetime_num_rows_inserted_total", "Rows that commits inserted"],
  deleted: ["counter", "spacetime_num_rows_deleted_total", "Rows that commits deleted"],
  logBytes: ["gauge", "spacetime_message_log_size_bytes", "Bytes of the commit log's files"],
  moduleMemory: [
    "gauge",
    "spacetime_worker_wasm_memory_bytes",
    "Linear memory of the instance that runs reducers",
  ],
  energy: ["counter", "lightcone_energy_units_total", "Fuel that the module's code has used"],
  reducerEnergy: ["counter", "lightcone_reducer_energy_units_total", "Fuel that calls have used"],
  nextOffset: ["gauge", "lightcone_log_next_offset", "Offset of the next transaction"],
  durableOffset: [
    "gauge",
    "lightcone_log_durable_offset",
    "Last transaction that is durable, or -1",
  ],
  logWaiting: ["gauge", "lightcone_log_waiting_bytes", "Log bytes that wait for the disk"],
  heapUsed: [
    "gauge",
    "lightcone_database_heap_used_bytes",
    "JavaScript heap of the thread, in use",
  ],
  heapTotal: ["gauge", "lightcone_database_heap_total_bytes", "JavaScript heap of the thread"],
  external: [
    "gauge",
    "lightcone_database_external_bytes",
    "Buffers of the thread, rows among them",
  ],
  busy: ["counter", "lightcone_database_busy_seconds_total", "How long the thread has been busy"],
  isAnswering: [
    "gauge",
    "lightcone_database_answering",
    "1 if the database told its numbers in time, 0 if it is stuck or busy",
  ],
} as const;

export type Families = Readonly<Record<keyof typeof familyTable, Family>>;

/** All families, empty. */
export function makeFamilies(): Families {
  const made = Object.entries(familyTable).map(([key, [type, name, help]]) => [
    key,
    new Family(type, name, help),
  ]);
  return Object.fromEntries(made) as Families;
}

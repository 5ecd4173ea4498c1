// What a running host tells Prometheus of itself.
import { setTimeout as pause } from "node:timers/promises";
import { t, test } from "tap";
import { ChildHost } from "./child-host.ts";
import { SocketClient } from "./socket-client.ts";

t.setTimeout(300_000);

const host = await ChildHost.start(t);
await host.publish("probe", "probe");

/** The sum of all values of a name whose labels hold `labels`; undefined if there is none. */
async function value(name: string, labels = ""): Promise<number | undefined> {
  const { text } = await host.send("GET", "metrics");
  const lines = text
    .split("\n")
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
  const values = lines
    .filter((line) => line.includes(labels))
    .map((line) => line.split(" ").at(-1));
  return values.length === 0 ? undefined : values.reduce((sum, each) => sum + Number(each), 0);
}

/** Waits until a number is what it must become. */
async function until(expected: number, name: string, labels = ""): Promise<void> {
  for (;;) {
    if ((await value(name, labels)) === expected) return;
    await pause(50);
  }
}

const connected = "spacetime_worker_connected_clients";
const ends = "spacetime_worker_ws_client_disconnections_total";

void test("sockets and calls", async (t) => {
  const client = await SocketClient.open(host, "probe");
  t.equal(await value(connected), 1);
  for (let i = 0; i < 20; i++) t.equal(await client.call("whoami"), "ok");
  const whoami = `reducer="whoami",committed="true"`;
  t.equal(await value("spacetime_num_txns_total", whoami), 20);
  t.equal(await value("spacetime_txn_elapsed_time_sec_count", `reducer="whoami"`), 2);
  const received = await value("spacetime_websocket_requests_total", "v2.bsatn");
  t.equal(received, 20);
  t.ok(((await value("lightcone_websocket_sent_bytes_total")) ?? 0) >= 200);
  t.ok(((await value("lightcone_log_durable_offset")) ?? 0) >= 20);
  t.ok(((await value("spacetime_message_log_size_bytes")) ?? 0) > 1000);
  t.ok(((await value("spacetime_worker_wasm_memory_bytes")) ?? 0) >= 65_536);
  await client.close();
  await until(0, connected);
  t.equal(await value(ends, `cause="client_close"`), 1);
});

void test("why sockets ended", async (t) => {
  const garbled = await SocketClient.open(host, "probe");
  garbled.ws.send(new Uint8Array([200]));
  await garbled.ended;
  const text = await SocketClient.open(host, "probe");
  text.ws.send("hello");
  await text.ended;
  const cut = await SocketClient.open(host, "probe");
  cut.ws.terminate();
  await cut.ended;
  await until(0, connected);
  t.equal(await value(ends, `cause="internal_error"`), 1);
  t.equal(await value(ends, `cause="client_message_error"`), 1);
  await until(1, ends, `cause="transport"`);
});

void test("a database that sleeps is told of by its absence, and goes on sleeping", async (t) => {
  await host.stop();
  await host.start();
  t.equal(await value("lightcone_databases"), 1);
  t.equal(await value("lightcone_database_threads"), 0);
  t.equal(await value("lightcone_database_threads"), 0, "asking has not woken it");
  t.equal(await value("lightcone_log_durable_offset"), undefined);
  await host.untilOpen("probe");
  t.equal(await value("lightcone_database_threads"), 1);
});

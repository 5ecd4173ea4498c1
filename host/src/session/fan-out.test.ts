// One transaction, many watchers: what they share is written once (design decision 7).
import { test } from "tap";
import { readWasm } from "@lightcone/fixtures/wasm";
import { owner, TestClient, TestHost } from "./test-client.ts";

const watcherCount = 300;
const rowBytes = 10_000;

/** Bytes of frames that one large insert costs when the watchers' subscriptions are made by `subscribe`. */
async function frameBytes(
  subscribe: (client: TestClient, position: number) => void,
): Promise<number> {
  const host = new TestHost();
  const service = await host.open();
  await service.publish(readWasm("probe"), owner);
  const caller = new TestClient(host, 1, "caller");
  const sockets = Array.from({ length: watcherCount }, (_, i) => i + 2);
  for (const socket of sockets) {
    subscribe(new TestClient(host, socket, `watcher ${socket}`, socket % 2 === 0), socket);
  }
  await host.database.log.flush();
  for (const socket of sockets) host.take(socket);
  const before = host.frameBytes;
  caller.call("big_string", { id: 5, n: rowBytes });
  await host.database.log.flush();
  for (const socket of sockets) {
    const messages = host.take(socket).map(({ kind }) => kind);
    if (messages.join() !== "transactionUpdate")
      throw new Error(`${socket} got ${messages.join()}`);
  }
  return host.frameBytes - before;
}

void test("[SUB4] watchers of the same query share one frame, confirmed ones another", async (t) => {
  const bytes = await frameBytes((client) => client.subscribe(1, "SELECT * FROM item"));
  t.ok(
    bytes > 2 * rowBytes && bytes < 2.2 * rowBytes,
    `${bytes} bytes for ${watcherCount} watchers`,
  );
});

void test("so do those of different queries with the same ids and rows, query by query", async (t) => {
  const texts = [
    "SELECT * FROM item",
    "SELECT * FROM item WHERE id = 5",
    "SELECT * FROM item WHERE id > 1",
  ];
  const bytes = await frameBytes((client, i) => client.subscribe(1, texts[i % texts.length] ?? ""));
  t.ok(bytes < 6.5 * rowBytes, `${bytes} bytes for ${texts.length} queries, twice each`);
});

void test("sets with ids of their own do not", async (t) => {
  const bytes = await frameBytes((client, i) => client.subscribe(i, "SELECT * FROM item"));
  t.ok(bytes > watcherCount * rowBytes, `${bytes} bytes`);
});

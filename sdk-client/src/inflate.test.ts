// Frames of several messages, compressed ones, and their order.
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import type { ServerMessage } from "@lightcone/abi";
import { type Test, test } from "tap";
import { message } from "../test/chat.ts";
import { type Client, connectClient, settled, startHost, status } from "../test/client.ts";
import { FrameQueue } from "./inflate.ts";
import { limit } from "./limit.ts";

function lowerLimits(t: Test, lower: Partial<typeof limit>): void {
  const before = { ...limit };
  t.teardown(() => Object.assign(limit, before));
  Object.assign(limit, lower);
}

/** Counters of the calls that have been answered. */
function sayAll({ connection }: Client, count: number, text = "x"): Promise<unknown> {
  return Promise.all(Array.from({ length: count }, () => connection.reducers.say({ text })));
}

void test("calls of one turn leave in one frame", async (t) => {
  const host = await startHost(t);
  host.reducers.set("say_it", () => ({}));
  const client = await connectClient(t, host);
  await sayAll(client, 5);
  t.same(host.frameCounts, [5]);
  await Promise.all([
    client.connection.subscribe("SELECT * FROM message").applied,
    client.connection.reducers.say({ text: "a" }),
    client.connection.query("SELECT * FROM user"),
  ]);
  t.same(host.frameCounts, [5, 3]);
  t.same(
    host.messages.slice(5).map(({ kind }) => kind),
    ["subscribe", "callReducer", "oneOffQuery"],
    "in their order",
  );
});

void test("to a server of v2 each message is a frame", async (t) => {
  const host = await startHost(t);
  host.supported = ["v2.bsatn.spacetimedb"];
  host.reducers.set("say_it", () => ({}));
  const client = await connectClient(t, host);
  await sayAll(client, 3);
  t.same(host.frameCounts, [1, 1, 1]);
});

void test("[limit] frames to the server", async (t) => {
  lowerLimits(t, { batchLengthMax: 250, messageLengthMax: 900 });
  const host = await startHost(t);
  host.reducers.set("say_it", () => ({}));
  const client = await connectClient(t, host);
  // A call is its text and 25 bytes.
  await sayAll(client, 5, "x".repeat(75));
  t.same(host.frameCounts, [2, 2, 1]);
  await Promise.all([sayAll(client, 1, "x".repeat(600)), sayAll(client, 2)]);
  t.same(host.frameCounts.slice(3), [1, 2], "a long one goes alone");
  const tooLong = client.connection.reducers.say({ text: "x".repeat(1000) });
  const others = sayAll(client, 2);
  await t.rejects(tooLong, { code: "LC_LIMIT" });
  await others;
  t.same(host.frameCounts.slice(5), [2], "one that is refused leaves nothing behind");
});

void test("what was called before disconnect() still leaves", async (t) => {
  const host = await startHost(t);
  const client = await connectClient(t, host);
  const call = client.connection.reducers.clear();
  const rejected = t.rejects(call, { code: "LC_OUTCOME_UNKNOWN" });
  client.connection.disconnect();
  await Promise.all([host.heard(1), rejected]);
});

void test("a frame of several messages is as if they had come one by one", async (t) => {
  const host = await startHost(t);
  const client = await connectClient(t, host);
  await client.connection.subscribe(["SELECT * FROM message", "SELECT * FROM ping"]).applied;
  const { session } = host;
  const send = session.send.bind(session);
  const updates: ServerMessage[] = [];
  session.send = (...messages) => void updates.push(...messages);
  host.commit({ insert: { message: [message(1, "a")] } });
  host.commit({ insert: { ping: [{ from: "Al" }] } });
  host.commit({ delete: { message: [message(1, "a")] } });
  session.send = send;
  session.send(...updates);
  await settled(client);
  t.same(client.taken(), [
    "+message 1/a/0 transaction",
    "+ping Al transaction",
    "-message 1/a/0 transaction",
  ]);

  client.connection.db.ping.onInsert(() => client.connection.disconnect());
  const [, ping, deletion] = updates;
  session.send(ping!, deletion!);
  await host.closed();
  t.same(client.taken(), ["+ping Al transaction", "disconnect undefined over"], "nothing follows");
});

void test("compressed frames keep their place", async (t) => {
  const host = await startHost(t);
  const client = await connectClient(t, host, (builder) => builder.withCompression("gzip"));
  t.match(host.upgrades[0]?.url, /compression=Gzip/);
  await client.connection.subscribe("SELECT * FROM message").applied;
  for (let id = 1; id <= 20; id++) {
    host.compresses = id % 3 !== 0;
    host.commit({ insert: { message: [message(id, "a".repeat(id * 300))] } });
  }
  await settled(client);
  t.same(
    client.taken().map((line) => line.slice(0, 11)),
    Array.from({ length: 20 }, (_, i) => `+message ${i + 1}/`.slice(0, 11)),
  );
  // The end of the socket is told after what came before it.
  host.compresses = true;
  host.commit({ insert: { message: [message(21, "last")] } });
  host.session.close(1001, "module exited");
  await status(client, "reconnecting");
  t.same(client.taken(), ["+message 21/last/0 transaction", "disconnect LC_CONNECTION again"]);
});

void test("frames that do not decompress end the connection", async (t) => {
  const host = await startHost(t);
  for (const body of [Buffer.from("no gzip"), gzipSync("").subarray(0, 12)]) {
    const client = await connectClient(t, host, (builder) => builder.withCompression("gzip"));
    host.session.sendRaw(Buffer.concat([Buffer.of(2), body]));
    await status(client, "closed");
    t.match(client.taken(), [/disconnect LC_FRAME_INVALID over/]);
    await host.closed();
  }
});

void test("[limit] what is held and what comes out", async (t) => {
  lowerLimits(t, { heldFramesLengthMax: 100, frameLengthMax: 5000 });
  const handled: number[] = [];
  const faults: unknown[] = [];
  const make = (): FrameQueue =>
    new FrameQueue(
      true,
      (bytes, start) => handled.push(bytes.length - start),
      (thrown) => faults.push(thrown),
    );
  const packed = (length: number): Buffer =>
    Buffer.concat([Buffer.of(2), gzipSync(Buffer.alloc(length))]);
  const queue = make();
  queue.push(packed(4000));
  t.throws(() => queue.push(Buffer.alloc(90)), { code: "LC_LIMIT" });
  await sleep(20);
  while (handled.length === 0) await sleep(5);
  t.same(handled, [4000]);
  const other = make();
  other.push(packed(6000));
  while (faults.length === 0) await sleep(5);
  t.match(faults, [{ code: "LC_LIMIT" }]);
  const dropped = make();
  dropped.push(packed(10));
  dropped.clear();
  dropped.end(() => t.fail("it was cleared before"));
  dropped.clear();
  await sleep(20);
  t.same(handled, [4000]);
});

// Ends that are meant: of a host, of a database, of a second host where one is already (runtime.md section 19).
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { t, test } from "tap";
import { Writer } from "@lightcone/abi";
import { readWasm } from "@lightcone/fixtures/wasm";
import { startServer } from "../../src/index.ts";
import { ChildHost } from "./child-host.ts";
import { SocketClient } from "./socket-client.ts";

// Hosts take their time to start on a busy machine.
t.setTimeout(180_000);

const host = await ChildHost.start(t);

function insertArgs(id: number): Uint8Array {
  const writer = new Writer();
  writer.u32(id);
  writer.string("x");
  return writer.finish();
}

void test("a host that closes under load loses nothing that it acknowledged", async (t) => {
  t.equal((await host.publish("probe", "probe")).status, 200);
  const acknowledged = new Set<number>();
  let lastId = 0;
  const run = async (): Promise<void> => {
    const client = await SocketClient.open(host, "probe");
    const send = (): void => {
      const id = ++lastId;
      client.sendCall("insert_unique", insertArgs(id), id);
    };
    for (let i = 0; i < 20; i++) send();
    for (;;) {
      const message = await client.next();
      if (message === undefined) break;
      if (message.kind === "reducerResult" && message.outcome.kind === "ok")
        acknowledged.add(message.requestId);
      if (client.ws.readyState === client.ws.OPEN) send();
    }
    t.same(await client.ended, { code: 1001, reason: "the host is stopping" });
  };
  const clients = Array.from({ length: 4 }, run);
  while (acknowledged.size < 50) await pause(5);
  await host.stop();
  await host.start();
  await Promise.all(clients);
  const rows = (await host.sql("probe", "SELECT id FROM item")) as [number][];
  const ids = new Set(rows.map(([id]) => id));
  t.same(
    [...acknowledged].filter((id) => !ids.has(id)),
    [],
    `${acknowledged.size} of ${ids.size}`,
  );
  const logs = await host.send("GET", "database/probe/logs");
  t.notMatch(logs.text, /connected when the host stopped/, "everybody was disconnected before");
});

void test("a database that is deleted takes its clients and its files along", async (t) => {
  for (const name of ["doomed", "other"]) t.equal((await host.publish(name, "probe")).status, 200);
  const client = await SocketClient.open(host, "doomed");
  const other = await SocketClient.open(host, "other");
  const { length } = await readdir(join(host.dataDir, "replicas"));
  t.equal((await host.send("DELETE", "database/doomed")).status, 200);
  t.same(await client.ended, { code: 1001, reason: "module exited" });
  t.equal(await other.call("whoami"), "ok");
  t.equal((await host.send("GET", "database/doomed")).status, 404);
  t.equal((await readdir(join(host.dataDir, "replicas"))).length, length - 1);
  t.equal((await host.publish("doomed", "bank")).status, 200, "the name is free");
  t.same(await host.sql("doomed", "SELECT * FROM account"), []);
});

void test("a publish that clears begins anew, and a bad program clears nothing", async (t) => {
  await host.publish("anew", "probe");
  await host.call("anew", "insert_many", 1, 3);
  const client = await SocketClient.open(host, "anew");
  const clear = (program: Uint8Array): ReturnType<typeof host.send> =>
    host.send("PUT", "database/anew?clear=true", program);
  t.equal((await clear(new Uint8Array([1, 2, 3]))).status, 500);
  t.same(await host.sql("anew", "SELECT COUNT(*) AS n FROM item"), [[3]]);
  t.equal(await client.call("whoami"), "ok", "nobody was disconnected");
  t.equal((await clear(readWasm("probe"))).status, 200);
  t.same(await client.ended, { code: 1001, reason: "module exited" });
  t.same(await host.sql("anew", "SELECT COUNT(*) AS n FROM item"), [[0]]);
  t.same(
    await host.sql("anew", "SELECT event FROM caller WHERE id = 1"),
    [["init"]],
    "init ran again",
  );
});

void test("a first publish that fails leaves neither name nor files", async (t) => {
  const before = await readdir(join(host.dataDir, "replicas"));
  const bad = readWasm("chat").subarray(0, 4000);
  t.match(await host.publish("chat", bad), { status: 500, text: /does not compile/ });
  t.equal((await host.send("GET", "database/chat")).status, 404);
  t.same(await readdir(join(host.dataDir, "replicas")), before);
  t.equal((await host.publish("chat", "chat")).status, 200);
  t.match(await host.publish("chat", "chat-bad"), {
    status: 400,
    text: /column connected_at is removed/,
  });
  t.equal((await host.call("chat", "send_message", "still here")).status, 200);
});

void test("[scenario 19] a second host in the same directory does not start; the first one does not notice", async (t) => {
  const second = startServer({ listenAddr: "127.0.0.1:0", dataDir: host.dataDir });
  await t.rejects(second, { code: "LC_DATA_DIR_IN_USE" });
  t.equal((await host.call("probe", "whoami")).status, 200);
  await host.stop();
  await host.start();
  t.equal((await host.call("probe", "whoami")).status, 200, "and the directory is free after it");
});

void test("a log that is damaged closes its database, and no other", async (t) => {
  for (const name of ["rotten", "sound"]) t.equal((await host.publish(name, "probe")).status, 200);
  const identity = (await host.send("GET", "database/rotten/identity")).text;
  await host.call("rotten", "insert_many", 1, 5);
  await host.stop();
  const clog = join(host.dataDir, "replicas", identity, "clog");
  const [segment = ""] = (await readdir(clog)).filter((name) => name.endsWith(".log"));
  await mkdir(join(clog, "aside"));
  await writeFile(join(clog, segment), Buffer.from("not a log at all, but long enough to look at"));
  await host.start();
  t.match(
    await host.sql("rotten", "SELECT * FROM item"),
    /^503 the database is closed for now: .*log/,
  );
  const client = new SocketClient(host, "rotten");
  t.match(await client.ended, { code: 1011, reason: /log/ });
  t.equal((await host.call("sound", "whoami")).status, 200);
  t.equal((await host.send("DELETE", "database/rotten")).status, 200, "it can still be deleted");
});

void test("logs are followed as they are written, and until the database ends", async (t) => {
  await host.publish("told", "probe");
  await host.call("told", "log_text", "before");
  const url = `http://${host.address}/v1/database/told/logs?num_lines=1&follow=true`;
  const answer = await fetch(url, { headers: { authorization: `Bearer ${host.token}` } });
  const { body } = answer;
  if (body === null) throw new Error("no body");
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const until = async (pattern: RegExp): Promise<boolean> => {
    while (!pattern.test(text)) {
      const { done, value } = await reader.read();
      if (done) return false;
      text += value;
    }
    return true;
  };
  t.ok(await until(/"before"/));
  await host.call("told", "log_many", 3);
  t.ok(await until(/"line 2"/));
  const messages = text
    .trim()
    .split("\n")
    .map((line) => (JSON.parse(line) as { message: string }).message);
  t.same(messages, ["before", "line 0", "line 1", "line 2"]);
  await host.send("DELETE", "database/told");
  t.notOk(await until(/never/), "it ends with the database");
});

// Procedures of a Rust module on a whole host: over HTTP, with the machine's timers and sockets, the code in its cache.
import { readdir } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type Test, t as file, test } from "tap";
import { startServer } from "../../src/index.ts";
import { assemblePlayer, PlayerScript } from "../procedure/player.ts";
import { newToken, RemoteHost } from "./remote-host.ts";

// Code is made on a thread of its own, which takes its time on a busy machine.
file.setTimeout(240_000);

async function open(
  t: Test,
  dataDir: string,
  moduleHttp: "off" | "public" | "anywhere",
): Promise<RemoteHost> {
  const server = await startServer({
    listenAddr: "127.0.0.1:0",
    dataDir,
    moduleHttp,
    callTimeLimitMs: 60_000,
  });
  t.teardown(() => server.close());
  const host = new RemoteHost();
  host.address = server.address;
  host.token = await newToken(server.address);
  return host;
}

async function target(t: Test): Promise<string> {
  const server = createServer((request, response) => {
    response.statusCode = request.url === "/teapot" ? 418 : 200;
    if (request.url === "/away") response.writeHead(302, { location: "/teapot" });
    response.end("hello");
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  t.teardown(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const dataDir = file.testdir();

void test("a Rust module: values, transactions, sleep, HTTP", async (t) => {
  const host = await open(t, dataDir, "anywhere");
  const url = await target(t);
  t.equal((await host.publish("views", "probe-views")).status, 200);
  t.match(await host.call("views", "add_up", 1, 2), { status: 200, text: /^3$/ });
  t.match(await host.call("views", "add_note_later", "a note"), { status: 200, text: /^true$/ });
  t.match(await host.call("views", "add_note_later", ""), { status: 200, text: /^false$/ });
  t.same(await host.sql("views", "SELECT text FROM note"), [["a note"]]);
  const before = Date.now();
  t.match(await host.call("views", "nap", 200_000), { status: 200, text: /^\[\d{16}\]$/ });
  t.ok(Date.now() - before >= 200, "it slept");
  const naps = Array.from({ length: 50 }, () => host.call("views", "nap", 300_000));
  t.equal((await host.call("views", "add_note", "meanwhile", 1)).status, 200);
  for (const nap of await Promise.all(naps)) t.equal(nap.status, 200);
  t.match(await host.call("views", "fetch", `${url}/teapot`), { status: 200, text: /^\[0,418\]$/ });
  t.match(await host.call("views", "fetch", `${url}/away`), { status: 200, text: /^\[0,418\]$/ });
  t.match(
    (await host.call("views", "fetch", "http://127.0.0.1:1/?secret")).text,
    /^\[1,".*REFUSED/,
  );
  t.match(await host.call("views", "add_up", 1), { status: 400, text: /for procedure add_up/ });
  t.equal((await host.call("views", "nobody")).status, 404);
  const [name = ""] = await readdir(join(dataDir, "cache"));
  t.match(name, /^[0-9a-f]{64}-asyncify-3-metered-\d+\.wasm$/);
});

void test("closed to private addresses unless it is opened, or to all", async (t) => {
  const url = await target(t);
  for (const [policy, text] of [
    ["public", /refusing to connect to private or special-purpose addresses/],
    ["off", /module outbound HTTP requests are disabled/],
  ] as const) {
    await t.test(policy, async (part) => {
      const host = await open(part, dataDir, policy);
      await host.untilOpen("views");
      const answer = await host.call("views", "fetch", url);
      part.match(answer, { status: 200, text }, policy);
    });
  }
});

void test("routes of a module, and a host that stops while procedures sleep", async (t) => {
  const other = t.testdir();
  const server = await startServer({ listenAddr: "127.0.0.1:0", dataDir: other });
  const host = new RemoteHost();
  host.address = server.address;
  host.token = await newToken(server.address);
  t.equal((await host.publish("player", await assemblePlayer())).status, 200);
  const answer = await fetch(`http://${host.address}/v1/database/player/route/a/b`, {
    method: "POST",
    body: "hello",
  });
  t.equal(answer.status, 201);
  t.equal(answer.headers.get("x-a"), "b");
  t.match(await answer.text(), /\/v1\/database\/player\/route\/a\/b.*hello$/s);
  t.equal((await host.send("GET", "database/player/route/nowhere")).status, 404);
  const forever = new PlayerScript()
    .call("procedure_sleep_until", 2n ** 62n)
    .encode()
    .subarray(4);
  const sleeping = host.call("player", "play", Buffer.from(forever).toString("hex"));
  const logs = await host.send("GET", "database/player/logs");
  t.equal(logs.status, 200);
  await server.close();
  t.match(await sleeping, { status: 500, text: /closing/ });
});

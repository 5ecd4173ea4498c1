import { once } from "node:events";
import { createServer } from "node:http";
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { test } from "tap";
import { isLoopbackAddress, Listener, parseListenAddress } from "./listener.ts";
import type { Report } from "./report.ts";

const report: Report = (thrown) => {
  throw thrown;
};

void test("listen addresses", async (t) => {
  const good: Readonly<Record<string, object>> = {
    "127.0.0.1:3000": { host: "127.0.0.1", port: 3000 },
    "0.0.0.0:0": { host: "0.0.0.0", port: 0 },
    "localhost:65535": { host: "localhost", port: 65535 },
    "[::1]:80": { host: "::1", port: 80 },
    "[::ffff:127.0.0.1]:80": { host: "::ffff:127.0.0.1", port: 80 },
  };
  for (const [text, address] of Object.entries(good)) {
    t.same(parseListenAddress(text), address, text);
  }
  const bad = ["", "3000", ":3000", "127.0.0.1", "127.0.0.1:", "::1:80", "[::1]", "[1.2.3.4]:80"];
  for (const text of [...bad, "a:65536", "a:-1", "a:b", "http://a:80", "[::1:80"]) {
    t.throws(() => parseListenAddress(text), { code: "LC_CONFIG", message: /HOST:PORT/ }, text);
  }
});

void test("addresses of this machine alone", async (t) => {
  for (const address of ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"]) {
    t.ok(isLoopbackAddress(address), address);
  }
  for (const address of ["0.0.0.0", "::", "10.0.0.1", "::2", "1.127.0.0"]) {
    t.notOk(isLoopbackAddress(address), address);
  }
});

void test("a listener tells where it listens, and refuses an address in use", async (t) => {
  const listener = new Listener(createServer(), report);
  await listener.listen({ host: "127.0.0.1", port: 0 });
  t.equal(listener.address, `127.0.0.1:${listener.port}`);
  t.ok(listener.isLoopback);
  const second = new Listener(createServer(), report);
  const { port } = listener;
  await t.rejects(second.listen({ host: "127.0.0.1", port }), {
    code: "LC_CONFIG",
    message: /cannot listen there: .*EADDRINUSE/,
  });
  listener.stop();
  await listener.end(50);
});

void test("connections that stay are cut after the grace", async (t) => {
  const listener = new Listener(createServer(), report);
  await listener.listen({ host: "127.0.0.1", port: 0 });
  const client = connect(listener.port, "127.0.0.1");
  client.write("GET / HTTP/1.1\r\nhost: x\r\n");
  await once(client, "connect");
  await delay(20);
  const closed = once(client, "close");
  listener.stop();
  await listener.end(20);
  await closed;
  t.ok(client.destroyed);
});

void test("a connection that cannot be accepted is reported, and the host goes on", async (t) => {
  const reported: unknown[] = [];
  const server = createServer((_request, response) => response.end());
  const listener = new Listener(server, (thrown, where) => reported.push(thrown, where));
  await listener.listen({ host: "127.0.0.1", port: 0 });
  const error = new Error("accept EMFILE");
  server.emit("error", error);
  t.same(reported, [error, "accepting a connection"]);
  const client = connect(listener.port, "127.0.0.1");
  await once(client, "connect");
  client.destroy();
  listener.stop();
  await listener.end(50);
});

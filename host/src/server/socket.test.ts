// The part of the server that speaks WebSocket, over a database that only notes what reaches it.
import { createServer } from "node:http";
import { connect as connectSocket, type AddressInfo, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { test, type Test } from "tap";
import { ConnectionId, Identity, present } from "@lightcone/abi";
import { WebSocket } from "ws";
import type { DatabaseHandle, SocketSink } from "./contract.ts";
import type { UpgradeTarget } from "./router.ts";
import { Metrics } from "./metrics/metrics.ts";
import { createSocketServer, type SocketOptions, type SocketServer } from "./socket.ts";

interface Rig {
  readonly port: number;
  readonly server: SocketServer;
  readonly metrics: Metrics;
  readonly sinks: SocketSink[];
  readonly received: string[];
  readonly closed: number[];
  readonly connect: () => WebSocket;
}

const protocol = "v2.bsatn.spacetimedb";

async function open(t: Test, options: Partial<SocketOptions> = {}): Promise<Rig> {
  const sinks: SocketSink[] = [];
  const received: string[] = [];
  const closed: number[] = [];
  const metrics = new Metrics();
  const database = {
    identity: Identity.zero,
    connect: (_options: unknown, sink: SocketSink) => {
      const position = sinks.push(sink) - 1;
      return {
        receive: (message: Uint8Array) => received.push(Buffer.from(message).toString("latin1")),
        closed: () => closed.push(position),
      };
    },
  } as unknown as DatabaseHandle;
  const caller = { identity: Identity.zero, connectionId: new ConnectionId(1n), jwtPayload: "{}" };
  const target = { database, caller, token: "token", protocol, headers: { "x-note": "noted" } };
  const server = createSocketServer({ pingMillis: 10_000, closeMillis: 50, metrics, ...options });
  const http = createServer();
  http.on("upgrade", (request, socket, head) => {
    const withOptions = { ...target, options: { confirmed: true } } as unknown as UpgradeTarget;
    server.upgrade(request, socket, head, withOptions);
  });
  await new Promise<void>((resolve) => {
    http.listen(0, "127.0.0.1", () => resolve());
  });
  const { port } = http.address() as AddressInfo;
  const clients: WebSocket[] = [];
  t.teardown(() => {
    for (const client of clients) client.terminate();
    http.closeAllConnections();
    http.close();
  });
  const connect = (): WebSocket => {
    const client = new WebSocket(`ws://127.0.0.1:${port}`, [protocol], { perMessageDeflate: true });
    client.on("error", () => undefined);
    clients.push(client);
    return client;
  };
  return { port, server, metrics, sinks, received, closed, connect };
}

function once(client: WebSocket, event: string): Promise<unknown[]> {
  return new Promise((resolve) => {
    client.once(event, (...args: unknown[]) => resolve(args));
  });
}

/** How a client's socket ends. */
async function ended(client: WebSocket): Promise<string> {
  const [code, reason] = await once(client, "close");
  return `${String(code)} ${String(reason)}`;
}

const frame = (text: string): Uint8Array => Uint8Array.of(0x82, text.length, ...Buffer.from(text));

void test("the protocol and the headers of the routes are in the answer, compression is not", async (t) => {
  const { connect } = await open(t);
  const client = connect();
  const [response] = (await once(client, "upgrade")) as [{ headers: Record<string, string> }];
  t.match(response.headers, { "sec-websocket-protocol": protocol, "x-note": "noted" });
  t.notHas(response.headers, "sec-websocket-extensions");
});

void test("messages go to the database, its frames to the client, in order", async (t) => {
  const { connect, sinks, received } = await open(t);
  const client = connect();
  await once(client, "open");
  const arrived: string[] = [];
  client.on("message", (data: Buffer) => arrived.push(data.toString()));
  const sink = present(sinks[0], "a connection");
  sink.write(Buffer.concat([frame("one"), frame("two")]));
  sink.write(frame("three"));
  sink.endTurn();
  client.send(Buffer.from("a"));
  client.send(Buffer.from("b"));
  sink.close(1011, "enough");
  sink.write(frame("too late"));
  t.equal(await ended(client), "1011 enough");
  t.same(arrived, ["one", "two", "three"]);
  t.same(received, ["a", "b"]);
});

void test("a text message closes the socket, and what follows it is nobody's", async (t) => {
  const { connect, received, closed } = await open(t);
  const client = connect();
  await once(client, "open");
  client.send(Buffer.from("before"));
  client.send("text");
  client.send(Buffer.from("after"));
  t.equal(await ended(client), "1011 v2 websocket does not support text messages");
  t.same(received, ["before"]);
  await pause(20);
  t.same(closed, [0], "the database is told once");
});

void test("a socket that is dropped ends without a Close frame", async (t) => {
  const { connect, sinks, closed } = await open(t);
  const client = connect();
  await once(client, "open");
  sinks[0]?.drop();
  t.equal(await ended(client), "1006 ");
  await pause(20);
  t.same(closed, [0]);
});

void test("a paused socket is not read from until it is resumed", async (t) => {
  const { connect, sinks, received } = await open(t);
  const client = connect();
  await once(client, "open");
  sinks[0]?.pause(true);
  client.send(Buffer.from("waits"));
  await pause(50);
  t.same(received, []);
  sinks[0]?.pause(false);
  client.close();
  t.equal(await ended(client), "1005 ");
  t.same(received, ["waits"]);
});

void test("who is silent is cut off, who answers pings is not", async (t) => {
  const { connect, closed } = await open(t, { pingMillis: 40 });
  const living = connect();
  const silent = connect();
  await Promise.all([once(living, "open"), once(silent, "open")]);
  // Nothing is read, so that no ping is answered.
  silent.pause();
  await pause(300);
  t.same(closed.length, 1, "one of them");
  t.equal(living.readyState, WebSocket.OPEN);
  silent.resume();
  t.equal(await ended(silent), "1006 ");
});

/** A WebSocket without a library: it never answers a Close. */
async function bareSocket(port: number): Promise<Socket> {
  const socket = connectSocket(port, "127.0.0.1");
  const lines = [
    "GET / HTTP/1.1",
    "host: localhost",
    "connection: upgrade",
    "upgrade: websocket",
    "sec-websocket-version: 13",
    "sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==",
    `sec-websocket-protocol: ${protocol}`,
  ];
  socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  await new Promise((resolve) => {
    socket.once("data", resolve);
  });
  return socket;
}

void test("a Close that is not answered does not keep the socket", async (t) => {
  const { port, sinks, closed } = await open(t);
  const socket = await bareSocket(port);
  socket.on("error", () => undefined);
  const gone = new Promise((resolve) => {
    socket.once("close", resolve);
  });
  const start = Date.now();
  sinks[0]?.close(1001, "bye");
  await gone;
  t.ok(Date.now() - start < 5000, "long before the library would give up");
  await pause(20);
  t.same(closed, [0]);
});

void test("all that are left are told when the host stops", async (t) => {
  const { connect, server } = await open(t);
  const clients = [connect(), connect()];
  await Promise.all(clients.map((client) => once(client, "open")));
  server.closeAll("the host is stopping");
  t.same(
    await Promise.all(clients.map(ended)),
    Array.from({ length: 2 }, () => "1001 the host is stopping"),
  );
});

// Requests to servers of this machine, which is opened for them, and to all that stays closed.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import {
  type AddressInfo,
  createServer as createTcpServer,
  type Server,
  type Socket,
} from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { type Test, t as file, test } from "tap";
import { limit } from "../limit.ts";
import { BodyMemory } from "./body-buffer.ts";
import type { HttpClientRequest, HttpOutcome } from "./client.ts";
import { nodeHttpClient } from "./node-client.ts";

file.setTimeout(120_000);

type Handle = (request: IncomingMessage, response: ServerResponse, body: string) => void;

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

async function listen(t: Test, server: Server): Promise<number> {
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  t.teardown(() => server.close());
  return (server.address() as AddressInfo).port;
}

async function serve(t: Test, handle: Handle): Promise<number> {
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8");
    request.on("data", (piece: string) => (body += piece));
    request.on("end", () => {
      handle(request, response, body);
    });
  });
  t.teardown(() => {
    server.closeAllConnections();
  });
  return listen(t, server);
}

function request(url: string, more: Partial<HttpClientRequest> = {}): HttpClientRequest {
  return { method: "GET", url, headers: [], body: encode(""), timeoutMillis: 20_000, ...more };
}

function send(sent: HttpClientRequest, allowsPrivate = true): Promise<HttpOutcome> {
  return new Promise((resolve) => {
    nodeHttpClient({ allowsPrivate }).send(sent, resolve);
  });
}

async function failure(sent: HttpClientRequest, allowsPrivate = true): Promise<string> {
  const outcome = await send(sent, allowsPrivate);
  return outcome.kind === "failed" ? outcome.message : `status ${outcome.response.status}`;
}

const refused = "refusing to connect to private or special-purpose addresses";

void test("an exchange: method, repeated headers, body, status, version", async (t) => {
  const port = await serve(t, (got, response, body) => {
    const text = JSON.stringify([got.method, got.url, got.rawHeaders, body]);
    response.writeHead(got.url === "/missing" ? 404 : 200, [
      ["set-cookie", "a"],
      ["set-cookie", "b"],
    ] as unknown as string[]);
    response.end(text);
  });
  const base = `http://127.0.0.1:${port}`;
  const headers = [
    { name: "X-Twice", value: encode("1") },
    { name: "X-Twice", value: Uint8Array.of(0xe9) },
    { name: "Content-Length", value: encode("999") },
    { name: "Transfer-Encoding", value: encode("chunked") },
  ];
  const host = ["Host", `127.0.0.1:${port}`];
  const twice = ["X-Twice", "1", "X-Twice", "é"];
  const close = ["Connection", "close"];
  const length = ["Content-Length", "4"];
  const cases: [Partial<HttpClientRequest>, string, unknown[]][] = [
    [{}, "/a?b=c#d", ["GET", "/a?b=c", [...host, ...close], ""]],
    [{ headers }, "/", ["GET", "/", [...host, ...twice, ...close], ""]],
    [
      { method: "POST", body: encode("body") },
      "/",
      ["POST", "/", [...host, ...length, ...close], "body"],
    ],
    [{ method: "TRACE" }, "/", ["TRACE", "/", [...host, ...close], ""]],
    [
      { method: "PURGE" },
      "/missing",
      ["PURGE", "/missing", [...host, "Content-Length", "0", ...close], ""],
    ],
    [
      { headers: [{ name: "host", value: encode("other.example") }] },
      "/",
      ["GET", "/", ["host", "other.example", ...close], ""],
    ],
  ];
  for (const [more, path, expected] of cases) {
    const outcome = await send(request(base + path, more));
    t.equal(outcome.kind, "response", path);
    if (outcome.kind !== "response") continue;
    const { status, httpVersion, body, headers: answered } = outcome.response;
    t.same(JSON.parse(decode(body)), expected);
    t.equal(status, path === "/missing" ? 404 : 200);
    t.equal(httpVersion, "1.1");
    const cookies = answered.filter(({ name }) => name === "set-cookie");
    t.same(
      cookies.map(({ value }) => decode(value)),
      ["a", "b"],
    );
  }
});

void test("requests that cannot be sent", async (t) => {
  const port = await serve(t, (_got, response) => response.end());
  const base = `http://127.0.0.1:${port}`;
  const header = (name: string, value: string): Partial<HttpClientRequest> => ({
    headers: [{ name, value: encode(value) }],
  });
  const cases: [string, Partial<HttpClientRequest>, RegExp][] = [
    ["no url?secret", {}, /^no url: this is no absolute URL$/],
    ["/path?secret", {}, /^\/path: this is no absolute URL$/],
    ["ftp://a.example/?secret", {}, /^ftp:\/\/a.example\/: only http and https/],
    ["http://u:p@127.0.0.1:1/?secret", {}, /^http:\/\/127.0.0.1:1\/: .*ECONNREFUSED/],
    ["http://name.invalid/?secret", {}, /^http:\/\/name.invalid\/: getaddrinfo /],
    [`${base}/?secret`, { method: "CONNECT" }, /CONNECT is not supported/],
    [`${base}/?secret`, { method: "A B" }, /Method must be a valid HTTP token/],
    [`${base}/?secret`, header("a b", "c"), /Header name must be a valid HTTP token/],
    [`${base}/?secret`, header("a", "b\r\nc: d"), /Invalid character in header/],
    [`https://127.0.0.1:${port}/?secret`, {}, /^https:.*: \S/],
  ];
  for (const [url, more, expected] of cases) {
    const message = await failure(request(url, more));
    t.match(message, expected, url);
    t.notMatch(message, /secret/, "no query string");
  }
});

void test("addresses that are not the world's", async (t) => {
  const port = await serve(t, (_got, response) => response.end());
  const hosts = ["127.0.0.1", "localhost", "[::1]", "0x7f.1", "2130706433", "[::ffff:127.0.0.1]"];
  for (const host of hosts) {
    const message = await failure(request(`http://${host}:${port}/p?q`), false);
    t.match(message, refused, host);
  }
});

void test("redirects: followed, counted, and checked like the first address", async (t) => {
  const port = await serve(t, (got, response) => {
    const left = Number(got.url?.slice(1));
    if (left === 0) response.end("there");
    else response.writeHead(302, { location: `/${left - 1}` }).end("not yet");
  });
  const base = `http://127.0.0.1:${port}`;
  const outcome = await send(request(`${base}/${limit.httpRedirectCountMax}`));
  t.match(outcome, { kind: "response", response: { status: 200 } });
  t.match(
    await failure(request(`${base}/${limit.httpRedirectCountMax + 1}`)),
    /more than 10 redir/,
  );
  const inward = await serve(t, (got, response) => {
    const location = new URLSearchParams(got.url?.slice(2)).get("to") ?? "";
    response.writeHead(307, { location }).end();
  });
  for (const to of ["file:///etc/passwd", "ftp://a.example", "http://[", "gopher:x"]) {
    const message = await failure(
      request(`http://127.0.0.1:${inward}/?to=${encodeURIComponent(to)}`),
    );
    t.match(message, /only http and https|no absolute URL/, to);
  }
});

void test("a server that takes its time, and one that sends too much", async (t) => {
  const sockets = new Set<Socket>();
  const drip = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => sockets.delete(socket));
    socket.write("HTTP/1.1 200 OK\r\n\r\n");
    const timer = setInterval(() => socket.write("x"), 20);
    socket.on("close", () => {
      clearInterval(timer);
    });
  });
  const slow = await listen(t, drip);
  const silent = await listen(
    t,
    createTcpServer((socket) => socket.on("error", () => undefined).resume()),
  );
  for (const port of [slow, silent]) {
    const url = `http://127.0.0.1:${port}/?secret`;
    t.equal(
      await failure(request(url, { timeoutMillis: 150 })),
      `http://127.0.0.1:${port}/: no whole answer within 150 ms`,
    );
  }
  while (sockets.size > 0) await pause(5);
  const large = await serve(t, (_got, response) => {
    response.on("error", () => undefined);
    const piece = Buffer.alloc(1024 * 1024);
    const more = (): void => {
      while (!response.destroyed && response.write(piece));
    };
    response.on("drain", more);
    more();
  });
  t.match(
    await failure(request(`http://127.0.0.1:${large}/`)),
    /the answer is longer than \d+ bytes/,
  );
  const torn = await listen(
    t,
    createTcpServer((socket) => {
      socket.on("error", () => undefined);
      socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nshort"));
    }),
  );
  t.match(await failure(request(`http://127.0.0.1:${torn}/`)), /aborted/);
});

void test("a request that is given up leaves nothing and tells nothing", async (t) => {
  const arrived = new Set<Socket>();
  const server = createTcpServer((socket) => {
    socket.on("error", () => undefined).resume();
    arrived.add(socket);
    socket.on("close", () => arrived.delete(socket));
  });
  const port = await listen(t, server);
  const outcomes: HttpOutcome[] = [];
  const client = nodeHttpClient({ allowsPrivate: true });
  const cancel = client.send(request(`http://127.0.0.1:${port}/`), (one) => outcomes.push(one));
  while (arrived.size === 0) await pause(5);
  cancel();
  while (arrived.size > 0) await pause(5);
  client.send(request(`http://127.0.0.1:${port}/`), (one) => outcomes.push(one))();
  await pause(50);
  t.same(outcomes, []);
  t.equal(arrived.size, 0);
});

void test("a server that changes to another protocol has not answered", async (t) => {
  const server = createTcpServer((socket) => {
    socket.on("error", () => undefined);
    socket.write("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n");
  });
  const port = await listen(t, server);
  const start = performance.now();
  t.match(await failure(request(`http://127.0.0.1:${port}/`)), /another protocol/);
  t.ok(performance.now() - start < 10_000, "at once");
});

void test("all bodies together have a limit, and give back what they took", async (t) => {
  const port = await serve(t, (_request, response, body) => {
    response.end(body === "" ? "x".repeat(50_000) : "short");
  });
  const bodyMemory = new BodyMemory(100_000);
  const client = nodeHttpClient({ allowsPrivate: true, bodyMemory });
  const ask = (bytes: number): Promise<HttpOutcome> =>
    new Promise((resolve) => {
      const more = { method: "POST", body: new Uint8Array(bytes).fill(65) };
      client.send(request(`http://127.0.0.1:${port}/`, more), resolve);
    });
  const both = await Promise.all([ask(60_000), ask(60_000)]);
  t.same(both.map(({ kind }) => kind).sort(), ["failed", "response"]);
  t.equal(bodyMemory.bytes, 0);
  t.match(await ask(0), { kind: "response", response: { body: { length: 50_000 } } });
  t.equal(bodyMemory.bytes, 0);
});

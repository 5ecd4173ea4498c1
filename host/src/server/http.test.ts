import { EventEmitter } from "node:events";
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { LightconeError } from "@lightcone/abi";
import { type Test, test } from "tap";
import { emptyReply, errorReply, textReply } from "./reply.ts";
import type { Route } from "./router.ts";
import { routes } from "./route-table.ts";
import { statusByCode } from "./status.ts";
import { openRig, type Rig, type RigOptions } from "./test-rig.ts";

async function open(t: Test, options: RigOptions = { routes }): Promise<Rig> {
  const rig = await openRig(options);
  t.teardown(() => rig.close());
  return rig;
}

void test("every answer may be read by pages of any origin", async (t) => {
  const { send } = await open(t);
  const paths = ["/v1/ping", "/v1/nothing", "/v1/database/none", "/v1/identity/x/databases"];
  for (const path of paths) {
    const { headers } = await send(path);
    t.equal(headers["access-control-allow-origin"], "*", path);
    t.equal(headers["access-control-expose-headers"], undefined);
  }
});

void test("a preflight is answered for any path", async (t) => {
  const { send } = await open(t);
  for (const path of ["/v1/ping", "/v1/database/x/call/y", "/nothing"]) {
    const headers = { origin: "http://page", "access-control-request-method": "POST" };
    const answer = await send(path, { method: "OPTIONS", headers });
    t.equal(answer.status, 200);
    t.match(answer.headers, {
      "access-control-allow-origin": "*",
      "access-control-allow-methods": "*",
      "access-control-allow-headers": "authorization, accept, content-type",
    });
    t.equal(answer.text, "");
  }
});

void test("unknown paths and methods are answered with nothing", async (t) => {
  const { send } = await open(t);
  t.match(await send("/v1/nothing"), { status: 404, text: "" });
  const wrong = await send("/v1/ping", { method: "POST" });
  t.match(wrong, { status: 405, text: "", headers: { allow: "GET" } });
  t.equal(wrong.headers["content-type"], undefined);
});

void test("a path that does not decode", async (t) => {
  const { send } = await open(t);
  const answer = await send("/v1/database/%zz");
  t.match(answer, { status: 400, text: /^Invalid URL: %zz/ });
  t.equal(answer.headers["content-type"], "text/plain; charset=utf-8");
});

void test("HEAD is GET without the body", async (t) => {
  const { send } = await open(t);
  const answer = await send("/v1/health", { method: "HEAD" });
  t.equal(answer.status, 200);
  t.equal(answer.text, "");
  t.equal(answer.headers["content-type"], "application/json");
});

void test("a request line with scheme and host, as proxies send it", async (t) => {
  const { send } = await open(t);
  t.equal((await send("http://example.com/v1/ping?x=1")).status, 200);
  t.equal((await send("http://example.com")).status, 404);
});

const lateRequests = new EventEmitter();

const failing: readonly Route[] = [
  {
    method: "GET",
    path: "/v1/bug",
    credentials: "ignored",
    access: "anybody",
    summary: "Fails.",
    answers: {},
    handle: () => {
      throw new TypeError("secret detail");
    },
  },
  {
    method: "GET",
    path: "/v1/refused",
    credentials: "optional",
    access: "anybody",
    summary: "Refuses.",
    answers: {},
    handle: () => {
      throw new LightconeError("LC_PUBLISH_REFUSED", "two things", ["first", "second"]);
    },
  },
  {
    method: "GET",
    path: "/v1/disk",
    credentials: "ignored",
    access: "anybody",
    summary: "Meets a broken disk.",
    answers: {},
    handle: () => {
      throw new LightconeError("LC_DISK", "cannot write");
    },
  },
  {
    method: "POST",
    path: "/v1/measure",
    credentials: "ignored",
    access: "anybody",
    summary: "Measures its body.",
    answers: {},
    handle: async (request) => textReply(200, `${(await request.readBody(1000)).length}`),
  },
  {
    method: "GET",
    path: "/v1/late",
    credentials: "ignored",
    access: "anybody",
    summary: "Takes its time.",
    answers: {},
    handle: async () => {
      lateRequests.emit("reached");
      await delay(50);
      return emptyReply(200);
    },
  },
];

void test("a bug is reported without its query string and its details stay inside", async (t) => {
  const { send, reported } = await open(t, { routes: failing });
  const answer = await send("/v1/bug?token=secret");
  t.equal(answer.status, 500);
  t.notMatch(answer.text, /secret/);
  t.match(reported, [{ thrown: /secret detail/, where: "GET /v1/bug" }]);
  t.equal(reported[0]?.where, "GET /v1/bug");
});

void test("a refusal tells its reasons and is nobody's fault", async (t) => {
  const { send, reported } = await open(t, { routes: failing });
  const answer = await send("/v1/refused");
  t.match(answer, { status: 400, text: "two things\nfirst\nsecond" });
  t.ok(answer.headers["spacetime-identity"], "identity headers on errors, too");
  t.same(reported, []);
});

void test("a broken disk is 503 and reported", async (t) => {
  const { send, reported } = await open(t, { routes: failing });
  t.match(await send("/v1/disk"), { status: 503, text: "cannot write" });
  t.equal(reported.length, 1);
});

void test("statuses of refusals", async (t) => {
  const expected = {
    LC_SQL_SYNTAX: 400,
    LC_UNAUTHORIZED: 401,
    LC_TOKEN_INVALID: 401,
    LC_FORBIDDEN: 403,
    LC_DATABASE_UNKNOWN: 404,
    LC_NAME_TAKEN: 409,
    LC_LIMIT: 413,
    LC_MODULE_LOAD: 500,
    LC_NOT_YET: 501,
    LC_DATABASE_UNAVAILABLE: 503,
    LC_CALL_TIME_LIMIT: 530,
  } as const;
  for (const [code, status] of Object.entries(expected)) {
    const error = new LightconeError(code as keyof typeof expected, "because");
    t.match(errorReply(error), { status, body: "because" }, code);
  }
  for (const [code, status] of Object.entries(statusByCode)) {
    t.ok(status >= 400 && status <= 599, `${code} is an error`);
  }
});

void test("bodies up to the limit", async (t) => {
  const { send } = await open(t, { routes: failing });
  const post = (body: string | Uint8Array, headers = {}): ReturnType<typeof send> =>
    send("/v1/measure", { method: "POST", body, headers });
  t.match(await post(""), { status: 200, text: "0" });
  t.match(await post("x".repeat(1000)), { status: 200, text: "1000" });
  const chunked = { "transfer-encoding": "chunked" };
  t.match(await post("x".repeat(1000), chunked), { status: 200, text: "1000" });
  const tooLong = "Failed to buffer the request body: length limit exceeded";
  t.match(await post("x".repeat(1001)), { status: 413, text: tooLong });
  t.match(await post("x".repeat(1001), chunked), { status: 413, text: tooLong });
  t.match(await post(new Uint8Array(8_000_000)), { status: 413, text: tooLong });
  t.match(await post(new Uint8Array(8_000_000), chunked), { status: 413, text: tooLong });
});

/** Sends bytes as they are and returns all that comes back. */
function raw(port: number, text: string, isHalfOpen = true): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    let received = "";
    socket.on("data", (chunk) => (received += chunk.toString()));
    socket.on("error", reject);
    socket.on("close", () => resolve(received));
    socket.write(text);
    if (!isHalfOpen) setTimeout(() => socket.destroy(), 30);
  });
}

void test("after a body that was too long the connection goes on", async (t) => {
  const { port } = await open(t, { routes: failing });
  const head = "POST /v1/measure HTTP/1.1\r\nhost: x\r\n";
  const first = `${head}content-length: 2000\r\n\r\n${"x".repeat(2000)}`;
  const second = `${head}connection: close\r\ncontent-length: 2\r\n\r\nxy`;
  const received = await raw(port, first + second);
  t.match(received, /^HTTP\/1\.1 413 .*HTTP\/1\.1 200 .*\r\n\r\n2$/s);
});

void test("a client that goes away within its body is no fault of the host", async (t) => {
  const { port, reported, send } = await open(t, { routes: failing });
  const head = "POST /v1/measure HTTP/1.1\r\nhost: x\r\ncontent-length: 500\r\n\r\n";
  await raw(port, `${head}abc`, false);
  t.equal((await send("/v1/measure", { method: "POST", body: "x" })).text, "1");
  t.same(reported, []);
});

const h2c =
  "host: x\r\nconnection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAA\r\n";

void test("an offer of HTTP/2, as some clients make, is passed over", async (t) => {
  const { port } = await open(t);
  const ping = await raw(port, `GET /v1/ping HTTP/1.1\r\n${h2c}\r\n`);
  t.match(ping, /^HTTP\/1\.1 200 OK\r\n.*connection: close/is);
  const identity = await raw(port, `POST /v1/identity HTTP/1.1\r\n${h2c}\r\n`);
  t.match(identity, /^HTTP\/1\.1 200 OK\r\n.*"token":/s);
  const body = await raw(port, `POST /v1/identity HTTP/1.1\r\n${h2c}content-length: 2\r\n\r\nhi`);
  t.match(body, /^HTTP\/1\.1 400 .*cannot have a body$/s);
});

void test("a server that closes lets requests under way end", async (t) => {
  const rig = await openRig({ routes: failing });
  const reached = new Promise((resolve) => {
    lateRequests.once("reached", resolve);
  });
  const late = rig.send("/v1/late");
  await reached;
  const closing = rig.close();
  t.equal((await late).status, 200);
  await closing;
  await t.rejects(rig.send("/v1/late"), { code: "ECONNREFUSED" });
});

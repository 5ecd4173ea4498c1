import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { type Test, test } from "tap";
import { callRoutes } from "../routes/call.ts";
import { healthRoutes } from "../routes/health.ts";
import { identityRoutes } from "../routes/identity.ts";
import { subscribeRoutes } from "../routes/subscribe.ts";
import { openRig, type Rig } from "../test-rig.ts";
import type { TrafficLimits } from "./traffic.ts";

async function open(t: Test, limits: Partial<TrafficLimits>): Promise<Rig> {
  const routes = [...callRoutes, ...healthRoutes, ...identityRoutes, ...subscribeRoutes];
  const rig = await openRig({ routes, limits });
  t.teardown(() => rig.close());
  return rig;
}

const call = { method: "POST", body: "[]", headers: { "content-type": "application/json" } };

void test("a client that asks too often is told when to come again", async (t) => {
  const { send, publish, tokens, clock } = await open(t, { callsPerSecond: 2 });
  const owner = await tokens.issueNew();
  const other = await tokens.issueNew();
  await publish("chat", owner);
  const path = "/v1/database/chat/call/add";
  for (let i = 0; i < 4; i++) {
    t.equal((await send(path, { ...call, token: owner.token })).status, 200);
  }
  const refused = await send(path, { ...call, token: owner.token });
  t.match(refused, { status: 429, text: "too many requests: try again in 1 s" });
  t.equal(refused.headers["retry-after"], "1");
  t.equal((await send(path, { ...call, token: other.token })).status, 200, "others go on");
  for (let i = 0; i < 10; i++) t.equal((await send("/v1/ping")).status, 200, "questions are free");
  const anonymous = await Promise.all(Array.from({ length: 5 }, () => send(path, call)));
  const statuses = anonymous.map(({ status }) => status).sort((a, b) => a - b);
  t.same(statuses, [200, 200, 200, 200, 429], "who comes anew each time counts by address");
  const elsewhere = { ...call, headers: { ...call.headers, "x-forwarded-for": "5.6.7.8" } };
  t.equal((await send(path, elsewhere)).status, 200);
  clock.advance(2_000_000n);
  t.equal((await send(path, { ...call, token: owner.token })).status, 200);
});

void test("energy that calls have used counts", async (t) => {
  const { send, publish, tokens } = await open(t, { energyPerMinute: 5 });
  const { token } = await tokens.issueNew();
  await publish("chat", await tokens.issueNew());
  const path = "/v1/database/chat/call/add";
  const statuses: number[] = [];
  for (let i = 0; i < 4; i++) statuses.push((await send(path, { ...call, token })).status);
  t.same(statuses, [200, 200, 429, 429], "3 units each");
});

void test("new identities are not to be had without end", async (t) => {
  const { send } = await open(t, { newConnectionsPerSecond: 1 });
  const make = async (): Promise<number> => (await send("/v1/identity", { method: "POST" })).status;
  t.same([await make(), await make(), await make()], [200, 200, 429]);
});

/** A WebSocket handshake; resolves with the status. The socket stays as the server leaves it. */
async function shake(port: number): Promise<{ status: number; socket: Socket }> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => undefined);
  const lines = [
    "GET /v1/database/chat/subscribe HTTP/1.1",
    "host: x",
    "connection: Upgrade",
    "upgrade: websocket",
    "sec-websocket-version: 13",
    "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
    "sec-websocket-protocol: v2.bsatn.spacetimedb",
  ];
  socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  const [chunk] = (await once(socket, "data")) as [Buffer];
  return { status: Number(chunk.toString().split(" ")[1]), socket };
}

void test("WebSockets beyond the limit are refused, and count no longer than they last", async (t) => {
  const { port, publish, tokens } = await open(t, { connectionsPerAddressMax: 1 });
  await publish("chat", await tokens.issueNew());
  for (let i = 0; i < 3; i++) {
    const { status, socket } = await shake(port);
    t.equal(status, 101);
    // The test's server ends it at once; the next counts when that is through.
    if (!socket.closed) await once(socket, "close");
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
  }
});

void test("a host that is stopping answers what asks about that, and nothing else", async (t) => {
  const { send, services } = await open(t, {});
  t.match(await send("/v1/ready"), { status: 200, text: `{"ready":true,"reason":null}` });
  services.readiness.drain();
  t.match(await send("/v1/ready"), {
    status: 503,
    text: `{"ready":false,"reason":"the host is stopping"}`,
  });
  t.equal((await send("/v1/health")).status, 200);
  const refused = await send("/v1/identity", { method: "POST" });
  t.match(refused, { status: 503, text: "the host is stopping" });
});

void test("a disk that fails makes the host not ready, until it works again", async (t) => {
  const { send, disk, clock } = await open(t, {});
  disk.failAfter("any", 0, "ENOSPC");
  t.match(await send("/v1/ready"), { status: 503, text: /ENOSPC/ });
  disk.heal();
  t.equal((await send("/v1/ready")).status, 503, "an answer is good for some seconds");
  clock.advance(6_000_000n);
  t.equal((await send("/v1/ready")).status, 200);
  t.notOk(await disk.exists("ready-check"), "nothing stays on the disk");
});

// Frames, tokens and statements that are wrong: each gets its answer, and the host goes on.
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { readFile } from "node:fs/promises";
import { t, test, type Test } from "tap";
import { Writer } from "@lightcone/abi";
import { ChildHost } from "./child-host.ts";
import { SocketClient } from "./socket-client.ts";

// Hosts take their time to start on a busy machine.
t.setTimeout(180_000);

const host = await ChildHost.start(t);
await host.publish("probe", "probe");

/** Checks that a database answers as if nothing had been. */
async function works(t: Test): Promise<void> {
  const client = await SocketClient.open(host, "probe");
  t.equal(await client.call("whoami"), "ok", "the next good request works");
  await client.close();
}

void test("frames that are no messages close their socket, with a reason", async (t) => {
  const cases: [title: string, frame: Uint8Array | string, end: object][] = [
    ["garbage", new Uint8Array([200, 1, 2, 3]), { code: 1011, reason: /unknown tag 200/ }],
    ["nothing", new Uint8Array(0), { code: 1011, reason: /.+/ }],
    ["a message that is cut off", new Uint8Array([3, 1, 0]), { code: 1011, reason: /.+/ }],
    [
      "a length beyond the frame",
      new Uint8Array([2, 1, 0, 0, 0, 255, 255, 255, 255]),
      { code: 1011, reason: /.+/ },
    ],
    ["text", "hello", { code: 1011, reason: "v2 websocket does not support text messages" }],
  ];
  const neighbour = await SocketClient.open(host, "probe");
  for (const [title, frame, end] of cases) {
    const client = await SocketClient.open(host, "probe");
    client.ws.send(frame);
    t.match(await client.ended, end, title);
  }
  t.equal(await neighbour.call("whoami"), "ok", "others there are not disturbed");
  const count = await host.sql("probe", "SELECT COUNT(*) AS n FROM st_client");
  t.same(count, [[2]], "and those who were closed are gone");
  await neighbour.close();
});

void test("a frame of 64 MiB is refused, one of 20 MiB is not", async (t) => {
  const client = await SocketClient.open(host, "probe");
  client.ws.send(new Uint8Array(64 * 1024 * 1024));
  t.match(await client.ended, { code: 1009 });
  const other = await SocketClient.open(host, "probe");
  const size = 15 * 1024 * 1024;
  t.equal(
    await other.call("insert_unique", (writer) => {
      writer.u32(1);
      writer.string("x".repeat(size));
    }),
    "ok",
  );
  t.match(
    await other.call("log_text", (writer) => writer.string("x".repeat(20 * 1024 * 1024))),
    "ok",
  );
  await works(t);
});

/** Opens a WebSocket without a library, so that frames can break every rule. */
async function bareSocket(): Promise<Socket> {
  const [address = "", port = ""] = host.address.split(":");
  const socket = connect(Number(port), address);
  socket.write(
    [
      "GET /v1/database/probe/subscribe?compression=None HTTP/1.1",
      `host: ${host.address}`,
      "connection: upgrade",
      "upgrade: websocket",
      "sec-websocket-version: 13",
      "sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==",
      "sec-websocket-protocol: v2.bsatn.spacetimedb",
      "",
      "",
    ].join("\r\n"),
  );
  await new Promise((resolve) => {
    socket.once("data", resolve);
  });
  return socket;
}

/** Everything that a socket sends until it ends. */
async function untilEnd(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  await new Promise((resolve) => {
    socket.once("close", resolve);
  });
  return Buffer.concat(chunks);
}

void test("bytes that are no WebSocket frames at all", async (t) => {
  const unmasked = [0x82, 0x01, 0x07];
  const reserved = [0xf2, 0x81, 1, 2, 3, 4, 5];
  const opcode = [0x83, 0x81, 1, 2, 3, 4, 5];
  for (const [title, bytes] of Object.entries({ unmasked, reserved, opcode })) {
    const socket = await bareSocket();
    const ended = untilEnd(socket);
    socket.on("error", () => undefined);
    socket.write(Uint8Array.from(bytes));
    const received = await ended;
    t.ok(received.includes(Buffer.from([0x03, 0xea])), `${title}: closed with 1002`);
  }
  const socket = await bareSocket();
  socket.destroy();
  await works(t);
});

void test("a client that never reads is cut off; the others get everything", async (t) => {
  const lazy = await SocketClient.open(host, "probe");
  lazy.subscribe("SELECT * FROM item");
  await lazy.next();
  lazy.ws.pause();
  const eager = await SocketClient.open(host, "probe");
  const size = 4 * 1024 * 1024;
  for (let id = 0; id < 24; id++) {
    const outcome = await eager.call("big_string", (writer) => {
      writer.u32(1000 + id);
      writer.u32(size);
    });
    t.equal(outcome, "ok");
  }
  lazy.ws.resume();
  t.equal((await lazy.ended).code, 1006);
  t.equal(await eager.call("clear_items"), "ok");
  await works(t);
});

void test("tokens that are expired, forged or no tokens", async (t) => {
  const refused = async (token: string): Promise<unknown> => {
    const http = await host.send("POST", "database/probe/sql", "SELECT * FROM item", token);
    const client = new SocketClient(host, "probe", { token });
    const status = await new Promise((resolve) => {
      client.ws.once("unexpected-response", (_request, response) => resolve(response.statusCode));
    });
    return [http.status, status, http.text];
  };
  const [header = "", payload = "", signature = ""] = host.token.split(".");
  const claims = JSON.parse(Buffer.from(payload, "base64url").toString()) as object;
  const encoded = (value: object): string =>
    Buffer.from(JSON.stringify(value)).toString("base64url");
  const flipped = `${signature.startsWith("A") ? "B" : "A"}${signature.slice(1)}`;
  t.match(await refused(`${header}.${payload}.${flipped}`), [401, 401, /^Invalid token/]);
  t.match(await refused(`${header}.${encoded({ ...claims, sub: "somebody else" })}.${signature}`), [
    401,
    401,
    /^Invalid token/,
  ]);
  t.match(await refused(`${encoded({ typ: "JWT", alg: "none" })}.${payload}.`), [
    401,
    401,
    /^Invalid token/,
  ]);
  t.match(await refused("nonsense"), [401, 401, /^Invalid token/]);
  t.match(await refused(await expired(claims)), [401, 401, /^Invalid token: .*xpired/]);
  await works(t);
});

/** A token of the host's own key that was good an hour ago. */
async function expired(claims: object): Promise<string> {
  const { importPKCS8, CompactSign } = await import("jose");
  const key = await importPKCS8(
    await readFile(join(host.dataDir, "keys", "id_ecdsa"), "utf8"),
    "ES256",
  );
  const exp = Math.floor(Date.now() / 1000) - 3600;
  return new CompactSign(new TextEncoder().encode(JSON.stringify({ ...claims, exp })))
    .setProtectedHeader({ typ: "JWT", alg: "ES256" })
    .sign(key);
}

void test("statements and arguments that are wrong", async (t) => {
  t.match(await host.send("POST", "database/probe/sql", "SELEKT *"), { status: 400, text: /.+/ });
  t.match(await host.send("POST", "database/probe/sql", "SELECT * FROM nothing"), {
    status: 400,
    text: /`nothing`/,
  });
  t.match(await host.send("POST", "database/probe/call/fail", "[1]"), {
    status: 400,
    text: /^invalid arguments/,
  });
  t.match(await host.send("POST", "database/probe/call/fail", "["), { status: 400 });
  t.match(await host.send("POST", "database/probe/call/nobody", "[]"), {
    status: 404,
    text: "No such procedure",
  });
  t.match(await host.call("probe", "fail", "my error"), { status: 530, text: "my error" });
  t.match(await host.call("probe", "panic_now", "ouch"), {
    status: 530,
    text: "The instance encountered a fatal error.",
  });
  const client = await SocketClient.open(host, "probe");
  client.subscribe("SELEKT *");
  t.match(await client.next(), { kind: "subscriptionError", error: /executing: `SELEKT \*`$/ });
  client.query("SELEKT *");
  t.match(await client.next(), { result: { kind: "err", error: /executing: `SELEKT \*`$/ } });
  const few = new Writer();
  few.u8(1);
  t.match(
    await client.call("take_arguments", (writer) => writer.raw(few.finish())),
    /^invalid arguments/,
  );
  t.equal(await client.call("nobody"), "no such reducer");
  await works(t);
});

void test("a module that takes all the memory there is for it is stopped, and starts again", async (t) => {
  t.match(await host.call("probe", "exhaust_memory"), { status: 530, text: /fatal error/ });
  t.same(await host.sql("probe", "SELECT id FROM item WHERE id = 4294967295"), []);
  await works(t);
});

void test("messages that come before the greeting wait for it", async (t) => {
  const client = new SocketClient(host, "probe");
  await new Promise<void>((resolve) => {
    client.ws.once("open", () => resolve());
  });
  client.sendCall("whoami", new Uint8Array(0), 5);
  t.match(await client.next(), { kind: "initialConnection", token: host.token });
  t.match(await client.next(), { kind: "reducerResult", requestId: 5, outcome: { kind: "ok" } });
  await client.close();
});

void test("a connection id that somebody else has is refused, and they do not notice", async (t) => {
  const query = `&connection_id=${"0".repeat(31)}7`;
  const first = await SocketClient.open(host, "probe", { query });
  const second = new SocketClient(host, "probe", { query });
  t.equal((await second.ended).code, 1006);
  t.equal(await first.call("whoami"), "ok");
  await first.close();
  await works(t);
});

import { setTimeout as sleep } from "node:timers/promises";
import { type Test, test } from "tap";
import { WebSocket } from "ws";
import { message } from "../test/chat.ts";
import {
  connectClient,
  type Setup,
  settled,
  startClient,
  startHost,
  status,
} from "../test/client.ts";
import { limit, wait } from "./limit.ts";
import { memoryTokenStore } from "./token.ts";
import { type SocketAddress, socketUrl, type Transport } from "./transport.ts";
import { transport as browser } from "./transport-browser.ts";
import { transport as node } from "./transport-node.ts";

/** Beyond the lowered limit, or of the wrong kind. */
const badFrames: readonly (readonly [string | Uint8Array, RegExp])[] = [
  ["text", /the server sent a text frame/],
  [new Uint8Array(300), /the server sent a frame of 300 bytes|Max payload size exceeded/],
];

const transports: Readonly<Record<string, Transport>> = { node, browser };

// Node 20 has no WebSocket of its own; that of the package has the interface of browsers.
Object.assign(globalThis, { WebSocket });

void test("addresses", (t) => {
  const address: SocketAddress = {
    serverUrl: "https://example.org/db",
    databaseName: "my chat",
    confirmedReads: undefined,
    token: "long",
  };
  const rest = "example.org/db/v1/database/my%20chat/subscribe?compression=None";
  t.equal(socketUrl(address), `wss://${rest}`);
  t.equal(socketUrl({ ...address, confirmedReads: false }), `wss://${rest}&confirmed=false`);
  t.equal(socketUrl({ ...address, confirmedReads: true }), `wss://${rest}&confirmed=true`);
  t.equal(socketUrl(address, "a+b"), `wss://${rest}&token=a%2Bb`);
  t.equal(socketUrl({ ...address, serverUrl: "http://h:1" }).slice(0, 9), "ws://h:1/");
  t.end();
});

for (const [name, transport] of Object.entries(transports)) {
  const withTransport: Setup = (builder) => builder.withTransport(transport);

  void test(`${name}: follows a subscription, keeps the token`, async (t) => {
    const host = await startHost(t);
    const store = memoryTokenStore();
    const setup: Setup = (builder) => withTransport(builder).withTokenStore(store);
    const client = await connectClient(t, host, setup);
    await client.connection.subscribe("SELECT * FROM message").applied;
    host.commit({ insert: { message: [message(1, "a")] } });
    await settled(client);
    t.same(client.taken(), ["+message 1/a/0 transaction"]);
    const again = await connectClient(t, host, setup);
    t.ok(again.connection.identity?.equals(client.connection.identity!));
    t.equal(again.connection.token, "token-0", "not the one it was exchanged for");
    t.equal(store.get(host.url), "token-0");
    const inUrl = host.upgrades[1]?.url.endsWith("&token=short-token-0");
    t.equal(inUrl, name === "browser");
    t.equal(host.upgrades[1]?.authorization, name === "node" ? "Bearer token-0" : undefined);
    host.supported = ["v2.bsatn.spacetimedb"];
    const older = await connectClient(t, host, setup);
    await older.connection.subscribe("SELECT * FROM message").applied;
    t.same(older.taken(), ["+message 1/a/0 subscribed"]);
    const [newest, second, last] = host.protocols;
    t.same(
      [newest, second, last],
      ["v3.bsatn.spacetimedb", "v3.bsatn.spacetimedb", "v2.bsatn.spacetimedb"],
    );
  });

  void test(`${name}: refused tokens`, async (t) => {
    const host = await startHost(t);
    const given = startClient(t, host, (builder) => withTransport(builder).withToken("forged"));
    await t.rejects(given.connection.connected, {
      code: "LC_TOKEN_INVALID",
      message: "the server refused the connection with status 401: Invalid token: unknown",
    });
    const store = memoryTokenStore();
    await store.set(host.url, "stale");
    const kept = await connectClient(t, host, (builder) =>
      withTransport(builder).withTokenStore(store),
    );
    t.equal(kept.connection.token, "token-0");
  });

  void test(`${name}: text and large frames`, async (t) => {
    lowerFrameLimit(t, 200);
    for (const [frame, message] of badFrames) {
      const host = await startHost(t);
      const client = await connectClient(t, host, withTransport);
      host.session.sendRaw(frame);
      await status(client, "closed");
      t.match(client.connection.status, { error: { code: "LC_FRAME_INVALID", message } });
    }
  });

  void test(`${name}: nobody listens`, async (t) => {
    const host = await startHost(t);
    await host.stop();
    const client = startClient(t, host, (builder) => withTransport(builder).withToken("any"));
    await t.rejects(client.connection.connected, { code: "LC_CONNECTION" });
  });

  void test(`${name}: disconnect() before the socket is there`, async (t) => {
    const host = await startHost(t);
    host.tokens.set("known", (await connectClient(t, host)).connection.identity!);
    const client = startClient(t, host, (builder) => withTransport(builder).withToken("known"));
    await Promise.resolve();
    client.connection.disconnect();
    await t.rejects(client.connection.connected, { code: "LC_CONNECTION" });
    t.same(client.taken(), []);
  });
}

function lowerFrameLimit(t: Test, frameLengthMax: number): void {
  const before = { ...limit };
  t.teardown(() => Object.assign(limit, before));
  Object.assign(limit, { frameLengthMax });
}

void test("node: a server that falls silent", async (t) => {
  const before = { ...wait };
  t.teardown(() => Object.assign(wait, before));
  Object.assign(wait, { idleMs: 100 });
  const host = await startHost(t);
  const client = await connectClient(t, host);
  for (let i = 0; i < 4; i++) {
    await sleep(50);
    host.session.ping();
  }
  t.equal(client.connection.status.kind, "connected", "pings are signs");
  await status(client, "reconnecting");
  t.match(client.connection.status, { error: { code: "LC_CONNECTION", message: /no sign for/ } });
});

const refusals: readonly (readonly [number, string, string])[] = [
  [400, "Invalid URL: invalid characters in database name", "LC_REQUEST_INVALID"],
  [401, "Invalid token: ExpiredSignature", "LC_TOKEN_INVALID"],
  [403, "", "LC_FORBIDDEN"],
  [404, "`chat` not found", "LC_DATABASE_UNKNOWN"],
  [503, "restarting", "LC_CONNECTION"],
];

for (const [httpStatus, text, code] of refusals) {
  void test(`node: status ${httpStatus}`, async (t) => {
    const host = await startHost(t);
    host.refusal = { status: httpStatus, text };
    const client = startClient(t, host);
    const reason = text === "" ? "" : `: ${text}`;
    const error = await client.connection.connected.catch((thrown: unknown) => thrown);
    t.match(error, { code });
    t.match(error, {
      message: `the server refused the connection with status ${httpStatus}${reason}`,
    });
  });
}

void test("browser: where tokens are kept", async (t) => {
  const items = new Map<string, string>();
  const storage = {
    getItem: (key: string) => items.get(key) ?? null,
    setItem: (key: string, value: string) => items.set(key, value),
  };
  const define = (get: () => unknown): void => {
    Object.defineProperty(globalThis, "localStorage", { configurable: true, get });
  };
  t.teardown(() => Reflect.deleteProperty(globalThis, "localStorage"));
  define(() => storage);
  const store = browser.createTokenStore();
  t.equal(await store.get("http://h"), undefined);
  await store.set("http://h", "tok");
  t.equal(await store.get("http://h"), "tok");
  t.same([...items], [["lightcone token http://h", "tok"]]);
  define(() => {
    throw new Error("not for this page");
  });
  const memory = browser.createTokenStore();
  await memory.set("http://h", "tok");
  t.equal(await memory.get("http://h"), "tok");
  t.equal(await browser.createTokenStore().get("http://h"), undefined, "each store for itself");
});

void test("browser: an exchange that answers nonsense", async (t) => {
  const host = await startHost(t);
  const { fetch } = globalThis;
  t.teardown(() => Object.assign(globalThis, { fetch }));
  Object.assign(globalThis, { fetch: () => Promise.resolve(new Response(`{"no":"token"}`)) });
  const client = startClient(t, host, (builder) =>
    builder.withTransport(browser).withToken("known"),
  );
  await t.rejects(client.connection.connected, {
    code: "LC_CONNECTION",
    message: "the server's websocket-token answer has no token",
  });
});

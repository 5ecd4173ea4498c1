import { once } from "node:events";
import { connect } from "node:net";
import { type Test, test } from "tap";
import { openRig, type Rig } from "../test-rig.ts";
import type { VerifiedToken } from "../auth/token.ts";
import { subscribeRoutes } from "./subscribe.ts";

interface World extends Rig {
  readonly owner: VerifiedToken;
  readonly chat: string;
}

async function open(t: Test): Promise<World> {
  const rig = await openRig({ routes: subscribeRoutes });
  t.teardown(() => rig.close());
  const owner = await rig.tokens.issueNew();
  return { ...rig, owner, chat: await rig.publish("chat", owner) };
}

const handshake: Readonly<Record<string, string>> = {
  host: "x",
  connection: "Upgrade",
  upgrade: "websocket",
  "sec-websocket-version": "13",
  "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
  "sec-websocket-protocol": "v2.bsatn.spacetimedb",
};

interface Shaken {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/**
 * Sends a handshake, changed as told (undefined drops a header), and reads until the server hangs
 * up.
 */
function shake(
  { port }: World,
  path: string,
  changes: Readonly<Record<string, string | undefined>> = {},
): Promise<Shaken> {
  const headers = Object.entries({ ...handshake, ...changes }).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}: ${value}\r\n`],
  );
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    let received = "";
    socket.on("data", (chunk) => (received += chunk.toString()));
    socket.on("error", reject);
    socket.on("close", () => {
      const [head = "", body = ""] = received.split("\r\n\r\n");
      resolve({ status: Number(head.split(" ")[1]), head, body });
    });
    socket.write(`GET ${path} HTTP/1.1\r\n${headers.join("")}\r\n`);
  });
}

const path = "/v1/database/chat/subscribe";

void test("a good handshake is handed on with all that was settled", async (t) => {
  const world = await open(t);
  const { owner, upgrades, chat } = world;
  const authorization = `Bearer ${owner.token}`;
  const id = "000102030405060708090a0b0c0d0e0f";
  const query = `?connection_id=${id}&compression=Gzip&confirmed=false&light=true&other=1`;
  t.equal((await shake(world, path + query, { authorization })).status, 101);
  const [target] = upgrades;
  t.equal(target?.database.identity.toHex(), chat);
  t.ok(target?.caller.identity.equals(owner.identity));
  t.equal(target?.caller.connectionId.toHex(), id);
  t.equal(target?.caller.jwtPayload, owner.payloadJson);
  t.equal(target?.token, owner.token);
  t.match(target?.options, { compression: "Gzip", confirmed: false, light: true });
  t.equal(target?.protocol, "v2.bsatn.spacetimedb");
  t.same(target?.headers, {
    "access-control-allow-origin": "*",
    "spacetime-identity": owner.identity.toHex(),
    "spacetime-identity-token": owner.token,
  });
});

void test("what is not said has its default", async (t) => {
  const world = await open(t);
  const answer = await shake(world, `/v1/database/0x${world.chat}/subscribe`);
  t.equal(answer.status, 101);
  const [target] = world.upgrades;
  t.match(target?.options, { compression: "Brotli", confirmed: true, light: false });
  t.not(target?.caller.connectionId.toHex(), "0".repeat(32));
  t.notOk(target?.caller.identity.equals(world.owner.identity), "a new identity");
  const minted = await world.tokens.verify(target?.token ?? "");
  t.ok(minted.identity.equals(target?.caller.identity ?? world.owner.identity));
});

void test("the token in the query, as browsers send it", async (t) => {
  const world = await open(t);
  const { token } = await world.tokens.issueForSocket(world.owner);
  t.equal((await shake(world, `${path}?token=${token}`)).status, 101);
  t.ok(world.upgrades[0]?.caller.identity.equals(world.owner.identity));
  t.equal(world.upgrades[0]?.token, token, "the one that was used");
});

void test("the server chooses among several subprotocols", async (t) => {
  const world = await open(t);
  const [v3, v2, v1, json] = [
    "v3.bsatn.spacetimedb",
    "v2.bsatn.spacetimedb",
    "v1.bsatn.spacetimedb",
    "v1.json.spacetimedb",
  ];
  const cases: readonly (readonly [offer: string, chosen: string])[] = [
    [`${v2} , ${v3},${json}`, v3],
    [`${json},${v1}, unknown,${v2}`, v2],
    [`${json},${v1}`, v1],
    [`nothing, ${json}`, json],
  ];
  for (const [offer, chosen] of cases) {
    t.equal((await shake(world, path, { "sec-websocket-protocol": offer })).status, 101);
    const target = world.upgrades.at(-1);
    t.equal(target?.protocol, chosen, offer);
    t.match(target?.options, { compression: "Brotli", confirmed: !chosen.startsWith("v1") });
  }
});

void test("a plain GET is told to upgrade", async (t) => {
  const world = await open(t);
  const answer = await world.send(path);
  t.match(answer, { status: 426, text: "This service requires use of the websocket protocol" });
  t.equal(answer.headers.upgrade, "websocket");
  const other = await shake(world, path, { upgrade: "h2c" });
  t.equal(other.status, 426);
});

void test("handshakes that are refused", async (t) => {
  const world = await open(t);
  const query = "Failed to deserialize query string: ";
  type Case = readonly [string, Readonly<Record<string, string | undefined>>, number, string];
  const cases: readonly Case[] = [
    [path, { "sec-websocket-version": "8" }, 400, "sec-websocket-version"],
    [path, { "sec-websocket-version": undefined }, 400, "sec-websocket-version"],
    [path, { "sec-websocket-key": undefined }, 400, "sec-websocket-key"],
    [path, { "sec-websocket-key": "short" }, 400, "sec-websocket-key"],
    [path, { "sec-websocket-protocol": undefined }, 400, "no valid protocol selected"],
    [path, { "sec-websocket-protocol": "v9" }, 400, "no valid protocol selected"],
    [path, { "sec-websocket-protocol": "V2.BSATN.SPACETIMEDB" }, 400, "no valid protocol selected"],
    [`${path}?compression=gzip`, {}, 400, `${query}compression`],
    [`${path}?confirmed=1`, {}, 400, `${query}confirmed`],
    [`${path}?connection_id=12`, {}, 400, `${query}connection_id`],
    [
      `${path}?connection_id=${"0".repeat(32)}`,
      {},
      400,
      "Invalid connection ID: the all-zeros ConnectionId is reserved.",
    ],
    ["/v1/database/none/subscribe", {}, 404, "`none` not found"],
    [`/v1/database/${"0".repeat(64)}/subscribe`, {}, 404, "No such database."],
    ["/v1/database/No/subscribe", {}, 400, "Invalid URL: invalid characters in database name"],
    [path, { authorization: "Basic abc" }, 400, "Authorization is invalid: malformed token"],
    [path, { authorization: "Bearer x.y.z" }, 401, "Invalid token: InvalidToken"],
    [`${path}?token=x.y.z`, {}, 401, "Invalid token: InvalidToken"],
    ["/v1/nothing", {}, 404, ""],
  ];
  for (const [target, changes, status, text] of cases) {
    const answer = await shake(world, target, changes);
    t.equal(answer.status, status, `${target} ${JSON.stringify(changes)}`);
    t.match(answer.body, text);
    t.match(answer.head, /access-control-allow-origin: \*/i);
  }
  t.same(world.upgrades, []);
  t.same(world.reported, []);
});

void test("a client that hangs up during its handshake", async (t) => {
  const world = await open(t);
  const socket = connect(world.port, "127.0.0.1");
  const headers = Object.entries(handshake).map(([name, value]) => `${name}: ${value}\r\n`);
  await once(socket, "connect");
  socket.write(`GET ${path} HTTP/1.1\r\n${headers.join("")}\r\n`);
  socket.resetAndDestroy();
  t.equal((await shake(world, path)).status, 101, "the next one works");
  t.same(world.reported, []);
});

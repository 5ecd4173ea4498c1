// Policies over HTTP, and that they hold on every route of a database.
import { present } from "@lightcone/abi";
import { type Test, test } from "tap";
import { openPolicy } from "../auth/policy.ts";
import type { VerifiedToken } from "../auth/token.ts";
import { Control } from "../control.ts";
import { routes } from "../route-table.ts";
import { openRig, type Rig, type RigOptions } from "../test-rig.ts";

interface World extends Rig {
  readonly owner: VerifiedToken;
  readonly other: VerifiedToken;
}

async function open(t: Test, options: Omit<RigOptions, "routes"> = {}): Promise<World> {
  const rig = await openRig({ routes, ...options });
  t.teardown(() => rig.close());
  const owner = await rig.tokens.issueNew();
  const other = await rig.tokens.issueNew();
  await rig.publish("chat", owner);
  return { ...rig, owner, other };
}

const path = "/v1/database/chat/auth-policy";
const closed = { issuers: ["https://id.example.com"], audiences: ["game"], anonymous: false };

void test("the owner sets, sees and clears a policy", async (t) => {
  const { send, owner, other } = await open(t);
  const { token } = owner;
  const initial = { issuers: [], audiences: [], anonymous: true, inherited: true };
  t.same(JSON.parse((await send(path, { token })).text), initial);
  const put = await send(path, { token, method: "PUT", body: JSON.stringify(closed) });
  t.equal(put.status, 200);
  t.same(JSON.parse(put.text), { ...closed, inherited: false });
  t.same(JSON.parse((await send(path, { token })).text), { ...closed, inherited: false });
  const bad = await send(path, { token, method: "PUT", body: '{"issuer":1}' });
  t.match(bad, { status: 400, text: "this is no policy: " });
  const cleared = await send(path, { token, method: "DELETE" });
  t.same(JSON.parse(cleared.text), initial);
  for (const method of ["GET", "PUT", "DELETE"]) {
    const body = method === "PUT" ? { body: "{}" } : {};
    const refused = await send(path, { token: other.token, method, ...body });
    t.match(refused, { status: 403, text: / auth policy$/ }, method);
  }
});

void test("a policy comes back with a deleted database, and goes with one that is purged", async (t) => {
  const hostPolicy = { ...openPolicy, allowsAnonymous: false };
  const { send, owner, other, control } = await open(t, { hostPolicy });
  const { token } = owner;
  const record = present(control.databases()[0], "a database");
  await send(path, { token, method: "PUT", body: "{}" });
  t.equal((await send("/v1/database/chat", { token, method: "DELETE" })).status, 200);
  t.ok(control.policy(record.identity));
  const undelete = { method: "POST", token };
  t.equal((await send("/v1/database/chat/undelete", undelete)).status, 200, "its owner is let in");
  t.same(JSON.parse((await send(path, { token })).text), {
    issuers: [],
    audiences: [],
    anonymous: true,
    inherited: false,
  });
  t.equal((await send("/v1/database/chat/names", { token: other.token })).status, 200);
  await send("/v1/database/chat?purge=true", { token, method: "DELETE" });
  t.equal(control.policy(record.identity), undefined);
});

/** Every route that looks at credentials, with the path of a database that is there. */
const guarded = routes
  .filter(({ path: each, credentials }) => each.includes(":db") && credentials !== "ignored")
  .map(({ method, path: each }) => ({
    method: method === "ANY" ? "GET" : method,
    path: each.replace(":db", "chat").replace(":function", "f").replace("*", ""),
  }));

void test("a policy holds on every route, for everybody but the owner", async (t) => {
  const { send, owner, other } = await open(t);
  const body = JSON.stringify({ anonymous: false });
  await send(path, { token: owner.token, method: "PUT", body });
  t.ok(guarded.length > 15, `${guarded.length} routes`);
  const reason = "an identity that this host gives to anybody is not accepted here";
  for (const route of guarded) {
    const title = `${route.method} ${route.path}`;
    const known = await send(route.path, { method: route.method, token: other.token });
    t.match(known, { status: 401, text: `Invalid token: ${reason}` }, title);
    const nobody = await send(route.path, { method: route.method });
    t.match(nobody, { status: 401, text: `Authorization required: ${reason}` }, title);
  }
  const socketHeaders = { connection: "upgrade", upgrade: "websocket" };
  const upgrade = await send("/v1/database/chat/subscribe", { headers: socketHeaders });
  t.equal(upgrade.status, 401, "a WebSocket");
  const { token } = owner;
  t.equal((await send("/v1/database/chat/names", { token })).status, 200, "the owner");
  const sql = { method: "POST", body: "SELECT 1", token };
  t.equal((await send("/v1/database/chat/sql", sql)).status, 200);
});

void test("the host's policy holds for databases without one, and for new ones", async (t) => {
  const hostPolicy = { ...openPolicy, allowsAnonymous: false };
  const { send, owner, other } = await open(t, { hostPolicy });
  const { token } = other;
  t.equal((await send("/v1/database/chat/names", { token })).status, 401);
  t.equal((await send("/v1/database/none/names", { token })).status, 401);
  t.equal((await send("/v1/database/new", { token, method: "PUT", body: "p" })).status, 401);
  t.equal((await send("/v1/database", { token, method: "POST", body: "p" })).status, 401);
  t.equal((await send("/v1/database/a_b/names", { token })).status, 400);
  t.equal((await send("/v1/ping")).status, 200);
  await send(path, { token: owner.token, method: "PUT", body: "{}" });
  t.equal((await send("/v1/database/chat/names", { token })).status, 200, "its own counts");
});

void test("a policy outlives the host", async (t) => {
  const { send, owner, control, disk, clock } = await open(t);
  const body = JSON.stringify(closed);
  await send(path, { token: owner.token, method: "PUT", body });
  const [record] = control.databases();
  const found = await Control.open(disk, clock);
  t.teardown(() => found.close());
  t.same(record && found.policy(record.identity), {
    issuers: closed.issuers,
    audiences: closed.audiences,
    allowsAnonymous: false,
  });
});

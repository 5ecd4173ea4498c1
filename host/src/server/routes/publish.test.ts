import { setTimeout as delay } from "node:timers/promises";
import { Identity, identityFromClaims } from "@lightcone/abi";
import { type Test, test } from "tap";
import { type Answer, openRig, type Rig, type RigOptions, type Sent } from "../test-rig.ts";
import type { VerifiedToken } from "../auth/token.ts";
import { databaseRoutes } from "./database.ts";
import { publishRoutes } from "./publish.ts";

interface World extends Rig {
  readonly owner: VerifiedToken;
  readonly other: VerifiedToken;
  readonly put: (path: string, program: string, sent?: Sent) => Promise<Answer>;
}

async function open(t: Test, options: Partial<RigOptions> = {}): Promise<World> {
  const rig = await openRig({ routes: [...publishRoutes, ...databaseRoutes], ...options });
  t.teardown(() => rig.close());
  const owner = await rig.tokens.issueNew();
  const other = await rig.tokens.issueNew();
  const { token } = owner;
  return {
    ...rig,
    owner,
    other,
    put: (path, body, sent) =>
      rig.send(`/v1/database/${path}`, { method: "PUT", body, token, ...sent }),
  };
}

function successOf(answer: Answer): { domain: string; database_identity: string; op: string } {
  return (JSON.parse(answer.text) as { Success: ReturnType<typeof successOf> }).Success;
}

const nobody = identityFromClaims("localhost", "nobody").toHex();

void test("the first publish creates, the next ones update", async (t) => {
  const { put, databases, owner, control } = await open(t);
  const created = await put("chat", "one");
  t.equal(created.status, 200);
  t.equal(created.headers["content-type"], "application/json");
  const { database_identity: hex } = successOf(created);
  t.equal(
    created.text,
    `{"Success":{"domain":"chat","database_identity":"${hex}","op":"created"}}`,
  );
  t.match(hex, /^c200[0-9a-f]{60}$/);
  t.match(successOf(await put("chat", "two")), {
    domain: "chat",
    database_identity: hex,
    op: "updated",
  });
  t.match(successOf(await put(hex, "three")), { domain: null, op: "updated" });
  const { publishes } = databases.byHex(hex);
  t.equal(publishes.length, 3);
  t.same(
    publishes.map(({ clear }) => clear),
    [false, false, false],
  );
  t.ok(publishes.every((one) => one.owner.equals(owner.identity)));
  t.ok(control.database(Identity.fromHex(hex))?.owner.equals(owner.identity));
});

void test("a database without a name", async (t) => {
  const { send, owner, control } = await open(t);
  const post = (query: string): Promise<Answer> =>
    send(`/v1/database${query}`, { method: "POST", body: "one", token: owner.token });
  const answer = await post("");
  const { database_identity: hex } = successOf(answer);
  t.match(successOf(answer), { domain: null, op: "created" });
  t.same(control.names(Identity.fromHex(hex)), []);
  t.match(await post("?clear=true"), {
    status: 400,
    text: "Clear database requires database name or identity",
  });
});

void test("only the owner updates", async (t) => {
  const { put, send, other, databases } = await open(t);
  const { database_identity: hex } = successOf(await put("chat", "one"));
  const text = `is not authorized to perform action on database ${hex}: update database`;
  for (const query of ["", "?clear=true"]) {
    const answer = await put(`chat${query}`, "two", { token: other.token });
    t.match(answer, { status: 403, text: `${other.identity.toHex()} ${text}` });
  }
  const anonymous = await send("/v1/database/chat", { method: "PUT", body: "two" });
  t.match(anonymous, { status: 403, text: new RegExp(text) });
  t.equal(databases.byHex(hex).publishes.length, 1);
});

void test("a first publish that fails leaves nothing, and the name is free", async (t) => {
  const { put, databases, control, other, reported } = await open(t);
  const failures: Readonly<Record<string, readonly [number, string]>> = {
    "LC_MODULE_LOAD: truncated": [500, "truncated"],
    "LC_MODULE_IMPORT: unknown import": [500, "unknown import"],
    "LC_REDUCER_FAILED: init said no": [500, "init said no"],
    "LC_MODULE_TRAP: init trapped": [500, "init trapped"],
    "LC_CALL_TIME_LIMIT: init ran for ever": [500, "init ran for ever"],
    "LC_PUBLISH_REFUSED: no": [400, "Database update rejected: no"],
    "LC_DATABASE_UNAVAILABLE: closed": [503, "closed"],
    "LC_DISK: full": [503, "full"],
    bug: [500, "internal error: the host's own log has the details"],
  };
  for (const [program, [status, text]] of Object.entries(failures)) {
    t.match(await put("chat", program), { status, text }, program);
    t.equal(databases.byIdentity.size, 0, "its files are removed");
    t.same(control.databases(), []);
    t.equal(control.pendingName("chat"), undefined);
  }
  t.equal(reported.length, 2, "the disk and the bug");
  t.match(successOf(await put("chat", "good", { token: other.token })), { op: "created" });
});

void test("an update that fails leaves what was", async (t) => {
  const { put, databases } = await open(t);
  const { database_identity: hex } = successOf(await put("chat", "one"));
  const refused = await put("chat", "LC_PUBLISH_REFUSED: table t is gone");
  t.match(refused, { status: 400, text: "Database update rejected: table t is gone" });
  t.equal(databases.byHex(hex).programText, "one");
});

void test("data is cleared on request, unless the database is locked", async (t) => {
  const { put, send, owner, databases } = await open(t);
  const { database_identity: hex } = successOf(await put("chat?clear=true", "one"));
  t.equal((await put("chat?clear=true", "two")).status, 200);
  t.same(
    databases.byHex(hex).publishes.map(({ clear }) => clear),
    [true, true],
  );
  await send("/v1/database/chat/lock", { method: "POST", token: owner.token });
  t.match(await put("chat?clear=true", "three"), {
    status: 403,
    text: "Database is locked and cannot be reset with --delete-data. Run `spacetime unlock` first.",
  });
  t.equal((await put("chat", "three")).status, 200, "an update without loss is allowed");
  t.equal((await put("chat?clear=true&parent=chat", "four")).status, 400);
});

void test("a reset drops the data, with another program or the present one", async (t) => {
  const { put, send, other, owner, databases } = await open(t);
  const { database_identity: hex } = successOf(await put("chat", "one"));
  const reset = (body: string | undefined, token = owner.token): Promise<Answer> =>
    send("/v1/database/chat/reset", {
      method: "PUT",
      token,
      ...(body === undefined ? {} : { body }),
    });
  t.match(await reset(undefined, other.token), { status: 403, text: /reset database/ });
  t.match(await reset(undefined), { status: 200, text: "" });
  t.match(await reset("two"), { status: 200, text: "" });
  t.match(await reset("LC_REDUCER_FAILED: init said no"), { status: 500, text: "init said no" });
  const said = databases
    .byHex(hex)
    .publishes.map(({ program, clear }) => [Buffer.from(program).toString(), clear]);
  t.same(said, [
    ["one", false],
    ["one", true],
    ["two", true],
  ]);
  await send("/v1/database/chat/lock", { method: "POST", token: owner.token });
  t.match(await reset(undefined), { status: 403, text: /^Database is locked and cannot be reset/ });
});

void test("names and identities that cannot be published to", async (t) => {
  const { put, databases } = await open(t);
  t.match(await put(nobody, "one"), { status: 404, text: "No such database." });
  t.match(await put("No", "one"), { status: 400, text: /^Invalid URL: invalid characters/ });
  t.match(await put("a%2Fb", "one"), { status: 400, text: /^Invalid URL: invalid characters/ });
  t.match(await put("no-", "one"), { status: 400, text: /^Invalid URL: invalid hyphen/ });
  t.equal(databases.byIdentity.size, 0);
});

void test("query parameters", async (t) => {
  const { put } = await open(t);
  const good = ["num_replicas=0", "num_replicas=255", "host_type=Wasm", "policy=Compatible"];
  for (const query of [...good, "update_confirmation_timeout=5s", "parent=base", "unknown=1"]) {
    await put("base", "base");
    t.equal((await put(`chat?${query}`, "one")).status, 200, query);
  }
  const bad: Readonly<Record<string, readonly [number, RegExp]>> = {
    "clear=yes": [400, /^Failed to deserialize query string: clear: /],
    "policy=Any": [400, /unknown variant `Any`, expected `Compatible` or `BreakClients`/],
    "host_type=Python": [400, /unknown variant `Python`/],
    "host_type=Js": [501, /not yet/],
    "num_replicas=300": [400, /^Replication factor 300 out of bounds$/],
    "num_replicas=many": [400, /^Failed to deserialize query string: num_replicas/],
    "clear=true&clear=true": [400, /duplicate field `clear`/],
    "parent=none": [404, /^`none` not found$/],
    "org=none": [404, /^`none` not found$/],
    [`organization=${nobody}`]: [404, /^No such database\.$/],
  };
  for (const [query, [status, text]] of Object.entries(bad)) {
    t.match(await put(`chat?${query}`, "one"), { status, text }, query);
  }
});

void test("how long the answer may wait for the disk", async (t) => {
  const { put, databases } = await open(t);
  const millis: Readonly<Record<string, number>> = {
    "": 5000,
    "update_confirmation_timeout=0s": 0,
    "update_confirmation_timeout=250ms": 250,
    "update_confirmation_timeout=1m%2030s": 90_000,
    "update_confirmation_timeout=2min": 120_000,
    "update_confirmation_timeout=7h": 300_000,
  };
  for (const [query, expected] of Object.entries(millis)) {
    t.equal((await put(`chat?${query}`, "one")).status, 200, query);
    const [database] = databases.byIdentity.values();
    t.equal(database?.publishes.at(-1)?.confirmationMillis, expected, query);
  }
  for (const text of ["", "5", "s", "5%20parsecs", "-1s", "1.5s", "5s!", "5s%20%205s"]) {
    const answer = await put(`chat?update_confirmation_timeout=${text}`, "one");
    t.match(
      answer,
      { status: 400, text: /update_confirmation_timeout: expected a duration/ },
      text,
    );
  }
  const late = await put("late", "LC_PUBLISH_UNCONFIRMED: not durable within 5000 ms");
  t.match(late, { status: 504, text: "not durable within 5000 ms" });
  t.equal(databases.byIdentity.size, 1, "nothing is left of a new database");
});

void test("the wish to break clients needs the token of the plan", async (t) => {
  const { put, send, owner } = await open(t);
  t.equal((await put("chat?policy=BreakClients", "one")).status, 200, "nothing to break yet");
  const planned = await send("/v1/database/chat/pre_publish?style=NoColor", {
    method: "POST",
    body: "two",
    token: owner.token,
  });
  t.equal(planned.status, 200);
  t.equal(planned.headers["content-type"], "application/json");
  const { AutoMigrate: plan } = JSON.parse(planned.text) as { AutoMigrate: { token: string } };
  t.match(plan, {
    migrate_plan: "nothing changes",
    break_clients: false,
    major_version_upgrade: false,
  });
  t.match(plan.token, /^0x[0-9a-f]{1,64}$/);
  t.match(await put("chat?policy=BreakClients", "two"), {
    status: 400,
    text: "Migration policy is set to `BreakClients`, but no migration token was provided.",
  });
  const wrong = await put("chat?policy=BreakClients&token=0x1234", "two");
  t.match(wrong, {
    status: 400,
    text: /Token provided is invalid or does not match expected hash$/,
  });
  const right = `chat?policy=BreakClients&token=${plan.token}`;
  t.equal((await put(right, "other program")).status, 400, "the token is for one program");
  t.equal((await put(right, "two")).status, 200);
  t.match(await put("chat", "breaking"), {
    status: 400,
    text: "Failed to create or update the database: the plan breaks clients",
  });
  const anonymous = await send(`/v1/database/${right}`, { method: "PUT", body: "two" });
  t.equal(anonymous.status, 401, "without a header that parameter is a credential");
});

void test("what a publish would do", async (t) => {
  const { put, send, owner, other, databases } = await open(t);
  const plan = (ref: string, body: string, token = owner.token): Promise<Answer> =>
    send(`/v1/database/${ref}/pre_publish`, { method: "POST", body, token });
  t.match(await plan("chat", "two"), { status: 404, text: "`chat` not found" });
  const { database_identity: hex } = successOf(await put("chat", "one"));
  t.equal((await plan("chat", "two", other.token)).status, 403);
  const impossible = await plan("chat", "incompatible");
  t.equal(
    impossible.text,
    `{"ManualMigrate":{"reason":"a column is gone","major_version_upgrade":false}}`,
  );
  const styled = await send("/v1/database/chat/pre_publish?style=Loud", {
    method: "POST",
    token: owner.token,
  });
  t.match(styled, { status: 400, text: /unknown variant `Loud`/ });
  t.equal(databases.byHex(hex).programText, "one", "nothing has changed");
});

void test("programs from anybody are taken on a loopback address only", async (t) => {
  const local = await open(t);
  const here = await local.send("/v1/database/chat", { method: "PUT", body: "one" });
  t.equal(here.status, 200);
  const owner = here.headers["spacetime-identity"];
  const facts = await local.send("/v1/database/chat");
  t.match(JSON.parse(facts.text), { owner_identity: { __identity__: `0x${String(owner)}` } });
  const open_ = await open(t, { isPublic: true });
  for (const [method, path] of [
    ["PUT", "/v1/database/chat"],
    ["POST", "/v1/database"],
  ] as const) {
    const there = await open_.send(path, { method, body: "one" });
    t.match(there, { status: 401, text: /^Authorization required/ });
  }
  t.equal((await open_.put("chat", "one")).status, 200, "with a token it is");
});

void test("two first publishes of one name at the same time", async (t) => {
  const { put, databases, other, control } = await open(t);
  const gate = holdFirstPublish(databases);
  const first = put("chat", "one");
  await gate.reached;
  t.match(await put("chat", "stolen", { token: other.token }), {
    status: 401,
    text: `{"PermissionDenied":{"name":"chat"}}`,
  });
  const second = put("chat", "two");
  await delay(30);
  gate.open();
  const created = successOf(await first);
  t.equal(created.op, "created");
  t.match(successOf(await second), { op: "updated", database_identity: created.database_identity });
  t.equal(control.databases().length, 1);
});

/** Lets the next new database wait within its publish. */
function holdFirstPublish(databases: Rig["databases"]): {
  readonly reached: Promise<void>;
  readonly open: () => void;
} {
  let reach: () => void = () => undefined;
  let open: () => void = () => undefined;
  const reached = new Promise<void>((resolve) => {
    reach = resolve;
  });
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const get = databases.get.bind(databases);
  databases.get = (identity) => {
    const database = get(identity);
    database.beforePublish = () => {
      reach();
      return opened;
    };
    return database;
  };
  return { reached, open: () => open() };
}

void test("a full disk of control data fails the publish, and the next one works", async (t) => {
  const { put, disk, control, databases } = await open(t);
  disk.failAfter("write", 0, "ENOSPC");
  t.match(await put("chat", "one"), { status: 503, text: /ENOSPC/ });
  t.equal(databases.byIdentity.size, 0, "no files are made that a start would not know of");
  disk.heal();
  t.equal((await put("other", "one")).status, 200);
  disk.failAfter("write", 1, "ENOSPC");
  t.match(await put("chat", "one"), { status: 503, text: /ENOSPC/ });
  t.equal(control.identityOfName("chat"), undefined);
  t.equal(databases.byIdentity.size, 2, "its files stay until the log says what became of it");
  disk.heal();
  t.equal((await put("chat", "one")).status, 200);
});

void test("a program of many megabytes, beyond the limit of other bodies", async (t) => {
  const { put, databases } = await open(t);
  const { database_identity: hex } = successOf(await put("chat", "x".repeat(5_000_000)));
  t.equal(databases.byHex(hex).programText?.length, 5_000_000);
});

import { type Test, test } from "tap";
import { openRig, type Rig, type RigOptions } from "../test-rig.ts";
import type { VerifiedToken } from "../auth/token.ts";
import { backupRoutes } from "./backup.ts";
import { nameRoutes } from "./names.ts";

interface World extends Rig {
  readonly owner: VerifiedToken;
  readonly other: VerifiedToken;
}

async function open(t: Test, options: Omit<RigOptions, "routes"> = {}): Promise<World> {
  const rig = await openRig({ routes: [...backupRoutes, ...nameRoutes], ...options });
  t.teardown(() => rig.close());
  const owner = await rig.tokens.issueNew();
  const other = await rig.tokens.issueNew();
  await rig.publish("chat", owner, "the program");
  return { ...rig, owner, other };
}

void test("a backup is for the owner, with its length and last offset", async (t) => {
  const { send, owner, other } = await open(t);
  const answer = await send("/v1/database/chat/backup", { token: owner.token });
  t.match(answer, { status: 200, text: "the program" });
  t.match(answer.headers, {
    "content-length": "11",
    "content-type": "application/octet-stream",
    "lightcone-last-offset": "7",
  });
  const head = await send("/v1/database/chat/backup", { token: owner.token, method: "HEAD" });
  t.match(head, { status: 200, text: "", headers: { "content-length": "11" } });
  const refused = await send("/v1/database/chat/backup", { token: other.token });
  t.match(refused, { status: 403, text: /: back up database$/ });
  t.equal((await send("/v1/database/chat/backup")).status, 403, "nobody in particular");
  t.equal((await send("/v1/database/none/backup", { token: owner.token })).status, 404);
});

void test("a backup that fails on its way breaks off and is reported", async (t) => {
  const { send, owner, publish, databases, reported } = await open(t);
  const identity = await publish("broken", owner, "fine");
  databases.byHex(identity).programText = "LC_DISK: cannot read clog";
  await t.rejects(send("/v1/database/broken/backup", { token: owner.token }));
  t.match(reported, [{ thrown: { code: "LC_DISK" }, where: "GET /v1/database/broken/backup" }]);
  const { status } = await send("/v1/database/chat/backup", { token: owner.token });
  t.equal(status, 200, "others go on");
});

void test("a restored database is new, and belongs to the caller", async (t) => {
  const { send, control, databases, other } = await open(t);
  const body = "another program".repeat(10_000);
  const restore = { method: "PUT", token: other.token, body };
  const answer = await send("/v1/database/new/restore", restore);
  t.equal(answer.status, 200, answer.text);
  const { Success: said } = JSON.parse(answer.text) as {
    Success: { database_identity: string };
  };
  t.match(said, { domain: "new", op: "restored", last_offset: 7 });
  t.ok(control.identityOfName("new")?.toHex() === said.database_identity);
  t.equal(databases.byHex(said.database_identity).programText, body);
  const backup = await send("/v1/database/new/backup", { token: other.token });
  t.equal(backup.text, body);
});

void test("restores that are refused leave the name free", async (t) => {
  const { send, control, owner } = await open(t);
  const rows: [string, string, number, RegExp][] = [
    ["chat", "program", 409, /the name chat belongs to another database/],
    ["c2".repeat(32), "program", 400, /gets a new identity: give a name/],
    ["Chat", "program", 400, /invalid characters in database name/],
    ["new", "LC_REQUEST_INVALID: the backup at byte 0: x", 400, /^the backup at byte 0: x$/],
    ["new", "LC_MODULE_LOAD: it does not start", 500, /it does not start/],
  ];
  for (const [name, body, status, text] of rows) {
    const sent = { method: "PUT", token: owner.token, body };
    t.match(await send(`/v1/database/${name}/restore`, sent), { status, text }, name);
  }
  t.equal(control.identityOfName("new"), undefined);
  // The rest of a body that nobody wants is read, so that the answer arrives.
  const long = `LC_REQUEST_INVALID: no${"\n".repeat(3_000_000)}`;
  const refused = await send("/v1/database/new/restore", {
    method: "PUT",
    token: owner.token,
    body: long,
  });
  t.equal(refused.status, 400);
  const taken = await send("/v1/database/new/restore", { method: "PUT", body: "program" });
  t.equal(taken.status, 200, "a host on a loopback address takes them from anybody");
});

void test("a host that others can reach takes backups from those it knows alone", async (t) => {
  const { send, other } = await open(t, { isPublic: true });
  const sent = { method: "PUT", body: "program" };
  t.match(await send("/v1/database/new/restore", sent), { status: 401, text: /from anybody/ });
  const known = await send("/v1/database/new/restore", { ...sent, token: other.token });
  t.equal(known.status, 200);
});

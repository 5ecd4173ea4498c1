import { identityFromClaims } from "@lightcone/abi";
import { type Test, test } from "tap";
import { openRig, type Rig, startMicros } from "../test-rig.ts";
import type { VerifiedToken } from "../auth/token.ts";
import { databaseRoutes } from "./database.ts";
import { deletionRoutes } from "./deletion.ts";
import { nameRoutes } from "./names.ts";

interface World extends Rig {
  readonly owner: VerifiedToken;
  readonly other: VerifiedToken;
  /** A database called `chat`. */
  readonly chat: string;
}

async function open(t: Test): Promise<World> {
  const rig = await openRig({ routes: [...databaseRoutes, ...deletionRoutes, ...nameRoutes] });
  t.teardown(() => rig.close());
  const owner = await rig.tokens.issueNew();
  const other = await rig.tokens.issueNew();
  return { ...rig, owner, other, chat: await rig.publish("chat", owner, "abc") };
}

const nobody = identityFromClaims("localhost", "nobody").toHex();

void test("facts about a database, by name and by identity", async (t) => {
  const { send, chat, owner } = await open(t);
  for (const path of ["chat", chat, `0x${chat}`]) {
    const answer = await send(`/v1/database/${path}`);
    t.equal(answer.status, 200);
    t.equal(answer.headers["content-type"], "application/json");
    t.same(JSON.parse(answer.text), {
      database_identity: { __identity__: `0x${chat}` },
      owner_identity: { __identity__: `0x${owner.identity.toHex()}` },
      host_type: { Wasm: [] },
      initial_program: "0x456c2da18ff544ec36a0643ae3e6d1c067d6c826a87bd4c74fa945ea7a65034e",
    });
  }
});

void test("who comes without a token is told the new one, on errors as well", async (t) => {
  const { send, tokens, owner } = await open(t);
  for (const path of ["chat", "none", "BAD"]) {
    const { headers } = await send(`/v1/database/${path}`);
    const minted = await tokens.verify(headers["spacetime-identity-token"] as string);
    t.equal(headers["spacetime-identity"], minted.identity.toHex(), path);
  }
  const known = await send("/v1/database/none", { token: owner.token });
  t.equal(known.headers["spacetime-identity"], owner.identity.toHex());
  t.equal(known.headers["spacetime-identity-token"], owner.token);
  const failed = await send("/v1/database/chat", { token: "x.y.z" });
  t.equal(failed.status, 401);
  t.equal(failed.headers["spacetime-identity"], undefined);
});

void test("databases that are not there", async (t) => {
  const { send } = await open(t);
  for (const path of ["", "/names", "/unstable/timestamp"]) {
    t.match(
      await send(`/v1/database/none${path}`),
      { status: 404, text: "`none` not found" },
      path,
    );
    const unknown = await send(`/v1/database/${nobody}${path}`);
    t.match(unknown, { status: 404, text: "No such database." }, path);
    t.equal(unknown.headers["content-type"], "text/plain; charset=utf-8");
    const bad = await send(`/v1/database/No${path}`);
    t.match(bad, { status: 400, text: "Invalid URL: invalid characters in database name" });
  }
  t.match(await send("/v1/database/a--b"), {
    status: 400,
    text: "Invalid URL: invalid hyphen in database name",
  });
});

void test("the identity behind a name", async (t) => {
  const { send, chat } = await open(t);
  t.match(await send("/v1/database/chat/identity"), { status: 200, text: chat });
  const hex = await send(`/v1/database/0x${nobody}/identity`);
  t.match(hex, { status: 200, text: nobody }, "an identity need not exist");
  t.match(await send("/v1/database/none/identity"), { status: 404, text: "`none` not found" });
});

void test("the host's time", async (t) => {
  const { send } = await open(t);
  const answer = await send("/v1/database/chat/unstable/timestamp");
  t.equal(answer.headers["content-type"], "application/json");
  t.equal(answer.text, `{"__timestamp_micros_since_unix_epoch__":${startMicros}}`);
});

void test("a locked database is not deleted", async (t) => {
  const { send, owner, other } = await open(t);
  const post = (verb: string, token: string): ReturnType<typeof send> =>
    send(`/v1/database/chat/${verb}`, { method: "POST", token });
  t.match(await post("lock", other.token), { status: 403, text: /: lock database$/ });
  t.match(await post("lock", owner.token), { status: 200, text: "" });
  t.match(await send("/v1/database/chat", { method: "DELETE", token: owner.token }), {
    status: 403,
    text: "Database is locked and cannot be deleted. Run `spacetime unlock` first.",
  });
  t.match(await post("unlock", other.token), { status: 403, text: /: unlock database$/ });
  t.match(await post("unlock", owner.token), { status: 200 });
  t.equal((await send("/v1/database/chat", { method: "DELETE", token: owner.token })).status, 200);
});

void test("the names of a database", async (t) => {
  const { send, chat, owner } = await open(t);
  const add = (body: string): ReturnType<typeof send> =>
    send(`/v1/database/${chat}/names`, { method: "POST", body, token: owner.token });
  const answer = await add("talk");
  t.equal(answer.status, 200);
  t.equal(answer.headers["content-type"], "application/json");
  t.equal(answer.text, `{"Success":{"domain":"talk","database_identity":"${chat}"}}`);
  t.equal((await send("/v1/database/talk/names")).text, `{"names":["chat","talk"]}`);
  t.match(await add("talk"), { status: 500, text: "record with the name talk already exists" });
  t.match(await add("Talk"), { status: 400, text: /^Invalid URL: invalid characters/ });
  t.match(await add(""), { status: 400, text: /^Invalid URL: empty/ });
  t.match(await add("x".repeat(3_000_000)), { status: 413 });
});

void test("nobody else names a database", async (t) => {
  const { send, chat, other } = await open(t);
  const path = "/v1/database/chat/names";
  const added = await send(path, { method: "POST", body: "talk", token: other.token });
  t.match(added, { status: 401, text: `{"PermissionDenied":{"domain":"talk"}}` });
  const replaced = await send(path, { method: "PUT", body: `["talk"]`, token: other.token });
  t.match(replaced, { status: 401, text: `{"NotYourDatabase":{"database":"${chat}"}}` });
  t.equal((await send(path)).text, `{"names":["chat"]}`);
});

void test("all names are replaced at once", async (t) => {
  const { send, owner, publish } = await open(t);
  await publish("bank", owner);
  const put = (body: string | Uint8Array): ReturnType<typeof send> =>
    send("/v1/database/chat/names", { method: "PUT", body, token: owner.token });
  t.match(await put(`["talk","bank"]`), {
    status: 400,
    text: `{"OtherError":"Cannot rename to bank because it already is in use."}`,
  });
  for (const bad of ["", "talk", `{"a":1}`, `["talk",1]`, "null"]) {
    t.match(await put(bad), { status: 400, text: /JSON array of names/ }, bad);
  }
  t.match(await put(`["Talk"]`), { status: 400, text: /^Invalid URL/ });
  t.match(await put(new Uint8Array([0xff])), { status: 400, text: /UTF-8/ });
  t.match(await put(JSON.stringify(Array.from({ length: 65 }, (_, i) => `n${i}`))), {
    status: 413,
  });
  t.match(await put(`["talk"]`), { status: 200, text: `"Success"` });
  t.equal((await send("/v1/database/chat/identity")).status, 404);
  t.equal((await send("/v1/database/talk/names")).text, `{"names":["talk"]}`);
});

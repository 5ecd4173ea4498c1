import { type Test, test } from "tap";
import { type Answer, openRig, type Rig } from "../test-rig.ts";
import type { VerifiedToken } from "../auth/token.ts";
import { databaseRoutes } from "./database.ts";
import { deletionRoutes } from "./deletion.ts";
import { grantRoutes } from "./grants.ts";
import { logRoutes } from "./logs.ts";
import { nameRoutes } from "./names.ts";
import { publishRoutes } from "./publish.ts";
import { versionRoutes } from "./versions.ts";

interface World extends Rig {
  readonly owner: VerifiedToken;
  readonly other: VerifiedToken;
  /** Somebody's request about a database. */
  readonly ask: (
    who: VerifiedToken,
    method: string,
    path: string,
    body?: string,
  ) => Promise<Answer>;
}

async function open(t: Test): Promise<World> {
  const routes = [
    ...databaseRoutes,
    ...deletionRoutes,
    ...grantRoutes,
    ...logRoutes,
    ...nameRoutes,
    ...publishRoutes,
    ...versionRoutes,
  ];
  const rig = await openRig({ routes });
  t.teardown(() => rig.close());
  const owner = await rig.tokens.issueNew();
  const other = await rig.tokens.issueNew();
  const ask: World["ask"] = (who, method, path, body) =>
    rig.send(`/v1/${path}`, {
      method,
      token: who.token,
      ...(body === undefined ? {} : { body }),
    });
  return { ...rig, owner, other, ask };
}

const json = (answer: Answer): unknown => JSON.parse(answer.text);

void test("only the owner deletes a database, which is out of sight then", async (t) => {
  const { send, ask, owner, other, databases, control, publish } = await open(t);
  const chat = await publish("chat", owner);
  t.match(await ask(other, "DELETE", "database/chat"), {
    status: 403,
    text: `${other.identity.toHex()} is not authorized to perform action on database ${chat}: delete database`,
  });
  const nobody = await send("/v1/database/chat", { method: "DELETE" });
  t.equal(nobody.status, 403, "nor does somebody without a token");
  t.ok(databases.byIdentity.has(chat));
  t.match(await ask(owner, "DELETE", "database/chat"), { status: 200, text: "" });
  t.notOk(databases.byIdentity.has(chat));
  t.same(control.databases(), []);
  t.match(await ask(owner, "DELETE", "database/chat"), {
    status: 404,
    text: "`chat` not found",
  });
  t.match(await ask(owner, "DELETE", `database/${chat}`), { status: 200 }, "gone is gone");
  t.equal((await ask(owner, "GET", "database/chat")).status, 404);
});

void test("its owner, and nobody else, brings it back under its name", async (t) => {
  const { ask, owner, other, publish, clock, tokens } = await open(t);
  const chat = await publish("chat", owner, "the program");
  await ask(owner, "DELETE", "database/chat");
  clock.advance(10_000_000n);
  t.match(json(await ask(owner, "GET", "deleted")), {
    deleted: [{ identity: chat, names: ["chat"], seconds_left: 3590 }],
  });
  t.same(json(await ask(other, "GET", "deleted")), { deleted: [] });
  const stranger = await ask(other, "POST", "database/chat/undelete");
  t.match(stranger, { status: 403, text: /: undelete database$/ });
  const taken = await ask(await tokens.issueNew(), "PUT", "database/chat", "mine");
  t.equal(taken.status, 409, "the name is kept");
  const back = await ask(owner, "POST", "database/chat/undelete");
  t.same(json(back), { identity: chat, names: ["chat"] });
  t.equal((await ask(owner, "GET", "database/chat")).status, 200);
  for (const path of ["chat", chat, "none", "ab".repeat(32)]) {
    const answer = await ask(owner, "POST", `database/${path}/undelete`);
    t.equal(answer.status, 404, path);
  }
});

void test("who publishes anew under the name gets the other one back without it", async (t) => {
  const { ask, owner, publish } = await open(t);
  const first = await publish("chat", owner);
  await ask(owner, "DELETE", "database/chat");
  const again = await ask(owner, "PUT", "database/chat", "new");
  t.match(json(again), { Success: { op: "created" } });
  t.notMatch(again.text, first, "another database");
  t.equal((await ask(owner, "POST", "database/chat/undelete")).status, 404);
  const back = await ask(owner, "POST", `database/${first}/undelete`);
  t.same(json(back), { identity: first, names: [] });
});

void test("a deletion for good, at once or later", async (t) => {
  const { ask, owner, other, publish, databases } = await open(t);
  const one = await publish("one", owner);
  const two = await publish("two", owner);
  t.equal((await ask(owner, "DELETE", "database/one?purge=true")).status, 200);
  t.equal((await ask(owner, "POST", `database/${one}/undelete`)).status, 404);
  await ask(owner, "DELETE", "database/two");
  t.equal(databases.discarded.size, 1);
  t.equal((await ask(other, "DELETE", `database/${two}?purge=true`)).status, 403);
  t.equal((await ask(owner, "DELETE", "database/two?purge=true")).status, 200);
  t.equal(databases.discarded.size, 0);
  t.equal((await ask(other, "PUT", "database/two", "mine")).status, 200, "the name is free");
});

void test("the programs of a database, each with its time and author", async (t) => {
  const { ask, owner, other, clock } = await open(t);
  for (const program of ["one", "two"]) {
    await ask(owner, "PUT", "database/chat", program);
    clock.advance(1_000_000n);
  }
  await ask(owner, "PUT", "database/chat?clear=true", "three");
  t.equal((await ask(other, "GET", "database/chat/versions")).status, 403);
  const { versions } = json(await ask(owner, "GET", "database/chat/versions")) as {
    versions: { program_hash: string }[];
  };
  const by = owner.identity.toHex();
  t.match(versions, [
    { number: 1, by, cause: "created" },
    { number: 2, by, cause: "updated" },
    { number: 3, by, cause: "cleared" },
  ]);
  const { initial_program: present } = json(await ask(owner, "GET", "database/chat")) as {
    initial_program: string;
  };
  t.equal(versions[2]?.program_hash, present);
});

void test("what roles allow", async (t) => {
  const { ask, owner, other, publish } = await open(t);
  await publish("chat", owner);
  const id = other.identity.toHex();
  const grant = (role: string): Promise<Answer> =>
    ask(owner, "PUT", `database/chat/grants/${id}?role=${role}`);
  const actions: Readonly<Record<string, readonly [string, string, string?]>> = {
    logs: ["GET", "database/chat/logs"],
    versions: ["GET", "database/chat/versions"],
    grants: ["GET", "database/chat/grants"],
    update: ["PUT", "database/chat", "new"],
    clear: ["PUT", "database/chat?clear=true", "new"],
    lock: ["POST", "database/chat/lock"],
    rename: ["PUT", "database/chat/names", `["chat"]`],
    give: ["PUT", `database/chat/grants/${id}?role=developer`],
    remove: ["DELETE", "database/chat"],
  };
  const allowed = async (): Promise<string[]> => {
    const answers: string[] = [];
    for (const [name, [method, path, body]] of Object.entries(actions)) {
      const { status } = await ask(other, method, path, body);
      if (status === 200) answers.push(name);
      else t.ok(status === 403 || status === 401, `${name}: ${status}`);
    }
    return answers;
  };
  t.same(await allowed(), []);
  t.equal((await grant("viewer")).status, 200);
  t.same(await allowed(), ["logs", "versions", "grants"]);
  t.equal((await grant("developer")).status, 200);
  t.same(await allowed(), ["logs", "versions", "grants", "update"]);
  const listed = json(await ask(owner, "GET", "database/chat/grants"));
  t.same(listed, { owner: owner.identity.toHex(), grants: [{ identity: id, role: "developer" }] });
  t.equal((await ask(owner, "DELETE", `database/chat/grants/${id}`)).status, 200);
  t.same(await allowed(), []);
  t.match(await grant("king"), { status: 400, text: /unknown variant `king`/ });
  const noRole = await ask(owner, "PUT", `database/chat/grants/${id}`);
  t.match(noRole, { status: 400, text: /missing field `role`/ });
  t.equal((await ask(owner, "PUT", "database/chat/grants/me?role=viewer")).status, 400);
});

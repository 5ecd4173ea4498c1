import { type Test, test } from "tap";
import { type Answer, openRig, type Rig } from "../test-rig.ts";
import type { VerifiedToken } from "../auth/token.ts";
import type { TestDatabase } from "../test-databases.ts";
import { callRoutes } from "./call.ts";
import { queryRoutes } from "./query.ts";

interface World extends Rig {
  readonly owner: VerifiedToken;
  readonly chat: TestDatabase;
  readonly post: (path: string, body: string | Uint8Array, type?: string) => Promise<Answer>;
}

async function open(t: Test): Promise<World> {
  const rig = await openRig({ routes: [...callRoutes, ...queryRoutes] });
  t.teardown(() => rig.close());
  const owner = await rig.tokens.issueNew();
  const chat = rig.databases.byHex(await rig.publish("chat", owner));
  return {
    ...rig,
    owner,
    chat,
    post: (path, body, type) =>
      rig.send(`/v1/database/${path}`, {
        method: "POST",
        body,
        token: owner.token,
        headers: type === undefined ? {} : { "content-type": type },
      }),
  };
}

const json = "application/json";
const energy = "spacetime-energy-used";
const duration = "spacetime-execution-duration-micros";

void test("a reducer that commits", async (t) => {
  const { post, chat, owner } = await open(t);
  const answer = await post("chat/call/add", `["Bob",42]`, json);
  t.match(answer, { status: 200, text: "" });
  t.equal(answer.headers["content-type"], "text/plain; charset=utf-8");
  t.equal(answer.headers[energy], "3");
  t.equal(answer.headers[duration], "12");
  t.equal(answer.headers["spacetime-identity"], owner.identity.toHex());
  const [call] = chat.calls;
  t.match(call, { name: "add", text: `["Bob",42]` });
  t.ok(call?.caller.identity.equals(owner.identity));
  t.equal(call?.caller.jwtPayload, owner.payloadJson);
});

void test("a procedure that returns", async (t) => {
  const { post } = await open(t);
  const answer = await post("chat/call/total", "[]", json);
  t.match(answer, { status: 200, text: "[1,2]" });
  t.equal(answer.headers["content-type"], json);
  t.equal(answer.headers[duration], "56");
  t.equal(answer.headers[energy], undefined);
});

void test("each call is a connection of its own", async (t) => {
  const { post, send, chat } = await open(t);
  await post("chat/call/add", "[]", json);
  await post("chat/call/add", "[]", json);
  const anonymous = await send("/v1/database/chat/call/add", {
    method: "POST",
    body: "[]",
    headers: { "content-type": json },
  });
  const connections = new Set(chat.calls.map(({ caller }) => caller.connectionId.toHex()));
  t.equal(connections.size, 3);
  t.notOk(connections.has("0".repeat(32)));
  const caller = chat.calls[2]?.caller;
  t.equal(anonymous.headers["spacetime-identity"], caller?.identity.toHex());
  t.match(JSON.parse(caller?.jwtPayload ?? ""), { hex_identity: caller?.identity.toHex() });
});

void test("how calls end", async (t) => {
  const { post } = await open(t);
  const cases: Readonly<Record<string, readonly [number, string]>> = {
    fail: [530, "nope"],
    endless: [402, "Module energy budget exhausted."],
    nothing: [404, "No such procedure"],
    wrong: [400, "invalid arguments for reducer wrong: too few"],
    refused: [403, "you are not welcome"],
    broken: [500, "The instance encountered a fatal error."],
    "LC_CALL_TIME_LIMIT: stopped after 10 s": [530, "stopped after 10 s"],
    "LC_DATABASE_UNAVAILABLE: the disk failed": [503, "the disk failed"],
    "LC_REDUCER_ARGUMENTS: not JSON": [400, "not JSON"],
  };
  const costs: Readonly<Record<string, readonly [string, string]>> = {
    fail: ["34", "56"],
    endless: ["90", "78"],
  };
  for (const [name, [status, text]] of Object.entries(cases)) {
    const answer = await post(`chat/call/${encodeURIComponent(name)}`, "[]", json);
    t.match(answer, { status, text }, name);
    t.equal(answer.headers["content-type"], "text/plain; charset=utf-8");
    t.equal(answer.headers[duration], costs[name]?.[0]);
    t.equal(answer.headers[energy], costs[name]?.[1]);
  }
});

void test("the content type of a call", async (t) => {
  const { post, chat } = await open(t);
  for (const type of ["application/json; charset=utf-8", "text/plain", "application/JSONX"]) {
    t.match(await post("chat/call/add", "[]", type), {
      status: 415,
      text: "Expected request with `Content-Type: application/json`",
    });
  }
  t.match(await post("chat/call/add", "[]"), {
    status: 400,
    text: "Header of type `content-type` was missing",
  });
  t.same(chat.calls, []);
});

void test("calls that do not reach a database", async (t) => {
  const { post } = await open(t);
  t.match(await post("none/call/add", "[]", json), { status: 404, text: "`none` not found" });
  t.match(await post("chat/call/add", "x".repeat(3_000_000), json), { status: 413 });
  t.match(await post("chat/call/add", new Uint8Array([0x5b, 0xff, 0x5d]), json), {
    status: 400,
    text: /UTF-8/,
  });
});

void test("SQL", async (t) => {
  const { post, chat } = await open(t);
  const answer = await post("chat/sql", "SELECT * FROM t");
  t.equal(answer.status, 200);
  t.equal(answer.headers["content-type"], "application/json");
  t.equal(answer.headers[duration], "173");
  t.equal(answer.headers[energy], undefined);
  t.match(answer.text, "340282366920938463463374607431768211455", "numbers pass unrounded");
  await post("chat/sql?confirmed=false", "SELECT 1", "anything/goes");
  t.same(
    chat.calls.map(({ name, text }) => `${name} ${text}`),
    ["confirmed SELECT * FROM t", "unconfirmed SELECT 1"],
  );
});

void test("SQL that is refused", async (t) => {
  const { post } = await open(t);
  const cases: Readonly<Record<string, readonly [number, string]>> = {
    "LC_SQL_SYNTAX: Multiple SQL statements are not supported": [
      400,
      "Multiple SQL statements are not supported",
    ],
    "LC_SQL_FORBIDDEN: not the owner": [400, "not the owner"],
    "LC_FORBIDDEN: not welcome": [403, "not welcome"],
    "LC_VIEW: it trapped": [530, "it trapped"],
  };
  for (const [body, [status, text]] of Object.entries(cases)) {
    t.match(await post("chat/sql", body), { status, text }, body);
  }
  t.match(await post("chat/sql?confirmed=maybe", "SELECT 1"), {
    status: 400,
    text: "Failed to deserialize query string: confirmed: expected true or false, given `maybe`",
  });
  t.match(await post("none/sql", "SELECT 1"), { status: 404 });
});

void test("the module's definition", async (t) => {
  const { send } = await open(t);
  const get = (query: string): Promise<Answer> => send(`/v1/database/chat/schema${query}`);
  const nine = await get("?version=9");
  t.match(nine, { status: 200, text: `{"tables":[]}` });
  t.equal(nine.headers["content-type"], "application/json");
  t.match(await get("?version=10"), { status: 200, text: `{"sections":[]}` });
  const prefix = "Failed to deserialize query string: ";
  t.match(await get(""), { status: 400, text: `${prefix}missing field \`version\`` });
  t.match(await get("?version=8"), {
    status: 400,
    text: `${prefix}unknown variant \`8\`, expected \`9\` or \`10\``,
  });
  t.match(await send("/v1/database/none/schema?version=9"), { status: 404 });
});

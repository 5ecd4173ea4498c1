import { type Test, test } from "tap";
import { type Answer, openRig, type Rig } from "../test-rig.ts";
import type { VerifiedToken } from "../auth/token.ts";
import { mcpRoutes } from "./mcp.ts";

interface World extends Rig {
  readonly owner: VerifiedToken;
  readonly chat: string;
  readonly post: (path: string, body: string, type?: string) => Promise<Answer>;
  /** Calls a method and returns its result or error. */
  readonly rpc: (path: string, method: string, params?: unknown) => Promise<unknown>;
  /** Calls a tool and returns what it said, or the error. */
  readonly tool: (path: string, name: string, args?: unknown) => Promise<unknown>;
}

const forOne = "/v1/database/chat/mcp";
const forAll = "/v1/mcp";

async function open(t: Test): Promise<World> {
  const rig = await openRig({ routes: mcpRoutes });
  t.teardown(() => rig.close());
  const owner = await rig.tokens.issueNew();
  const chat = await rig.publish("chat", owner);
  const post = (path: string, body: string, type = "application/json"): Promise<Answer> =>
    rig.send(path, { method: "POST", body, token: owner.token, headers: { "content-type": type } });
  const rpc = async (path: string, method: string, params?: unknown): Promise<unknown> => {
    const { status, text } = await post(
      path,
      JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
    );
    t.equal(status, 200);
    const { result, error } = JSON.parse(text) as { result?: unknown; error?: unknown };
    return result ?? error;
  };
  const tool = async (path: string, name: string, args?: unknown): Promise<unknown> => {
    const result = await rpc(path, "tools/call", { name, arguments: args });
    const { content, isError } = result as { content?: { text: string }[]; isError?: boolean };
    return content === undefined ? result : [isError, content[0]?.text];
  };
  return { ...rig, owner, chat, post, rpc, tool };
}

void test("a conversation begins", async (t) => {
  const { rpc, post } = await open(t);
  t.match(await rpc(forOne, "initialize", { protocolVersion: "2024-01-01" }), {
    protocolVersion: "2025-06-18",
    capabilities: { tools: {} },
    serverInfo: { name: "lightcone" },
  });
  t.same(await rpc(forAll, "ping"), {});
  const note = JSON.stringify({ jsonrpc: "2.0", method: "notifications/initialized" });
  const answer = await post(forAll, note);
  t.match(answer, { status: 202, text: "" });
  t.equal(answer.headers["content-type"], undefined);
});

void test("tools of one database and of all", async (t) => {
  const { rpc } = await open(t);
  const names = async (path: string): Promise<unknown> => {
    const { tools } = (await rpc(path, "tools/list")) as {
      tools: { name: string; inputSchema: { required: string[] } }[];
    };
    return tools.map(({ name, inputSchema }) => [name, ...inputSchema.required]);
  };
  t.same(await names(forOne), [["ping"], ["get_schema"], ["sql", "sql"], ["call", "reducer"]]);
  t.same(await names(forAll), [
    ["ping"],
    ["get_schema", "database"],
    ["sql", "database", "sql"],
    ["call", "database", "reducer"],
    ["list_databases"],
  ]);
});

void test("what tools say", async (t) => {
  const { tool, chat, databases } = await open(t);
  const rows = `[{"rows":[[340282366920938463463374607431768211455]]}]`;
  const database = "chat";
  const cases: readonly [path: string, name: string, args: unknown, expected: unknown][] = [
    [forOne, "ping", undefined, [false, "pong"]],
    [forOne, "ping", { message: "hello" }, [false, "hello"]],
    [forOne, "get_schema", {}, [false, `{"sections":[]}`]],
    [forOne, "sql", { sql: "SELECT 1" }, [false, rows]],
    [forOne, "sql", { sql: "LC_SQL_SYNTAX: no" }, [true, "no"]],
    [forOne, "call", { reducer: "add", args: [1, "x"] }, [false, "committed"]],
    [forOne, "call", { reducer: "total" }, [false, "[1,2]"]],
    [forOne, "call", { reducer: "fail" }, [true, "nope"]],
    [forOne, "call", { reducer: "none" }, [true, "No such reducer or procedure"]],
    [forAll, "sql", { database, sql: "SELECT 1" }, [false, rows]],
    [forAll, "sql", { database: chat, sql: "SELECT 1", confirmed: false }, [false, rows]],
    [forAll, "get_schema", { database: "none" }, [true, "`none` not found"]],
    [forAll, "get_schema", { database: "A" }, [true, /^Invalid URL/]],
    [forAll, "get_schema", { database: "0".repeat(64) }, [true, "No such database."]],
    [
      forAll,
      "list_databases",
      {},
      [false, `{"databases":[{"identity":"${chat}","names":["chat"]}]}`],
    ],
    [forOne, "sql", {}, { code: -32602, message: "sql argument must be a string" }],
    [forOne, "sql", { sql: "x", confirmed: 1 }, { code: -32602 }],
    [forOne, "call", { reducer: "add", args: {} }, { code: -32602 }],
    [forOne, "list_databases", {}, { code: -32602 }],
    [forOne, "sql", [], { code: -32602 }],
    [forAll, "sql", { sql: "SELECT 1" }, { code: -32602, message: /database argument/ }],
  ];
  for (const [path, name, args, expected] of cases) {
    t.match(await tool(path, name, args), expected, `${path} ${name} ${JSON.stringify(args)}`);
  }
  const calls = databases.byHex(chat).calls.map(({ name, text }) => [name, text]);
  t.same(calls.slice(0, 2), [
    ["confirmed", "SELECT 1"],
    ["add", `[1,"x"]`],
  ]);
});

void test("integers that JavaScript cannot hold reach the reducer as they are", async (t) => {
  const { post, databases, chat } = await open(t);
  const params = `{"name":"call","arguments":{"reducer":"add","args":[18446744073709551615]}}`;
  await post(forOne, `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${params}}`);
  t.equal(databases.byHex(chat).calls[0]?.text, "[18446744073709551615]");
});

void test("what is no request", async (t) => {
  const { post, rpc } = await open(t);
  const cases: Readonly<Record<string, number>> = {
    "{": -32700,
    "[]": -32600,
    '[{"jsonrpc":"2.0","id":1,"method":"ping"}]': -32600,
    '{"id":1,"method":"ping"}': -32600,
    '{"jsonrpc":"2.0","id":1}': -32600,
    '{"jsonrpc":"2.0","id":{},"method":"ping"}': -32600,
    '{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}': -32602,
    '{"jsonrpc":"2.0","id":"a","method":"resources/list"}': -32601,
  };
  for (const [body, code] of Object.entries(cases)) {
    const { status, text } = await post(forOne, body);
    t.equal(status, 200);
    t.match(JSON.parse(text), { jsonrpc: "2.0", error: { code } }, body);
  }
  t.match(await post(forOne, "{}", "text/plain"), { status: 415 });
  t.match(await post("/v1/database/none/mcp", "{}"), { status: 404 });
  t.match(await rpc(forOne, "tools/call", { name: "none" }), { code: -32602 });
});

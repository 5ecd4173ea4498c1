import { join } from "node:path";
import { parseJson } from "@lightcone/abi";
import { type Test, test } from "tap";
import { FakeServer, tokenOf } from "../../test/fake-server.ts";
import { run, type RunOptions, type RunResult } from "../../test/run.ts";
import { updateConfig } from "../config.ts";
import { identityOfToken } from "../credentials.ts";

interface World {
  readonly server: FakeServer;
  readonly home: string;
  /** Runs a command against the server, as the owner of the database `chat`. */
  readonly lightcone: (
    argv: readonly string[],
    options?: Partial<RunOptions>,
  ) => Promise<RunResult>;
}

const owner = tokenOf("owner");

async function world(t: Test): Promise<World> {
  const server = await new FakeServer().listen(t);
  const home = t.testdir();
  updateConfig(join(home, ".config/lightcone/cli.toml"), (config) => ({
    ...config,
    defaultServer: "fake",
    servers: [{ nickname: "fake", host: server.host, protocol: "http" }],
    tokens: new Map([[server.url, owner]]),
  }));
  server.databases.push({
    identity: `c2${"0".repeat(62)}`,
    owner: identityOfToken(owner),
    names: ["chat"],
  });
  return { server, home, lightcone: (argv, options) => run(argv, { home, ...options }) };
}

void test("call sends the arguments as they were typed, as JSON", async (t) => {
  const { server, lightcone } = await world(t);
  const rows: [string[], string][] = [
    [["send_message", '"hi"'], '["hi"]'],
    [["send_message", "1", "-5", "18446744073709551615"], "[1, -5,18446744073709551615]"],
    [["send_message"], "[]"],
    [["send_message", '{"text":"hi"}'], '{"text":"hi"}'],
    [["store", '{"key":7}'], '[{"key":7}]'],
    [["store", '{"value":{"key":7}}'], '{"value":{"key":7}}'],
    [["send_message", "1", '{"text":"hi"}'], '[1,{"text":"hi"}]'],
  ];
  for (const [argv, body] of rows) {
    const { code, stdout, stderr } = await lightcone(["call", "chat", ...argv]);
    t.equal(code, 0, stderr);
    t.equal(stdout, "", "a reducer has no value");
    const seen = server.last(`/call/${argv[0]}`);
    t.equal(Buffer.from(seen?.body ?? "", "latin1").toString(), body);
    t.equal(seen?.headers["content-type"], "application/json");
    t.equal(seen?.headers.authorization, `Bearer ${owner}`);
  }
  t.equal((await lightcone(["call", "chat", "add", "1", "2"])).stdout, "18446744073709551615\n");
  await lightcone(["call", "chat", "add", "--anonymous"]);
  t.equal(server.last("/call/add")?.headers.authorization, undefined);
});

void test("call: what can go wrong", async (t) => {
  const { server, lightcone } = await world(t);
  const failing = (status: number, body: string) =>
    server.overrides.set("POST /v1/database/chat/call/send_message", { status, body });
  const bad = await lightcone(["call", "chat", "send_message", "hello"]);
  t.equal(bad.code, 2);
  t.match(bad.stderr, /argument 1, hello, is not JSON[^]*'"hello"'/);
  const unknown = await lightcone(["call", "chat", "sned"]);
  t.equal(unknown.code, 1);
  t.match(
    unknown.stderr,
    /no function sned[^]*send_message\(text: String\)[^]*add\(a: u64, b: u64\)/,
  );
  t.notMatch(unknown.stderr, /hello/, "lifecycle reducers are not for callers");
  const nowhere = await lightcone(["call", "chta", "send_message"]);
  t.equal(nowhere.code, 1);
  t.match(nowhere.stderr, /no database is called chta on fake[^]*lightcone list/);
  const rows: [number, string, number, RegExp][] = [
    [530, "text must not be empty", 5, /^lightcone: text must not be empty\n/],
    [400, "invalid arguments for reducer send_message: x", 1, /invalid arguments/],
    [403, "not today", 4, /not today/],
    [402, "Module energy budget exhausted.", 1, /exhausted/],
    [501, "views are not run yet", 1, /cannot do that yet/],
    [500, "procedure failed", 5, /procedure failed/],
    [418, "", 1, /answered with status 418/],
  ];
  for (const [status, body, code, message] of rows) {
    failing(status, body);
    const result = await lightcone(["call", "chat", "send_message", '""']);
    t.equal(result.code, code, body);
    t.match(result.stderr, message);
  }
});

void test("sql prints a table, or the answer as it came", async (t) => {
  const { server, lightcone } = await world(t);
  const table = await lightcone(["sql", "chat", "SELECT * FROM user"]);
  t.equal(
    table.stdout,
    [
      "                   id | name",
      "----------------------+----------",
      '                    3 | "C"',
      ' 18446744073709551615 | "B\\"eth"',
      "",
    ].join("\n"),
  );
  t.equal(table.stderr, "2 rows (0.17 ms)\n");
  t.same(server.last("/sql")?.query, { confirmed: "true" });
  const asJson = await lightcone(["sql", "chat", "SELECT * FROM user", "--format", "json"]);
  t.match(parseJson(asJson.stdout), [
    {
      rows: [
        [3, "C"],
        [18446744073709551615n, 'B"eth'],
      ],
    },
  ]);
  t.equal(asJson.stderr, "");
  const change = await lightcone(["sql", "chat", "INSERT INTO user VALUES ('\u00e9')"]);
  t.equal(change.stdout, "");
  t.equal(change.stderr, "inserted 2, deleted 0, updated 0 (1.50 ms)\n");
  t.equal(
    Buffer.from(server.last("/sql")?.body ?? "", "latin1").toString(),
    "INSERT INTO user VALUES ('\u00e9')",
  );
  const refused = await lightcone(["sql", "chat", ""]);
  t.equal(refused.code, 1);
  t.match(refused.stderr, /Empty SQL query/);
  for (const argv of [["--confirmed=false"], ["--confirmed", "false"]]) {
    await lightcone(["sql", "chat", "SELECT 1", ...argv]);
    t.equal(server.last("/sql")?.query["confirmed"], "false", argv.join(" "));
  }
  await lightcone(["sql", "--confirmed", "chat", "SELECT 1"]);
  t.equal(server.last("/sql")?.query["confirmed"], "true");
});

void test("logs as text, as JSON, by level", async (t) => {
  const { server, lightcone } = await world(t);
  const all = await lightcone(["logs", "chat"]);
  t.equal(
    all.stdout,
    [
      "2026-11-21T08:01:55.833886Z  INFO src/lib.rs:12: connected",
      "2026-11-21T08:01:56.000000Z  WARN caf\u00e9 \\x1b[31mred",
      "2026-11-21T08:01:57.000000Z PANIC boom",
      "    at f",
      "",
    ].join("\n"),
  );
  t.same(server.last("/logs")?.query, {});
  const warned = await lightcone(["logs", "chat", "-l", "warn", "--format", "json", "-n", "5"]);
  const levels = warned.stdout
    .trim()
    .split("\n")
    .map((line) => (JSON.parse(line) as { level: string }).level);
  t.same(levels, ["Warn", "Panic"]);
  t.same(server.last("/logs")?.query, { num_lines: "5" });
  const exact = await lightcone(["logs", "chat", "--level", "warn", "--level-exact"]);
  t.match(exact.stdout, /^\S+  WARN [^\n]*\n$/);
});

void test(
  "logs --follow prints lines as they come, until it is stopped",
  { timeout: 10_000 },
  async (t) => {
    const { server, lightcone } = await world(t);
    const stop = new AbortController();
    // The last line arrives in two pieces, cut inside a character.
    const late = Buffer.from('{"level":"Info","ts":0,"message":"\u00e9t\u00e9"}\n');
    server.overrides.set("GET …/logs", {
      body: "",
      more: [late.subarray(0, 35), late.subarray(35)],
    });
    const followed = await lightcone(["logs", "chat", "-f"], {
      stop: stop.signal,
      onOutput: (text) => {
        if (text.includes("\u00e9t\u00e9\n")) stop.abort();
      },
    });
    t.equal(followed.code, 0, followed.stderr);
    t.equal(followed.stdout, "1970-01-01T00:00:00.000000Z  INFO \u00e9t\u00e9\n");
    t.same(server.last("/logs")?.query, { num_lines: "10", follow: "true" });
  },
);

void test("somebody else's log", async (t) => {
  const { server, home, lightcone } = await world(t);
  server.databases.push({ identity: `c3${"0".repeat(62)}`, owner: "x", names: ["theirs"] });
  const { code, stderr } = await lightcone(["logs", "theirs"]);
  t.equal(code, 4);
  t.match(stderr, /not authorized/);
  t.ok(home);
});

void test("list shows one's own databases", async (t) => {
  const { server, lightcone } = await world(t);
  server.databases.push({ identity: "d".repeat(64), owner: identityOfToken(owner), names: [] });
  server.databases.push({ identity: "e".repeat(64), owner: "x", names: ["theirs"] });
  const { stdout } = await lightcone(["list"]);
  t.match(stdout, /^ name \| identity\n-+\+-+\n chat \| c20+\n -    \| d+\n$/);
  const asJson = await lightcone(["list", "--json"]);
  t.match(JSON.parse(asJson.stdout), [
    { names: ["chat"] },
    { names: [], identity: "d".repeat(64) },
  ]);
  server.databases.length = 0;
  const none = await lightcone(["list"]);
  t.equal(none.stdout, "");
  t.match(none.stderr, /You have no databases on fake/);
});

void test("describe shows everything, a part, or JSON", async (t) => {
  const { server, lightcone } = await world(t);
  const { stdout } = await lightcone(["describe", "chat"]);
  t.equal(
    stdout,
    [
      "Table message (public)",
      "   column | type           | rules",
      "  --------+----------------+-----------------------------",
      "   id     | u64            | primary key, auto-increment",
      "   sender | Identity       |",
      "   sent   | Timestamp      |",
      "   text   | String         |",
      "   note   | Option<String> |",
      "  index message_id_idx_btree: btree on id",
      "  sequence message_id_seq: numbers id",
      "",
      "Table secret (private)",
      "   column | type | rules",
      "  --------+------+-------",
      "   key    | u32  |",
      "",
      "Reducers",
      "  send_message(text: String)",
      "  store(value: Secret)",
      "  hello() (when a client connects)",
      "",
      "Procedures",
      "  add(a: u64, b: u64): u64",
      "",
    ].join("\n"),
  );
  t.same(server.last("/schema")?.query, { version: "10" });
  t.match(
    (await lightcone(["describe", "chat", "table", "secret"])).stdout,
    /^Table secret \(private\)\n/,
  );
  t.equal(
    (await lightcone(["describe", "chat", "reducer", "store"])).stdout,
    "store(value: Secret)\n",
  );
  t.equal(
    (await lightcone(["describe", "chat", "reducer", "add"])).stdout,
    "add(a: u64, b: u64): u64\n",
  );
  t.match(JSON.parse((await lightcone(["describe", "chat", "--json"])).stdout), {
    sections: [{ Typespace: {} }],
  });
  const part = await lightcone(["describe", "chat", "reducer", "add", "--json"]);
  t.match(JSON.parse(part.stdout), { source_name: "add" });
  const unknown = await lightcone(["describe", "chat", "table", "x"]);
  t.equal(unknown.code, 1);
  t.match(unknown.stderr, /no table x[^]*message, secret/);
  t.equal((await lightcone(["describe", "chat", "table"])).code, 2);
});

void test("delete asks first", async (t) => {
  const { server, lightcone } = await world(t);
  t.equal((await lightcone(["delete", "chat"])).code, 2, "nobody to ask");
  t.equal((await lightcone(["delete", "chat"], { answers: "no\n" })).code, 1);
  t.equal(server.databases.length, 1);
  const { code, stdout, stderr } = await lightcone(["delete", "chat"], { answers: "yes\n" });
  t.equal(code, 0);
  t.equal(stdout, "");
  t.match(stderr, /Delete chat on fake with all its data\? \[y\/N\] chat is deleted/);
  t.equal(server.databases.length, 0);
  t.equal((await lightcone(["delete", "chat", "-y"])).code, 1, "no longer there");
});

void test("a server that is not there", async (t) => {
  const home = t.testdir();
  for (const argv of [
    ["list"],
    ["describe", "x"],
    ["server", "ping"],
    ["call", "x", "y"],
    ["logs", "x", "-f"],
  ]) {
    const env = { XDG_CONFIG_HOME: home };
    const server = argv[0] === "server" ? [] : ["-s"];
    // Port 1 is reserved, and nobody listens there.
    const { code, stderr, stdout } = await run([...argv, ...server, "127.0.0.1:1"], { home, env });
    t.equal(code, 3, argv.join(" "));
    t.match(stderr, /cannot reach http:\/\/127.0.0.1:1: connection refused[^]*lightcone start/);
    t.equal(stdout, "");
  }
});

void test("looking after a database: what is asked of the server", async (t) => {
  const { server, lightcone } = await world(t);
  const database = `/v1/database/chat`;
  const rows: readonly [
    argv: string[],
    method: string,
    path: string,
    query: object,
    body: string,
  ][] = [
    [["undelete", "chat"], "POST", `${database}/undelete`, {}, ""],
    [["lock", "chat"], "POST", `${database}/lock`, {}, ""],
    [["unlock", "chat"], "POST", `${database}/unlock`, {}, ""],
    [["rename", "chat", "talk"], "PUT", `${database}/names`, {}, '["talk"]'],
    [
      ["grant", "chat", "c2ff", "--role", "developer"],
      "PUT",
      `${database}/grants/c2ff`,
      { role: "developer" },
      "",
    ],
    [["revoke", "chat", "c2ff"], "DELETE", `${database}/grants/c2ff`, {}, ""],
    [["versions", "chat"], "GET", `${database}/versions`, {}, ""],
    [["delete", "chat", "--purge", "-y"], "DELETE", database, { purge: "true" }, ""],
    [["list", "--deleted"], "GET", "/v1/deleted", {}, ""],
  ];
  for (const [argv, method, path, query, body] of rows) {
    // The server of these tests knows few of these routes: what counts is what it was asked.
    await lightcone(argv);
    t.match(server.last(path), { method, path, query, body }, argv.join(" "));
    t.equal(server.last(path)?.headers.authorization, `Bearer ${owner}`);
  }
  const bad = await lightcone(["grant", "chat", "c2ff", "--role", "king"]);
  t.equal(bad.code, 2);
  t.match(bad.stderr, /--role: expected one of "viewer" or "developer"/);
  t.equal((await lightcone(["grant", "chat", "c2ff"])).code, 2, "a role must be said");
});

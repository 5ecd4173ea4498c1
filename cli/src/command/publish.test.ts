import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Test, test } from "tap";
import { callerOf, FakeServer, json, tokenOf, unchangedPlan } from "../../test/fake-server.ts";
import { run } from "../../test/run.ts";

const wasm = Buffer.from([0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);

interface World {
  readonly server: FakeServer;
  readonly home: string;
  readonly publish: (argv: readonly string[], answers?: string) => ReturnType<typeof run>;
}

async function world(t: Test): Promise<World> {
  const server = await new FakeServer().listen(t);
  const home = t.testdir({ "m.wasm": wasm });
  const publish: World["publish"] = (argv, answers) =>
    run(["publish", ...argv, "-b", "m.wasm", "-s", server.host], {
      home,
      ...(answers === undefined ? {} : { answers }),
    });
  return { server, home, publish };
}

void test("a first publish gets an identity, keeps it, and sends the program", async (t) => {
  const { server, home, publish } = await world(t);
  const first = await publish(["chat"]);
  t.equal(first.code, 0, first.stderr);
  t.match(first.stdout, /^created chat c200[0-9a-f]{60}\n$/);
  t.match(first.stderr, /Not logged in .* got an identity there/);
  const put = server.last("/chat");
  t.equal(put?.method, "PUT");
  t.same(put?.query, { host_type: "Wasm", policy: "Compatible" });
  t.equal(put?.headers["content-type"], "application/wasm");
  t.equal(put?.headers["content-length"], "8");
  t.match(put?.headers["user-agent"], /^lightcone-cli\//);
  t.equal(put?.body, wasm.toString("latin1"));
  const config = readFileSync(join(home, ".config/lightcone/cli.toml"), "utf8");
  t.match(config, `"${server.url}" = `);

  const second = await publish(["chat"]);
  t.match(second.stdout, /^updated chat /);
  t.notMatch(second.stderr, /Not logged in/, "the same identity again");
  t.match(second.stderr, /The tables stay as they are/);
  t.equal(server.seen.filter(({ path }) => path === "/v1/identity").length, 1);
});

void test("without a name, anonymously, as JSON", async (t) => {
  const { server, publish } = await world(t);
  const { stdout } = await publish(["--json", "--anonymous"]);
  t.match(JSON.parse(stdout), { name: null, op: "created" });
  t.equal(server.last("/v1/database")?.method, "POST");
  t.equal(server.last("/v1/database")?.headers.authorization, undefined);
});

void test("data is deleted only after a yes", async (t) => {
  const { server, publish } = await world(t);
  await publish(["chat"]);
  const cleared = (): number => server.seen.filter(({ query }) => query["clear"] === "true").length;
  const rows: [string[], string | undefined, number, RegExp][] = [
    [["-c"], undefined, 2, /Delete all data of chat\?.*--yes/s],
    [["-c"], "n\n", 1, /nothing was done/],
    [["-c"], "", 1, /nothing was done/],
    [["--delete-data=never"], undefined, 0, /tables stay/],
    [["--delete-data=on-conflict"], undefined, 0, /tables stay/],
  ];
  for (const [argv, answers, code, message] of rows) {
    const result = await publish(["chat", ...argv], answers);
    t.equal(result.code, code, argv.join(" "));
    t.match(result.stderr, message);
  }
  t.equal(cleared(), 0);
  t.equal((await publish(["chat", "-c"], "y\n")).code, 0);
  t.equal((await publish(["chat", "-c=always", "-y"])).code, 0);
  t.equal(cleared(), 2);
});

void test("a program that does not fit the data", async (t) => {
  const { server, publish } = await world(t);
  await publish(["chat"]);
  server.overrides.set(
    "POST …/pre_publish",
    json({ ManualMigrate: { reason: "column x is gone", major_version_upgrade: false } }),
  );
  const refused = await publish(["chat"]);
  t.equal(refused.code, 1);
  t.match(refused.stderr, /column x is gone[^]*left as it is[^]*--delete-data/);
  const cleared = await publish(["chat", "-c=on-conflict", "--yes"]);
  t.equal(cleared.code, 0);
  server.overrides.set(
    "POST …/pre_publish",
    json({
      ManualMigrate: {
        reason: "table t: column x is added without a default value",
        major_version_upgrade: false,
      },
    }),
  );
  t.match((await publish(["chat"])).stderr, /Give new columns a default: `@defaultValue/);
  t.same(server.last("/chat")?.query, { host_type: "Wasm", clear: "true", policy: "Compatible" });
});

void test("a change that disconnects clients needs --break-clients", async (t) => {
  const { server, publish } = await world(t);
  await publish(["chat"]);
  const plan = unchangedPlan as { AutoMigrate: object };
  server.overrides.set(
    "POST …/pre_publish",
    json({
      AutoMigrate: {
        ...plan.AutoMigrate,
        migrate_plan: "Plan\n  - remove x\n",
        break_clients: true,
      },
    }),
  );
  const refused = await publish(["chat"]);
  t.equal(refused.code, 1);
  t.match(refused.stderr, /^Plan\n {2}- remove x\n[^]*--break-clients/);
  t.equal((await publish(["chat", "--break-clients", "-y"])).code, 0);
  t.same(server.last("/chat")?.query, { host_type: "Wasm", policy: "BreakClients", token: "0xab" });
});

void test("refusals: code, message, what to do", async (t) => {
  const { server, home, publish } = await world(t);
  const put = (status: number, body: string) => () =>
    server.overrides.set("PUT /v1/database/chat", { status, body });
  const rows: [() => unknown, string, number, RegExp][] = [
    [() => undefined, "Bad_Name", 2, /Bad_Name cannot be the name[^]*lower-case/],
    [
      put(401, '{"PermissionDenied":{"name":"chat"}}'),
      "chat",
      4,
      /name chat belongs to somebody else[^]*another name/,
    ],
    [
      put(401, "Invalid token: ExpiredSignature"),
      "chat",
      4,
      /ExpiredSignature[^]*lightcone logout/,
    ],
    [put(403, "x is not authorized"), "chat", 4, /not authorized[^]*lightcone identity/],
    [put(400, "Database update rejected: no"), "chat", 1, /update rejected/],
    [put(500, "init failed"), "chat", 5, /init failed[^]*Correct the module/],
    [put(503, ""), "chat", 1, /status 503[^]*Try again/],
    [put(200, "{}"), "chat", 1, /cannot be understood/],
    [put(200, "<html>"), "chat", 1, /cannot be understood[^]*Is that a Lightcone server/],
  ];
  for (const [prepare, name, code, message] of rows) {
    prepare();
    const result = await publish([name]);
    t.equal(result.code, code, `${message}`);
    t.match(result.stderr, message);
    t.equal(result.stdout, "");
  }
  server.overrides.clear();
  server.databases.push({
    identity: callerOf(tokenOf("d")),
    owner: callerOf(tokenOf("other")),
    names: ["theirs"],
  });
  t.equal((await publish(["theirs"])).code, 4, "somebody else's");
  const missing = await run(["publish", "chat", "-s", server.host], { home });
  t.equal(missing.code, 2);
  t.match(missing.stderr, /has no compiled module/);
});

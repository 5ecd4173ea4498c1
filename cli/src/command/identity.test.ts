import { join } from "node:path";
import { test } from "tap";
import { callerOf, FakeServer, publicKey, tokenOf } from "../../test/fake-server.ts";
import { run } from "../../test/run.ts";
import { loadConfig } from "../config.ts";

function configIn(home: string): ReturnType<typeof loadConfig> {
  return loadConfig(join(home, ".config/lightcone/cli.toml"));
}

void test("login gets one identity a server, and keeps servers apart", async (t) => {
  const home = t.testdir();
  const [one, two] = [await new FakeServer().listen(t), await new FakeServer().listen(t)];
  const first = await run(["login", "-s", one.host], { home });
  t.equal(first.code, 0, first.stderr);
  t.match(first.stdout, /^c200[0-9a-f]{60}\n$/);
  const again = await run(["login", "--server-issued-login", one.url], { home });
  t.equal(again.stdout, first.stdout, "the same identity");
  t.match(again.stderr, /logged in to .* already/);
  t.equal(one.seen.length, 1);

  const own = tokenOf("me", "https://auth.example.com");
  const other = await run(["login", "--token", own, "-s", two.host], { home });
  t.equal(other.stdout, `${callerOf(own)}\n`);
  t.equal(two.seen.length, 0, "a given token is not sent anywhere");
  t.same([...configIn(home).tokens.keys()], [one.url, two.url]);

  await run(["list", "-s", two.host], { home });
  t.equal(two.last("/databases")?.headers.authorization, `Bearer ${own}`);
  const shown = await run(["login", "show", "-s", two.host, "--token"], { home });
  t.equal(shown.stdout, `${own}\n`);
  t.equal((await run(["login", "show", "-s", two.host], { home })).stdout, other.stdout);

  const identities = await run(["identity", "--json"], { home });
  t.match(JSON.parse(identities.stdout), [
    { url: one.url },
    { url: two.url, identity: callerOf(own) },
  ]);
  t.match((await run(["identity"], { home })).stdout, `${two.url} | ${callerOf(own)}`);

  t.equal(
    (await run(["logout", "-s", two.host], { home, answers: "\n" })).code,
    1,
    "a person is asked",
  );
  t.equal((await run(["logout", "-s", two.host], { home })).code, 0, "a script is not");
  t.same([...configIn(home).tokens.keys()], [one.url]);
});

void test("without an identity", async (t) => {
  const home = t.testdir();
  for (const argv of [["login", "show"], ["logout"]]) {
    const { code, stderr } = await run(argv, { home });
    t.equal(code, 4, argv.join(" "));
    t.match(stderr, /not logged in to local[^]*lightcone login --server local/);
  }
  const { code, stderr } = await run(["identity"], { home });
  t.equal(code, 0);
  t.match(stderr, /no identity yet/);
  t.equal((await run(["login", "--token", "rubbish"], { home })).code, 2);
  t.equal((await run(["login", "-s", "a:1", "--server-issued-login", "b:1"], { home })).code, 2);
});

void test("a token that the server cannot have meant is not kept", async (t) => {
  const home = t.testdir();
  const server = await new FakeServer().listen(t);
  server.overrides.set("POST /v1/identity", { body: '{"identity":"x","token":"rubbish"}' });
  t.equal((await run(["login", "-s", server.host], { home })).code, 2);
  t.equal(configIn(home).tokens.size, 0);
});

void test("servers: add, list, default, edit, remove", async (t) => {
  const home = t.testdir();
  const server = await new FakeServer().listen(t);
  const ok = async (...argv: string[]): Promise<string> => {
    const { code, stdout, stderr } = await run(["server", ...argv], { home });
    t.equal(code, 0, stderr);
    return stdout;
  };
  await ok("add", "game", "--url", server.url);
  t.equal(configIn(home).servers[1]?.fingerprint, publicKey);
  await ok("add", "down", "--url", "https://down.example.com", "--no-fingerprint", "-d");
  t.match(JSON.parse(await ok("list", "--json")), [
    { nickname: "local", url: "http://127.0.0.1:3000", isDefault: false },
    { nickname: "game", url: server.url, isDefault: false },
    { nickname: "down", url: "https://down.example.com", isDefault: true },
  ]);
  t.match(await ok("list"), /down +\| https:\/\/down.example.com +\| yes\n/);
  await ok("set-default", "game");
  t.equal(await ok("ping"), `${server.url} answers\n`);
  await ok("edit", "game", "--new-name", "play");
  t.match(configIn(home), { defaultServer: "play" });
  t.equal(configIn(home).servers[1]?.fingerprint, publicKey, "kept with the address");
  await ok("edit", "down", "--url", "http://up.example.com:3000");
  t.match(configIn(home).servers[2], { host: "up.example.com:3000", protocol: "http" });
  await ok("remove", "down");

  const rows: [string[], RegExp][] = [
    [["add", "x"], /--url is missing/],
    [["add", "play", "--url", server.url], /is called play already/],
    [["add", "a b", "--url", server.url], /cannot be a nickname/],
    [["add", "x", "--url", "nonsense"], /no address of a server/],
    [["set-default", "x"], /no server is called x[^]*local, play/],
    [["remove", "x"], /no server is called x/],
    [["edit", "play"], /nothing to change/],
    [["edit", "play", "--new-name", "local"], /is called local already/],
  ];
  for (const [argv, message] of rows) {
    const { code, stderr } = await run(["server", ...argv], { home });
    t.equal(code, 2, argv.join(" "));
    t.match(stderr, message);
  }
  const refused = await run(["server", "remove", "play"], { home });
  t.equal(refused.code, 1);
  t.match(refused.stderr, /is the default server[^]*set-default/);
  t.equal((await run(["server", "add", "x", "--url", "http://127.0.0.1:1"], { home })).code, 3);
});

void test("a fingerprint that has changed is replaced only after a yes", async (t) => {
  const home = t.testdir();
  const server = await new FakeServer().listen(t);
  await run(["server", "add", "game", "--url", server.url], { home });
  const fingerprint = (answers?: string): ReturnType<typeof run> =>
    run(["server", "fingerprint", "game"], { home, ...(answers === undefined ? {} : { answers }) });
  const same = await fingerprint();
  t.equal(same.stdout, `${publicKey}\n`);
  t.match(same.stderr, /It is the one kept/);
  server.overrides.set("GET /v1/identity/public-key", { body: "another\n" });
  t.equal((await fingerprint()).code, 2, "nobody to ask");
  t.equal((await fingerprint("n\n")).code, 1);
  t.equal(configIn(home).servers[1]?.fingerprint, publicKey);
  t.equal((await fingerprint("y\n")).code, 0);
  t.equal(configIn(home).servers[1]?.fingerprint, "another");
  const elsewhere = await run(["server", "fingerprint", server.host], { home });
  t.equal(elsewhere.stdout, "another\n");
});

void test("a broken configuration stops every command", async (t) => {
  const home = t.testdir({ "my.toml": "x = " });
  for (const argv of [["identity"], ["list"], ["server", "list"], ["start"]]) {
    const { code, stderr } = await run([...argv, "--config-path", "my.toml"], { home });
    t.equal(code, 2, argv.join(" "));
    t.match(stderr, /my.toml cannot be used/);
  }
});

import { join } from "node:path";
import { test } from "tap";
import { FakeServer } from "../../test/fake-server.ts";
import { run } from "../../test/run.ts";

void test("auth-policy: shows, sets and clears", async (t) => {
  const home = t.testdir();
  const server = await new FakeServer().listen(t);
  const sent: string[] = [];
  for (const method of ["GET", "PUT", "DELETE"]) {
    server.overrides.set(`${method} /v1/database/chat/auth-policy`, ({ body }) => {
      sent.push(`${method} ${body}`);
      const policy = method === "PUT" ? (JSON.parse(body) as object) : {};
      const open = { issuers: [], audiences: [], anonymous: true };
      return { body: JSON.stringify({ ...open, ...policy, inherited: method !== "PUT" }) };
    });
  }
  const policy = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await run(
      ["auth-policy", "chat", "-s", server.host, ...args],
      {
        home,
      },
    );
    t.equal(code, 0, stderr);
    return stdout + stderr;
  };
  t.match(
    await policy(),
    /issuers: +any\naudiences: +any\nanonymous: yes\n[^]*the database has none/,
  );
  const flags = ["--issuer", "https://a", "--issuer", "https://b", "--audience", "x"];
  t.equal(
    await policy(...flags, "--no-anonymous"),
    "issuers:   https://a, https://b\naudiences: x\nanonymous: no\n",
  );
  t.same(JSON.parse(await policy("--no-anonymous", "--json")), {
    issuers: [],
    audiences: [],
    anonymous: false,
    inherited: false,
  });
  await policy("--clear");
  t.same(sent, [
    "GET ",
    'PUT {"issuers":["https://a","https://b"],"audiences":["x"],"anonymous":false}',
    'PUT {"issuers":[],"audiences":[],"anonymous":false}',
    "DELETE ",
  ]);
  const both = await run(["auth-policy", "chat", "--clear", "--no-anonymous"], { home });
  t.equal(both.code, 2);
  t.match(both.stderr, /--clear leaves nothing to set/);
});

void test("server rotate-keys: which directory", async (t) => {
  const home = t.testdir();
  const rotated: string[] = [];
  const host = {
    rotateSigningKeys: (dataDir: string): Promise<void> => {
      rotated.push(dataDir);
      return Promise.resolve();
    },
  };
  for (const args of [[], ["--data-dir", "d"]]) {
    const { code, stderr } = await run(["server", "rotate-keys", ...args], { home, host });
    t.equal(code, 0, stderr);
    t.match(stderr, /has a new signing key/);
  }
  t.same(rotated, [join(home, ".local/share/lightcone"), join(home, "d")]);
});

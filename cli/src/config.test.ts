import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { test } from "tap";
import {
  type Config,
  configPath,
  defaultDataDir,
  loadConfig,
  localServer,
  updateConfig,
} from "./config.ts";
import type { CommandContext } from "./context.ts";

function contextWith(env: Record<string, string>): CommandContext {
  return { env, homeFolder: "/home/ada", workingFolder: "/tmp/here" } as CommandContext;
}

void test("where the files are", (t) => {
  const plain = contextWith({});
  t.equal(configPath(plain, undefined), "/home/ada/.config/lightcone/cli.toml");
  t.equal(defaultDataDir(plain), "/home/ada/.local/share/lightcone");
  const set = contextWith({ XDG_CONFIG_HOME: "/c", XDG_DATA_HOME: "/d" });
  t.equal(configPath(set, undefined), "/c/lightcone/cli.toml");
  t.equal(defaultDataDir(set), "/d/lightcone");
  const relative = contextWith({ XDG_CONFIG_HOME: "c", XDG_DATA_HOME: "" });
  t.equal(
    configPath(relative, undefined),
    "/home/ada/.config/lightcone/cli.toml",
    "relative: ignored",
  );
  t.equal(defaultDataDir(relative), "/home/ada/.local/share/lightcone");
  t.equal(configPath(set, "my.toml"), "/tmp/here/my.toml", "--config-path");
  t.end();
});

void test("without a file there is the local server", (t) => {
  const path = join(t.testdir(), "cli.toml");
  t.same(loadConfig(path), { defaultServer: "local", servers: [localServer], tokens: new Map() });
  t.end();
});

void test("what is written is read again, by nobody else", (t) => {
  const path = join(t.testdir(), "deep", "cli.toml");
  const config: Config = {
    defaultServer: "game",
    listenAddr: "0.0.0.0:3000",
    servers: [
      localServer,
      {
        nickname: "game",
        host: "game.example.com",
        protocol: "https",
        fingerprint: "-----BEGIN\nX\n",
      },
    ],
    tokens: new Map([["http://127.0.0.1:3000", "a.b.c"]]),
  };
  updateConfig(path, () => config);
  t.same(loadConfig(path), config);
  t.equal(statSync(path).mode & 0o777, 0o600);
  chmodSync(path, 0o644);
  updateConfig(path, (fresh) => fresh);
  t.equal(statSync(path).mode & 0o777, 0o600, "tightened again");
  t.equal(statSync(join(path, "..")).mode & 0o777, 0o700);
  t.end();
});

void test("any text survives", (t) => {
  const path = join(t.testdir(), "cli.toml");
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.string(), (token, url) => {
      const tokens = new Map([[url, token]]);
      updateConfig(path, (config) => ({ ...config, tokens }));
      const read = loadConfig(path).tokens;
      return read.size === 1 && read.get(url) === token;
    }),
    { numRuns: 50 },
  );
  t.end();
});

void test("keys of other versions are kept", (t) => {
  const path = join(
    t.testdir({ "cli.toml": 'later = 7\ndefault_server = "local"\n[other]\nx = 1\n' }),
    "cli.toml",
  );
  updateConfig(path, (config) => ({ ...config, tokens: new Map([["http://x", "t"]]) }));
  t.match(readFileSync(path, "utf8"), /later = 7[^]*\[other\]\nx = 1/);
  t.end();
});

void test("a broken file is refused with its name and its fault, and left alone", (t) => {
  const path = join(t.testdir(), "cli.toml");
  const rows: [string, RegExp][] = [
    ["default_server = ", /line|Invalid/i],
    ["default_server = 7", /default_server must be text/],
    ["server_configs = 7", /server_configs must be a list/],
    ['[[server_configs]]\nhost = "x"', /no nickname/],
    ['[[server_configs]]\nnickname = "x"', /no host/],
    [
      '[[server_configs]]\nnickname = "x"\nhost = "y"\nprotocol = "ftp"',
      /ftp must be http or https/,
    ],
    ["tokens = 7", /tokens must be a table/],
    ["[tokens]\nx = 7", /x must be text/],
  ];
  for (const [text, fault] of rows) {
    writeFileSync(path, text);
    t.throws(() => loadConfig(path), { exit: "usage", message: fault }, text);
    t.throws(() => loadConfig(path), { message: path }, text);
    t.throws(() => updateConfig(path, (config) => config), { exit: "usage", message: fault });
    t.equal(readFileSync(path, "utf8"), text);
  }
  mkdirSync(join(path, "..", "folder"));
  t.throws(() => loadConfig(join(path, "..", "folder")), { exit: "usage", message: /EISDIR/ });
  t.end();
});

import { test } from "tap";
import type { Config } from "./config.ts";
import { resolveServer } from "./server-address.ts";

const config: Config = {
  defaultServer: "local",
  servers: [
    { nickname: "local", host: "127.0.0.1:3000", protocol: "http" },
    { nickname: "game", host: "game.example.com", protocol: "https" },
  ],
  tokens: new Map(),
};

void test("what --server may say", (t) => {
  const good: [string | undefined, string, string][] = [
    [undefined, "http://127.0.0.1:3000", "local"],
    ["local", "http://127.0.0.1:3000", "local"],
    ["game", "https://game.example.com", "game"],
    ["127.0.0.1:3000", "http://127.0.0.1:3000", "local"],
    ["http://127.0.0.1:3000/", "http://127.0.0.1:3000", "local"],
    ["HTTPS://Game.Example.com", "https://game.example.com", "game"],
    ["10.0.0.5:4000", "http://10.0.0.5:4000", "http://10.0.0.5:4000"],
    ["localhost", "http://localhost", "http://localhost"],
    ["[::1]:3000", "http://[::1]:3000", "http://[::1]:3000"],
  ];
  for (const [given, url, label] of good)
    t.same(resolveServer(config, given), { url, label }, `${given}`);
  const bad: [string, RegExp][] = [
    ["lokal", /no server is called lokal/],
    ["ftp://x.y", /must begin with http/],
    ["http://x.y/path", /only the host/],
    ["http://user@x.y", /only the host/],
    ["http://:", /does not parse/],
  ];
  for (const [given, message] of bad) {
    t.throws(() => resolveServer(config, given), { exit: "usage", message }, given);
  }
  t.end();
});

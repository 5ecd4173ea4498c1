import { LightconeError } from "@lightcone/abi";
import { join } from "node:path";
import { test } from "tap";
import { run } from "../../test/run.ts";
import { updateConfig } from "../config.ts";
import type { StartOptions } from "../context.ts";

interface Started {
  readonly options: StartOptions;
  readonly isClosed: boolean;
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Starts with a host that only notes what it is told, and stops when it has said where it listens.
 */
async function start(
  home: string,
  argv: readonly string[],
  env: Record<string, string> = {},
): Promise<Started> {
  const stop = new AbortController();
  let options: StartOptions = {
    listenAddr: "",
    dataDir: "",
    modules: { callBudgetMillis: 0, memoryBytesMax: 0 },
    snapshots: { intervalCommits: 0, prune: "keep" },
    moduleHttp: "public",
    strictSql: false,
    auth: {},
  };
  let isClosed = false;
  const close = (): Promise<void> => {
    isClosed = true;
    return Promise.resolve();
  };
  const result = await run(["start", ...argv], {
    home,
    env,
    stop: stop.signal,
    host: {
      startServer: (given) => {
        options = given;
        return Promise.resolve({ address: options.listenAddr, port: 3000, close });
      },
    },
    onOutput: () => stop.abort(),
  });
  return { ...result, options, isClosed };
}

void test("start: defaults, flags, configuration", async (t) => {
  const home = t.testdir();
  const plain = await start(home, []);
  t.equal(plain.code, 0, plain.stderr);
  t.same(plain.options, {
    listenAddr: "127.0.0.1:3000",
    dataDir: join(home, ".local/share/lightcone"),
    modules: { callBudgetMillis: 60_000, memoryBytesMax: 2 ** 30 },
    snapshots: { intervalCommits: 1_000_000, prune: "keep" },
    moduleHttp: "public",
    strictSql: false,
    auth: {
      trustedIssuers: [],
      onlyTrustedIssuers: false,
      policy: { issuers: [], audiences: [], allowsAnonymous: true },
    },
  });
  t.ok(plain.isClosed);
  t.equal(plain.stdout, "Listening on http://127.0.0.1:3000\n");
  t.match(plain.stderr, /Data is kept in [^]*lightcone publish [^]*Ctrl-C[^]*Stopped/);
  const flagged = await start(home, [
    "-l",
    "0.0.0.0:80",
    "--data-dir",
    "d",
    "--call-time-limit",
    "500ms",
    "--call-budget",
    "2",
    "--module-memory",
    "64MiB",
    "--snapshot-every",
    "5000",
    "--prune-log",
    "archive",
    "--allow-private-http",
    "--strict-sql",
    "--jwt-priv-key-path=k/id",
    "--jwt-pub-key-path=/k/id.pub",
    "--trusted-issuer=http://id.intra",
    "--trusted-issuer=https://id.example.com/",
    "--only-trusted-issuers",
    "--allowed-issuer=https://id.example.com/",
    "--allowed-audience=game",
    "--no-anonymous",
    "--tls-cert=cert.pem",
    "--tls-key=key.pem",
  ]);
  t.equal(flagged.stdout, "Listening on https://0.0.0.0:80\n");
  t.match(flagged.stderr, /lightcone describe my-db --server https:\/\/127.0.0.1:3000\n/);
  t.same(flagged.options, {
    listenAddr: "0.0.0.0:80",
    dataDir: join(home, "d"),
    callTimeLimitMs: 500,
    modules: { callBudgetMillis: 2000, memoryBytesMax: 2 ** 26 },
    snapshots: { intervalCommits: 5000, prune: "archive" },
    moduleHttp: "anywhere",
    strictSql: true,
    auth: {
      keyPaths: { privatePath: join(home, "k/id"), publicPath: "/k/id.pub" },
      trustedIssuers: ["http://id.intra", "https://id.example.com/"],
      onlyTrustedIssuers: true,
      policy: {
        issuers: ["https://id.example.com/"],
        audiences: ["game"],
        allowsAnonymous: false,
      },
    },
    tls: { certPath: join(home, "cert.pem"), keyPath: join(home, "key.pem") },
  });
  updateConfig(join(home, "c/lightcone/cli.toml"), (config) => ({
    ...config,
    listenAddr: "[::1]:9",
  }));
  const configured = await start(home, [], {
    XDG_CONFIG_HOME: join(home, "c"),
    XDG_DATA_HOME: join(home, "x"),
  });
  t.match(configured.options, { listenAddr: "[::1]:9", dataDir: join(home, "x/lightcone") });
});

void test("start: what is refused", async (t) => {
  const home = t.testdir();
  const limit = await run(["start", "--call-time-limit", "10"], { home });
  t.equal(limit.code, 2);
  t.match(limit.stderr, /--call-time-limit 10: this is no span of time/);
  const budget = await run(["start", "--call-budget", "0"], { home });
  t.equal(budget.code, 2);
  t.match(budget.stderr, /--call-budget 0s: this is no span of time/);
  const memory = await run(["start", "--module-memory", "1G"], { home });
  t.equal(memory.code, 2);
  t.match(memory.stderr, /--module-memory 1G: this is no amount of memory/);
  const interval = await run(["start", "--snapshot-every", "0"], { home });
  t.equal(interval.code, 2);
  t.match(interval.stderr, /--snapshot-every 0: this is no number of transactions/);
  for (const [flag, missing] of [
    ["--tls-cert", "--tls-key"],
    ["--tls-key", "--tls-cert"],
    ["--jwt-priv-key-path", "--jwt-pub-key-path"],
    ["--jwt-pub-key-path", "--jwt-priv-key-path"],
  ] as const) {
    const { code, stderr } = await run(["start", flag, "file"], { home });
    t.equal(code, 2, flag);
    t.match(stderr, `${missing} is missing`);
  }
  const policy = await run(["start", "--prune-log", "burn"], { home });
  t.equal(policy.code, 2);
  t.match(policy.stderr, /--prune-log burn: there is no such policy[^]*keep, archive, delete/);
  const inUse = await run(["start"], {
    home,
    host: {
      startServer: () => Promise.reject(new LightconeError("LC_DATA_DIR_IN_USE", "d is in use")),
    },
  });
  t.equal(inUse.code, 1);
  t.match(inUse.stderr, /d is in use[^]*--data-dir/);
  const badAddress = await run(["start", "-l", "3000"], {
    home,
    host: { startServer: () => Promise.reject(new LightconeError("LC_CONFIG", "not HOST:PORT")) },
  });
  t.equal(badAddress.code, 2);
  t.match(badAddress.stderr, /not HOST:PORT[^]*start --help/);
});

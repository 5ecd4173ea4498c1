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

function defaults(home: string): StartOptions {
  return {
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
    deleteGraceMs: 24 * 3_600_000,
    limits: {
      connectionsMax: 0,
      connectionsPerAddressMax: 0,
      connectionsPerIdentityMax: 0,
      newConnectionsPerSecond: 0,
      callsPerSecond: 0,
      energyPerMinute: 0,
    },
    trustProxy: false,
    logging: { level: "info", format: "text" },
  };
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
  let options: StartOptions = defaults(home);
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
  t.same(plain.options, defaults(home));
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
    "--pg-port=5432",
    "--delete-grace=0",
    "--max-calls=50",
    "--max-connections=1000",
    "--trust-proxy",
    "--log-level=debug",
    "--log-format=json",
  ]);
  t.equal(flagged.stdout, "Listening on https://0.0.0.0:80\n");
  t.same(flagged.options, {
    ...defaults(home),
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
    pgListenAddr: "0.0.0.0:5432",
    deleteGraceMs: 0,
    limits: { ...defaults(home).limits, callsPerSecond: 50, connectionsMax: 1000 },
    trustProxy: true,
    logging: { level: "debug", format: "json" },
  });
  t.equal(flagged.stderr, "", "nothing stands between lines for programs");
  const secure = await start(home, ["-l=0.0.0.0:3000", "--tls-cert=c.pem", "--tls-key=k.pem"]);
  t.match(secure.stderr, /lightcone describe my-db --server https:\/\/127.0.0.1:3000\n/);
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
  const twice = await run(["start", "--pg-port=1", "--pg-listen-addr=127.0.0.1:2"], { home });
  t.equal(twice.code, 2);
  t.match(twice.stderr, /--pg-listen-addr and --pg-port say the same/);
  const port = await run(["start", "--pg-port=65536"], { home });
  t.equal(port.code, 2);
  t.match(port.stderr, /--pg-port 65536: this is no port/);
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

void test("start: a flag counts more than a variable, that more than a file, that more than the default", async (t) => {
  const home = t.testdir({
    "own.toml":
      'snapshot-every = 10\nprune-log = "delete"\nmax_calls = 30\n[logs]\nlevel = "error"\n',
  });
  const env = {
    LIGHTCONE_SNAPSHOT_EVERY: "20",
    LIGHTCONE_MAX_CALLS: "40",
    LIGHTCONE_STRICT_SQL: "",
  };
  const { options, stderr } = await start(home, ["--config", "own.toml", "--max-calls=50"], env);
  t.match(options, {
    snapshots: { intervalCommits: 20, prune: "delete" },
    limits: { callsPerSecond: 50 },
    logging: { level: "error" },
    strictSql: false,
  });
  t.match(stderr, /Data is kept/);
  const printed = await run(["start", "--print-config", "--config", "own.toml"], { home, env });
  t.equal(printed.code, 0, printed.stderr);
  const line = (name: string): string | undefined =>
    printed.stdout.split("\n").find((each) => each.trim().startsWith(`${name} `));
  t.match(line("snapshot-every"), /20 +\| LIGHTCONE_SNAPSHOT_EVERY/);
  t.match(line("prune-log"), /delete +\| .*own\.toml: prune-log/);
  t.match(line("call-budget"), /60s +\| default/);
  t.match(line("data-dir"), /\.local\/share\/lightcone +\| default/);
});

void test("start: the file in the data directory is read without being named", async (t) => {
  const home = t.testdir({
    d: { "config.toml": "strict-sql = true\nmax-calls = 7\n[websocket]\nping-interval = '1s'\n" },
    e: { "config.toml": "data-dir = 'elsewhere'\n" },
  });
  const started = await start(home, ["--max-calls=8"], { LIGHTCONE_DATA_DIR: "d" });
  t.match(started.options, {
    strictSql: true,
    dataDir: join(home, "d"),
    limits: { callsPerSecond: 8 },
  });
  const moved = await run(["start", "--data-dir=e"], { home });
  t.equal(moved.code, 2);
  t.match(moved.stderr, /it lies in the data directory and cannot name another/);
});

void test("start: several values, in files and variables", async (t) => {
  const home = t.testdir({
    "lists.toml":
      'trusted-issuer = ["https://a", "https://b"]\nallowed-audience = ["game"]\nallowed-issuer = []\n' +
      '[certificate-authority]\njwt-priv-key-path = "id"\njwt-pub-key-path = "id.pub"\n',
  });
  const env = { LIGHTCONE_ALLOWED_AUDIENCE: "chat, game," };
  const argv = ["--config=lists.toml", "--allowed-issuer=https://c", "--allowed-issuer=https://d"];
  const { options, stderr } = await start(home, argv, env);
  t.match(stderr, /Data is kept/);
  t.same(options.auth, {
    keyPaths: { privatePath: join(home, "id"), publicPath: join(home, "id.pub") },
    trustedIssuers: ["https://a", "https://b"],
    onlyTrustedIssuers: false,
    policy: {
      issuers: ["https://c", "https://d"],
      audiences: ["chat", "game"],
      allowsAnonymous: true,
    },
  });
});

void test("start: what files and variables cannot say", async (t) => {
  const home = t.testdir({
    "typo.toml": "listen-adr = '1'\n",
    "odd.toml": "nothing = 1\n",
    "list.toml": "listen-addr = []\n",
    "items.toml": "trusted-issuer = ['https://a', 1]\n",
    "commas.toml": "trusted-issuer = ['https://a,b']\n",
    "twice.toml": "log-level = 'info'\n[logs]\nlevel = 'info'\n",
    "value.toml": "max-calls = -1\n",
    "broken.toml": "max-calls\n",
  });
  const rows: readonly [config: string, env: Record<string, string>, message: RegExp][] = [
    ["typo.toml", {}, /no option listen-adr; did you mean `listen-addr`\?/],
    ["odd.toml", {}, /no option nothing\n/],
    ["list.toml", {}, /listen-addr must be text/],
    ["items.toml", {}, /trusted-issuer must be an array of texts without commas/],
    ["commas.toml", {}, /trusted-issuer must be an array of texts without commas/],
    ["twice.toml", {}, /logs\.level says again what log-level is/],
    ["value.toml", {}, /value\.toml: max-calls -1: this is no number of calls/],
    ["broken.toml", {}, /broken\.toml cannot be used/],
    ["none.toml", {}, /there is no configuration file .*none\.toml/],
    [
      "",
      { LIGHTCONE_LISTEN_ADRR: "x" },
      /no variable LIGHTCONE_LISTEN_ADRR; did you mean `LIGHTCONE_LISTEN_ADDR`\?/,
    ],
    [
      "",
      { LIGHTCONE_STRICT_SQL: "yes" },
      /LIGHTCONE_STRICT_SQL yes: this is neither true nor false/,
    ],
    ["", { LIGHTCONE_LOG_LEVEL: "loud" }, /LIGHTCONE_LOG_LEVEL loud: there is no such level/],
  ];
  for (const [config, env, message] of rows) {
    const argv = config === "" ? ["start"] : ["start", "--config", config];
    const { code, stderr } = await run(argv, { home, env });
    t.equal(code, 2, `${config} ${JSON.stringify(env)}`);
    t.match(stderr, message);
  }
});

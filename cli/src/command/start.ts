// `lightcone start`: a host in this process, until it is told to stop.
import { resolve as resolvePath } from "node:path";
import { parseByteSize } from "../byte-size.ts";
import { Option, type Usage } from "../clipanion.ts";
import { defaultDataDir, localServer } from "../config.ts";
import { parseDurationMs, parseSecondsMs } from "../duration.ts";
import { prunePolicies, type RunningServer } from "../context.ts";
import { CommandError } from "../exit.ts";
import { LightconeCommand } from "./base.ts";
import { authOf, tlsOf } from "./start-auth.ts";

export class StartCommand extends LightconeCommand {
  static override paths: string[][] = [["start"]];
  static override usage: Usage = {
    category: "Run a server",
    description: "start a server on this machine",
    details: `
      Runs until it gets SIGINT (Ctrl-C) or SIGTERM, then closes its databases and ends. All data
      lies in one directory, which no other host may use at the same time.
    `,
    examples: [
      ["On the usual port, with the usual data directory", "$0 start"],
      ["For other machines, too", "$0 start --listen-addr 0.0.0.0:3000 --data-dir ./data"],
    ],
  };

  readonly listenAddr: string | undefined = Option.String("-l,--listen-addr", {
    description: `HOST:PORT to listen on; port 0 takes a free one (default: ${localServer.host})`,
  });
  readonly pgListenAddr: string | undefined = Option.String("--pg-listen-addr", {
    description: "HOST:PORT to listen on for psql and other clients of PostgreSQL (default: none)",
  });
  readonly pgPort: string | undefined = Option.String("--pg-port", {
    description: "the same by the port alone, on the host of --listen-addr",
  });
  readonly dataDir: string | undefined = Option.String("--data-dir", {
    description: "the data directory (default: ~/.local/share/lightcone)",
  });
  readonly callBudget: string = Option.String("--call-budget", "60s", {
    description:
      "stop a call of a module that runs longer than this, in seconds or such as 500ms or 2m; its transaction is rolled back and everything else goes on (default: 60s)",
  });
  readonly moduleMemory: string = Option.String("--module-memory", "1GiB", {
    description: "what a module's memory may grow to, such as 256MiB or 4GiB (default: 1GiB)",
  });
  readonly callTimeLimit: string | undefined = Option.String("--call-time-limit", {
    description:
      "start a database again whose call does not end after this long, stuck in the host itself, such as 500ms or 2m (default: 10s after its budget)",
  });

  readonly snapshotEvery: string = Option.String("--snapshot-every", "1000000", {
    description:
      "take a snapshot of a database after so many transactions, and when a segment of its log is full (default: 1000000)",
  });
  readonly pruneLog: string = Option.String("--prune-log", "keep", {
    description:
      "what becomes of the log before the last two snapshots: keep it, archive it in the database's directory, or delete it (default: keep)",
  });

  readonly allowPrivateHttp: boolean = Option.Boolean("--allow-private-http", false, {
    description:
      "let procedures of modules send HTTP requests to this machine and to private networks, too",
  });
  readonly noModuleHttp: boolean = Option.Boolean("--no-module-http", false, {
    description: "let procedures of modules send no HTTP requests at all",
  });

  readonly strictSql: boolean = Option.Boolean("--strict-sql", false, {
    description:
      "understand the SQL of SpacetimeDB only, with its quirks: no ORDER BY, GROUP BY, LIKE and the like, and INSERT binds values by position",
  });

  readonly privateKeyPath: string | undefined = Option.String("--jwt-priv-key-path", {
    description: "sign tokens with this key (PKCS#8 in PEM, EC P-256) instead of the one made",
  });
  readonly publicKeyPath: string | undefined = Option.String("--jwt-pub-key-path", {
    description: "the public half of it",
  });
  readonly trustedIssuers: string[] | undefined = Option.Array("--trusted-issuer", {
    description:
      "an OpenID Connect issuer, as in the iss of its tokens, that may be private and speak plain HTTP; may be repeated",
  });
  readonly onlyTrustedIssuers: boolean = Option.Boolean("--only-trusted-issuers", false, {
    description: "take no tokens of other issuers (default: of any with a public https address)",
  });
  readonly allowedIssuers: string[] | undefined = Option.Array("--allowed-issuer", {
    description: "let only tokens of this issuer use databases without a policy; may be repeated",
  });
  readonly allowedAudiences: string[] | undefined = Option.Array("--allowed-audience", {
    description:
      "let only tokens for this audience use databases without a policy; may be repeated",
  });
  readonly noAnonymous: boolean = Option.Boolean("--no-anonymous", false, {
    description:
      "let no identities that this server gives to anybody use databases without a policy",
  });
  readonly tlsCert: string | undefined = Option.String("--tls-cert", {
    description: "serve HTTPS with this certificate (PEM, with its chain), reread when it changes",
  });
  readonly tlsKey: string | undefined = Option.String("--tls-key", {
    description: "its private key (PEM)",
  });

  async run(): Promise<void> {
    const { context, output } = this;
    const listenAddr = this.listenAddr ?? this.loadConfig().listenAddr ?? localServer.host;
    const pgListenAddr = parsePgListenAddr(this.pgListenAddr, this.pgPort, listenAddr);
    const dataDir =
      this.dataDir === undefined
        ? defaultDataDir(context)
        : resolvePath(context.workingFolder, this.dataDir);
    const callTimeLimit =
      this.callTimeLimit === undefined
        ? {}
        : { callTimeLimitMs: parseDurationMs(this.callTimeLimit, "--call-time-limit") };
    const modules = {
      callBudgetMillis: parseSecondsMs(this.callBudget, "--call-budget"),
      memoryBytesMax: parseByteSize(this.moduleMemory, "--module-memory"),
    };
    const snapshots = {
      intervalCommits: parseCount(this.snapshotEvery, "--snapshot-every"),
      prune: parsePolicy(this.pruneLog),
    };
    const tls = tlsOf(this, context.workingFolder);
    // Asked for first, so that a wish to stop during the start is not lost.
    const stop = context.stopSignal();
    const { startServer } = await context.loadHost();
    const server = await startServer({
      listenAddr,
      pgListenAddr,
      dataDir,
      ...callTimeLimit,
      modules,
      snapshots,
      moduleHttp: this.#moduleHttp(),
      strictSql: this.strictSql,
      auth: authOf(this, context.workingFolder),
      ...tls,
    });
    try {
      const scheme = tls.tls === undefined ? "http" : "https";
      output.line(`Listening on ${scheme}://${server.address}`);
      if (server.pgAddress !== undefined)
        output.note(`PostgreSQL's protocol on ${server.pgAddress}`);
      output.note(welcome(dataDir, server, scheme));
      await aborted(stop);
      output.note("Stopping…");
    } finally {
      await server.close();
    }
    output.note("Stopped. All that was committed is on disk.");
  }

  #moduleHttp(): "off" | "public" | "anywhere" {
    if (!this.noModuleHttp) return this.allowPrivateHttp ? "anywhere" : "public";
    if (!this.allowPrivateHttp) return "off";
    throw new CommandError(
      "usage",
      "--allow-private-http and --no-module-http: the one opens what the other closes",
      "Choose one of them.",
    );
  }
}

/** Where clients of PostgreSQL connect, by one flag or the other. */
function parsePgListenAddr(
  address: string | undefined,
  port: string | undefined,
  listenAddr: string,
): string | undefined {
  if (port === undefined) return address;
  if (address !== undefined) {
    throw new CommandError(
      "usage",
      "--pg-listen-addr and --pg-port say the same",
      "Choose one of them.",
    );
  }
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
    throw new CommandError(
      "usage",
      `--pg-port ${port}: this is no port`,
      "Write 5432, for instance.",
    );
  }
  return listenAddr.replace(/:\d*$/, `:${port}`);
}

function parseCount(text: string, flag: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && count > 0 && Number.isSafeInteger(count)) return count;
  throw new CommandError(
    "usage",
    `${flag} ${text}: this is no number of transactions`,
    "Write a whole number above zero, such as 1000000.",
  );
}

function parsePolicy(text: string): (typeof prunePolicies)[number] {
  const policy = prunePolicies.find((one) => one === text);
  if (policy !== undefined) return policy;
  throw new CommandError(
    "usage",
    `--prune-log ${text}: there is no such policy`,
    `Choose one of ${prunePolicies.join(", ")}.`,
  );
}

function welcome(dataDir: string, { address, port }: RunningServer, scheme: string): string {
  // A server on all interfaces is reached on this machine by the loopback one.
  const local = address.replace(/^(?:0\.0\.0\.0|\[::\]):\d+$/, `127.0.0.1:${port}`);
  const isDefault = local === localServer.host && scheme === "http";
  const server = isDefault ? "" : ` --server ${scheme === "http" ? local : `https://${local}`}`;
  return [
    `Data is kept in ${dataDir}`,
    "",
    "Try next, in another terminal:",
    `  lightcone publish my-db --bin-path module.wasm${server}`,
    `  lightcone describe my-db${server}`,
    `  lightcone logs my-db --follow${server}`,
    "",
    "Ctrl-C stops the server.",
  ].join("\n");
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

// `lightcone start`: a host in this process, until it is told to stop.
import { Option, type Usage } from "../clipanion.ts";
import type { CommandContext, RunningServer, StartOptions } from "../context.ts";
import { localServer } from "../config.ts";
import { CommandError } from "../exit.ts";
import {
  defaultText,
  flagOf,
  type StartOptionName,
  startOptionNames,
  startOptions,
} from "../start/options.ts";
import { configOption, gatherSettings, type Settings } from "../start/settings.ts";
import { LightconeCommand } from "./base.ts";
import { authOf, tlsOf } from "./start-auth.ts";

/** The flags of all options, as members of a command: clipanion finds them there. */
function flagMembers(): Record<string, unknown> {
  const members = startOptionNames.map((name) => {
    const { kind, help, short } = startOptions[name];
    const flags = [...(short === undefined ? [] : [short]), flagOf(name)].join(",");
    if (kind.form === "switch") {
      return [memberOf(name), Option.Boolean(flags, { description: help })];
    }
    const description = `${help} (default: ${defaultText(startOptions[name])})`;
    const flag =
      kind.form === "list"
        ? Option.Array(flags, { description })
        : Option.String(flags, { description });
    return [memberOf(name), flag];
  });
  return Object.fromEntries(members) as Record<string, unknown>;
}

/** Apart from what a command has besides. */
function memberOf(name: StartOptionName): string {
  return `option ${name}`;
}

export class StartCommand extends LightconeCommand {
  static override paths: string[][] = [["start"]];
  static override usage: Usage = {
    category: "Run a server",
    description: "start a server on this machine",
    details: `
      Runs until it gets SIGINT (Ctrl-C) or SIGTERM, then closes its databases and ends; a second
      signal ends it at once. All data lies in one directory, which no other host may use at the
      same time. Each flag is also a variable, such as LIGHTCONE_LISTEN_ADDR, and a key of the
      configuration file; a flag counts more than a variable, and that more than the file.
    `,
    examples: [
      ["On the usual port, with the usual data directory", "$0 start"],
      ["For other machines, too", "$0 start --listen-addr 0.0.0.0:3000 --data-dir ./data"],
      ["What is in force, and who said so", "$0 start --print-config"],
    ],
  };

  readonly config: string | undefined = Option.String(flagOf(configOption), {
    description: "a file with options (default: config.toml in the data directory)",
  });
  readonly printsConfig: boolean = Option.Boolean("--print-config", false, {
    description: "print every option with its value and its source, and start nothing",
  });

  constructor() {
    super();
    Object.assign(this, flagMembers());
  }

  async run(): Promise<void> {
    const { context, output } = this;
    const settings = this.#settings();
    const options = startOptionsOf(settings, context);
    if (this.printsConfig) {
      const columns = [{ title: "option" }, { title: "value" }, { title: "source" }];
      output.table(
        columns,
        settings.rows().map(({ name, value, source }) => [name, value, source]),
      );
      return;
    }
    // Asked for first, so that a wish to stop during the start is not lost.
    const stop = context.stopSignal();
    const { startServer } = await context.loadHost();
    const server = await startServer(options);
    // Lines for programs have no others among them.
    const note = (text: string): void => {
      if (options.logging.format === "text") output.note(text);
    };
    try {
      const scheme = options.tls === undefined ? "http" : "https";
      output.line(`Listening on ${scheme}://${server.address}`);
      if (server.pgAddress !== undefined) note(`PostgreSQL's protocol on ${server.pgAddress}`);
      note(welcome(options.dataDir, server, scheme));
      await aborted(stop);
      note("Stopping…");
    } finally {
      await server.close();
    }
    note("Stopped. All that was committed is on disk.");
  }

  #settings(): Settings {
    const flags = new Map<StartOptionName | typeof configOption, string>();
    for (const name of startOptionNames) {
      const given: unknown = Reflect.get(this, memberOf(name));
      if (typeof given === "string" || typeof given === "boolean") flags.set(name, String(given));
      if (Array.isArray(given)) flags.set(name, given.join(","));
    }
    if (this.config !== undefined) flags.set(configOption, this.config);
    const listenAddr = { text: this.loadConfig().listenAddr, path: this.configPath };
    return gatherSettings(this.context, flags, listenAddr);
  }
}

/** What the settings are to a host. */
function startOptionsOf(settings: Settings, context: CommandContext): StartOptions {
  const { workingFolder, isErrorTerminal } = context;
  const callTimeLimitMs = settings.value("call-time-limit");
  const pgListenAddr = pgListenAddrOf(settings);
  return {
    listenAddr: settings.get("listen-addr"),
    ...(pgListenAddr === undefined ? {} : { pgListenAddr }),
    dataDir: settings.get("data-dir"),
    ...(callTimeLimitMs === undefined ? {} : { callTimeLimitMs }),
    modules: {
      callBudgetMillis: settings.get("call-budget"),
      memoryBytesMax: settings.get("module-memory"),
    },
    snapshots: {
      intervalCommits: settings.get("snapshot-every"),
      prune: settings.get("prune-log"),
    },
    moduleHttp: moduleHttp(settings),
    strictSql: settings.get("strict-sql"),
    auth: authOf(settings, workingFolder),
    ...tlsOf(settings, workingFolder),
    deleteGraceMs: settings.get("delete-grace"),
    limits: {
      connectionsMax: settings.get("max-connections"),
      connectionsPerAddressMax: settings.get("max-connections-per-address"),
      connectionsPerIdentityMax: settings.get("max-connections-per-identity"),
      newConnectionsPerSecond: settings.get("max-new-connections"),
      callsPerSecond: settings.get("max-calls"),
      energyPerMinute: settings.get("max-energy"),
    },
    trustProxy: settings.get("trust-proxy"),
    logging: {
      level: settings.get("log-level"),
      format: settings.value("log-format") ?? (isErrorTerminal ? "text" : "json"),
    },
  };
}

/** Where clients of PostgreSQL connect, by one option or the other. */
function pgListenAddrOf(settings: Settings): string | undefined {
  const address = settings.value("pg-listen-addr");
  const port = settings.value("pg-port");
  if (port === undefined) return address;
  if (address !== undefined) {
    throw new CommandError(
      "usage",
      "--pg-listen-addr and --pg-port say the same",
      "Choose one of them.",
    );
  }
  return settings.get("listen-addr").replace(/:\d*$/, `:${port}`);
}

function moduleHttp(settings: Settings): StartOptions["moduleHttp"] {
  const allowsPrivate = settings.get("allow-private-http");
  if (!settings.get("no-module-http")) return allowsPrivate ? "anywhere" : "public";
  if (!allowsPrivate) return "off";
  throw new CommandError(
    "usage",
    "--allow-private-http and --no-module-http: the one opens what the other closes",
    "Choose one of them.",
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

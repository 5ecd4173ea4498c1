// The configuration file cli.toml: known servers, which is meant by default, and the token held for
// each (http-and-auth.md section 13.1, with one token a server).
//
//     default_server = "local"
//     listen_addr = "127.0.0.1:3000"       # optional, for `lightcone start`
//     [[server_configs]]
//     nickname = "local"
//     host = "127.0.0.1:3000"
//     protocol = "http"
//     ecdsa_public_key = "-----BEGIN …"    # optional, the fingerprint
//     [tokens]                             # by address: a token never goes to another server
//     "http://127.0.0.1:3000" = "…"
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { messageOf } from "@lightcone/abi";
import type { CommandContext } from "./context.ts";
import { CommandError } from "./exit.ts";
import { parseToml, stringifyToml } from "./toml.ts";

export interface ServerConfig {
  readonly nickname: string;
  /** HOST:PORT, or HOST for the protocol's own port. */
  readonly host: string;
  readonly protocol: "http" | "https";
  /** The server's public key in PEM, as it was when the server was added. */
  readonly fingerprint?: string;
}

export interface Config {
  readonly defaultServer: string;
  readonly listenAddr?: string;
  readonly servers: readonly ServerConfig[];
  /** Tokens by the address of their server, such as `http://127.0.0.1:3000`. */
  readonly tokens: ReadonlyMap<string, string>;
}

export const localServer: ServerConfig = {
  nickname: "local",
  host: "127.0.0.1:3000",
  protocol: "http",
};

/** The folder that an XDG variable names, or the one below the home folder that stands for it. */
function xdgFolder(context: CommandContext, variable: string, ...fallback: string[]): string {
  const given = context.env[variable];
  // The XDG rules say that a relative path is to be ignored.
  if (given !== undefined && isAbsolute(given)) return given;
  return join(context.homeFolder, ...fallback);
}

/** Where the configuration is, unless --config-path names another file. */
export function configPath(context: CommandContext, given: string | undefined): string {
  if (given !== undefined) return resolve(context.workingFolder, given);
  return join(xdgFolder(context, "XDG_CONFIG_HOME", ".config"), "lightcone", "cli.toml");
}

/** Where `lightcone start` keeps its data by default. */
export function defaultDataDir(context: CommandContext): string {
  return join(xdgFolder(context, "XDG_DATA_HOME", ".local", "share"), "lightcone");
}

type Table = Record<string, unknown>;

/**
 * Reads the file; without one the configuration is the default. Throws a CommandError for one that
 * breaks the layout.
 */
export function loadConfig(path: string): Config {
  return configOf(readTable(path), path);
}

/**
 * Reads, changes and writes the file. It is read again right before, so that two commands at a time
 * do not undo each other's change; a reader sees the old file or the new one. Nobody but its owner
 * may read it.
 */
export function updateConfig(path: string, change: (config: Config) => Config): Config {
  const table = readTable(path);
  const config = change(configOf(table, path));
  const text = stringifyToml({ ...table, ...tableOf(config) });
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const draft = `${path}.${process.pid}.new`;
    writeFileSync(draft, text, { mode: 0o600 });
    renameSync(draft, path);
  } catch (thrown) {
    throw new CommandError(
      "refused",
      `cannot write ${path}: ${messageOf(thrown)}`,
      "Make its folder writable, or name another file with --config-path.",
    );
  }
  return config;
}

function readTable(path: string): Table {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw misconfigured(path, messageOf(thrown));
  }
  try {
    return parseToml(text);
  } catch (thrown) {
    throw misconfigured(path, messageOf(thrown).trim());
  }
}

function misconfigured(path: string, reason: string): CommandError {
  return new CommandError(
    "usage",
    `${path} cannot be used: ${reason}`,
    "Correct the file, or move it away: the next command starts a fresh one.",
  );
}

function configOf(table: Table, path: string): Config {
  const fault = (reason: string): CommandError => misconfigured(path, reason);
  const servers = listOf(table["server_configs"], "server_configs", fault);
  const listenAddr = optionalText(table, "listen_addr", fault);
  const tokens = table["tokens"] ?? {};
  if (!isTable(tokens)) throw fault("tokens must be a table");
  return {
    defaultServer: optionalText(table, "default_server", fault) ?? localServer.nickname,
    ...(listenAddr === undefined ? {} : { listenAddr }),
    servers: servers?.map((server) => serverOf(server, fault)) ?? [localServer],
    tokens: new Map(Object.keys(tokens).map((url) => [url, textOf(tokens, url, fault)])),
  };
}

type Fault = (reason: string) => CommandError;

function isTable(value: unknown): value is Table {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function listOf(value: unknown, key: string, fault: Fault): readonly Table[] | undefined {
  if (value === undefined) return undefined;
  if (Array.isArray(value) && value.every(isTable)) return value;
  throw fault(`${key} must be a list of tables`);
}

function optionalText(table: Table, key: string, fault: Fault): string | undefined {
  const value = table[key];
  if (value === undefined || typeof value === "string") return value;
  throw fault(`${key} must be text in quotes`);
}

function textOf(table: Table, key: string, fault: Fault): string {
  const value = optionalText(table, key, fault);
  if (value === undefined) throw fault(`a server has no ${key}`);
  return value;
}

function serverOf(table: Table, fault: Fault): ServerConfig {
  const protocol = optionalText(table, "protocol", fault) ?? "http";
  if (protocol !== "http" && protocol !== "https") {
    throw fault(`the protocol ${protocol} must be http or https`);
  }
  const fingerprint = optionalText(table, "ecdsa_public_key", fault);
  return {
    nickname: textOf(table, "nickname", fault),
    host: textOf(table, "host", fault),
    protocol,
    ...(fingerprint === undefined ? {} : { fingerprint }),
  };
}

function tableOf(config: Config): Table {
  return {
    default_server: config.defaultServer,
    ...(config.listenAddr === undefined ? {} : { listen_addr: config.listenAddr }),
    server_configs: config.servers.map(({ nickname, host, protocol, fingerprint }) => ({
      nickname,
      host,
      protocol,
      ...(fingerprint === undefined ? {} : { ecdsa_public_key: fingerprint }),
    })),
    tokens: Object.fromEntries(config.tokens),
  };
}

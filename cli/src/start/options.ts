// Every option of `lightcone start`, once: its flag, its variable, its key in the configuration file and its line in the
// documentation are all made of one entry here.
import { logFormats, logLevels, prunePolicies } from "../context.ts";
import {
  byteSize,
  choice,
  count,
  countOrNone,
  duration,
  durationOrNone,
  type Kind,
  list,
  port,
  seconds,
  text,
  trueOrFalse,
} from "./kind.ts";

export interface StartOption<T> {
  readonly kind: Kind<T>;
  /** As text; undefined where it is computed or there is none. */
  readonly default: string | undefined;
  /** What is said of the default where it has no text. */
  readonly defaultNote?: string;
  readonly help: string;
  /** A short flag, such as `-l`. */
  readonly short?: string;
  /** Other keys that lead here in a file, `section.key`: those of the reference's program. */
  readonly aliases?: readonly string[];
}

function option<T>(
  kind: Kind<T>,
  byDefault: string | undefined,
  help: string,
  more: Omit<StartOption<T>, "kind" | "default" | "help"> = {},
): StartOption<T> {
  return { kind, default: byDefault, help, ...more };
}

/** By name: `--NAME`, `LIGHTCONE_NAME`, `NAME = …`. */
export interface StartOptionTable {
  readonly "listen-addr": StartOption<string>;
  readonly "pg-listen-addr": StartOption<string>;
  readonly "pg-port": StartOption<number>;
  readonly "data-dir": StartOption<string>;
  readonly "call-budget": StartOption<number>;
  readonly "module-memory": StartOption<number>;
  readonly "call-time-limit": StartOption<number>;
  readonly "snapshot-every": StartOption<number>;
  readonly "prune-log": StartOption<(typeof prunePolicies)[number]>;
  readonly "allow-private-http": StartOption<boolean>;
  readonly "no-module-http": StartOption<boolean>;
  readonly "strict-sql": StartOption<boolean>;
  readonly "delete-grace": StartOption<number>;
  readonly "jwt-priv-key-path": StartOption<string>;
  readonly "jwt-pub-key-path": StartOption<string>;
  readonly "trusted-issuer": StartOption<readonly string[]>;
  readonly "only-trusted-issuers": StartOption<boolean>;
  readonly "allowed-issuer": StartOption<readonly string[]>;
  readonly "allowed-audience": StartOption<readonly string[]>;
  readonly "no-anonymous": StartOption<boolean>;
  readonly "tls-cert": StartOption<string>;
  readonly "tls-key": StartOption<string>;
  readonly "log-level": StartOption<(typeof logLevels)[number]>;
  readonly "log-format": StartOption<(typeof logFormats)[number]>;
  readonly "trust-proxy": StartOption<boolean>;
  readonly "max-connections": StartOption<number>;
  readonly "max-connections-per-address": StartOption<number>;
  readonly "max-connections-per-identity": StartOption<number>;
  readonly "max-new-connections": StartOption<number>;
  readonly "max-calls": StartOption<number>;
  readonly "max-energy": StartOption<number>;
}

export const startOptions: StartOptionTable = {
  "listen-addr": option(text, "127.0.0.1:3000", "HOST:PORT to listen on; port 0 takes a free one", {
    short: "-l",
  }),
  "pg-listen-addr": option(
    text,
    undefined,
    "HOST:PORT to listen on for psql and other clients of PostgreSQL",
    { defaultNote: "none" },
  ),
  "pg-port": option(port, undefined, "the same by the port alone, on the host of listen-addr", {
    defaultNote: "none",
  }),
  "data-dir": option(text, undefined, "the data directory", {
    defaultNote: "~/.local/share/lightcone",
  }),
  "call-budget": option(
    seconds,
    "60s",
    "stop a call of a module that runs longer than this, in seconds or such as 500ms or 2m; its transaction is rolled back and everything else goes on",
  ),
  "module-memory": option(
    byteSize,
    "1GiB",
    "what a module's memory may grow to, such as 256MiB or 4GiB",
  ),
  "call-time-limit": option(
    duration,
    undefined,
    "start a database again whose call does not end after this long, stuck in the host itself, such as 500ms or 2m",
    { defaultNote: "10s after its budget" },
  ),
  "snapshot-every": option(
    count("transactions"),
    "1000000",
    "take a snapshot of a database after so many transactions, and when a segment of its log is full",
  ),
  "prune-log": option(
    choice(prunePolicies, "policy"),
    "keep",
    "what becomes of the log before the last two snapshots: keep it, archive it in the database's directory, or delete it",
  ),
  "allow-private-http": option(
    trueOrFalse,
    "false",
    "let procedures of modules send HTTP requests to this machine and to private networks, too",
  ),
  "no-module-http": option(
    trueOrFalse,
    "false",
    "let procedures of modules send no HTTP requests at all",
  ),
  "strict-sql": option(
    trueOrFalse,
    "false",
    "understand the SQL of SpacetimeDB only, with its quirks: no ORDER BY, GROUP BY, LIKE and the like, and INSERT binds values by position",
  ),
  "delete-grace": option(
    durationOrNone,
    "24h",
    "how long a deleted database can be brought back, in time that a server runs; 0 deletes at once",
  ),
  "jwt-priv-key-path": option(
    text,
    undefined,
    "sign tokens with this key (PKCS#8 in PEM, EC P-256) instead of the one made",
    { defaultNote: "none", aliases: ["certificate-authority.jwt-priv-key-path"] },
  ),
  "jwt-pub-key-path": option(text, undefined, "the public half of it", {
    defaultNote: "none",
    aliases: ["certificate-authority.jwt-pub-key-path"],
  }),
  "trusted-issuer": option(
    list,
    undefined,
    "an OpenID Connect issuer, as in the iss of its tokens, that may be private and speak plain HTTP; may be repeated",
    { defaultNote: "none" },
  ),
  "only-trusted-issuers": option(
    trueOrFalse,
    "false",
    "take no tokens of other issuers than those, instead of any with a public https address",
  ),
  "allowed-issuer": option(
    list,
    undefined,
    "let only tokens of this issuer use databases without a policy; may be repeated",
    { defaultNote: "all" },
  ),
  "allowed-audience": option(
    list,
    undefined,
    "let only tokens for this audience use databases without a policy; may be repeated",
    { defaultNote: "all" },
  ),
  "no-anonymous": option(
    trueOrFalse,
    "false",
    "let no identities that this server gives to anybody use databases without a policy",
  ),
  "tls-cert": option(
    text,
    undefined,
    "serve HTTPS with this certificate (PEM, with its chain), reread when it changes",
    { defaultNote: "none" },
  ),
  "tls-key": option(text, undefined, "its private key (PEM)", { defaultNote: "none" }),
  "log-level": option(
    choice(logLevels, "level"),
    "info",
    "what the server says about itself on standard error: error, warn, info, or debug with every request",
    { aliases: ["logs.level"] },
  ),
  "log-format": option(choice(logFormats, "format"), undefined, "how it says that: text or json", {
    defaultNote: "text on a terminal, else json",
  }),
  "trust-proxy": option(
    trueOrFalse,
    "false",
    "take the last address in X-Forwarded-For for the client's: only behind a proxy that sets it",
  ),
  "max-connections": option(
    countOrNone("connections"),
    "0",
    "WebSockets open at once; 0 is no limit, here and below",
  ),
  "max-connections-per-address": option(
    countOrNone("connections"),
    "0",
    "WebSockets open at once from one IP address",
  ),
  "max-connections-per-identity": option(
    countOrNone("connections"),
    "0",
    "WebSockets open at once of one identity",
  ),
  "max-new-connections": option(
    countOrNone("connections"),
    "0",
    "new WebSockets and new identities per second from one IP address",
  ),
  "max-calls": option(
    countOrNone("calls"),
    "0",
    "requests and WebSocket messages per second of one identity; anonymous ones count by address",
  ),
  "max-energy": option(
    countOrNone("units"),
    "0",
    "units of energy per minute that calls of one identity may use",
  ),
};

export type StartOptionName = keyof StartOptionTable;

/** What an option comes to. */
export type ValueOf<Name extends StartOptionName> =
  StartOptionTable[Name] extends StartOption<infer T> ? T : never;

export const startOptionNames: readonly StartOptionName[] = Object.keys(
  startOptions,
) as StartOptionName[];

export function flagOf(name: string): string {
  return `--${name}`;
}

export function variableOf(name: string): string {
  return `LIGHTCONE_${name.toUpperCase().replaceAll("-", "_")}`;
}

/** What an option is when nobody says anything, in words. */
export function defaultText({ default: byDefault, defaultNote }: StartOption<unknown>): string {
  return defaultNote ?? byDefault ?? "none";
}

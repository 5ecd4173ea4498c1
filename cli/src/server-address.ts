// Which server a command talks to: what -s/--server may say, and where that leads.
import { type Config, type ServerConfig } from "./config.ts";
import { CommandError } from "./exit.ts";

export interface ServerAddress {
  /** `http://HOST:PORT` without a path. Tokens are kept under it. */
  readonly url: string;
  /** What to call it in messages and after --server: its nickname if it has one. */
  readonly label: string;
}

/** The address a configured server has. */
export function urlOf({ protocol, host }: ServerConfig): string {
  return parseServerUrl(`${protocol}://${host}`);
}

/** The server of that nickname. */
export function findServer(config: Config, nickname: string): ServerConfig | undefined {
  return config.servers.find((server) => server.nickname === nickname);
}

/** Resolves a nickname, HOST[:PORT] (plain http) or URL; without one, the default server. */
export function resolveServer(config: Config, given: string | undefined): ServerAddress {
  const text = given ?? config.defaultServer;
  const named = findServer(config, text);
  if (named !== undefined) return { url: urlOf(named), label: named.nickname };
  // A bare word is a misspelled nickname more often than the name of a machine.
  if (!/[.:]/.test(text) && text !== "localhost") {
    const nicknames = config.servers.map(({ nickname }) => nickname).join(", ");
    throw new CommandError(
      "usage",
      `no server is called ${text}`,
      `Known are: ${nicknames || "none"}. Give one of them, HOST:PORT or a URL; or add it: ` +
        `\`lightcone server add ${text} --url URL\`.`,
    );
  }
  const url = parseServerUrl(/^[a-z]+:\/\//i.test(text) ? text : `http://${text}`);
  const known = config.servers.find((server) => urlOf(server) === url);
  return { url, label: known?.nickname ?? url };
}

/** The normal form of a server's URL. Throws a CommandError for what cannot be one. */
export function parseServerUrl(text: string): string {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw badUrl(text, "it does not parse");
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw badUrl(text, "it must begin with http:// or https://");
  }
  if (url.username !== "" || url.pathname !== "/" || url.search !== "" || url.hash !== "") {
    throw badUrl(text, "only the host and its port belong in it");
  }
  return url.origin;
}

function badUrl(text: string, reason: string): CommandError {
  return new CommandError(
    "usage",
    `${text} is no address of a server: ${reason}`,
    "Write it like http://127.0.0.1:3000.",
  );
}

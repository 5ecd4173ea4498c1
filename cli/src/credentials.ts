// Tokens, and whose they are. A token is kept for the one server that gave it, and never sent to
// another.
import { identityFromClaims } from "@lightcone/abi";
import { Api } from "./api.ts";
import { type Config, updateConfig } from "./config.ts";
import { CommandError } from "./exit.ts";
import type { ServerAddress } from "./server-address.ts";

/** The identity a token speaks for, 64 hex digits; its signature is for the server to check. */
export function identityOfToken(token: string): string {
  const claims = claimsOf(token);
  const { iss, sub } = claims ?? {};
  if (typeof iss !== "string" || typeof sub !== "string") {
    throw new CommandError(
      "usage",
      "the token is no JSON Web Token with an issuer (iss) and a subject (sub)",
      "Copy the whole token: three parts joined by dots, without the word Bearer.",
    );
  }
  return identityFromClaims(iss, sub).toHex();
}

function claimsOf(token: string): Record<string, unknown> | undefined {
  const [, payload, signature] = token.split(".");
  if (payload === undefined || signature === undefined) return undefined;
  try {
    const text = Buffer.from(payload, "base64url").toString("utf8");
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

export function withToken(config: Config, url: string, token: string): Config {
  return { ...config, tokens: new Map(config.tokens).set(url, token) };
}

export function withoutToken(config: Config, url: string): Config {
  const tokens = new Map(config.tokens);
  tokens.delete(url);
  return { ...config, tokens };
}

/**
 * Asks the server for a new identity and keeps its token. Another command may have been quicker:
 * then its token counts.
 */
export async function obtainToken(
  path: string,
  address: ServerAddress,
  version: string,
): Promise<string> {
  const token = await new Api({ address, token: undefined, version }).newToken();
  // Refuse what cannot be told apart later, before it is kept.
  identityOfToken(token);
  const config = updateConfig(path, (fresh) =>
    fresh.tokens.has(address.url) ? fresh : withToken(fresh, address.url, token),
  );
  return config.tokens.get(address.url) ?? token;
}

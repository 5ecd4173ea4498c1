// Asks an issuer for its keys (OpenID Connect Discovery 1.0 section 4): first a document that says
// where they are, then the keys. The issuer is whoever a token names, so nothing that comes back is
// trusted, and what is told of a failure says no more than whoever sent the token may know.
import type { Clock } from "../../base/clock.ts";
import type { HttpClient, HttpOutcome } from "../../base/http/client.ts";
import { lookupByDns } from "../../base/http/dns-lookup.ts";
import { nodeHttpClient } from "../../base/http/node-client.ts";
import { limit } from "../../base/limit.ts";
import { type KeySet, parseKeySet } from "./key-set.ts";

/** What came of asking: the keys, or a reason for whoever sent a token and a detail for the operator. */
export type Discovery =
  | { readonly kind: "keys"; readonly keys: KeySet }
  | { readonly kind: "failed"; readonly reason: string; readonly detail: string };

export interface DiscoveryOptions {
  readonly http: HttpClient;
  /** Whether plain HTTP will do: for issuers that an operator has named. */
  readonly allowsPlain: boolean;
  readonly clock: Clock;
}

/** The way to issuers. No redirect is followed: an issuer names its own addresses. */
const issuerHttp = { answerBytesMax: limit.issuerAnswerBytesMax, redirectCountMax: 0 };

/** To public addresses, looked up in a way that those who choose the names cannot clog. */
export function strangerHttpClient(): HttpClient {
  return nodeHttpClient({ ...issuerHttp, allowsPrivate: false, lookup: lookupByDns() });
}

/** To any address, by any name that this machine knows: for issuers that an operator has named. */
export function trustedHttpClient(): HttpClient {
  return nodeHttpClient({ ...issuerHttp, allowsPrivate: true });
}

/** Why there are no keys. The message is for whoever sent a token, the detail for the operator. */
class DiscoveryFailure extends Error {
  readonly detail: string;

  constructor(message: string, detail: string = message) {
    super(message);
    this.detail = detail;
  }
}

/** Asks an issuer whose name `issuerUrlFault` has nothing against. Never rejects. */
export async function discover(issuer: string, options: DiscoveryOptions): Promise<Discovery> {
  const { clock } = options;
  const endMillis = clock.nowMillis() + limit.issuerMillisMax;
  const get = (url: string, what: string): Promise<unknown> =>
    getJson(options, url, what, endMillis - clock.nowMillis());
  try {
    const base = issuer.replace(/\/$/, "");
    const about = await get(`${base}/.well-known/openid-configuration`, "its discovery document");
    const { issuer: named, jwks_uri: place } = asRecord(about);
    if (named !== issuer) throw new DiscoveryFailure("its discovery document names another issuer");
    if (typeof place !== "string")
      throw new DiscoveryFailure("its discovery document has no jwks_uri");
    const fault = urlFault(place, options.allowsPlain);
    if (fault !== undefined) throw new DiscoveryFailure(`its jwks_uri is of no use: ${fault}`);
    const keys = parseKeySet(await get(place, "its key set"));
    if (keys === undefined) throw new DiscoveryFailure("its key set is not one");
    if (keys.count === 0) throw new DiscoveryFailure("its key set has no key that fits");
    return { kind: "keys", keys };
  } catch (thrown) {
    if (!(thrown instanceof DiscoveryFailure)) throw thrown;
    return { kind: "failed", reason: thrown.message, detail: thrown.detail };
  }
}

/** What is wrong with the name of an issuer, which is a URL without user, query and fragment; undefined for nothing. */
export function issuerUrlFault(issuer: string, allowsPlain: boolean): string | undefined {
  return urlFault(issuer, allowsPlain) ?? (issuer.includes("?") ? "it has a query" : undefined);
}

function urlFault(text: string, allowsPlain: boolean): string | undefined {
  // Other characters would silently be taken away or changed.
  const url = /^[!-~]+$/.test(text) && URL.canParse(text) ? new URL(text) : undefined;
  const isHttp = url?.protocol === "https:" || (allowsPlain && url?.protocol === "http:");
  if (url === undefined || !isHttp)
    return `it is no ${allowsPlain ? "http or https" : "https"} URL`;
  const isPlain = url.username === "" && url.password === "" && !text.includes("#");
  return isPlain ? undefined : "it has a user or a fragment";
}

async function getJson(
  { http }: DiscoveryOptions,
  url: string,
  what: string,
  timeoutMillis: number,
): Promise<unknown> {
  const headers = [{ name: "Accept", value: new TextEncoder().encode("application/json") }];
  const outcome = await new Promise<HttpOutcome>((resolve) => {
    const body = new Uint8Array(0);
    http.send(
      { method: "GET", url, headers, body, timeoutMillis: Math.max(1, timeoutMillis) },
      resolve,
    );
  });
  // Not the message: it tells what addresses and ports of the host's network answer.
  if (outcome.kind === "failed") {
    throw new DiscoveryFailure(
      `${what} cannot be fetched`,
      `${what} cannot be fetched: ${outcome.message}`,
    );
  }
  const { status, body } = outcome.response;
  if (status !== 200) throw new DiscoveryFailure(`${what} is answered with status ${status}`);
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch {
    throw new DiscoveryFailure(`${what} is not JSON`);
  }
}

function asRecord(json: unknown): Readonly<Record<string, unknown>> {
  return typeof json === "object" && json !== null ? (json as Record<string, unknown>) : {};
}

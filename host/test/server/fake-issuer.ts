// Issuers that are made up: a web of their documents, keys, and tokens signed with them.
import {
  CompactSign,
  type CryptoKey,
  exportJWK,
  generateKeyPair as generateJosePair,
  type JWK,
} from "jose";
import { LightconeError } from "@lightcone/abi";
import { ManualClock } from "../../src/base/clock.ts";
import type { HttpClient } from "../../src/base/http/client.ts";
import { generateKeyPair } from "../../src/base/keys.ts";
import { seededRandom } from "../../src/base/random.ts";
import { Issuers, type IssuersOptions } from "../../src/server/auth/issuers.ts";
import { Tokens } from "../../src/server/auth/token.ts";

export const issuer: string = "https://auth.example.com";
export const nowSeconds: number = 1_795_248_140;

export interface Page {
  readonly status?: number;
  readonly body: unknown;
}

/** Answers requests from a table; what is not in it fails like a host that is not there. */
class FakeWeb implements HttpClient {
  readonly pages: Map<string, Page> = new Map();
  readonly asked: string[] = [];
  /** While it is set, answers wait. */
  isHeld = false;
  readonly #held: (() => void)[] = [];

  send: HttpClient["send"] = ({ url, timeoutMillis }, done) => {
    this.asked.push(url);
    const page = this.pages.get(url);
    const answer = (): void => {
      if (page === undefined) {
        done({ kind: "failed", message: `${url}: connect ECONNREFUSED 10.1.2.3:443` });
        return;
      }
      const text = typeof page.body === "string" ? page.body : JSON.stringify(page.body);
      const body = new TextEncoder().encode(text);
      const { status = 200 } = page;
      done({ kind: "response", response: { status, httpVersion: "1.1", headers: [], body } });
    };
    if (timeoutMillis > 5000) throw new Error("it may take longer than it should");
    if (this.isHeld) this.#held.push(answer);
    else queueMicrotask(answer);
    return () => undefined;
  };

  release(): void {
    this.isHeld = false;
    for (const answer of this.#held.splice(0)) answer();
  }

  /** An issuer with these keys. */
  publish(name: string, keys: readonly unknown[]): void {
    const base = name.replace(/\/$/, "");
    const jwksUri = `${base}/keys`;
    this.pages.set(`${base}/.well-known/openid-configuration`, {
      body: { issuer: name, jwks_uri: jwksUri },
    });
    this.pages.set(jwksUri, { body: { keys } });
  }
}

interface Signer {
  readonly alg: string;
  readonly jwk: JWK;
  readonly privateKey: CryptoKey;
}

export async function makeSigner(alg: string, kid?: string): Promise<Signer> {
  const { publicKey, privateKey } = await generateJosePair(alg, { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), ...(kid === undefined ? {} : { kid }) };
  return { alg, jwk, privateKey };
}

/** A token of a signer with these claims beside the usual ones. */
export function tokenOf(signer: Signer, claims: object = {}, header: object = {}): Promise<string> {
  const { kid } = signer.jwk;
  const all = { iss: issuer, sub: "user-1", aud: "game", iat: nowSeconds, ...claims };
  return new CompactSign(new TextEncoder().encode(JSON.stringify(all)))
    .setProtectedHeader({ alg: signer.alg, ...(kid === undefined ? {} : { kid }), ...header })
    .sign(signer.privateKey);
}

interface World {
  readonly web: FakeWeb;
  readonly clock: ManualClock;
  readonly tokens: Tokens;
  readonly reported: string[];
}

export async function openWorld(options: Partial<IssuersOptions> = {}): Promise<World> {
  const web = new FakeWeb();
  const clock = new ManualClock(BigInt(nowSeconds) * 1_000_000n);
  const reported: string[] = [];
  const report = (thrown: unknown): void => void reported.push((thrown as Error).message);
  const issuers = new Issuers({ clock, report, strangerHttp: web, trustedHttp: web, ...options });
  const keys = await generateKeyPair();
  const tokens = await Tokens.open({ keys, issuers, clock, random: seededRandom(1) });
  return { web, clock, tokens, reported };
}

export async function reasonOf(tokens: Tokens, token: string): Promise<string> {
  try {
    await tokens.verify(token);
    return "verified";
  } catch (thrown) {
    if (!(thrown instanceof LightconeError) || thrown.code !== "LC_TOKEN_INVALID") throw thrown;
    return thrown.message.replace(/^Invalid token: /, "");
  }
}

export function later(clock: ManualClock, seconds: number): void {
  clock.advance(BigInt(seconds) * 1_000_000n);
}

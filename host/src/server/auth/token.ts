// Tokens: this host's own, issued and verified with ES256, and those of other issuers
// (http-and-auth.md section 9).
import { type Identity, identityFromClaims, LightconeError, messageOf } from "@lightcone/abi";
import type { Clock } from "../../base/clock.ts";
import type { KeyPairPem } from "../../base/keys.ts";
import type { Random } from "../../base/random.ts";
import { RecentMap } from "../recent.ts";
import { checkExpiry, type Claims, ownIssuer, parseClaims, tokenFault } from "./claims.ts";
import type { Issuers } from "./issuers.ts";
import {
  type CryptoKey,
  importPrivateKey,
  importPublicKey,
  isSignedWith,
  ownAlgorithm,
  type ParsedToken,
  parseToken,
  sign,
} from "./jws.ts";

/** How long a token for the URL of a WebSocket is good, in seconds. */
const socketTokenSeconds = 60;

/** Own tokens whose signature need not be checked again; most are below 1 KiB. */
const ownCountMax = 4096;

/** Tokens of other issuers, which may be longer. */
const foreignCountMax = 1024;

/** How long such a check counts: a key that its issuer has taken back ends with it. */
const foreignMillis = 300_000;

/** A good token and what it says. */
export interface VerifiedToken extends Claims {
  readonly token: string;
  /** The claims as they were signed. */
  readonly payloadJson: string;
}

export interface TokenOptions {
  /** What signs. */
  readonly keys: KeyPairPem;
  /** Keys that signed before; what they signed still counts. */
  readonly formerPublicPems?: readonly string[];
  /** Without it only this host's own tokens count. */
  readonly issuers?: Issuers;
  readonly clock: Clock;
  readonly random: Random;
}

interface ForeignToken {
  readonly verified: VerifiedToken;
  readonly untilMillis: number;
}

/** Issues and verifies tokens. */
export class Tokens {
  readonly publicPem: string;
  readonly #signKey: CryptoKey;
  /** The present one first. */
  readonly #verifyKeys: readonly CryptoKey[];
  readonly #issuers: Issuers | undefined;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #own = new RecentMap<string, VerifiedToken>(ownCountMax);
  readonly #foreign = new RecentMap<string, ForeignToken>(foreignCountMax);

  private constructor(options: TokenOptions, signKey: CryptoKey, verifyKeys: readonly CryptoKey[]) {
    this.publicPem = options.keys.publicPem;
    this.#signKey = signKey;
    this.#verifyKeys = verifyKeys;
    this.#issuers = options.issuers;
    this.#clock = options.clock;
    this.#random = options.random;
  }

  /** LC_CONFIG if the keys are not a pair for ES256, or a former one is none. */
  static async open(options: TokenOptions): Promise<Tokens> {
    const { keys, formerPublicPems = [] } = options;
    const signKey = await orConfig("the signing keys are not an ES256 pair", async () => {
      const imported = await importPrivateKey(keys.privatePem);
      const token = parseToken(await sign("{}", imported));
      const isPair = await isSignedWith(token, await importPublicKey(keys.publicPem));
      if (!isPair) throw new Error("the one is not of the other");
      return imported;
    });
    const verifyKeys = await orConfig("a former public key is not for ES256", () =>
      Promise.all([keys.publicPem, ...formerPublicPems].map(importPublicKey)),
    );
    return new Tokens(options, signKey, verifyKeys);
  }

  /** The identity of a new subject: of a database, or of somebody who came without a token. */
  newIdentity(): Identity {
    return identityFromClaims(ownIssuer, this.#random.uuidV4());
  }

  /** A token that never expires, for a new subject. */
  issueNew(): Promise<VerifiedToken> {
    const audiences = ["spacetimedb"];
    const subject = this.#random.uuidV4();
    return this.#issue({ issuer: ownIssuer, subject, audiences, expirySeconds: undefined });
  }

  /**
   * A token for the same issuer, subject and audiences that is good for a minute, though not for
   * longer than the one given: it may stand in a URL.
   */
  issueForSocket(given: Claims): Promise<VerifiedToken> {
    const inAMinute = this.#nowSeconds() + socketTokenSeconds;
    const expirySeconds = Math.min(inAMinute, given.expirySeconds ?? inAMinute);
    return this.#issue({ ...given, expirySeconds });
  }

  /**
   * LC_TOKEN_INVALID, with the cause, unless this host, another with its key, or the token's issuer
   * has signed the token.
   */
  async verify(token: string): Promise<VerifiedToken> {
    const verified = this.#remembered(token) ?? (await this.#check(token));
    checkExpiry(verified, this.#nowSeconds());
    return verified;
  }

  #nowSeconds(): number {
    return Number(this.#clock.nowMicros() / 1_000_000n);
  }

  #remembered(token: string): VerifiedToken | undefined {
    const own = this.#own.get(token);
    if (own !== undefined) return own;
    const foreign = this.#foreign.get(token);
    if (foreign === undefined || foreign.untilMillis < this.#clock.nowMillis()) return undefined;
    return foreign.verified;
  }

  /** What costs nothing is checked first: no issuer is asked about a token that is no good anyway. */
  async #check(token: string): Promise<VerifiedToken> {
    const parsed = parseToken(token);
    const { payloadJson } = parsed;
    const verified = { ...parseClaims(payloadJson), token, payloadJson };
    checkExpiry(verified, this.#nowSeconds());
    // Own keys come first, whatever the issuer: a socket token of a foreign subject is signed here.
    if (await this.#isOwn(parsed)) {
      this.#own.set(token, verified);
      return verified;
    }
    await this.#checkForeign(parsed, verified.issuer);
    const untilMillis = this.#clock.nowMillis() + foreignMillis;
    this.#foreign.set(token, { verified, untilMillis });
    return verified;
  }

  async #isOwn(parsed: ParsedToken): Promise<boolean> {
    if (parsed.algorithm !== ownAlgorithm) return false;
    for (const key of this.#verifyKeys) if (await isSignedWith(parsed, key)) return true;
    return false;
  }

  async #checkForeign(parsed: ParsedToken, issuer: string): Promise<void> {
    if (issuer === ownIssuer) throw tokenFault("InvalidSignature");
    if (this.#issuers === undefined) {
      throw tokenFault(`issuer ${JSON.stringify(issuer)} is not trusted by this host`);
    }
    await this.#issuers.verify(parsed, issuer);
  }

  async #issue(claims: Omit<Claims, "identity">): Promise<VerifiedToken> {
    const { issuer, subject, audiences, expirySeconds } = claims;
    const identity = identityFromClaims(issuer, subject);
    // The order of the claims is part of the format.
    const payloadJson = JSON.stringify({
      hex_identity: identity.toHex(),
      sub: subject,
      iss: issuer,
      aud: audiences,
      iat: this.#nowSeconds(),
      exp: expirySeconds ?? null,
    });
    const token = await sign(payloadJson, this.#signKey);
    return { token, payloadJson, issuer, subject, identity, audiences, expirySeconds };
  }
}

async function orConfig<T>(message: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (thrown) {
    throw new LightconeError("LC_CONFIG", `${message}: ${messageOf(thrown)}`);
  }
}

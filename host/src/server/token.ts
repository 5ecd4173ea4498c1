// Tokens of this host: issued and verified with ES256 (http-and-auth.md section 9). The only
// importer of `jose`.
//
// Its ready-made check of tokens refuses "exp": null, which every token of this kind carries, so
// the signature is checked here and the claims in claims.ts (design.md, rulings).
import { CompactSign, compactVerify, type CryptoKey, errors, importPKCS8, importSPKI } from "jose";
import { Identity, LightconeError, messageOf } from "@lightcone/abi";
import type { Clock } from "../base/clock.ts";
import type { KeyPairPem } from "../base/keys.ts";
import type { Random } from "../base/random.ts";
import {
  checkExpiry,
  type Claims,
  ownIssuer,
  parseClaims,
  parsePayload,
  tokenFault,
} from "./claims.ts";
import { RecentMap } from "./recent.ts";

const algorithm = "ES256";

/** How long a token for the URL of a WebSocket is good, in seconds. */
const socketTokenSeconds = 60;

/**
 * Tokens whose signature need not be checked again. Each is below 1 KiB, since its names are short.
 */
const verifiedCountMax = 4096;

/** A good token and what it says. */
export interface VerifiedToken extends Claims {
  readonly token: string;
  /** The claims as they were signed. */
  readonly payloadJson: string;
}

export interface TokenOptions {
  readonly keys: KeyPairPem;
  readonly clock: Clock;
  readonly random: Random;
}

/** Issues and verifies tokens. */
export class Tokens {
  readonly publicPem: string;
  readonly #signKey: CryptoKey;
  readonly #verifyKey: CryptoKey;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #verified = new RecentMap<string, VerifiedToken>(verifiedCountMax);

  private constructor(options: TokenOptions, signKey: CryptoKey, verifyKey: CryptoKey) {
    this.publicPem = options.keys.publicPem;
    this.#signKey = signKey;
    this.#verifyKey = verifyKey;
    this.#clock = options.clock;
    this.#random = options.random;
  }

  /** LC_CONFIG if the keys are not a pair for ES256. */
  static async open(options: TokenOptions): Promise<Tokens> {
    const { privatePem, publicPem } = options.keys;
    try {
      const signKey = await importPKCS8(privatePem, algorithm);
      const tokens = new Tokens(options, signKey, await importSPKI(publicPem, algorithm));
      const { token } = await tokens.issueNew();
      await compactVerify(token, tokens.#verifyKey);
      return tokens;
    } catch (thrown) {
      const reason = messageOf(thrown);
      throw new LightconeError("LC_CONFIG", `the signing keys are not an ES256 pair: ${reason}`);
    }
  }

  /** The identity of a new subject: of a database, or of somebody who came without a token. */
  newIdentity(): Identity {
    return Identity.fromClaims(ownIssuer, this.#random.uuidV4());
  }

  /** A token that never expires, for a new subject. */
  issueNew(): Promise<VerifiedToken> {
    return this.#issue(ownIssuer, this.#random.uuidV4(), undefined);
  }

  /** A token for the same issuer and subject that is good for a minute: it may stand in a URL. */
  issueForSocket(given: Claims): Promise<VerifiedToken> {
    const expirySeconds = this.#nowSeconds() + socketTokenSeconds;
    return this.#issue(given.issuer, given.subject, expirySeconds);
  }

  /**
   * LC_TOKEN_INVALID if the token is not one that this host, or another with its key, has issued.
   */
  async verify(token: string): Promise<VerifiedToken> {
    let verified = this.#verified.get(token);
    if (verified === undefined) {
      const payloadJson = await this.#checkSignature(token);
      verified = { ...parseClaims(payloadJson), token, payloadJson };
      this.#verified.set(token, verified);
    }
    checkExpiry(verified, this.#nowSeconds());
    return verified;
  }

  #nowSeconds(): number {
    return Number(this.#clock.nowMicros() / 1_000_000n);
  }

  async #issue(
    issuer: string,
    subject: string,
    expirySeconds: number | undefined,
  ): Promise<VerifiedToken> {
    const identity = Identity.fromClaims(issuer, subject);
    // The order of the claims is part of the format.
    const payloadJson = JSON.stringify({
      hex_identity: identity.toHex(),
      sub: subject,
      iss: issuer,
      aud: ["spacetimedb"],
      iat: this.#nowSeconds(),
      exp: expirySeconds ?? null,
    });
    const token = await new CompactSign(new TextEncoder().encode(payloadJson))
      .setProtectedHeader({ typ: "JWT", alg: algorithm })
      .sign(this.#signKey);
    return { token, payloadJson, issuer, subject, identity, expirySeconds };
  }

  /** The payload that was signed with this host's key. */
  async #checkSignature(token: string): Promise<string> {
    try {
      // The key comes first, whatever the issuer: a socket token of a foreign subject is signed
      // here.
      const { payload } = await compactVerify(token, this.#verifyKey, { algorithms: [algorithm] });
      return decodeText(payload);
    } catch (thrown) {
      if (!(thrown instanceof errors.JOSEError)) throw thrown;
      if (isMalformed(thrown)) throw tokenFault("InvalidToken");
      throw this.#distrust(token, thrown);
    }
  }

  /** Why a well-formed token that this host did not sign is refused. */
  #distrust(token: string, reason: errors.JOSEError): LightconeError {
    const [, payload = ""] = token.split(".");
    const issuer = parsePayload(decodeText(Buffer.from(payload, "base64url")))["iss"];
    if (typeof issuer === "string" && issuer !== ownIssuer) {
      return tokenFault(`issuer ${JSON.stringify(issuer)} is not trusted by this host`);
    }
    const isOtherAlgorithm = reason instanceof errors.JOSEAlgNotAllowed;
    return tokenFault(isOtherAlgorithm ? "InvalidAlgorithm" : "InvalidSignature");
  }
}

function isMalformed(thrown: errors.JOSEError): boolean {
  return (
    !(thrown instanceof errors.JWSSignatureVerificationFailed) &&
    !(thrown instanceof errors.JOSEAlgNotAllowed)
  );
}

function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw tokenFault("the payload is not UTF-8");
  }
}

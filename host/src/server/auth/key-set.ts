// The keys that an issuer publishes (RFC 7517), and whether one of them signed a token.
import {
  type Algorithm,
  type CryptoKey,
  fitsAlgorithm,
  importPublicJwk,
  isSignedWith,
  type ParsedToken,
  type PublicJwk,
} from "./jws.ts";

/** Keys of an issuer that are looked at: each of them may be tried for a token that names none. */
const keyCountMax = 32;

/** RSA keys outside are too weak, or so long that a check of one token holds up others. */
const modulusBitsMin = 2048;
const modulusBitsMax = 8192;

/** An exponent of up to 32 bits, as base64url. */
const exponentLengthMax = 6;

/** What became of a check: `unknownKey` may be mended by asking the issuer again. */
export type KeyVerdict =
  | { readonly kind: "signed" }
  | { readonly kind: "unknownKey" | "refused"; readonly reason: string };

class PublicKey {
  readonly id: string | undefined;
  readonly #jwk: PublicJwk;
  /** The one algorithm that the issuer uses it for, if it says so. */
  readonly #algorithm: string | undefined;
  /** An RSA key is imported once for each hash. */
  readonly #imported = new Map<Algorithm, Promise<CryptoKey | undefined>>();

  constructor(id: string | undefined, jwk: PublicJwk, algorithm: string | undefined) {
    this.id = id;
    this.#jwk = jwk;
    // The same signature under its older and its newer name (RFC 9864).
    this.#algorithm = algorithm === "Ed25519" ? "EdDSA" : algorithm;
  }

  fits(algorithm: Algorithm): boolean {
    const name = algorithm === "Ed25519" ? "EdDSA" : algorithm;
    const isAllowed = this.#algorithm === undefined || this.#algorithm === name;
    return isAllowed && fitsAlgorithm(this.#jwk, algorithm);
  }

  async hasSigned(token: ParsedToken): Promise<boolean> {
    const { algorithm } = token;
    let importing = this.#imported.get(algorithm);
    if (importing === undefined) {
      // A damaged key has signed nothing.
      importing = importPublicJwk(this.#jwk, algorithm).catch(() => undefined);
      this.#imported.set(algorithm, importing);
    }
    const key = await importing;
    return key !== undefined && isSignedWith(token, key);
  }
}

export class KeySet {
  readonly #keys: readonly PublicKey[];

  constructor(keys: readonly PublicKey[]) {
    this.#keys = keys;
  }

  get count(): number {
    return this.#keys.length;
  }

  /** Never tries a key for an algorithm that it is not for, whatever the token says. */
  async check(token: ParsedToken): Promise<KeyVerdict> {
    const { keyId, algorithm } = token;
    const named = this.#keys.filter(({ id }) => keyId === undefined || id === keyId);
    if (named.length === 0) {
      return { kind: "unknownKey", reason: "Specified key ID not found in JWKs" };
    }
    const fitting = named.filter((key) => key.fits(algorithm));
    if (fitting.length === 0) {
      const reason = `InvalidAlgorithm: its issuer has no such key for ${algorithm}`;
      return { kind: keyId === undefined ? "unknownKey" : "refused", reason };
    }
    for (const key of fitting) if (await key.hasSigned(token)) return { kind: "signed" };
    const kind = keyId === undefined ? "unknownKey" : "refused";
    return { kind, reason: "InvalidSignature" };
  }
}

/** Reads `{"keys": […]}`; keys that cannot sign tokens are left out. Undefined for anything else. */
export function parseKeySet(json: unknown): KeySet | undefined {
  const list = (json as { readonly keys?: unknown } | null)?.keys;
  if (!Array.isArray(list)) return undefined;
  return new KeySet(list.flatMap((each) => parseKey(each) ?? []).slice(0, keyCountMax));
}

function parseKey(json: unknown): PublicKey | undefined {
  if (typeof json !== "object" || json === null) return undefined;
  const { kty, crv, x, y, n, e, kid, use, alg } = json as Readonly<Record<string, unknown>>;
  if (use !== undefined && use !== "sig") return undefined;
  const id = typeof kid === "string" ? kid : undefined;
  const algorithm = typeof alg === "string" ? alg : undefined;
  if (kty === "RSA" && typeof n === "string" && typeof e === "string") {
    const bits = Buffer.from(n, "base64url").length * 8;
    if (bits < modulusBitsMin || bits > modulusBitsMax || e.length > exponentLengthMax) {
      return undefined;
    }
    return new PublicKey(id, { kty, n, e }, algorithm);
  }
  if (typeof crv !== "string" || typeof x !== "string") return undefined;
  if (kty === "OKP") return new PublicKey(id, { kty, crv, x }, algorithm);
  if (kty === "EC" && typeof y === "string")
    return new PublicKey(id, { kty, crv, x, y }, algorithm);
  return undefined;
}

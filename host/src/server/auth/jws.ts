// Signed tokens as bytes: taken apart, signed, checked against a key (RFC 7515). The only importer of
// `jose`.
import {
  CompactSign,
  compactVerify,
  type CryptoKey,
  errors,
  importJWK,
  importPKCS8,
  importSPKI,
  type JWK,
} from "jose";
import { limit } from "../../base/limit.ts";
import { tokenFault } from "./claims.ts";

export type { CryptoKey };

/**
 * Which key each algorithm is for. What is not here is refused: `none` signs nothing, and with HS256
 * whoever knows the public key could sign.
 */
const keyTypes = {
  RS256: { kty: "RSA" },
  RS384: { kty: "RSA" },
  RS512: { kty: "RSA" },
  PS256: { kty: "RSA" },
  ES256: { kty: "EC", crv: "P-256" },
  ES384: { kty: "EC", crv: "P-384" },
  EdDSA: { kty: "OKP", crv: "Ed25519" },
  Ed25519: { kty: "OKP", crv: "Ed25519" },
} as const;

export type Algorithm = keyof typeof keyTypes;

/** What this host signs with. */
export const ownAlgorithm: Algorithm = "ES256";

/** A well-formed token that nobody has checked yet. */
export interface ParsedToken {
  readonly token: string;
  readonly algorithm: Algorithm;
  readonly keyId: string | undefined;
  /** The claims as they stand in the token. */
  readonly payloadJson: string;
}

/** LC_TOKEN_INVALID for what is too long, no token, or signed in a way that is not allowed. */
export function parseToken(token: string): ParsedToken {
  if (token.length > limit.tokenBytesMax) {
    throw tokenFault(`the token is longer than ${limit.tokenBytesMax} bytes`);
  }
  const parts = /^([\w-]+)\.([\w-]+)\.[\w-]*$/.exec(token);
  const header = parseHeader(parts?.[1] ?? "");
  const { alg: algorithm, kid: keyId } = header;
  if (!isAlgorithm(algorithm)) throw algorithmFault(algorithm);
  if (keyId !== undefined && typeof keyId !== "string") throw tokenFault("kid must be a string");
  // An extension that must be understood (RFC 7515 section 4.1.11), and none is.
  if (header["crit"] !== undefined) throw tokenFault("crit is not supported");
  return { token, algorithm, keyId, payloadJson: decodePart(parts?.[2] ?? "") };
}

function parseHeader(part: string): Readonly<Record<string, unknown>> {
  try {
    const header: unknown = JSON.parse(decodePart(part));
    if (typeof header === "object" && header !== null) return header as Record<string, unknown>;
  } catch {
    // Told below, as for any other text that is no token.
  }
  throw tokenFault("InvalidToken");
}

function isAlgorithm(name: unknown): name is Algorithm {
  return typeof name === "string" && Object.hasOwn(keyTypes, name);
}

function algorithmFault(name: unknown): Error {
  const shown =
    typeof name === "string" ? JSON.stringify(name.slice(0, 40)) : "a header without alg";
  return tokenFault(`InvalidAlgorithm: ${shown} is not one of ${Object.keys(keyTypes).join(", ")}`);
}

function decodePart(part: string): string {
  try {
    const bytes = Buffer.from(part, "base64url");
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw tokenFault("the token is not UTF-8");
  }
}

/** Whether the token was signed with the private half of a key that was imported for its algorithm. */
export async function isSignedWith(
  { token, algorithm }: ParsedToken,
  key: CryptoKey,
): Promise<boolean> {
  try {
    await compactVerify(token, key, { algorithms: [algorithm] });
    return true;
  } catch (thrown) {
    if (thrown instanceof errors.JWSSignatureVerificationFailed) return false;
    if (thrown instanceof errors.JOSEError) throw tokenFault("InvalidToken");
    throw thrown;
  }
}

/** A token of this host with these claims, JSON text. */
export function sign(payloadJson: string, key: CryptoKey): Promise<string> {
  return new CompactSign(new TextEncoder().encode(payloadJson))
    .setProtectedHeader({ typ: "JWT", alg: ownAlgorithm })
    .sign(key);
}

/** PKCS#8. Throws for what is no private key for `ownAlgorithm`. */
export function importPrivateKey(pem: string): Promise<CryptoKey> {
  return importPKCS8(pem, ownAlgorithm);
}

/** SubjectPublicKeyInfo. Throws for what is no public key for `ownAlgorithm`. */
export function importPublicKey(pem: string): Promise<CryptoKey> {
  return importSPKI(pem, ownAlgorithm);
}

/** The public members of a JSON Web Key, which one host publishes for others. */
export type PublicJwk = Readonly<Pick<JWK, "kty" | "crv" | "x" | "y" | "n" | "e">>;

/** Whether a key is of the kind that an algorithm works with. */
export function fitsAlgorithm({ kty, crv }: PublicJwk, algorithm: Algorithm): boolean {
  const type: { readonly kty: string; readonly crv?: string } = keyTypes[algorithm];
  return kty === type.kty && (type.crv === undefined || crv === type.crv);
}

/** Throws for a key that is none, though it fits. */
export async function importPublicJwk(jwk: PublicJwk, algorithm: Algorithm): Promise<CryptoKey> {
  return (await importJWK({ ...jwk }, algorithm)) as CryptoKey;
}

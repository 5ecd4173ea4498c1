// What a token says, and the checks that it must pass besides its signature (http-and-auth.md
// section 9.3).
import { type Identity, identityFromClaims, LightconeError } from "@lightcone/abi";

/**
 * The issuer of this host's own tokens. Every host uses it: the key, not the name, tells them
 * apart.
 */
export const ownIssuer = "localhost";

/** How long after `exp` a token still passes, in seconds: clocks of machines differ. */
const leewaySeconds = 60;

/** Most bytes of UTF-8 in `iss` and `sub`. */
const nameBytesMax = 128;

export interface Claims {
  readonly issuer: string;
  readonly subject: string;
  readonly identity: Identity;
  /** Whom the token is meant for; a policy may ask for one of them (policy.ts). */
  readonly audiences: readonly string[];
  /** Seconds since the Unix epoch; undefined for never. */
  readonly expirySeconds: number | undefined;
}

/** LC_TOKEN_INVALID, in the words that clients of the reference know. */
export function tokenFault(reason: string): LightconeError {
  return new LightconeError("LC_TOKEN_INVALID", `Invalid token: ${reason}`);
}

/** The members of a token's payload, unchecked. */
function parsePayload(payloadJson: string): Readonly<Record<string, unknown>> {
  try {
    const payload: unknown = JSON.parse(payloadJson);
    if (typeof payload === "object" && payload !== null && !Array.isArray(payload)) {
      return payload as Record<string, unknown>;
    }
  } catch {
    // Told below, as for any other payload that is no object.
  }
  throw tokenFault("the payload is not a JSON object");
}

/** Reads the claims of a payload. `nbf` and an `iat` in the future are not looked at. */
export function parseClaims(payloadJson: string): Claims {
  const payload = parsePayload(payloadJson);
  const issuer = parseName(payload["iss"], "iss", "Issuer");
  const subject = parseName(payload["sub"], "sub", "Subject");
  if (!Number.isSafeInteger(payload["iat"])) throw tokenFault("iat must be an integer");
  const identity = identityFromClaims(issuer, subject);
  const claimed = payload["hex_identity"];
  if (claimed !== undefined && claimed !== null && claimed !== identity.toHex()) {
    throw tokenFault(`hex_identity is not the identity of its iss and sub, ${identity.toHex()}`);
  }
  const audiences = parseAudiences(payload["aud"]);
  return { issuer, subject, identity, audiences, expirySeconds: parseExpiry(payload["exp"]) };
}

/** LC_TOKEN_INVALID if the token is too old at `nowSeconds`. */
export function checkExpiry({ expirySeconds }: Claims, nowSeconds: number): void {
  if (expirySeconds !== undefined && expirySeconds < nowSeconds - leewaySeconds) {
    throw tokenFault("ExpiredSignature");
  }
}

function parseName(value: unknown, claim: string, title: string): string {
  if (typeof value !== "string") throw tokenFault(`${claim} must be a string`);
  if (value === "") throw tokenFault(`${title} empty`);
  if (Buffer.byteLength(value) > nameBytesMax) {
    throw tokenFault(`${title} too long: at most ${nameBytesMax} bytes are allowed`);
  }
  return value;
}

function parseExpiry(value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (!Number.isSafeInteger(value)) throw tokenFault("exp must be an integer or null");
  return value as number;
}

function parseAudiences(value: unknown): string[] {
  if (value === undefined || value === null) return [];
  const list: unknown[] = Array.isArray(value) ? value : [value];
  if (list.every((one) => typeof one === "string")) return list;
  throw tokenFault("aud must be a string or an array of strings");
}

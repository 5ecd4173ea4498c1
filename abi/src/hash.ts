// Hashes, and the identity that is made with one. Apart from the rest of identities, since clients make none.
import { blake3 } from "@noble/hashes/blake3.js";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { Identity, toHex } from "./identity.ts";

const utf8 = new TextEncoder();

/** The identity of the `iss` and `sub` claims of a token (http-and-auth.md section 9.1). */
export function identityFromClaims(issuer: string, subject: string): Identity {
  const hash = blake3(utf8.encode(`${issuer}|${subject}`)).subarray(0, 26);
  const tagged = new Uint8Array(28);
  tagged.set([0xc2, 0x00]);
  tagged.set(hash, 2);
  const display = new Uint8Array(32);
  display.set([0xc2, 0x00]);
  display.set(blake3(tagged).subarray(0, 4), 2);
  display.set(hash, 6);
  return Identity.fromHex(toHex(display));
}

/** BLAKE3 of `bytes`: 32 bytes. */
export function blake3Hash(bytes: Uint8Array): Uint8Array {
  return blake3(bytes);
}

/**
 * Keccak-256 of `bytes` (not SHA3-256): the hash that names a program. 32 bytes in display order.
 */
export function keccak256(bytes: Uint8Array): Uint8Array {
  return keccak_256(bytes);
}

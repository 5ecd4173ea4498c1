// Names of databases, and how a path names a database: by name or by identity (http-and-auth.md
// sections 1 and 11).
import { Identity, LightconeError } from "@lightcone/abi";

/** Most characters of a name. */
const nameLengthMax = 64;

/** What stands in a path for a database. */
export type DatabaseRef =
  | { readonly kind: "identity"; readonly identity: Identity }
  | { readonly kind: "name"; readonly name: string };

/**
 * Reads 64 hex digits, with or without `0x`, as an identity and everything else as a name.
 * LC_NAME_INVALID if it is neither.
 */
export function parseDatabaseRef(text: string): DatabaseRef {
  if (isIdentityText(text)) return { kind: "identity", identity: Identity.fromHex(text) };
  return { kind: "name", name: parseDatabaseName(text) };
}

/**
 * Returns `text` if it may name a database, else throws LC_NAME_INVALID in the words of the
 * reference.
 */
export function parseDatabaseName(text: string): string {
  if (text === "") throw invalid("empty database name");
  if (!/^[a-z0-9-]+$/.test(text) || isIdentityText(text)) {
    throw invalid("invalid characters in database name");
  }
  if (/^-|-$|--/.test(text)) throw invalid("invalid hyphen in database name");
  if (text.length > nameLengthMax) {
    throw invalid(`database name longer than ${nameLengthMax} characters`);
  }
  return text;
}

function isIdentityText(text: string): boolean {
  return /^(?:0x)?[0-9a-fA-F]{64}$/.test(text);
}

function invalid(reason: string): LightconeError {
  return new LightconeError("LC_NAME_INVALID", `Invalid URL: ${reason}`);
}

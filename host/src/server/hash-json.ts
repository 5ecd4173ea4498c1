// Hashes as JSON, and the token that ties a migration to the programs it was planned for
// (http-and-auth.md sections 1 and 4.2).
import { fromHex, type Identity, keccak256, numberFromBytes, toHex } from "@lightcone/abi";

/**
 * The JSON form of a hash given as hex in display order: the bytes are read as a little-endian
 * number, so that its digits stand in reverse and leading zeros are gone. Official clients depend
 * on it.
 */
export function hashToJson(displayHex: string): string {
  return `0x${numberFromBytes(fromHex(displayHex, "a hash")).toString(16)}`;
}

/** Whether `text`, as sent by a client, is the JSON form of a hash; leading zeros do not matter. */
export function isHashJson(text: string, displayHex: string): boolean {
  if (!/^(?:0x)?[0-9a-fA-F]{1,64}$/.test(text)) return false;
  const digits = text.startsWith("0x") ? text : `0x${text}`;
  return BigInt(digits) === numberFromBytes(fromHex(displayHex, "a hash"));
}

/** The hash, in display order, that allows one program of a database to be replaced by another. */
export function migrationToken(
  database: Identity,
  oldProgramHash: string,
  newProgramHash: string,
): string {
  const text = database.toHex() + oldProgramHash + newProgramHash;
  return toHex(keccak256(new TextEncoder().encode(text)));
}

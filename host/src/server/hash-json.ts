// Hashes as JSON (http-and-auth.md section 1).
import { fromHex, numberFromBytes, numberToBytes, toHex } from "@lightcone/abi";

const hashLength = 32;

/**
 * The JSON form of a hash given as hex in display order: the bytes are read as a little-endian
 * number, so that its digits stand in reverse and leading zeros are gone. Official clients depend
 * on it.
 */
export function hashToJson(displayHex: string): string {
  return `0x${numberFromBytes(fromHex(displayHex, "a hash")).toString(16)}`;
}

/**
 * The hash that a client sent as JSON, in display order, or undefined if it is none. Leading zeros and the prefix do not
 * matter.
 */
export function hashFromJson(text: string): string | undefined {
  if (!/^(?:0x)?[0-9a-fA-F]{1,64}$/.test(text)) return undefined;
  const digits = text.startsWith("0x") ? text : `0x${text}`;
  return toHex(numberToBytes(BigInt(digits), hashLength));
}

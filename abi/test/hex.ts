// Bytes as they stand in the reference: hex, with spaces for reading.
import { fromHex, toHex } from "../src/identity.ts";

export function hex(text: string): Uint8Array {
  return fromHex(text.replaceAll(/\s/g, ""));
}

/** Hex without spaces, for comparison with `hex` texts after `squeeze`. */
export { toHex };

export function squeeze(text: string): string {
  return text.replaceAll(/\s/g, "");
}

// The token that ties the wish to break clients to the programs it was planned for (module-def.md section 9).
import { type Identity, keccak256, toHex } from "@lightcone/abi";

/** The hash, in display order, that allows one program of a database to be replaced by another. */
export function migrationToken(
  database: Identity,
  oldProgramHash: string,
  newProgramHash: string,
): string {
  const text = database.toHex() + oldProgramHash + newProgramHash;
  return toHex(keccak256(new TextEncoder().encode(text)));
}

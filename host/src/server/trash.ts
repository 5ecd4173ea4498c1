// Directories of deleted databases, which wait in a place of their own until they come back or go for good. Control data
// says which those are; what a crash has left between the two is put right at the next start.
import type { Identity } from "@lightcone/abi";
import type { Disk } from "../base/disk/contract.ts";

/** Where databases lie inside the data directory, each in a folder named by its identity. */
export const replicasDirectory = "replicas";

/** Where deleted ones lie. */
const trashDirectory = "trash";

export function replicaPath(identity: Identity): string {
  return `${replicasDirectory}/${identity.toHex()}`;
}

function trashPath(identity: Identity): string {
  return `${trashDirectory}/${identity.toHex()}`;
}

/** Puts the directory of a closed database aside. */
export async function discard(disk: Disk, identity: Identity): Promise<void> {
  await move(disk, replicaPath(identity), trashPath(identity));
}

/** Undoes that. */
export async function recover(disk: Disk, identity: Identity): Promise<void> {
  await move(disk, trashPath(identity), replicaPath(identity));
}

/** Does nothing if there is nothing to move: an earlier attempt has done it. */
async function move(disk: Disk, from: string, to: string): Promise<void> {
  if (!(await disk.exists(from))) return;
  for (const directory of [replicasDirectory, trashDirectory]) await disk.makeDirectory(directory);
  await disk.rename(from, to);
  await disk.syncDirectory(trashDirectory);
  await disk.syncDirectory(replicasDirectory);
}

export async function purge(disk: Disk, identity: Identity): Promise<void> {
  await disk.remove(trashPath(identity));
}

/** Makes what lies aside the directories of `deleted`, and no others. */
export async function tidyTrash(disk: Disk, deleted: readonly Identity[]): Promise<void> {
  for (const identity of deleted) await discard(disk, identity);
  const known = new Set(deleted.map((identity) => identity.toHex()));
  for (const name of await disk.list(trashDirectory)) {
    if (!known.has(name)) await disk.remove(`${trashDirectory}/${name}`);
  }
}

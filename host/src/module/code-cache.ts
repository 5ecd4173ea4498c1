// Code made of modules, kept on disk by content so that it is made once for all databases and starts. Nothing is synced, since
// all of it can be made again: a file that a loss of power has torn is found out by its digest.
//
//   file   digest of what follows (32) | the code
import { messageOf } from "@lightcone/abi";
import { digest, digestBytes, sameDigest } from "../base/digest.ts";
import type { Disk } from "../base/disk/contract.ts";

/** A directory that several databases may use at once; what is in it can be removed at any time. */
export interface CodeCache {
  readonly disk: Disk;
  /** Tells this writer's files from those of others while they are being written. */
  readonly writer: string;
  /** Told of a cache that cannot be used; the code is then made again. */
  readonly warn: (text: string) => void;
}

/** What is kept by this name; undefined, and a warning if there is a reason, where it has to be made. Never rejects. */
export async function readCode(
  { disk, warn }: CodeCache,
  name: string,
): Promise<Uint8Array | undefined> {
  try {
    if (!(await disk.exists(name))) return undefined;
    const bytes = await disk.readFile(name);
    const code = bytes.subarray(digestBytes);
    if (sameDigest(bytes.subarray(0, digestBytes), digest(code))) {
      await markUsed(disk, name, bytes);
      return code;
    }
    warn(`the cached code ${name} is not used: it is damaged`);
  } catch (thrown) {
    warn(`the cached code ${name} is not used: ${messageOf(thrown)}`);
  }
  return undefined;
}

/** The file's first byte is written once more: what was used longest ago is removed first. */
async function markUsed(disk: Disk, name: string, bytes: Uint8Array): Promise<void> {
  const file = await disk.open(name, "write");
  try {
    file.writeSync(0, bytes, 0, 1);
  } finally {
    await file.close();
  }
}

/** Keeps code by a name, in the place of what had it before. Never rejects. */
export async function keepCode(
  { disk, writer, warn }: CodeCache,
  name: string,
  parts: readonly Uint8Array[],
): Promise<void> {
  const code = Buffer.concat(parts);
  const unfinished = `${name}.${writer}`;
  try {
    await disk.makeDirectory("");
    await disk.remove(unfinished);
    const file = await disk.open(unfinished, "create");
    try {
      file.writeSync(0, digest(code), 0, digestBytes);
      file.writeSync(digestBytes, code, 0, code.length);
    } finally {
      await file.close();
    }
    await disk.rename(unfinished, name);
  } catch (thrown) {
    warn(`the code ${name} is not cached: ${messageOf(thrown)}`);
  }
}

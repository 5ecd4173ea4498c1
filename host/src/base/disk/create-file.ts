// A file that is written once and whole.
import type { Disk } from "./contract.ts";

/**
 * Makes a new file with these bytes and makes them survive a loss of power; its name does once the
 * caller has synced the directory. Throws LC_DISK, also where the path is taken.
 */
export async function createFile(disk: Disk, path: string, bytes: Uint8Array): Promise<void> {
  const file = await disk.open(path, "create");
  try {
    file.writeSync(0, bytes, 0, bytes.length);
    await file.sync();
  } finally {
    await file.close();
  }
}

// Keeps a directory of files that can be made again within bounds: those written or marked as used longest ago go first.
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";

export interface PruneLimits {
  readonly countMax: number;
  readonly bytesMax: number;
}

interface Found {
  readonly path: string;
  readonly bytes: number;
  readonly usedMillis: number;
}

async function look(path: string): Promise<Found[]> {
  try {
    const { mtimeMs, size } = await stat(path);
    return [{ path, bytes: size, usedMillis: mtimeMs }];
  } catch {
    // Somebody else removed it.
    return [];
  }
}

/** Removes files of the directory until it is within its limits. What cannot be read or removed stays: it does no harm. */
export async function pruneDirectory(
  directory: string,
  { countMax, bytesMax }: PruneLimits,
): Promise<void> {
  const names = await readdir(directory).catch((): string[] => []);
  const found = (await Promise.all(names.map((name) => look(join(directory, name))))).flat();
  found.sort((a, b) => b.usedMillis - a.usedMillis);
  let count = 0;
  let bytes = 0;
  for (const file of found) {
    count++;
    bytes += file.bytes;
    if (count <= countMax && bytes <= bytesMax) continue;
    await rm(file.path, { force: true, recursive: true }).catch(() => undefined);
  }
}

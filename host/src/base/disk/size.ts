// How much a directory holds.
import type { Disk } from "./contract.ts";

/** Bytes of the files in a directory, without those of directories below it. Files that go meanwhile count as nothing. */
export async function directorySize(disk: Disk, directory: string): Promise<number> {
  let bytes = 0;
  for (const name of await disk.list(directory)) {
    const path = `${directory}/${name}`;
    if (!(await disk.exists(path))) continue;
    const file = await disk.open(path, "read");
    try {
      bytes += await file.size();
    } finally {
      await file.close();
    }
  }
  return bytes;
}

import { readdir, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "tap";
import { nodeDisk } from "./node.ts";
import { pruneDirectory } from "./prune.ts";

void test("what was used longest ago goes first, by number and by size", async (t) => {
  const directory = t.testdir();
  for (let i = 0; i < 6; i++) {
    await writeFile(join(directory, `file-${i}`), new Uint8Array(100));
    await utimes(join(directory, `file-${i}`), 1000 + i, 1000 + i);
  }
  await pruneDirectory(directory, { countMax: 5, bytesMax: 1000 });
  t.same(await readdir(directory), ["file-1", "file-2", "file-3", "file-4", "file-5"]);
  // Writing to a file is using it.
  const file = await nodeDisk(directory).open("file-1", "write");
  file.writeSync(0, Uint8Array.of(1), 0, 1);
  await file.close();
  await pruneDirectory(directory, { countMax: 5, bytesMax: 250 });
  t.same(await readdir(directory), ["file-1", "file-5"]);
  await pruneDirectory(directory, { countMax: 5, bytesMax: 250 });
  t.equal((await readdir(directory)).length, 2);
  await pruneDirectory(join(directory, "absent"), { countMax: 0, bytesMax: 0 });
});

import { test } from "tap";
import { MemoryDisk } from "./memory.ts";
import { directorySize } from "./size.ts";

void test("files are counted, and what is not there is nothing", async (t) => {
  const disk = new MemoryDisk();
  t.equal(await directorySize(disk, "none"), 0);
  await disk.makeDirectory("log");
  for (const [name, size] of [
    ["a", 3],
    ["b", 40],
  ] as const) {
    const file = await disk.open(`log/${name}`, "create");
    file.writeSync(0, new Uint8Array(size), 0, size);
    await file.close();
  }
  t.equal(await directorySize(disk, "log"), 43);
});

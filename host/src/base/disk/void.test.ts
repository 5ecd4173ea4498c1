import { test } from "tap";
import { voidDisk } from "./void.ts";

void test("a disk that keeps nothing takes everything and finds nothing again", async (t) => {
  await voidDisk.makeDirectory("a");
  const file = await voidDisk.open("a/b", "create");
  file.writeSync(10, new Uint8Array(5), 1, 4);
  t.equal(await file.size(), 13);
  await file.truncate(4);
  t.equal(await file.size(), 4);
  await file.sync();
  await t.rejects(file.read(0, new Uint8Array(1), 0, 1), { code: "LC_DISK" });
  await file.close();
  await voidDisk.rename("a/b", "a/c");
  t.equal(await (await voidDisk.open("a/c", "write")).size(), 0);
  await voidDisk.remove("a/c");
  await voidDisk.syncDirectory("a");
  t.same(await voidDisk.list("a"), []);
  t.notOk(await voidDisk.exists("a/b"));
  await t.rejects(voidDisk.readFile("a/b"), { code: "LC_DISK" });
  await t.rejects(voidDisk.open("a/b", "read"), { code: "LC_DISK" });
});

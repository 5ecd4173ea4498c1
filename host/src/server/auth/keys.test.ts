import { type Test, test } from "tap";
import { MemoryDisk } from "../../base/disk/memory.ts";
import { generateKeyPair, type GenerateKeyPair } from "../../base/keys.ts";
import { seededRandom } from "../../base/random.ts";
import { loadOrMakeKeys } from "./keys.ts";

const utf8 = new TextEncoder();

const never: GenerateKeyPair = async () => {
  throw new Error("a pair was made");
};

void test("the first start makes the pair, later ones load it", async (t) => {
  const disk = new MemoryDisk();
  const made = await loadOrMakeKeys(disk, generateKeyPair);
  t.same(await disk.list("keys"), ["id_ecdsa", "id_ecdsa.pub"]);
  t.same(await loadOrMakeKeys(disk, never), made);
  t.same(await loadOrMakeKeys(disk.crash(seededRandom(1)), never), made, "and after a crash");
});

void test("a start cut off at any step leaves a directory that the next one starts from", async (t) => {
  for (const operation of ["name", "write", "sync"] as const) {
    for (let successCount = 0; ; successCount++) {
      const disk = new MemoryDisk();
      disk.failAfter(operation, successCount, "ENOSPC");
      const made = await loadOrMakeKeys(disk, generateKeyPair).catch(() => undefined);
      if (made !== undefined) break;
      for (const seed of [1, 2, 3]) {
        const found = disk.crash(seededRandom(seed));
        const keys = await loadOrMakeKeys(found, generateKeyPair);
        t.same(
          await loadOrMakeKeys(found, never),
          keys,
          `${operation} ${successCount}, seed ${seed}`,
        );
      }
    }
  }
});

async function refused(
  t: Test,
  files: Readonly<Record<string, string>>,
  rule: RegExp,
): Promise<void> {
  const disk = new MemoryDisk();
  await disk.makeDirectory("keys");
  for (const [name, text] of Object.entries(files)) disk.install(`keys/${name}`, utf8.encode(text));
  const loading = loadOrMakeKeys(disk, never);
  await t.rejects(loading, { code: "LC_CONFIG", message: rule }, Object.keys(files).join());
}

void test("a part of the pair is refused, for a new one would void all tokens", async (t) => {
  await refused(t, { id_ecdsa: "x" }, /has keys\/id_ecdsa but no keys\/id_ecdsa\.pub/);
  await refused(t, { "id_ecdsa.pub": "x" }, /has keys\/id_ecdsa\.pub but no keys\/id_ecdsa:/);
  await refused(t, { other: "x" }, /has keys\/other but no keys\/id_ecdsa:/);
});

void test("an empty directory of keys is filled", async (t) => {
  const disk = new MemoryDisk();
  await disk.makeDirectory("keys");
  await loadOrMakeKeys(disk, generateKeyPair);
  t.same(await disk.list("keys"), ["id_ecdsa", "id_ecdsa.pub"]);
});

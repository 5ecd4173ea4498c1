import { chmodSync } from "node:fs";
import { join } from "node:path";
import { type Test, test } from "tap";
import { ManualClock } from "../../base/clock.ts";
import { MemoryDisk } from "../../base/disk/memory.ts";
import { generateKeyPair, type GenerateKeyPair } from "../../base/keys.ts";
import { seededRandom } from "../../base/random.ts";
import { loadFormerKeys, loadOrMakeKeys, refuseOpenKey, rotateKeys } from "./keys.ts";

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

void test("a rotation makes a new pair and keeps the public key of the one before", async (t) => {
  const disk = new MemoryDisk();
  const clock = new ManualClock(1_760_000_000_000_000n);
  const first = await loadOrMakeKeys(disk, generateKeyPair);
  await rotateKeys(disk, generateKeyPair, clock);
  const second = await loadOrMakeKeys(disk, never);
  t.not(second.privatePem, first.privatePem);
  t.same(await loadFormerKeys(disk), [first.publicPem]);
  t.same(await disk.list("keys/previous"), ["2025-10-09T08-53-20.000.pub"]);
  t.same(await disk.list(""), ["keys"]);
  clock.advance(1_000_000n);
  await rotateKeys(disk, generateKeyPair, clock);
  t.same(await loadFormerKeys(disk), [first.publicPem, second.publicPem]);
  for (let i = 2; i < 16; i++) {
    clock.advance(1_000_000n);
    await rotateKeys(disk, generateKeyPair, clock);
  }
  clock.advance(1_000_000n);
  const tooMany = { code: "LC_CONFIG", message: /may hold 16 keys, not 17/ };
  await t.rejects(rotateKeys(disk, generateKeyPair, clock), tooMany);
  await t.rejects(rotateKeys(new MemoryDisk(), generateKeyPair, clock), { code: "LC_CONFIG" });
});

void test("a rotation cut off at any step leaves the former pair or the new one, and no token void", async (t) => {
  for (const operation of ["name", "write", "sync"] as const) {
    for (let successCount = 0; ; successCount++) {
      const disk = new MemoryDisk();
      const former = await loadOrMakeKeys(disk, generateKeyPair);
      disk.failAfter(operation, successCount, "ENOSPC");
      const isDone = await rotateKeys(disk, generateKeyPair, new ManualClock()).then(
        () => true,
        () => false,
      );
      if (isDone) break;
      for (const seed of [1, 2, 3]) {
        const found = disk.crash(seededRandom(seed));
        const keys = await loadOrMakeKeys(found, never);
        const all = [keys.publicPem, ...(await loadFormerKeys(found))];
        t.ok(all.includes(former.publicPem), `${operation} ${successCount}, seed ${seed}`);
      }
    }
  }
});

void test("a private key in the data directory that others can read is refused", async (t) => {
  const dataDir = t.testdir({ keys: { id_ecdsa: "x" } });
  const path = join(dataDir, "keys", "id_ecdsa");
  for (const mode of [0o644, 0o640, 0o602]) {
    chmodSync(path, mode);
    await t.rejects(refuseOpenKey(dataDir), { code: "LC_CONFIG", message: /chmod 600/ });
  }
  for (const mode of [0o600, 0o400]) {
    chmodSync(path, mode);
    await t.resolves(refuseOpenKey(dataDir));
  }
});

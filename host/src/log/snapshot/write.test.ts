// What taking a snapshot writes, in which order, and what it leaves behind when it cannot.
import { LightconeError } from "@lightcone/abi";
import { test } from "tap";
import { MemoryDisk } from "../../base/disk/memory.ts";
import { limit } from "../../base/limit.ts";
import { seededRandom } from "../../base/random.ts";
import type { StoredTable } from "../../datastore/image.ts";
import { listSnapshots, packPath } from "./files.ts";
import { ObjectSet, objectsOf } from "./object-set.ts";
import { readManifest, readTables } from "./read.ts";
import { BlockStore, identity, sameTables, take, targetOn, watchedDisk } from "./test-rig.ts";
import { writeSnapshot } from "./write.ts";

function bytesOf(tables: readonly StoredTable[]): number {
  return tables.flatMap(({ blocks }) => blocks).reduce((sum, block) => sum + block.length, 0);
}

async function packBytes(disk: MemoryDisk): Promise<number[]> {
  const sizes: number[] = [];
  for (const pack of (await listSnapshots(disk)).packs) {
    sizes.push((await disk.readFile(packPath(pack))).length);
  }
  return sizes;
}

async function readBack(disk: MemoryDisk, offset: number): Promise<StoredTable[]> {
  return readTables(disk, await readManifest(disk, offset));
}

void test("[SNAP1] [SNAP3] a snapshot is a manifest and a pack", async (t) => {
  const disk = new MemoryDisk();
  const store = new BlockStore(seededRandom(1), [3, 0, 5]);
  await take(disk, store, 41);
  t.same(await disk.list("snapshots"), ["00000000000000000041.snapshot", "0000000001.pack"]);
  t.same(await packBytes(disk), [bytesOf(store.contents())]);
  t.same(await readBack(disk, 41), store.contents());
  t.equal(store.imageCount, 0, "the image was released");
});

void test("[SNAP3] an empty state has no pack", async (t) => {
  const disk = new MemoryDisk();
  await take(disk, new BlockStore(seededRandom(1), []), 0);
  t.same(await disk.list("snapshots"), ["00000000000000000000.snapshot"]);
  t.same(await readBack(disk, 0), []);
});

void test("[SNAP4] blocks that are on the disk are not written again", async (t) => {
  const disk = new MemoryDisk();
  const store = new BlockStore(seededRandom(2), [20, 20]);
  let known = await take(disk, store, 1);
  const before = store.contents();
  store.change(2, 5);
  const after = store.contents();
  const changed = after.map(({ blocks, ...table }, i) => ({
    ...table,
    blocks: blocks.filter((block, j) => block !== before[i]?.blocks[j]),
  }));
  known = await take(disk, store, 2, known);
  t.same(await packBytes(disk), [bytesOf(before), bytesOf(changed)], "two blocks");
  known = await take(disk, store, 3, known);
  t.equal((await packBytes(disk)).length, 2, "nothing new, no pack");
  t.same(await readBack(disk, 1), before);
  t.same(await readBack(disk, 3), after);

  // As after a restart: nothing is hashed yet, and what is known comes from the manifest.
  store.copyBlock();
  for (const { blocks } of store.freeze().tables)
    for (const block of blocks) block.digest = undefined;
  await take(disk, store, 4, objectsOf(await readManifest(disk, 3)));
  t.equal((await packBytes(disk)).length, 2, "a copy of a known block is known");
  const found = await readBack(disk, 4);
  t.same(found, store.contents());
  t.not(found[0]?.blocks[0], found[1]?.blocks[0], "copies have memory of their own");
});

void test("[SNAP4] a block with its hash is not hashed again", async (t) => {
  const disk = new MemoryDisk();
  const store = new BlockStore(seededRandom(3), [4]);
  const known = await take(disk, store, 1);
  const hashes = store.freeze().tables[0]?.blocks.map((block) => block.digest);
  await take(disk, store, 2, known);
  store.freeze().tables[0]?.blocks.forEach((block, i) => t.equal(block.digest, hashes?.[i]));
});

void test("[SNAP4] a pack that is used by less than half is given up", async (t) => {
  const disk = new MemoryDisk();
  const store = new BlockStore(seededRandom(4), [40]);
  let known = await take(disk, store, 1);
  store.change(32, 0);
  known = await take(disk, store, 2, known);
  t.same(
    known.packs().map(({ number }) => number),
    [1, 2],
    "it is noticed after it happened",
  );
  known = await take(disk, store, 3, known);
  t.same(
    known.packs().map(({ number }) => number),
    [2, 3],
  );
  t.same(await readBack(disk, 3), store.contents());
});

void test("[SNAP4] the number of packs has a maximum", async (t) => {
  const disk = new MemoryDisk();
  const store = new BlockStore(seededRandom(5), [2 * limit.snapshotPackCountMax]);
  let known = new ObjectSet();
  for (let offset = 0; offset < 2 * limit.snapshotPackCountMax; offset++) {
    store.change(1, offset);
    known = await take(disk, store, offset, known);
    const count = known.packs().length;
    if (count > limit.snapshotPackCountMax) t.fail(`${count} packs at ${offset}`);
  }
  t.same(await readBack(disk, 2 * limit.snapshotPackCountMax - 1), store.contents());
});

void test("[SNAP5] a manifest gets its name when the log and the objects are durable", async (t) => {
  const disk = new MemoryDisk();
  const store = new BlockStore(seededRandom(6), [5]);
  let isDurable = false;
  const target = {
    ...targetOn(disk),
    waitUntilDurable: async (): Promise<void> => {
      t.same((await listSnapshots(disk)).manifests, []);
      t.equal(store.imageCount, 0, "nobody waits with an image in hand");
      isDurable = true;
    },
  };
  await writeSnapshot(target, { identity, offset: 1, epoch: 0 }, store.freeze(), new ObjectSet());
  t.ok(isDurable);
  const after = disk.crash(seededRandom(1));
  t.same(await readBack(after, 1), store.contents(), "it is durable when it is reported");
});

void test("[SNAP6] work is cut into slices", async (t) => {
  const disk = new MemoryDisk();
  const blocks = Array.from({ length: 64 }, (_, i) => ({
    bytes: new Uint8Array(limit.pageBytesMax).fill(i),
    digest: undefined,
  }));
  const image = {
    tables: [{ tableId: 4096, header: new Uint8Array(0), blocks }],
    release: () => undefined,
  };
  let pauseCount = 0;
  const pause = async (): Promise<void> => void pauseCount++;
  const target = { ...targetOn(disk), pause };
  await writeSnapshot(target, { identity, offset: 1, epoch: 0 }, image, new ObjectSet());
  const worked = 2 * blocks.length * limit.pageBytesMax;
  t.ok(pauseCount >= worked / limit.snapshotSliceBytes - 1, `${pauseCount} pauses`);
});

for (const operation of ["write", "sync", "name"] as const) {
  void test(`[SNAP7] a disk whose ${operation} fails at any point`, async (t) => {
    let count = 0;
    for (; ; count++) {
      const disk = new MemoryDisk();
      const store = new BlockStore(seededRandom(7), [5, 5]);
      const known = await take(disk, store, 1);
      const before = store.contents();
      store.change(4, 2);
      disk.failAfter(operation, count, "ENOSPC");
      const failure = await take(disk, store, 2, known).catch((thrown: unknown) => thrown);
      t.equal(store.imageCount, 0, "the image was released");
      disk.heal();
      t.same(await readBack(disk, 1), before, "the one before it is whole");
      if (!(failure instanceof LightconeError)) break;
      t.equal(failure.code, "LC_DISK");
      const { manifests, packs, unfinished } = await listSnapshots(disk);
      if (manifests.length === 2) t.same(await readBack(disk, 2), store.contents());
      else if (operation !== "name") t.same({ packs, unfinished }, { packs: [1], unfinished: [] });
    }
    t.ok(count >= 2, `${count} failures`);
  });
}

void test("[SNAP7] what the pause throws ends it", async (t) => {
  const disk = new MemoryDisk();
  const store = new BlockStore(seededRandom(8), [4000]);
  const pause = async (): Promise<void> => {
    throw new LightconeError("LC_DATABASE_UNAVAILABLE", "enough");
  };
  const target = { ...targetOn(disk), pause };
  const point = { identity, offset: 1, epoch: 0 };
  const writing = writeSnapshot(target, point, store.freeze(), new ObjectSet());
  await t.rejects(writing, { message: "enough" });
  t.same(await disk.list("snapshots"), []);
  t.equal(store.imageCount, 0);
});

void test("[SNAP5] power lost at any operation leaves no half snapshot", async (t) => {
  let crashCount = 0;
  for (let seed = 0; seed < 20; seed++) {
    const random = seededRandom(seed);
    const disk = new MemoryDisk();
    const crashes: MemoryDisk[] = [];
    const watched = watchedDisk(disk, () => crashes.push(disk.crash(random)));
    const store = new BlockStore(random, [4, 4]);
    const states = [store.contents()];
    let known = await take(watched, store, 0);
    for (let offset = 1; offset < 4; offset++) {
      store.change(3);
      states.push(store.contents());
      known = await take(watched, store, offset, known);
    }
    for (const crashed of crashes) {
      crashCount++;
      for (const offset of (await listSnapshots(crashed)).manifests) {
        const found = await readBack(crashed, offset);
        if (!sameTables(found, states[offset] ?? [])) t.fail(`seed ${seed}, crash ${crashCount}`);
      }
    }
  }
  t.ok(crashCount > 500, `${crashCount} crashes`);
});

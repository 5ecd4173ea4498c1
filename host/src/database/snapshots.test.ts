// When snapshots are taken, and what becomes of a database that cannot take one.
import { test } from "tap";
import { MemoryDisk } from "../base/disk/memory.ts";
import { type Pause, systemPause } from "../base/pause.ts";
import { seededRandom } from "../base/random.ts";
import type { StoredTable } from "../datastore/image.ts";
import type { Log } from "../log/contract.ts";
import { recoverLog } from "../log/recover.ts";
import { listSnapshots, packPath } from "../log/snapshot/files.ts";
import {
  BlockStore,
  identity,
  rebuild,
  sameTables,
  watchedDisk,
} from "../log/snapshot/test-rig.ts";
import { appendLine, directory, Recorder } from "../log/test-rig.ts";
import { openLog } from "../log/writer.ts";
import { type SnapshotOptions, Snapshots } from "./snapshots.ts";

interface World {
  readonly disk: MemoryDisk;
  readonly store: BlockStore;
  readonly log: Log;
  readonly snapshots: Snapshots;
  readonly warnings: string[];
}

interface WorldOptions extends SnapshotOptions {
  readonly segmentBytesMax?: number;
  readonly pause?: Pause;
  readonly beforeSync?: () => Promise<void>;
  readonly blockCount?: number;
}

/** A database made of blocks, with a log; `onOperation` comes before each operation of its disk. */
async function open(
  options: WorldOptions,
  onOperation: (disk: MemoryDisk) => void = () => undefined,
): Promise<World> {
  const {
    segmentBytesMax = 2 ** 30,
    blockCount = 8,
    pause = systemPause,
    beforeSync = async (): Promise<void> => undefined,
  } = options;
  const memory = new MemoryDisk({ beforeSync });
  const disk = watchedDisk(memory, () => onOperation(memory));
  const recovered = await recoverLog(disk, directory, new Recorder());
  const listener = {
    onDurable: (): void => snapshots.onDurable(),
    onFailure: (): void => snapshots.cancel(),
  };
  const logOptions = { disk, directory, listener, schedule: queueMicrotask, segmentBytesMax };
  const log = await openLog(recovered, logOptions);
  const store = new BlockStore(seededRandom(1), [blockCount]);
  const warnings: string[] = [];
  const snapshots: Snapshots = new Snapshots(
    {
      disk,
      logDirectory: directory,
      identity,
      log,
      epoch: recovered.epoch,
      last: undefined,
      pause,
      freeze: () => store.freeze(),
      warn: (text) => warnings.push(text),
    },
    options,
  );
  return { disk: memory, store, log, snapshots, warnings };
}

/** One transaction that changes a block. */
async function commit({ log, store }: World): Promise<void> {
  store.change(1);
  appendLine(log, `+7:row${log.nextOffset}`);
  await log.flush();
}

/** Lets everything happen that waits for nothing outside. */
async function settle(): Promise<void> {
  for (let i = 0; i < 10; i++) await systemPause();
}

async function offsets({ disk }: World): Promise<readonly number[]> {
  return (await listSnapshots(disk)).manifests;
}

void test("[SNAP6] a snapshot is taken after so many transactions", async (t) => {
  const world = await open({ intervalCommits: 4 });
  for (let i = 0; i < 10; i++) {
    await commit(world);
    await settle();
  }
  t.same(await offsets(world), [3, 7]);
  t.same(world.warnings, []);
  t.equal(world.store.imageCount, 0);
  const { tables } = await rebuild(world.disk.crash(seededRandom(1)));
  t.not(tables, undefined);
});

void test("[SNAP6] and when a segment begins", async (t) => {
  const world = await open({ segmentBytesMax: 200 });
  for (let i = 0; i < 12; i++) {
    await commit(world);
    await settle();
  }
  const { manifests } = await listSnapshots(world.disk);
  t.ok(manifests.length >= 2, manifests.join());
  const starts = (await world.disk.list(directory)).filter((name) => name.endsWith(".log"));
  const firsts = starts.map((name) => Number.parseInt(name, 10)).filter((first) => first > 0);
  t.same(manifests, firsts, "its first transaction is in the snapshot");
});

void test("[SNAP6] one at a time, each of the state when it begins", async (t) => {
  let runningCount = 0;
  const pause = async (): Promise<void> => {
    runningCount++;
    await settle();
    t.ok(world.store.imageCount <= 1);
  };
  const world = await open({ pause, blockCount: 400 });
  await commit(world);
  const first = world.snapshots.take();
  await commit(world);
  const second = world.snapshots.take();
  const third = world.snapshots.take();
  const taken = await Promise.all([first, second, third]);
  t.same(taken.slice(1), [1, 1], "nothing changed between the last two");
  t.ok(runningCount > 0);
  const { tables, snapshot } = await rebuild(world.disk);
  t.equal(snapshot?.offset, 1);
  t.ok(sameTables(tables ?? [], world.store.contents()));
});

void test("[SNAP6] a database without transactions has nothing to take", async (t) => {
  const world = await open({});
  t.equal(await world.snapshots.take(), -1);
  t.same(await offsets(world), []);
});

void test("[SNAP7] a disk that fails ends the snapshot and not the database", async (t) => {
  const world = await open({ intervalCommits: 2 });
  const { disk, log } = world;
  await commit(world);
  appendLine(log, "+7:row");
  const flushed = log.flush();
  // The log's write and sync still succeed.
  disk.failAfter("write", 1, "ENOSPC");
  await flushed;
  await settle();
  disk.heal();
  t.match(world.warnings, [/^no snapshot was taken: cannot write to .*ENOSPC/]);
  t.same(await disk.list("snapshots"), [], "the room is free again");
  t.equal(world.store.imageCount, 0);
  await commit(world);
  await settle();
  t.same(await offsets(world), [], "it is not tried again at once");
  await commit(world);
  await settle();
  t.same(await offsets(world), [3]);
});

void test("[SNAP7] on demand the failure is the caller's", async (t) => {
  const world = await open({});
  await commit(world);
  world.disk.failAfter("sync", 0, "EIO");
  await t.rejects(world.snapshots.take(), { code: "LC_DISK" });
  t.same(world.warnings, []);
});

void test("[SNAP7] closing ends a snapshot at its next pause", async (t) => {
  let closing: Promise<void> | undefined;
  const pause = async (): Promise<void> => {
    closing ??= world.snapshots.close();
  };
  const world = await open({ pause, blockCount: 400 });
  await commit(world);
  await t.rejects(world.snapshots.take(), { code: "LC_DATABASE_UNAVAILABLE" });
  await closing;
  t.same(await offsets(world), []);
  await t.rejects(world.snapshots.take(), { code: "LC_DATABASE_UNAVAILABLE" });
  world.snapshots.onDurable();
  await settle();
  t.same(world.warnings, []);
  t.equal(world.store.imageCount, 0);
});

void test("[SNAP12] the policy is carried out after each snapshot", async (t) => {
  const world = await open({ intervalCommits: 3, prune: "delete", segmentBytesMax: 200 });
  for (let i = 0; i < 20; i++) {
    await commit(world);
    await settle();
  }
  t.equal((await offsets(world)).length, 2);
  const { tables, recorder, snapshot, log } = await rebuild(world.disk);
  t.ok((await world.disk.list(directory)).length < 12);
  t.equal((snapshot?.offset ?? 0) + recorder.lines.length, 19);
  t.equal(log.nextOffset, 20);
  t.not(tables, undefined);
});

void test("[SNAP13] after one that cannot be read back the next is written whole", async (t) => {
  const world = await open({ prune: "delete", segmentBytesMax: 200 });
  const { disk, snapshots } = world;
  for (const [i, isHarmed] of [false, false, true, false].entries()) {
    await commit(world);
    if (isHarmed) {
      const pack = (await disk.readFile(packPath(1))).slice().fill(0);
      disk.install(packPath(1), pack);
    }
    t.equal(await snapshots.take(), i);
  }
  t.match(world.warnings, [/^nothing was pruned: snapshots\/0000000001\.pack: .* damaged$/]);
  const { tables, snapshot } = await rebuild(disk);
  t.equal(snapshot?.offset, 3);
  t.ok(sameTables(tables ?? [], world.store.contents()));
});

void test("[SNAP5] [SNAP13] power lost at any operation loses nothing durable", async (t) => {
  let crashCount = 0;
  let snapshotCount = 0;
  for (let seed = 0; seed < 8; seed++) {
    const random = seededRandom(seed);
    const crashes: { readonly disk: MemoryDisk; readonly durableOffset: number }[] = [];
    let durableOffset = -1;
    const options = {
      intervalCommits: 2 + (seed % 3),
      prune: "delete",
      segmentBytesMax: 300,
      // So that now the log's syncs are slower and now the snapshot's.
      beforeSync: async (): Promise<void> => {
        for (let turns = random.u32() % 8; turns > 0; turns--) await systemPause();
      },
    } as const;
    const world = await open(options, (disk) => {
      crashes.push({ disk: disk.crash(random), durableOffset });
    });
    const states: StoredTable[][] = [];
    for (let i = 0; i < 24; i++) {
      world.store.change(1 + (random.u32() % 3));
      states.push(world.store.contents());
      appendLine(world.log, `+7:row${i}`);
      // Snapshots begin in the middle of whatever the log does, and transactions in the middle of snapshots.
      if (random.u32() % 3 === 0) await settle();
      if (random.u32() % 2 === 0) await world.log.flush();
      durableOffset = world.log.durableOffset;
    }
    await world.snapshots.take();
    t.same(world.warnings, []);
    for (const crash of crashes) {
      crashCount++;
      const { snapshot, tables, recorder, log, notes } = await rebuild(crash.disk);
      const where = `seed ${seed}, crash ${crashCount}`;
      const first = snapshot === undefined ? 0 : snapshot.offset + 1;
      if (snapshot !== undefined) {
        snapshotCount++;
        if (!sameTables(tables ?? [], states[snapshot.offset] ?? []))
          t.fail(`${where}: other state`);
      }
      const lines = Array.from({ length: log.nextOffset - first }, (_, i) => `+7:row${first + i}`);
      if (recorder.lines.join() !== lines.join()) t.fail(`${where}: other transactions`);
      if (log.nextOffset <= crash.durableOffset) t.fail(`${where}: lost transactions`);
      if (notes.length > 0) t.fail(`${where}: ${notes.join()}`);
    }
  }
  t.ok(
    crashCount > 1000 && snapshotCount > 500,
    `${crashCount} crashes, ${snapshotCount} snapshots`,
  );
});

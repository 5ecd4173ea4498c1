// What pruning removes, and what is left of a database whose power is lost on the way.
import { test } from "tap";
import { MemoryDisk } from "../../base/disk/memory.ts";
import { seededRandom } from "../../base/random.ts";
import { recoverLog } from "../recover.ts";
import { segmentOffset } from "../segment.ts";
import { Recorder, writeLines } from "../test-rig.ts";
import { listSnapshots, manifestPath, packPath, unfinishedPath } from "./files.ts";
import type { ObjectSet } from "./object-set.ts";
import { archiveDirectory, planPrune, prune, type PrunePolicy, removeUnused } from "./prune.ts";
import { BlockStore, logDirectory, rebuild, sameTables, take, watchedDisk } from "./test-rig.ts";

void test("[SNAP12] what is superfluous", (t) => {
  // Snapshots that cannot be read are negative; removed are "snapshots / segments".
  const cases: readonly (readonly [
    policy: PrunePolicy,
    segments: readonly number[],
    snapshots: readonly number[],
    expected: string,
  ])[] = [
    ["keep", [0, 10, 20, 30], [15, 25, 35], " / "],
    ["delete", [0, 10, 20, 30], [], " / "],
    ["delete", [0, 10, 20, 30], [35], " / "],
    ["delete", [0, 10, 20, 30], [15, 25], " / 0"],
    ["delete", [0, 10, 20, 30], [15, 25, 35], "15 / 0 10"],
    ["archive", [0, 10, 20, 30], [15, 25, 35], "15 / 0 10"],
    ["delete", [0, 10, 20, 30], [5, 7, 9, 10, 12], "5 7 9 / 0"],
    ["delete", [0, 10, 20, 30], [9, 12], " / "],
    ["delete", [0, 10, 20, 30], [10, 12], " / 0"],
    ["delete", [0, 10, 20, 30], [19, 29], " / 0"],
    ["delete", [0, 10, 20, 30], [20, 29], " / 0 10"],
    ["delete", [0, 10], [100, 200], " / 0"],
    ["delete", [0], [100, 200], " / "],
    ["delete", [0, 10, 20, 30], [-5, 15, -25, 35], "5 / 0"],
    ["delete", [0, 10, 20, 30], [15, -25, -35], " / "],
    ["delete", [0, 10, 20, 30], [15, 25, -35], " / 0"],
  ];
  for (const [policy, segments, snapshots, expected] of cases) {
    const states = snapshots.map((offset) => ({
      offset: Math.abs(offset),
      isReadable: offset >= 0,
    }));
    const plan = planPrune(policy, { segments, snapshots: states });
    const found = `${plan.snapshots.join(" ")} / ${plan.segments.join(" ")}`;
    t.equal(found, expected, `${policy} ${segments.join()} ${snapshots.join()}`);
  }
  t.end();
});

const lines = Array.from({ length: 12 }, (_, i) => `f(${i}) +7:row${i}`);
const segmentBytesMax = 200;

interface World {
  readonly disk: MemoryDisk;
  readonly states: Map<number, ReturnType<BlockStore["contents"]>>;
}

/** Two transactions to a segment, snapshots after 3, 6 and 9, the packs of which share blocks. */
async function makeWorld(seed = 1): Promise<World> {
  const disk = new MemoryDisk();
  await writeLines(disk, lines, segmentBytesMax);
  const store = new BlockStore(seededRandom(seed), [4, 4]);
  const states = new Map<number, ReturnType<BlockStore["contents"]>>();
  let known: ObjectSet | undefined;
  for (const offset of [3, 6, 9]) {
    store.change(3, offset);
    known = await take(disk, store, offset, known);
    states.set(offset, store.contents());
  }
  return { disk, states };
}

const pause = async (): Promise<void> => undefined;

async function segments(disk: MemoryDisk, directory = logDirectory): Promise<number[]> {
  const offsets = (await disk.list(directory)).map((name) => segmentOffset(name));
  return offsets.filter((offset) => offset !== undefined);
}

void test("[SNAP12] by default nothing is removed", async (t) => {
  const { disk } = await makeWorld();
  const before = [...(await disk.list(logDirectory)), ...(await disk.list("snapshots"))];
  await prune({ disk, logDirectory, pause }, "keep");
  t.same([...(await disk.list(logDirectory)), ...(await disk.list("snapshots"))], before);
});

void test("[SNAP12] [SNAP13] deleting leaves a log that the snapshots lead to", async (t) => {
  const { disk, states } = await makeWorld();
  await prune({ disk, logDirectory, pause }, "delete");
  t.same(await segments(disk), [6, 8, 10]);
  t.same((await listSnapshots(disk)).manifests, [6, 9]);
  await disk.remove(manifestPath(9));
  const { tables, recorder } = await rebuild(disk);
  t.ok(sameTables(tables ?? [], states.get(6) ?? []));
  t.same(recorder.lines, lines.slice(7));
});

void test("[SNAP12] archived segments are the log that was", async (t) => {
  const { disk } = await makeWorld();
  await prune({ disk, logDirectory, pause }, "archive");
  t.same(await segments(disk, archiveDirectory), [0, 2, 4]);
  for (const name of await disk.list(archiveDirectory)) {
    await disk.rename(`${archiveDirectory}/${name}`, `${logDirectory}/${name}`);
  }
  const recorder = new Recorder();
  await recoverLog(disk, logDirectory, recorder);
  t.same(recorder.lines, lines);
});

void test("[SNAP12] an archive is not written over", async (t) => {
  const { disk } = await makeWorld();
  const name = "00000000000000000000.stdb.log";
  disk.install(`${archiveDirectory}/${name}`, new Uint8Array(3));
  await t.rejects(prune({ disk, logDirectory, pause }, "archive"), {
    code: "LC_SNAPSHOT",
    message: /^archive\/.*: it is there already/,
  });
  t.ok(await disk.exists(`${logDirectory}/${name}`));
});

void test("[SNAP13] nothing goes before the newest snapshot was read back", async (t) => {
  const { disk } = await makeWorld();
  const pack = (await disk.readFile(packPath(3))).slice();
  pack[0] = (pack[0] as number) ^ 1;
  disk.install(packPath(3), pack);
  const before = [...(await disk.list(logDirectory)), ...(await disk.list("snapshots"))];
  await t.rejects(prune({ disk, logDirectory, pause }, "delete"), { code: "LC_SNAPSHOT" });
  t.same([...(await disk.list(logDirectory)), ...(await disk.list("snapshots"))], before);
});

/** What is wrong with a database after a crash or a failure, if anything. */
async function faultOf({ states }: World, disk: MemoryDisk): Promise<string | undefined> {
  const { snapshot, tables, recorder, notes } = await rebuild(disk);
  if (snapshot?.offset !== 9) return `began with ${snapshot?.offset}`;
  if (!sameTables(tables ?? [], states.get(9) ?? [])) return "other tables";
  if (notes.length > 0) return notes.join();
  return recorder.lines.join() === lines.slice(10).join() ? undefined : "other transactions";
}

for (const policy of ["delete", "archive"] as const) {
  void test(`[SNAP13] power lost at any operation of "${policy}"`, async (t) => {
    let crashCount = 0;
    for (let seed = 0; seed < 20; seed++) {
      const world = await makeWorld(seed);
      const random = seededRandom(seed);
      const crashes: MemoryDisk[] = [];
      const { disk } = world;
      const watched = watchedDisk(disk, () => crashes.push(disk.crash(random)));
      await prune({ disk: watched, logDirectory, pause }, policy);
      for (const crashed of [...crashes, disk.crash(random)]) {
        crashCount++;
        const left = await segments(crashed);
        t.same(left, [0, 2, 4, 6, 8, 10].slice(-left.length), "the oldest go first");
        const fault = await faultOf(world, crashed);
        if (fault !== undefined) t.fail(`seed ${seed}, crash ${crashCount}: ${fault}`);
        // Each older snapshot that is still there is as good.
        await crashed.remove(manifestPath(9));
        const { snapshot, tables } = await rebuild(crashed);
        const expected = states(world, snapshot?.offset);
        if (!sameTables(tables ?? [], expected)) t.fail(`seed ${seed}: other tables`);
        await prune({ disk: crashed, logDirectory, pause }, policy);
      }
    }
    t.ok(crashCount > 200, `${crashCount} crashes`);
  });

  void test(`[SNAP13] a disk that fails at any operation of "${policy}"`, async (t) => {
    let count = 0;
    for (; ; count++) {
      const world = await makeWorld(count);
      world.disk.failAfter("name", count, "EIO");
      const target = { disk: world.disk, logDirectory, pause };
      const failure = await prune(target, policy).catch((thrown: unknown) => thrown);
      world.disk.heal();
      t.equal(await faultOf(world, world.disk), undefined, `after ${count}`);
      if (failure === undefined) break;
      t.match(failure, { code: "LC_DISK" });
      await prune(target, policy);
      t.same((await listSnapshots(world.disk)).manifests, [6, 9], "the next one goes on");
    }
    t.ok(count > 5, `${count} failures`);
  });
}

function states(world: World, offset: number | undefined): ReturnType<BlockStore["contents"]> {
  return offset === undefined ? [] : (world.states.get(offset) ?? []);
}

void test("[SNAP14] packs that nothing refers to are removed", async (t) => {
  const { disk } = await makeWorld();
  const target = { disk, logDirectory, pause };
  disk.install(packPath(9), new Uint8Array(3));
  disk.install(unfinishedPath(9), new Uint8Array(3));
  disk.install("snapshots/note.txt", new Uint8Array(3));
  await removeUnused(target);
  t.same(await listSnapshots(disk), { manifests: [3, 6, 9], packs: [1, 2, 3], unfinished: [] });
  t.ok(await disk.exists("snapshots/note.txt"));

  disk.install(packPath(9), new Uint8Array(3));
  disk.install(manifestPath(12), new Uint8Array(3));
  await removeUnused(target);
  t.same((await listSnapshots(disk)).packs, [1, 2, 3, 9], "a manifest unknown here may need it");
});

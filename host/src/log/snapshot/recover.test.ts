// Which snapshot a state begins with, and what happens to those it cannot begin with.
import { LightconeError } from "@lightcone/abi";
import { test } from "tap";
import { MemoryDisk } from "../../base/disk/memory.ts";
import { seededRandom } from "../../base/random.ts";
import { indexName } from "../offset-index.ts";
import { segmentName } from "../segment.ts";
import { writeLines } from "../test-rig.ts";
import { invalidPath, listSnapshots, manifestPath, packPath } from "./files.ts";
import { ManifestWriter } from "./manifest.ts";
import { BlockStore, identity, logDirectory, type Rebuilt } from "./test-rig.ts";
import { rebuild, sameTables, take } from "./test-rig.ts";

const lineCount = 12;
const lines = Array.from({ length: lineCount }, (_, i) => `f(${i}) +7:row${i}`);
/** Two transactions to a segment. */
const segmentBytesMax = 200;

interface World {
  readonly disk: MemoryDisk;
  /** The state of each snapshot. */
  readonly states: ReadonlyMap<number, ReturnType<BlockStore["contents"]>>;
}

/** A log of 12 transactions with snapshots at these offsets. */
async function worldWith(offsets: readonly number[]): Promise<World> {
  const disk = new MemoryDisk();
  await writeLines(disk, lines, segmentBytesMax);
  const store = new BlockStore(seededRandom(1), [3, 3]);
  const states = new Map<number, ReturnType<BlockStore["contents"]>>();
  let known;
  for (const offset of offsets) {
    store.change(2);
    known = await take(disk, store, offset, known);
    states.set(offset, store.contents());
  }
  return { disk, states };
}

/** What a state was rebuilt from, in words: `5 6..11` is the snapshot at 5 and transactions 6 to 11. */
function words({ states }: World, { snapshot, tables, recorder, log }: Rebuilt): string {
  const { offsets } = recorder;
  const isRight =
    snapshot === undefined
      ? tables === undefined
      : sameTables(tables ?? [], states.get(snapshot.offset) ?? []);
  const range = offsets.length === 0 ? "-" : `${offsets[0]}..${offsets.at(-1)}`;
  return `${isRight ? (snapshot?.offset ?? "none") : "wrong"} ${range} next ${log.nextOffset}`;
}

async function flip(disk: MemoryDisk, path: string, at: number): Promise<void> {
  const bytes = (await disk.readFile(path)).slice();
  bytes[at] = (bytes[at] as number) ^ 0x10;
  disk.install(path, bytes);
}

async function dropSegments(disk: MemoryDisk, until: number): Promise<void> {
  for (let first = 0; first < until; first += 2) {
    await dropSegment(disk, first);
  }
}

async function dropSegment(disk: MemoryDisk, first: number): Promise<void> {
  const path = `${logDirectory}/${segmentName(first)}`;
  await disk.remove(path);
  await disk.remove(indexName(path));
}

void test("[SNAP8] a state begins with the newest snapshot", async (t) => {
  const cases: readonly (readonly [snapshots: readonly number[], expected: string])[] = [
    [[], "none 0..11 next 12"],
    [[0], "0 1..11 next 12"],
    [[3, 5], "5 6..11 next 12"],
    [[3, 11], "11 - next 12"],
  ];
  for (const [snapshots, expected] of cases) {
    const world = await worldWith(snapshots);
    const rebuilt = await rebuild(world.disk);
    t.equal(words(world, rebuilt), expected);
    t.same(rebuilt.notes, []);
    t.equal(rebuilt.beginCount, 1);
  }
});

void test("[SNAP8] the log may begin anywhere up to the transaction after it", async (t) => {
  for (const [until, expected] of [
    [4, "5 6..11 next 12"],
    [6, "5 6..11 next 12"],
  ] as const) {
    const world = await worldWith([3, 5]);
    await dropSegments(world.disk, until);
    t.equal(words(world, await rebuild(world.disk)), expected);
  }
  const world = await worldWith([3, 5]);
  await dropSegments(world.disk, 8);
  await t.rejects(rebuild(world.disk), {
    code: "LC_SNAPSHOT",
    message:
      /^clog\/0{19}8\.stdb\.log: it begins with transaction 8, .*5\.snapshot is not used: .*lightcone log verify/,
  });
});

void test("[SNAP9] no damage of a manifest or a pack is overlooked", async (t) => {
  const world = await worldWith([3, 5]);
  const { disk } = world;
  const places = [
    ...Array.from(await disk.readFile(manifestPath(5)), (_, at) => [manifestPath(5), at] as const),
    ...Array.from(await disk.readFile(packPath(2)), (_, at) => [packPath(2), at] as const),
  ];
  for (const [path, at] of places) {
    await flip(disk, path, at);
    const rebuilt = await rebuild(disk);
    if (words(world, rebuilt) !== "3 4..11 next 12") t.fail(`${path} byte ${at}`);
    if (rebuilt.beginCount !== 1) t.fail("a damaged snapshot was handed out");
    if (rebuilt.notes.length !== 1) t.fail("nobody was told");
    await flip(disk, path, at);
  }
  t.equal(words(world, await rebuild(disk)), "5 6..11 next 12", "nothing else was harmed");
  t.ok(places.length > 500, `${places.length} places`);
});

void test("[SNAP9] what is missing or short makes an older snapshot serve", async (t) => {
  type Harm = (disk: MemoryDisk) => Promise<void>;
  const cases: readonly (readonly [harm: Harm, expected: string, note: RegExp])[] = [
    [async (disk) => disk.remove(packPath(2)), "3 4..11 next 12", /0002\.pack: ENOENT/],
    [
      async (disk) => disk.install(packPath(2), (await disk.readFile(packPath(2))).slice(0, -1)),
      "3 4..11 next 12",
      /0002\.pack: it ends within/,
    ],
    [async (disk) => disk.remove(packPath(1)), "none 0..11 next 12", /0001\.pack: ENOENT/],
    [
      async (disk) => disk.rename(manifestPath(3), manifestPath(5)),
      "none 0..11 next 12",
      /it holds the state after transaction 3/,
    ],
    [
      async (disk) => {
        const point = { identity: new Uint8Array(32), offset: 5, epoch: 0 };
        disk.install(manifestPath(5), new ManifestWriter(point, 0).finish([]));
      },
      "3 4..11 next 12",
      /it belongs to another database/,
    ],
  ];
  for (const [harm, expected, note] of cases) {
    const world = await worldWith([3, 5]);
    await harm(world.disk);
    const rebuilt = await rebuild(world.disk);
    t.equal(words(world, rebuilt), expected);
    t.match(rebuilt.notes[0], note);
    t.match(rebuilt.notes[0], /^snapshots\/0{19}5\.snapshot is not used: /);
  }
});

void test("[SNAP10] snapshots beyond the log's end are renamed", async (t) => {
  const world = await worldWith([3, 20]);
  const rebuilt = await rebuild(world.disk);
  t.equal(words(world, rebuilt), "3 4..11 next 12");
  t.match(rebuilt.notes, [/20\.snapshot is not used and was renamed: the log ends before .* 12$/]);
  t.same((await listSnapshots(world.disk)).manifests, [3]);
  t.ok(await world.disk.exists(invalidPath(20)));
  t.ok(await world.disk.crash(seededRandom(1)).exists(invalidPath(20)), "for good");
  t.same((await rebuild(world.disk)).notes, []);

  // The last segment is gone, with transactions that were durable.
  const cut = await worldWith([3, 10, 11]);
  await dropSegment(cut.disk, 10);
  t.equal(words(cut, await rebuild(cut.disk)), "3 4..9 next 10");
});

void test("[SNAP11] a state that nothing leads to is refused", async (t) => {
  const missing = await worldWith([]);
  await dropSegments(missing.disk, 2);
  await t.rejects(rebuild(missing.disk), { code: "LC_SNAPSHOT", message: /no snapshot in/ });

  const damaged = await worldWith([5]);
  await dropSegments(damaged.disk, 2);
  await flip(damaged.disk, packPath(1), 0);
  const before = await damaged.disk.list(logDirectory);
  const failure: unknown = await rebuild(damaged.disk).catch((thrown: unknown) => thrown);
  t.ok(failure instanceof LightconeError);
  t.match(failure, { code: "LC_SNAPSHOT", reasons: [/5\.snapshot is not used: .* are damaged/] });
  t.same(await damaged.disk.list(logDirectory), before, "nothing was changed");

  const lost = await worldWith([5]);
  for (const name of await lost.disk.list(logDirectory)) {
    await lost.disk.remove(`${logDirectory}/${name}`);
  }
  await t.rejects(rebuild(lost.disk), {
    code: "LC_SNAPSHOT",
    message: /5\.snapshot: the log in clog, .* has no segment any more; .*lightcone log verify/,
  });
});

void test("[SNAP8] an empty directory is an empty state", async (t) => {
  const { log, snapshot, tables } = await rebuild(new MemoryDisk());
  t.same({ next: log.nextOffset, snapshot, tables }, { next: 0, snapshot: undefined, tables });
  t.equal(tables, undefined);
  t.equal(identity.length, 32);
});

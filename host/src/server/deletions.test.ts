import { type Identity, identityFromClaims } from "@lightcone/abi";
import { test } from "tap";
import { ManualClock } from "../base/clock.ts";
import { MemoryDisk } from "../base/disk/memory.ts";
import { seededRandom } from "../base/random.ts";
import { ManualTimers } from "../base/timers.ts";
import { Control } from "./control.ts";
import type { Databases } from "./contract.ts";
import { Deletions } from "./deletions.ts";
import { TestDatabases } from "./test-databases.ts";
import { discard, purge, recover, replicaPath, tidyTrash } from "./trash.ts";

const alice = identityFromClaims("localhost", "alice");
const identity = (name: string): Identity => identityFromClaims("localhost", `db ${name}`);

/** Databases that are their directories and nothing else. */
class DiskDatabases extends TestDatabases {
  readonly #disk: MemoryDisk;

  constructor(disk: MemoryDisk) {
    super();
    this.#disk = disk;
  }

  override remove(id: Identity): Promise<void> {
    return this.#disk.remove(replicaPath(id));
  }

  override discard(id: Identity): Promise<void> {
    return discard(this.#disk, id);
  }

  override recover(id: Identity): Promise<void> {
    return recover(this.#disk, id);
  }

  override purge(id: Identity): Promise<void> {
    return purge(this.#disk, id);
  }

  override tidyDiscarded(deleted: readonly Identity[]): Promise<void> {
    return tidyTrash(this.#disk, deleted);
  }
}

interface World {
  readonly disk: MemoryDisk;
  readonly clock: ManualClock;
  readonly timers: ManualTimers;
  readonly control: Control;
  readonly databases: Databases;
  readonly deletions: Deletions;
  readonly reported: unknown[];
}

const graceMillis = 60_000;

/** A host over `disk`, at a point of time of its own. */
async function open(disk: MemoryDisk, startMicros = 0n): Promise<World> {
  const clock = new ManualClock(startMicros);
  const timers = new ManualTimers(clock);
  const control = await Control.open(disk, clock);
  const databases = new DiskDatabases(disk);
  const reported: unknown[] = [];
  const report = (thrown: unknown): void => void reported.push(thrown);
  const deletions = await Deletions.open({ control, databases, timers, graceMillis, report });
  return { disk, clock, timers, control, databases, deletions, reported };
}

async function create({ control, disk }: World, name: string): Promise<Identity> {
  const reservation = control.reserve(name, identity(name), alice);
  await reservation.begin();
  await disk.makeDirectory(`${replicaPath(reservation.identity)}`);
  await disk.syncDirectory("replicas");
  await disk.syncDirectory("");
  await reservation.commit();
  return reservation.identity;
}

/** Where the files of a database are. */
async function placeOf(disk: MemoryDisk, id: Identity): Promise<string> {
  const places = ["replicas", "trash"];
  const found = await Promise.all(places.map((place) => disk.exists(`${place}/${id.toHex()}`)));
  return places.filter((_, i) => found[i]).join(" and ") || "nowhere";
}

async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}

async function stop({ deletions, control }: World): Promise<void> {
  await deletions.close();
  await control.close();
}

void test("a deleted database comes back with its files, until its time is over", async (t) => {
  const world = await open(new MemoryDisk());
  const { disk, control, deletions, timers } = world;
  const chat = await create(world, "chat");
  const bank = await create(world, "bank");
  await deletions.delete(chat, false);
  t.equal(await placeOf(disk, chat), "trash");
  timers.advance(59_000_000n);
  await settle();
  await deletions.undelete(chat);
  t.equal(await placeOf(disk, chat), "replicas");
  t.same(control.names(chat), ["chat"]);
  await t.rejects(deletions.undelete(chat), { code: "LC_DATABASE_UNKNOWN" });

  await deletions.delete(chat, false);
  await deletions.delete(bank, true);
  t.equal(await placeOf(disk, bank), "nowhere", "at once, if that is wanted");
  timers.advance(59_000_000n);
  await settle();
  t.equal(await placeOf(disk, chat), "trash", "each deletion has its own time");
  timers.advance(2_000_000n);
  await settle();
  t.equal(await placeOf(disk, chat), "nowhere");
  await t.rejects(deletions.undelete(chat), { code: "LC_DATABASE_UNKNOWN" });
  t.equal(timers.count, 0, "nothing to wait for");
  t.same(world.reported, []);
  await stop(world);
});

void test("neither a restart nor a calendar that jumps makes a database go early or stay for ever", async (t) => {
  const disk = new MemoryDisk();
  const first = await open(disk);
  const chat = await create(first, "chat");
  await first.deletions.delete(chat, false);
  first.timers.advance(30_000_000n);
  first.clock.set(10n ** 17n);
  first.timers.advance(10_000_000n);
  await settle();
  t.equal(await placeOf(disk, chat), "trash", "the calendar says years");
  await stop(first);

  const second = await open(disk, 10n ** 18n);
  await settle();
  t.equal(await placeOf(disk, chat), "trash", "so does the one of the next host");
  second.timers.advance(15_000_000n);
  await settle();
  t.equal(await placeOf(disk, chat), "trash");
  second.timers.advance(10_000_000n);
  await settle();
  t.equal(await placeOf(disk, chat), "nowhere", "40 s before and 25 s after the restart");
  await stop(second);
});

void test("what a crash leaves is put right at the next start", async (t) => {
  for (const operation of ["name", "sync", "write", "any"] as const) {
    for (let successCount = 0; successCount < 10; successCount++) {
      const disk = new MemoryDisk();
      const world = await open(disk);
      const chat = await create(world, "chat");
      const work = ["delete", "undelete", "delete", "purge"];
      let done = 0;
      disk.failAfter(operation, successCount, "EIO");
      try {
        for (const step of work) {
          if (step === "undelete") await world.deletions.undelete(chat);
          else await world.deletions.delete(chat, step === "purge");
          done++;
        }
      } catch (thrown) {
        t.match(thrown, { code: "LC_DISK" });
      }
      const title = `${operation} ${successCount}: ${done} done`;
      const found = await open(disk.crash(seededRandom(successCount)));
      const isLive = found.control.database(chat) !== undefined;
      const isDeleted = found.control.deleted.find(chat) !== undefined;
      const place = await placeOf(found.disk, chat);
      t.equal(place, isLive ? "replicas" : isDeleted ? "trash" : "nowhere", title);
      if (done === work.length) t.equal(place, "nowhere", title);
      else if (done < work.length - 1) t.not(place, "nowhere", `${title}: nothing is lost early`);
      t.same(found.reported, [], title);
      await stop(found);
    }
  }
});

void test("files of a first publish that a crash broke off go at the next start, and no others", async (t) => {
  const disk = new MemoryDisk();
  const world = await open(disk);
  const chat = await create(world, "chat");
  await world.control.reserve("half", identity("half"), alice).begin();
  for (const name of ["half", "stranger"]) {
    await disk.makeDirectory(replicaPath(identity(name)));
  }
  await stop(world);
  const found = await open(disk);
  t.equal(await placeOf(disk, identity("half")), "nowhere");
  t.equal(await placeOf(disk, identity("stranger")), "replicas", "nobody knows whose it is");
  t.equal(await placeOf(disk, chat), "replicas");
  t.same(found.control.beginnings(), []);
  await stop(found);
});

void test("a disk that fails while databases are removed is reported, and tried again", async (t) => {
  const world = await open(new MemoryDisk());
  const { disk, timers, deletions, reported } = world;
  const chat = await create(world, "chat");
  await deletions.delete(chat, false);
  disk.failAfter("any", 0, "EIO");
  timers.advance(61_000_000n);
  await settle();
  t.match(reported, [{ code: "LC_DISK" }]);
  disk.heal();
  timers.advance(400_000_000n);
  await settle();
  t.equal(await placeOf(disk, chat), "nowhere");
  await stop(world);
});

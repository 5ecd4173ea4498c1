// The memory disk as a test rig: what it loses in a crash, what it never loses, and how it fails.
import { test } from "tap";
import { seededRandom } from "../random.ts";
import type { DiskFile } from "./contract.ts";
import { MemoryDisk } from "./memory.ts";
import { noCrashEffects } from "./memory-file.ts";

const seeds = Array.from({ length: 200 }, (_, i) => i);

async function append(file: DiskFile, text: string): Promise<void> {
  file.writeSync(await file.size(), new TextEncoder().encode(text), 0, text.length);
}

/** What a file could hold after a crash now, over all seeds; "(gone)" where it has no name. */
async function outcomes(disk: MemoryDisk, path: string): Promise<Set<string>> {
  const found = new Set<string>();
  for (const seed of seeds) {
    const after = disk.crash(seededRandom(seed));
    const isThere = await after.exists(path);
    found.add(isThere ? new TextDecoder().decode(await after.readFile(path)) : "(gone)");
  }
  return found;
}

void test("a crash keeps what was synced and any part of the rest", async (t) => {
  const disk = new MemoryDisk();
  const file = await disk.open("a", "create");
  await append(file, "ab");
  await file.sync();
  t.same(await outcomes(disk, "a"), new Set(["(gone)", "ab"]), "a name lives by its directory");
  await disk.syncDirectory("");
  t.same(await outcomes(disk, "a"), new Set(["ab"]));
  await append(file, "cd");
  await append(file, "e");
  const appended = ["ab", "abc", "abcd", "abcde"];
  const unfilled = ["ab\0\0", "ab\0\0\0", "abcd\0"];
  t.same(await outcomes(disk, "a"), new Set([...appended, ...unfilled]));
  await file.sync();
  t.same(await outcomes(disk, "a"), new Set(["abcde"]));
  await file.truncate(1);
  t.same(await outcomes(disk, "a"), new Set(["abcde", "a", "a\0\0\0\0"]));
});

void test("a crash may leave a hole before written sectors, in new bytes only", async (t) => {
  const disk = new MemoryDisk();
  const file = await disk.open("a", "create");
  await disk.syncDirectory("");
  await append(file, "x".repeat(600));
  await file.sync();
  await append(file, "y".repeat(2000));
  let holes = 0;
  for (const text of await outcomes(disk, "a")) {
    t.ok(text.startsWith("x".repeat(600)), "synced bytes are whole");
    if (/\0y/.test(text)) holes++;
  }
  t.ok(holes > 0, "some crash left a hole");
});

void test("names become durable by their directory", async (t) => {
  const disk = new MemoryDisk();
  await disk.makeDirectory("d");
  await disk.open("d/tmp", "create");
  await disk.rename("d/tmp", "d/final");
  const listings = new Set<string>();
  for (const seed of seeds) {
    listings.add((await disk.crash(seededRandom(seed)).list("d")).join());
  }
  t.same(listings, new Set(["", "tmp", "final"]), "never both, the directory always");
  await disk.open("other", "create");
  await disk.syncDirectory("d");
  for (const seed of seeds) {
    t.same(await disk.crash(seededRandom(seed)).list("d"), ["final"]);
  }
  t.same(await outcomes(disk, "other"), new Set(["(gone)", ""]), "of another directory");
  await disk.remove("d/final");
  t.same(await outcomes(disk, "d/final"), new Set(["(gone)", ""]));
});

void test("names survive in any order, and the disk says what it lost", async (t) => {
  const disk = new MemoryDisk();
  await disk.open("a", "create");
  await disk.open("b", "create");
  const file = await disk.open("a", "write");
  await append(file, "x".repeat(2000));
  const effects = noCrashEffects();
  const listings = new Set<string>();
  for (const seed of seeds) {
    listings.add((await disk.crash(seededRandom(seed), effects).list("")).join());
  }
  t.same(listings, new Set(["", "a", "b", "a,b"]));
  for (const [effect, count] of Object.entries(effects)) t.ok(count > 5, `${effect}: ${count}`);
});

void test("bytes written while a sync is under way wait for the next one", async (t) => {
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const disk = new MemoryDisk({ beforeSync: () => held });
  const file = await disk.open("a", "create");
  await disk.syncDirectory("");
  await append(file, "a");
  const syncing = file.sync();
  await append(file, "b");
  t.same(await outcomes(disk, "a"), new Set(["", "a", "ab", "\0", "\0\0", "a\0"]));
  release();
  await syncing;
  t.same(await outcomes(disk, "a"), new Set(["a", "ab", "a\0"]));
});

void test("faults strike after a count, leave half a write, and end", async (t) => {
  const disk = new MemoryDisk();
  const file = await disk.open("a", "create");
  await disk.syncDirectory("");
  disk.failAfter("write", 1, "ENOSPC");
  await append(file, "ab");
  await t.rejects(append(file, "cdef"), {
    code: "LC_DISK",
    message: "cannot write to a: ENOSPC (no space left on device)",
  });
  t.equal(new TextDecoder().decode(await disk.readFile("a")), "abcd");
  await t.rejects(file.truncate(0), { code: "LC_DISK" });
  disk.heal();
  await file.truncate(2);
  disk.failAfter("name", 0, "EIO");
  await t.rejects(disk.open("b", "create"), { message: "cannot create b: EIO (i/o error)" });
  await t.rejects(disk.syncDirectory(""), { code: "LC_DISK" });
});

void test("a failed sync forgets: a later one does not make its bytes durable", async (t) => {
  const disk = new MemoryDisk();
  const file = await disk.open("a", "create");
  await disk.syncDirectory("");
  await append(file, "ab");
  disk.failAfter("sync", 0, "EIO");
  await t.rejects(file.sync(), { code: "LC_DISK", message: "cannot sync a: EIO (i/o error)" });
  disk.heal();
  await file.sync();
  t.same(await outcomes(disk, "a"), new Set([""]));
  t.equal(await file.size(), 2, "though a reader still sees them");
});

// What the contract of a disk promises, asked of every disk there is. A new one adds a row to
// `disks`.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LightconeError } from "@lightcone/abi";
import { type Test, test } from "tap";
import type { Disk } from "./contract.ts";
import { MemoryDisk } from "./memory.ts";
import { nodeDisk } from "./node.ts";

const disks: Record<string, (t: Test) => Disk> = {
  memory: () => new MemoryDisk(),
  node(t) {
    const root = mkdtempSync(join(tmpdir(), "lightcone-disk-"));
    t.teardown(() => rmSync(root, { recursive: true }));
    return nodeDisk(root);
  },
};

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

async function put(disk: Disk, path: string, text: string): Promise<void> {
  const file = await disk.open(path, "create");
  const bytes = bytesOf(text);
  file.writeSync(0, bytes, 0, bytes.length);
  await file.sync();
  await file.close();
}

async function text(disk: Disk, path: string): Promise<string> {
  return textOf(await disk.readFile(path));
}

async function refused(t: Test, promise: Promise<unknown>, message: RegExp): Promise<void> {
  try {
    await promise;
    t.fail(`expected a failure like ${message.source}`);
  } catch (thrown) {
    t.ok(thrown instanceof LightconeError && thrown.code === "LC_DISK", "an LC_DISK error");
    t.match((thrown as Error).message, message);
  }
}

type Case = readonly [title: string, run: (t: Test, disk: Disk) => Promise<void>];

const cases: readonly Case[] = [
  [
    "a new file holds what is written, wherever it is written",
    async (t, disk) => {
      const file = await disk.open("a", "create");
      const bytes = bytesOf("_hello_");
      file.writeSync(3, bytes, 1, 6);
      file.writeSync(0, bytesOf("abcd"), 0, 4);
      t.equal(await file.size(), 8);
      t.equal(await text(disk, "a"), "abcdello");
      await file.close();
    },
  ],
  [
    "a read fills a range and stops at the end of the file",
    async (t, disk) => {
      await put(disk, "a", "0123456789");
      const file = await disk.open("a", "read");
      const target = bytesOf("------");
      t.equal(await file.read(2, target, 1, 4), 3);
      t.equal(textOf(target), "-234--");
      t.equal(await file.read(8, target, 0, 6), 2);
      t.equal(textOf(target), "8934--");
      t.equal(await file.read(20, target, 0, 6), 0);
      await file.close();
    },
  ],
  [
    "an existing file opens for writing with its bytes",
    async (t, disk) => {
      await put(disk, "a", "one");
      const file = await disk.open("a", "write");
      file.writeSync(await file.size(), bytesOf("two"), 0, 3);
      await file.sync();
      await file.close();
      t.equal(await text(disk, "a"), "onetwo");
    },
  ],
  [
    "a file can be cut and extended; what is new is zero",
    async (t, disk) => {
      await put(disk, "a", "abcdef");
      const file = await disk.open("a", "write");
      await file.truncate(2);
      t.equal(await file.size(), 2);
      await file.truncate(4);
      await file.close();
      t.equal(await text(disk, "a"), "ab\0\0");
    },
  ],
  [
    "opening refuses what the mode does not allow",
    async (t, disk) => {
      await put(disk, "a", "");
      await refused(t, disk.open("a", "create"), /^cannot create a: EEXIST/);
      await refused(t, disk.open("b", "read"), /^cannot open b: ENOENT/);
      await refused(t, disk.open("b", "write"), /^cannot open b: ENOENT/);
      await refused(t, disk.open("d/b", "create"), /^cannot create d\/b: ENOENT/);
      await refused(t, disk.readFile("b"), /^cannot read b: ENOENT/);
      await refused(t, disk.rename("b", "c"), /^cannot rename b: ENOENT/);
    },
  ],
  [
    "directories are made with those above them and list their own names, sorted",
    async (t, disk) => {
      await disk.makeDirectory("x/y");
      await disk.makeDirectory("x/y");
      await put(disk, "x/y/b", "");
      await put(disk, "x/y/a", "");
      await put(disk, "x/z", "");
      t.same(await disk.list("x"), ["y", "z"]);
      t.same(await disk.list("x/y"), ["a", "b"]);
      t.same(await disk.list(""), ["x"]);
      t.same(await disk.list("nowhere"), []);
      t.ok(await disk.exists("x/y"));
      t.ok(await disk.exists("x/y/a"));
      t.notOk(await disk.exists("x/y/c"));
      await disk.syncDirectory("x/y");
      await refused(t, disk.syncDirectory("nowhere"), /^cannot sync the directory nowhere: ENOENT/);
      await refused(t, disk.makeDirectory("x/z"), /^cannot make x\/z: EEXIST/);
    },
  ],
  [
    "a rename replaces, moves directories with all in them, and leaves open files alone",
    async (t, disk) => {
      await put(disk, "a", "new");
      await put(disk, "b", "old");
      const file = await disk.open("a", "write");
      await disk.rename("a", "b");
      file.writeSync(0, bytesOf("N"), 0, 1);
      await file.close();
      t.equal(await text(disk, "b"), "New");
      t.notOk(await disk.exists("a"));
      await disk.makeDirectory("d/e");
      await put(disk, "d/e/f", "deep");
      await disk.rename("d", "g");
      t.equal(await text(disk, "g/e/f"), "deep");
      t.notOk(await disk.exists("d"));
    },
  ],
  [
    "removing takes a file or a whole directory, and does not mind if it is gone",
    async (t, disk) => {
      await disk.makeDirectory("d/e");
      await put(disk, "d/e/f", "");
      await put(disk, "dd", "stays");
      await disk.remove("d");
      await disk.remove("d");
      t.same(await disk.list(""), ["dd"]);
      await disk.remove("dd");
      t.same(await disk.list(""), []);
    },
  ],
  [
    "a path that leaves the disk is a bug of the caller",
    async (t, disk) => {
      for (const path of ["..", "a/../b", "/a", "a/", "a//b", "."]) {
        await t.rejects(disk.exists(path), { name: "InvariantError" }, path);
      }
    },
  ],
];

for (const [name, make] of Object.entries(disks)) {
  void test(`a ${name} disk`, async (t) => {
    for (const [title, run] of cases) await t.test(title, async (t) => run(t, make(t)));
  });
}

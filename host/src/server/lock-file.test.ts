import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Test, test } from "tap";
import { nodeDisk } from "../base/disk/node.ts";
import { seededRandom, systemRandom } from "../base/random.ts";
import { type DataDirLock, lockDataDir } from "./lock-file.ts";

function makeDirectory(t: Test, name = "d"): string {
  const root = mkdtempSync(join(tmpdir(), "lightcone-lock-"));
  t.teardown(() => rmSync(root, { recursive: true }));
  const directory = join(root, name);
  mkdirSync(directory);
  return directory;
}

function lock(directory: string, random = systemRandom): Promise<DataDirLock> {
  return lockDataDir(directory, nodeDisk(directory), random);
}

/** As many levels as it takes to be longer than the address of a socket may be. */
const longName = "x".repeat(120);

for (const [title, name] of [
  ["short", "d"],
  ["long", longName],
] as const) {
  void test(`a directory with a ${title} path has one owner at a time`, async (t) => {
    const directory = makeDirectory(t, name);
    const first = await lock(directory);
    t.match(readdirSync(directory), [/^lightcone-[0-9a-f]{8}\.sock$/]);
    for (let i = 0; i < 3; i++) {
      await t.rejects(lock(directory), {
        code: "LC_DATA_DIR_IN_USE",
        message: new RegExp(`another host uses the data directory .*${name}`),
      });
    }
    t.equal(readdirSync(directory).length, 1, "those refused leave nothing");
    await first.release();
    t.same(readdirSync(directory), []);
    const second = await lock(directory);
    await second.release();
  });
}

void test("two directories whose paths begin alike do not share a lock", async (t) => {
  const one = makeDirectory(t, longName);
  const two = `${one}y`;
  mkdirSync(two);
  const locks = [await lock(one), await lock(two)];
  t.equal(readdirSync(one).length, 1);
  t.equal(readdirSync(two).length, 1);
  for (const held of locks) await held.release();
});

/** Binds a socket in a process of its own and kills that. */
async function leaveStaleSocket(path: string): Promise<void> {
  const script = `require("net").createServer().listen(${JSON.stringify(path)},()=>console.log("up"))`;
  const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout, "data");
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

void test("what a killed host leaves is removed", async (t) => {
  const directory = makeDirectory(t);
  const name = "lightcone-00c0ffee.sock";
  await leaveStaleSocket(join(directory, name));
  t.ok(existsSync(join(directory, name)), "the rig left a socket");
  const held = await lock(directory);
  t.notOk(existsSync(join(directory, name)));
  await held.release();
});

void test("a name taken by what a host with the same chance left is drawn anew", async (t) => {
  const directory = makeDirectory(t);
  const first = seededRandom(5).u32().toString(16).padStart(8, "0");
  await leaveStaleSocket(join(directory, `lightcone-${first}.sock`));
  const held = await lock(directory, seededRandom(5));
  t.equal(readdirSync(directory).length, 1);
  await held.release();
});

void test("of several that start at once at most one goes on", async (t) => {
  const directory = makeDirectory(t);
  await leaveStaleSocket(join(directory, "lightcone-00000001.sock"));
  const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => lock(directory)));
  const held = outcomes.filter((outcome) => outcome.status === "fulfilled");
  t.ok(held.length <= 1, `${held.length} hold it`);
  for (const { value } of held) await value.release();
  const after = await lock(directory);
  await after.release();
});

void test("other files, and sockets of other programs, are left alone", async (t) => {
  const directory = makeDirectory(t);
  const other = createServer();
  other.listen(join(directory, "other.sock"));
  await once(other, "listening");
  const held = await lock(directory);
  await held.release();
  t.same(readdirSync(directory), ["other.sock"]);
  other.close();
  await once(other, "close");
});

void test("a directory that takes no sockets is a fault of configuration", async (t) => {
  const directory = join(makeDirectory(t), "missing");
  await t.rejects(lock(directory), { code: "LC_CONFIG", message: /missing cannot be locked/ });
});

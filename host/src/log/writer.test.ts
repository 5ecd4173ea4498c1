// The log on a disk: groups, order, rotation, and what a failing disk does to it. Crashes are in
// crash.test.ts.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Test, test } from "tap";
import { MemoryDisk } from "../base/disk/memory.ts";
import { nodeDisk } from "../base/disk/node.ts";
import { limit } from "../base/limit.ts";
import { readIndex } from "./offset-index.ts";
import { CommitFrame, parseCommit, segmentName } from "./segment.ts";
import { appendLine, directory, parseTransaction, reopen, writeLines } from "./test-rig.ts";

const lines = (count: number, first = 0): string[] =>
  Array.from({ length: count }, (_, i) => `f(${first + i}) +7:row${first + i}`);

const pathOf = (firstOffset: number): string => `${directory}/${segmentName(firstOffset)}`;

/** Lets a test hold syncs back and count them. */
class Gate {
  count = 0;
  #waiting: (() => void)[] = [];
  #isOpen = true;

  readonly beforeSync = async (): Promise<void> => {
    this.count++;
    if (this.#isOpen) return;
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
    });
  };

  close(): void {
    this.#isOpen = false;
  }

  /** Lets those go who wait now. */
  async letPass(): Promise<void> {
    for (const pass of this.#waiting.splice(0)) pass();
    await turn();
  }

  async open(): Promise<void> {
    this.#isOpen = true;
    await this.letPass();
  }
}

/** Enough turns of the loop for everything that waits for nothing else. */
async function turn(): Promise<void> {
  for (let i = 0; i < 5; i++) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}

async function replayed(disk: MemoryDisk): Promise<readonly string[]> {
  const { log, lines: found } = await reopen(disk);
  await log.close();
  return found;
}

void test("[LOG17] what one turn appends becomes durable with one sync", async (t) => {
  const gate = new Gate();
  const disk = new MemoryDisk({ beforeSync: gate.beforeSync });
  const { log, listener } = await reopen(disk);
  t.equal(log.nextOffset, 0);
  t.equal(log.durableOffset, -1);
  for (const [i, line] of lines(10).entries()) t.equal(appendLine(log, line), i);
  t.equal(log.nextOffset, 10);
  t.equal(log.durableOffset, -1);
  t.equal(gate.count, 0, "nothing is written before the turn ends");
  await turn();
  t.same(listener.durable, [9]);
  t.equal(log.durableOffset, 9);
  t.equal(gate.count, 1);
  await log.close();
  t.same(await replayed(disk), lines(10));
});

void test("[LOG17] commits gather while a sync is under way and go with the next", async (t) => {
  const gate = new Gate();
  const disk = new MemoryDisk({ beforeSync: gate.beforeSync });
  const { log, listener } = await reopen(disk);
  gate.close();
  appendLine(log, "+7:a");
  await turn();
  appendLine(log, "+7:b");
  await turn();
  appendLine(log, "+7:c");
  await turn();
  t.equal(gate.count, 1);
  t.equal(log.durableOffset, -1);
  await gate.letPass();
  t.same(listener.durable, [0]);
  t.equal(gate.count, 2);
  appendLine(log, "+7:d");
  await gate.letPass();
  t.same(listener.durable, [0, 2]);
  await gate.open();
  t.same(listener.durable, [0, 2, 3]);
  await log.close();
  t.same(await replayed(disk), ["+7:a", "+7:b", "+7:c", "+7:d"]);
});

void test("[LOG17] a flush resolves when all before it is durable, not sooner", async (t) => {
  const gate = new Gate();
  const { log } = await reopen(new MemoryDisk({ beforeSync: gate.beforeSync }));
  await log.flush();
  t.equal(gate.count, 0, "nothing to flush");
  gate.close();
  const done: string[] = [];
  appendLine(log, "+7:a");
  const first = log.flush().then(() => done.push("first"));
  appendLine(log, "+7:b");
  const second = log.flush().then(() => done.push("second"));
  await turn();
  await gate.letPass();
  t.same(done, ["first"]);
  await gate.open();
  await Promise.all([first, second]);
  t.same(done, ["first", "second"]);
  await log.close();
  await t.rejects(log.close(), { name: "InvariantError" });
  t.throws(() => appendLine(log, "+7:c"), { name: "InvariantError" });
});

void test("[LOG17] too much waiting asks the owner to hold back", async (t) => {
  const gate = new Gate();
  const { log } = await reopen(new MemoryDisk({ beforeSync: gate.beforeSync }));
  gate.close();
  const { tables } = parseTransaction("+7:a");
  for (let i = 0; i < limit.commitQueueCountMax; i++) log.append(undefined, tables);
  t.notOk(log.isBackpressured);
  await turn();
  log.append(undefined, tables);
  t.ok(log.isBackpressured, "commits under way count as well");
  log.append(undefined, tables);
  await gate.letPass();
  t.notOk(log.isBackpressured);
  await gate.open();
  await log.flush();

  gate.close();
  const rows = `+7:${"x".repeat(250)} `.repeat(10_000);
  const large = parseTransaction(rows).tables;
  for (let bytes = 0; bytes < limit.commitQueueBytesMax; bytes += 2_500_000) {
    t.notOk(log.isBackpressured);
    log.append(undefined, large);
  }
  t.ok(log.isBackpressured, "bytes count, too");
  await gate.open();
  await log.flush();
  t.notOk(log.isBackpressured);
  await log.close();
});

void test("[LOG1] [LOG18] a segment that is large enough is followed by another", async (t) => {
  const disk = new MemoryDisk();
  await writeLines(disk, lines(10), 300);
  const names = (await disk.list(directory)).filter((name) => name.endsWith(".log"));
  t.ok(names.length >= 3, names.join());
  t.notOk((await disk.list(directory)).some((name) => name.endsWith(".tmp")));
  t.same(await replayed(disk), lines(10));
  await writeLines(disk, lines(10, 10), 300);
  t.same(await replayed(disk), lines(20));
});

void test("[LOG1] a log opened again has the bytes of one that never closed", async (t) => {
  const whole = new MemoryDisk();
  await writeLines(whole, lines(30));
  const parts = new MemoryDisk();
  for (let first = 0; first < 30; first += 10) await writeLines(parts, lines(10, first));
  t.same(await parts.readFile(pathOf(0)), await whole.readFile(pathOf(0)));
  t.same(await parts.list(directory), await whole.list(directory));
});

void test("[LOG16] the index names durable commits, the last one too", async (t) => {
  const disk = new MemoryDisk();
  await writeLines(disk, lines(300));
  const bytes = await disk.readFile(pathOf(0));
  const entries = await readIndex(disk, pathOf(0));
  t.ok(entries.length > 5, `${entries.length} entries`);
  const frame = new CommitFrame();
  for (const { offset, position } of entries) {
    t.equal(parseCommit(bytes, position, bytes.length, 22, frame), "whole");
    t.equal(frame.offset, offset);
  }
  t.equal(entries.at(-1)?.offset, 299);
});

/** Lets a disk fail in the third of three groups. */
async function checkFailure(
  t: Test,
  fault: (disk: MemoryDisk) => void,
  message: string,
  segmentBytesMax?: number,
): Promise<void> {
  const disk = new MemoryDisk();
  const { log, listener } = await reopen(disk, segmentBytesMax);
  for (const line of lines(2)) {
    appendLine(log, line);
    await log.flush();
  }
  fault(disk);
  appendLine(log, "+7:lost");
  const error = { code: "LC_DISK", message };
  await t.rejects(log.flush(), error);
  t.equal(log.durableOffset, 1);
  t.same(listener.durable, [0, 1]);
  t.equal(listener.failures.length, 1);
  t.match(listener.failures[0], error);
  t.throws(() => appendLine(log, "+7:more"), error);
  await t.rejects(log.flush(), error);
  await t.rejects(log.close(), error);
  await turn();
  t.same(listener.durable, [0, 1], "nothing is durable after a failure");
  disk.heal();
  t.same(await replayed(disk), lines(2));
  await writeLines(disk, lines(3, 2));
  t.same(await replayed(disk), lines(5));
}

void test("[LOG19] a disk that fails ends the log, not what it holds", async (t) => {
  const segment = pathOf(0);
  const next = `${pathOf(2)}.tmp`;
  await checkFailure(
    t,
    (disk) => disk.failAfter("write", 0, "ENOSPC"),
    `cannot write to ${segment}: ENOSPC (no space left on device)`,
  );
  await checkFailure(
    t,
    (disk) => disk.failAfter("sync", 0, "EIO"),
    `cannot sync ${segment}: EIO (i/o error)`,
  );
  await checkFailure(
    t,
    (disk) => disk.failAfter("name", 0, "ENOSPC"),
    `cannot create ${next}: ENOSPC (no space left on device)`,
    150,
  );
  await checkFailure(
    t,
    (disk) => disk.failAfter("name", 1, "EIO"),
    `cannot rename ${next}: EIO (i/o error)`,
    150,
  );
  await checkFailure(
    t,
    (disk) => disk.failAfter("name", 2, "EIO"),
    `cannot sync the directory ${directory}: EIO (i/o error)`,
    150,
  );
});

void test("[LOG1] [LOG18] a log on the machine's own disk", async (t) => {
  const root = mkdtempSync(join(tmpdir(), "lightcone-log-"));
  t.teardown(() => rmSync(root, { recursive: true }));
  const disk = nodeDisk(root);
  await writeLines(disk, lines(10), 300);
  await writeLines(disk, lines(10, 10), 300);
  const memory = new MemoryDisk();
  await writeLines(memory, lines(20), 300);
  t.same(await disk.list(directory), await memory.list(directory), "the same files");
  const { log, lines: found } = await reopen(disk);
  t.same(found, lines(20));
  await log.close();
});

void test("a listener that throws is a bug and is not taken for a broken disk", async (t) => {
  const { log, listener } = await reopen(new MemoryDisk());
  listener.onDurable = (): void => {
    throw new RangeError("in the listener");
  };
  const seen = new Promise((resolve) => {
    process.once("unhandledRejection", resolve);
  });
  appendLine(log, "+7:a");
  t.match(await seen, { message: "in the listener" });
  t.same(listener.failures, []);
});

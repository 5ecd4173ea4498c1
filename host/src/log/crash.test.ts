// Loss of power, failing disks, cut files and flipped bits: what was reported durable is there, in
// order, and nothing else is ever taken for a transaction.
import { LightconeError } from "@lightcone/abi";
import fc from "fast-check";
import { type Test, test } from "tap";
import type { Disk } from "../base/disk/contract.ts";
import { MemoryDisk } from "../base/disk/memory.ts";
import { type Random, seededRandom } from "../base/random.ts";
import { recoverLog } from "./recover.ts";
import { appendLine, directory, Recorder, reopen, writeLines } from "./test-rig.ts";

const segmentBytesMax = 2000;

function randomLine(random: Random, number: number): string {
  const row = "x".repeat(random.u32() % 250);
  const count = 1 + (random.u32() % 4);
  return `f(${number}) ${`+7:${row} `.repeat(count)}-8:${number}`;
}

/** A disk's state at some moment, and what had been reported durable by then. */
interface Moment {
  readonly disk: MemoryDisk;
  readonly durableOffset: number;
}

/**
 * Writes `lines` in groups of random size, and loses power at each sync before it took effect, at
 * each sync after it, and in the end.
 */
async function crashEverywhere(lines: readonly string[], random: Random): Promise<Moment[]> {
  const moments: Moment[] = [];
  let durableOffset = -1;
  const crashNow = (): void => {
    moments.push({ disk: disk.crash(random), durableOffset });
  };
  const disk = new MemoryDisk({ beforeSync: async () => crashNow() });
  const { log, listener } = await reopen(disk, segmentBytesMax);
  listener.onDurable = (offset): void => {
    durableOffset = offset;
    crashNow();
  };
  for (const line of lines) {
    appendLine(log, line);
    const pause = random.u32() % 8;
    if (pause < 2) await log.flush();
    else if (pause < 4) await Promise.resolve();
  }
  await log.flush();
  crashNow();
  await log.close();
  return moments;
}

/** What is wrong with a recovered log, if anything. */
function faultOf(
  found: readonly string[],
  lines: readonly string[],
  durableOffset: number,
): string | undefined {
  if (found.length <= durableOffset) return `${found.length} found, ${durableOffset} was durable`;
  const wrong = found.findIndex((line, offset) => line !== lines[offset]);
  return wrong === -1 ? undefined : `transaction ${wrong} is another`;
}

void test("[LOG17] [LOG18] power lost at any sync loses nothing durable", async (t) => {
  let crashCount = 0;
  for (let seed = 0; seed < 16; seed++) {
    const random = seededRandom(seed);
    const lines = Array.from({ length: 30 }, (_, number) => randomLine(random, number));
    for (const { disk, durableOffset } of await crashEverywhere(lines, random)) {
      crashCount++;
      const { log, lines: found } = await reopen(disk, segmentBytesMax);
      const fault = faultOf(found, lines, durableOffset);
      if (fault !== undefined) t.fail(`seed ${seed}, crash ${crashCount}: ${fault}`);

      // What was found is durable now, and the log goes on behind it.
      appendLine(log, "+7:after");
      await log.flush();
      const expected = [...found, "+7:after"];
      const again = await reopen(disk.crash(random), segmentBytesMax);
      const secondFault = faultOf(again.lines, expected, found.length);
      if (secondFault !== undefined) t.fail(`seed ${seed}, crash ${crashCount}: ${secondFault}`);
    }
  }
  t.ok(crashCount > 350, `${crashCount} crashes`);
});

void test("the rig notices a disk whose syncs do nothing", async (t) => {
  const random = seededRandom(1);
  const lines = Array.from({ length: 30 }, (_, number) => randomLine(random, number));
  const moments = await crashEverywhere(lines, random);
  let faultCount = 0;
  for (const [i, { disk }] of moments.entries()) {
    // A state from before a sync must not satisfy what was reported after it.
    const durableOffset = moments[i + 1]?.durableOffset ?? 0;
    const { lines: found } = await reopen(disk);
    if (faultOf(found, lines, durableOffset) !== undefined) faultCount++;
  }
  t.ok(faultCount > 0);
});

/**
 * Writes and closes a log, or fails on the way; returns whether it failed and what was reported
 * durable.
 */
async function writeOrFail(
  disk: Disk,
  lines: readonly string[],
): Promise<{ isFailed: boolean; durableOffset: number }> {
  let durableOffset = -1;
  try {
    const { log, listener } = await reopen(disk, segmentBytesMax);
    listener.onDurable = (offset): void => {
      durableOffset = offset;
    };
    for (const line of lines) {
      appendLine(log, line);
      await log.flush();
    }
    await log.close();
    return { isFailed: false, durableOffset };
  } catch (thrown) {
    if (!(thrown instanceof LightconeError && thrown.code === "LC_DISK")) throw thrown;
    return { isFailed: true, durableOffset };
  }
}

// After "any" the cut of LOG19 fails as well, and recovery meets bytes that can be read though the
// disk refused them.
for (const operation of ["sync", "write", "name", "any"] as const) {
  void test(`[LOG19] [LOG20] disks whose ${operation} fails at any point`, async (t) => {
    const random = seededRandom(3);
    const lines = Array.from({ length: 20 }, (_, number) => randomLine(random, number));
    let count = 0;
    for (; ; count++) {
      const disk = new MemoryDisk();
      disk.failAfter(operation, count, "EIO");
      const { isFailed, durableOffset } = await writeOrFail(disk, lines);
      if (!isFailed) break;
      disk.heal();
      const { log, lines: found } = await reopen(disk, segmentBytesMax);
      const fault = faultOf(found, lines, durableOffset);
      if (fault !== undefined) t.fail(`after ${count}: ${fault}`);
      const powerLost = await reopen(disk.crash(random), segmentBytesMax);
      t.same(powerLost.lines, found, `after ${count}: what was read was durable`);
      await log.close();
    }
    t.ok(count > 5, `${count} failures`);
  });
}

const fewLines = ["f(0) +7:abc", "+7:de -7:abc", "f(2) +8:x +8:y !9", "-8:x", "f(4)", "+7:last"];

/** The files of a small log. */
async function smallLog(bytesMax: number): Promise<Map<string, Uint8Array>> {
  const disk = new MemoryDisk();
  await writeLines(disk, fewLines, bytesMax);
  const files = new Map<string, Uint8Array>();
  for (const name of await disk.list(directory)) {
    files.set(name, await disk.readFile(`${directory}/${name}`));
  }
  return files;
}

/** Opens changed files: a first part of the transactions, or a refusal with a code of the log. */
async function checkDamage(
  t: Test,
  files: ReadonlyMap<string, Uint8Array>,
  title: string,
): Promise<"refused" | number> {
  const disk = new MemoryDisk();
  await disk.makeDirectory(directory);
  for (const [name, bytes] of files) disk.install(`${directory}/${name}`, bytes);
  const recorder = new Recorder();
  let isRefused = false;
  try {
    await recoverLog(disk, directory, recorder);
  } catch (thrown) {
    if (!(thrown instanceof LightconeError && thrown.code.startsWith("LC_LOG_"))) throw thrown;
    isRefused = true;
  }
  const fault = faultOf(recorder.lines, fewLines, -1);
  if (fault !== undefined) t.fail(`${title}: ${fault}`);
  return isRefused ? "refused" : recorder.lines.length;
}

// In several segments, and in one.
for (const bytesMax of [150, 2 ** 30]) {
  void test(`[LOG3] no flipped bit makes a wrong transaction (${bytesMax})`, async (t) => {
    const files = await smallLog(bytesMax);
    const outcomes = new Set<"refused" | number>();
    for (const [name, bytes] of files) {
      for (let bit = 0; bit < bytes.length * 8; bit++) {
        const flipped = bytes.slice();
        flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
        const changed = new Map(files).set(name, flipped);
        outcomes.add(await checkDamage(t, changed, `${name} bit ${bit}`));
      }
    }
    t.ok(outcomes.has("refused"), "some are refused");
    t.ok(outcomes.has(fewLines.length), "some do not matter, as in the index");
  });

  void test(`[LOG8] [LOG9] no cut makes a wrong transaction (${bytesMax})`, async (t) => {
    const files = await smallLog(bytesMax);
    const lengths = new Set<"refused" | number>();
    for (const [name, bytes] of files) {
      for (let length = 0; length < bytes.length; length++) {
        const changed = new Map(files).set(name, bytes.subarray(0, length));
        lengths.add(await checkDamage(t, changed, `${name} cut to ${length}`));
      }
    }
    t.ok(lengths.size > 3, [...lengths].join());
  });
}

void test("[LOG3] no damage of any kind makes a wrong transaction", async (t) => {
  const files = await smallLog(150);
  const names = [...files.keys()];
  const damage = fc.record({
    name: fc.constantFrom(...names),
    at: fc.nat(200),
    kind: fc.constantFrom("overwrite", "insert", "remove", "append", "drop file"),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 40 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(damage, { minLength: 1, maxLength: 3 }), async (damages) => {
      const changed = new Map(files);
      for (const { name, at, kind, bytes } of damages) {
        const old = changed.get(name) ?? new Uint8Array(0);
        const start = kind === "append" ? old.length : Math.min(at, old.length);
        const skipped = kind === "overwrite" || kind === "remove" ? bytes.length : 0;
        const middle = kind === "remove" ? new Uint8Array(0) : bytes;
        const rest = old.subarray(start + skipped);
        changed.set(name, Buffer.concat([old.subarray(0, start), middle, rest]));
        if (kind === "drop file") changed.delete(name);
      }
      await checkDamage(t, changed, JSON.stringify(damages));
    }),
    { numRuns: 500 },
  );
  t.pass("no counter-example");
});

// Opening a log in whatever state: one rule of docs/log.md after another, each on bytes made by
// hand.
import { Writer } from "@lightcone/abi";
import { type Test, test } from "tap";
import { MemoryDisk } from "../base/disk/memory.ts";
import { crc32c } from "./crc32c.ts";
import { recoverLog } from "./recover.ts";
import { scanLog } from "./scan.ts";
import { encodeCommit, sealCommits, segmentHeader, segmentName } from "./segment.ts";
import { directory, parseTransaction, Recorder } from "./test-rig.ts";

/** Bytes of a commit holding `+7:<row>`. */
function commit(offset: number, row = `r${offset}`, epoch = 0): Uint8Array {
  const writer = new Writer();
  encodeCommit(writer, offset, epoch, undefined, parseTransaction(`+7:${row}`).tables);
  sealCommits(writer.memory, writer.length);
  return writer.finish();
}

function join(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** The bytes of a commit before its checksum, and it. */
function withCrc(body: Uint8Array): Uint8Array {
  const writer = new Writer();
  writer.raw(body);
  writer.u32(crc32c(body, 0, body.length));
  return writer.finish();
}

/** A segment with these commits. */
function segment(...parts: readonly Uint8Array[]): Uint8Array {
  return join(segmentHeader, ...parts);
}

function damaged(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  copy[24] = (copy[24] as number) ^ 1;
  return copy;
}

const cut = (bytes: Uint8Array, count: number): Uint8Array => bytes.subarray(0, -count);
const zeros = (count: number): Uint8Array => new Uint8Array(count);

function index(...entries: readonly (readonly [offset: number, position: number])[]): Uint8Array {
  const writer = new Writer();
  for (const [offset, position] of entries) {
    writer.u64(BigInt(offset));
    writer.u64(BigInt(position));
  }
  return writer.finish();
}

/** Files of a log: segments and indexes by the offset in their names, others by their names. */
type Files = Readonly<Record<string, Uint8Array>>;

function pathOf(key: string): string {
  const ofOffset = /^(\d+)( index)?$/.exec(key);
  if (ofOffset === null) return `${directory}/${key}`;
  const name = segmentName(Number(ofOffset[1]));
  return `${directory}/${ofOffset[2] === undefined ? name : name.replace(".log", ".ofs")}`;
}

async function diskWith(files: Files): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  await disk.makeDirectory(directory);
  for (const [key, bytes] of Object.entries(files)) disk.install(pathOf(key), bytes);
  return disk;
}

/**
 * Recovers the log and tells in words: the rows found; where writing goes on; and, if files went or
 * changed, what is there now.
 */
async function outcome(files: Files): Promise<string> {
  const disk = await diskWith(files);
  const recorder = new Recorder();
  const { continued, nextOffset, torn } = await recoverLog(disk, directory, recorder);
  const rows = recorder.lines.map((line) => line.replace("+7:", "")).join(" ");
  const where =
    continued === undefined
      ? `new segment ${nextOffset}${torn === undefined ? "" : `, torn at ${torn.wholeBytes}`}`
      : `${nextOffset} in ${continued.firstOffset} at ${continued.wholeBytes}`;
  const changes: string[] = [];
  for (const [key, bytes] of Object.entries(files)) {
    if (!(await disk.exists(pathOf(key)))) changes.push(`${key} removed`);
    else if ((await disk.readFile(pathOf(key))).length !== bytes.length) changes.push(`${key} cut`);
  }
  return [rows, where, ...changes].join("; ");
}

async function check(t: Test, files: Files, expected: string, title = ""): Promise<void> {
  t.equal(await outcome(files), expected, title);
}

async function checkRefused(t: Test, files: Files, code: string, message: RegExp): Promise<void> {
  const disk = await diskWith(files);
  await t.rejects(recoverLog(disk, directory, new Recorder()), { code, message });
  for (const [key, bytes] of Object.entries(files)) {
    t.same(await disk.readFile(pathOf(key)), bytes, `${key} is untouched`);
  }
}

const first = segment(commit(0), commit(1), commit(2));
const size = commit(0).length;

void test("[LOG1] segments follow each other by their names, among other files", async (t) => {
  await check(t, {}, "; new segment 0");
  await check(t, { 0: first }, `r0 r1 r2; 3 in 0 at ${10 + 3 * size}`);
  await check(
    t,
    { 3: segment(commit(3)), 0: first, 4: segment(commit(4)), "note.txt": zeros(3) },
    `r0 r1 r2 r3 r4; 5 in 4 at ${10 + size}`,
  );
  await checkRefused(
    t,
    { 0: segment(commit(1)) },
    "LC_LOG_CORRUPT",
    /it begins with transaction 1/,
  );
  await checkRefused(
    t,
    { 1: segment(commit(1)) },
    "LC_LOG_CORRUPT",
    /transactions from 0 on are missing before it/,
  );
});

void test("[LOG3] a commit may hold several transactions", async (t) => {
  const record = commit(0, "aa").subarray(22, -4);
  const holding = (count: number, records: Uint8Array): Uint8Array => {
    const head = Uint8Array.of(count, 0, records.length, 0, 0, 0);
    return withCrc(join(zeros(16), head, records));
  };
  const pair = join(record, record);
  await check(t, { 0: segment(holding(2, pair), commit(2)) }, "aa aa r2; 3 in 0 at 98");
  const refused = async (count: number, message: RegExp): Promise<void> =>
    checkRefused(t, { 0: segment(holding(count, pair)) }, "LC_LOG_CORRUPT", message);
  await refused(0, /at byte 10: a commit without transactions/);
  await refused(1, /at byte 10: 12 bytes follow the last transaction/);
  await refused(3, /transaction 2 of the log: the record ends within the flags/);
});

void test("[LOG6] a segment of version 0 is read but not continued", async (t) => {
  const old = commit(0);
  const body = join(old.subarray(0, 8), old.subarray(16, -4));
  const header = segmentHeader.slice();
  header[6] = 0;
  await check(t, { 0: join(header, withCrc(body)) }, "r0; new segment 1");
});

void test("[LOG6] one segment of an unknown format closes the log", async (t) => {
  const header = segmentHeader.slice();
  header[6] = 2;
  await checkRefused(t, { 0: first, 3: join(header, zeros(40)) }, "LC_LOG_FORMAT", /version 2/);
});

void test("[LOG7] segments at the end without a commit are removed", async (t) => {
  const end = 10 + 3 * size;
  const expected = `r0 r1 r2; 3 in 0 at ${end}; 3 removed`;
  await check(t, { 0: first, 3: zeros(0) }, expected);
  await check(t, { 0: first, 3: segmentHeader.subarray(0, 7) }, expected);
  await check(t, { 0: first, 3: segmentHeader }, expected);
  await check(t, { 0: first, 3: segment(cut(commit(3), size - 21)) }, expected);
  await check(t, { 0: first, 3: segment(zeros(500)) }, expected);
  await check(
    t,
    { 0: first, 3: segmentHeader, "3 index": zeros(16) },
    `${expected}; 3 index removed`,
  );
  await check(t, { 0: segmentHeader }, "; new segment 0; 0 removed");
  await checkRefused(t, { 0: first, 4: segmentHeader }, "LC_LOG_CORRUPT", /from 3 on are missing/);
});

void test("[LOG7] a segment that never got its name is removed", async (t) => {
  const key = "00000000000000000003.stdb.log.tmp";
  await check(
    t,
    { 0: first, [key]: segment(commit(3)) },
    `r0 r1 r2; 3 in 0 at ${10 + 3 * size}; ${key} removed`,
  );
});

void test("[LOG8] too few bytes for a commit's header are cut off", async (t) => {
  for (const count of [1, 21]) {
    const remnant = commit(3).subarray(0, count);
    await check(t, { 0: join(first, remnant) }, `r0 r1 r2; 3 in 0 at ${first.length}; 0 cut`);
  }
});

void test("[LOG9] a torn commit at the end stays, and a new segment begins", async (t) => {
  const torn = `r0 r1 r2; new segment 3, torn at ${first.length}`;
  for (let count = 1; count <= size - 22; count++) {
    await check(t, { 0: join(first, cut(commit(3), count)) }, torn);
  }
  await check(t, { 0: join(first, damaged(commit(3))) }, torn);
  await check(t, { 0: join(first, damaged(commit(3)), commit(4)) }, torn);
});

void test("[LOG9] [LOG11] the log goes on in the new segment, again and again", async (t) => {
  const files = {
    0: join(first, damaged(commit(3))),
    3: segment(commit(3, "again"), cut(commit(4), 1)),
    4: segment(commit(4, "last")),
  };
  await check(t, files, "r0 r1 r2 again last; 5 in 4 at 50");
});

void test("[LOG10] a segment whose first commit is bad closes the log", async (t) => {
  const bad = [damaged(commit(3)), cut(commit(3), 1), join(zeros(30), commit(3))];
  const states = [/first commit is damaged/, /first commit is unfinished/, /first commit is blank/];
  for (const [i, bytes] of bad.entries()) {
    const message = states[i] as RegExp;
    await checkRefused(t, { 0: first, 3: segment(bytes) }, "LC_LOG_CORRUPT", message);
    await checkRefused(t, { 0: segment(bytes) }, "LC_LOG_CORRUPT", message);
  }
});

void test("[LOG11] a bad commit ends an earlier segment, if the next goes on", async (t) => {
  const end = `5 in 4 at ${10 + size}`;
  for (const tail of [damaged(commit(4)), cut(commit(4), 1), cut(commit(4), 30), zeros(100)]) {
    await check(
      t,
      { 0: join(first, commit(3), tail), 4: segment(commit(4)) },
      `r0 r1 r2 r3 r4; ${end}`,
    );
  }
  await checkRefused(
    t,
    { 0: join(first, damaged(commit(3))), 4: segment(commit(4)) },
    "LC_LOG_CORRUPT",
    /0004\.stdb\.log at byte 0: transactions from 3 on are missing before it/,
  );
});

void test("[LOG12] a commit found twice counts once; two different ones are a fork", async (t) => {
  await check(
    t,
    { 0: join(first, commit(2), commit(3)) },
    `r0 r1 r2 r3; 4 in 0 at ${10 + 5 * size}`,
  );
  await check(t, { 0: first, 2: segment(commit(2), commit(3)) }, `r0 r1 r2 r3; 4 in 2 at 86`);
  await checkRefused(
    t,
    { 0: join(first, commit(2, "x")) },
    "LC_LOG_CORRUPT",
    /transaction 2 is there twice with different contents/,
  );
});

void test("[LOG13] offsets have no gaps and do not go back", async (t) => {
  const refused = async (files: Files, message: RegExp): Promise<void> =>
    checkRefused(t, files, "LC_LOG_CORRUPT", message);
  await refused({ 0: join(first, commit(4)) }, /transaction 4 where 3 should be/);
  await refused({ 0: join(first, commit(1)) }, /transaction 1 where 3 should be/);
  await refused({ 0: first, 1: segment(commit(1)) }, /transaction 1 where 3 should be/);
});

void test("[LOG14] zeros are the end of a segment", async (t) => {
  for (const count of [22, 30, 5000]) {
    await check(
      t,
      { 0: join(first, zeros(count)) },
      `r0 r1 r2; new segment 3, torn at ${first.length}`,
    );
  }
  await check(t, { 0: join(first, zeros(5)) }, `r0 r1 r2; 3 in 0 at ${first.length}; 0 cut`);
});

void test("[LOG15] epochs do not go back, and new commits keep the last", async (t) => {
  const disk = await diskWith({ 0: segment(commit(0, "a", 1), commit(1, "b", 5)) });
  t.equal((await recoverLog(disk, directory, new Recorder())).epoch, 5);
  await checkRefused(
    t,
    { 0: segment(commit(0, "a", 1), commit(1, "b", 0)) },
    "LC_LOG_CORRUPT",
    /epoch 0 after epoch 1/,
  );
});

void test("[LOG16] damage before a commit that was durable closes the log", async (t) => {
  const broken = join(segment(commit(0), damaged(commit(1))), commit(2), commit(3));
  const positionOf = (offset: number): number => 10 + offset * size;
  const refused = async (entries: Uint8Array): Promise<void> =>
    checkRefused(
      t,
      { 0: broken, "0 index": entries },
      "LC_LOG_CORRUPT",
      /at byte 48: transaction 1 is damaged, though \d was durable/,
    );
  await refused(index([2, positionOf(2)]));
  await refused(index([3, positionOf(3)]));
  await refused(index([2, positionOf(2)], [3, 5000]));
  await refused(index([2, positionOf(2)], [0, 0], [9, 9]));

  const opened = async (entries: Uint8Array, title: string): Promise<void> =>
    check(t, { 0: broken, "0 index": entries }, "r0; new segment 1, torn at 48", title);
  await opened(index(), "no entries");
  await opened(index([1, positionOf(1)]), "the damaged commit itself is no witness");
  await opened(index([2, positionOf(3)]), "an entry that names another commit");
  await opened(index([2, positionOf(2) + 1]), "an entry that points beside a commit");
  await opened(index([3, 1_000_000]), "an entry beyond the end");
  await opened(index([0, 0], [2, positionOf(2)]), "entries after the end of the list");
  await opened(index([2, positionOf(2)]).subarray(0, 15), "half an entry");
});

void test("commits of any size are found where reads meet", async (t) => {
  const rowCounts = [1, 9000, 30, 17_000, 1, 8234, 2, 9000];
  const lines = rowCounts.map((count, i) => `+7:${"x".repeat(250 - i)} `.repeat(count).trimEnd());
  const commits = lines.map((line, offset) => {
    const writer = new Writer();
    encodeCommit(writer, offset, 0, undefined, parseTransaction(line).tables);
    sealCommits(writer.memory, writer.length);
    return writer.finish();
  });
  const disk = await diskWith({ 0: Buffer.concat([segmentHeader, ...commits, zeros(5_000_000)]) });
  const recorder = new Recorder();
  const { continued } = await recoverLog(disk, directory, recorder);
  t.equal(continued, undefined);
  t.ok(
    recorder.lines.every((line, i) => line === lines[i]),
    "each as it was written",
  );
  t.equal(recorder.lines.length, lines.length);
  const blank = await diskWith({ 0: Buffer.concat([segmentHeader, zeros(5_000_000)]) });
  t.equal((await scanLog(blank, directory, recorder)).empty.length, 1, "zeros over several reads");
  const almost = Buffer.concat([segmentHeader, zeros(5_000_000), Uint8Array.of(1)]);
  await checkRefused(t, { 0: almost }, "LC_LOG_CORRUPT", /first commit is blank/);
});

void test("a scan changes nothing", async (t) => {
  const files = { 0: join(first, cut(commit(3), 25)), 3: segmentHeader };
  const disk = await diskWith(files);
  const { nextOffset, last, empty } = await scanLog(disk, directory, new Recorder());
  t.equal(nextOffset, 3);
  t.equal(last?.stop, "remnant");
  t.equal(empty.length, 1);
  for (const [key, bytes] of Object.entries(files)) {
    t.same(await disk.readFile(pathOf(key)), bytes, key);
  }
});

void test("what a visitor throws ends the replay", async (t) => {
  const recorder = new Recorder();
  recorder.onTransactionEnd = (offset): void => {
    if (offset === 1) throw new RangeError("enough");
  };
  const disk = await diskWith({ 0: first });
  await t.rejects(recoverLog(disk, directory, recorder), { message: "enough" });
  t.same(recorder.offsets, [0, 1]);
});

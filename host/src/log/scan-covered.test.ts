// Reading a log from a transaction on whose state a snapshot holds.
import { Writer } from "@lightcone/abi";
import { test } from "tap";
import { MemoryDisk } from "../base/disk/memory.ts";
import { recoverLog } from "./recover.ts";
import { encodeCommit, sealCommits, segmentHeader, segmentName } from "./segment.ts";
import { appendLine, directory, Listener, parseTransaction, Recorder } from "./test-rig.ts";
import { openLog } from "./writer.ts";

interface CommitOptions {
  readonly row?: string;
  readonly epoch?: number;
  /** Bytes that make the first record of the commit unreadable, checksum and all. */
  readonly isUnreadable?: boolean;
}

function commit(offset: number, options: CommitOptions = {}): Uint8Array {
  const { row = `r${offset}`, epoch = 0, isUnreadable = false } = options;
  const writer = new Writer();
  encodeCommit(writer, offset, epoch, undefined, parseTransaction(`+7:${row}`).tables);
  if (isUnreadable) writer.memory[22] = 0x0f;
  sealCommits(writer.memory, writer.length);
  return writer.finish();
}

function segment(...commits: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from([segmentHeader, ...commits].flatMap((part) => [...part]));
}

function damaged(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  copy[24] = (copy[24] as number) ^ 1;
  return copy;
}

type Segments = Readonly<Record<number, Uint8Array>>;

async function diskWith(segments: Segments): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  await disk.makeDirectory(directory);
  for (const [offset, bytes] of Object.entries(segments)) {
    disk.install(`${directory}/${segmentName(Number(offset))}`, bytes);
  }
  return disk;
}

/** The rows shown after `offset`, then the next offset, the epoch and where writing goes on. */
async function outcome(segments: Segments, offset: number, epoch = 0): Promise<string> {
  const recorder = new Recorder();
  const disk = await diskWith(segments);
  const recovered = await recoverLog(disk, directory, recorder, { offset, epoch });
  const rows = recorder.lines.map((line) => line.replace("+7:", "")).join(" ");
  const where = recovered.continued?.firstOffset ?? "new";
  return `${rows}; next ${recovered.nextOffset}, epoch ${recovered.epoch}, in ${where}`;
}

const first = segment(commit(0), commit(1));
const second = segment(commit(2), commit(3));
const third = segment(commit(4), commit(5));
const rubbish = new Uint8Array(60).fill(9);

interface Case {
  readonly title: string;
  readonly segments: Segments;
  readonly offset: number;
  readonly epoch?: number;
  readonly expected: string;
}

const cases: readonly Case[] = [
  {
    title: "[LOG21] segments before the one with the next transaction are not read",
    segments: { 0: rubbish, 2: second, 4: third },
    offset: 2,
    expected: "r3 r4 r5; next 6, epoch 0, in 4",
  },
  {
    title: "[LOG21] nor is one that ends with the transaction covered",
    segments: { 0: rubbish, 2: rubbish, 4: third },
    offset: 3,
    expected: "r4 r5; next 6, epoch 0, in 4",
  },
  {
    title: "[LOG21] they may be absent",
    segments: { 4: third },
    offset: 3,
    expected: "r4 r5; next 6, epoch 0, in 4",
  },
  {
    title: "[LOG21] with a gap among them",
    segments: { 0: first, 4: third },
    offset: 4,
    expected: "r5; next 6, epoch 0, in 4",
  },
  {
    title: "[LOG22] of what is covered only the framing is read",
    segments: { 0: segment(commit(0, { isUnreadable: true }), commit(1)) },
    offset: 0,
    expected: "r1; next 2, epoch 0, in 0",
  },
  {
    title: "[LOG22] all of it may be covered",
    segments: { 0: first, 2: second },
    offset: 3,
    expected: "; next 4, epoch 0, in 2",
  },
  {
    title: "[LOG22] a commit that is there twice is passed over, covered or not",
    segments: { 0: segment(commit(0), commit(1), commit(1)), 2: segment(commit(2), commit(2)) },
    offset: 1,
    expected: "r2; next 3, epoch 0, in 2",
  },
  {
    title: "[LOG22] the epoch is at least the snapshot's",
    segments: { 4: segment(commit(4, { epoch: 3 })) },
    offset: 3,
    epoch: 2,
    expected: "r4; next 5, epoch 3, in 4",
  },
  {
    title: "[LOG23] a log may end before the transaction covered",
    segments: { 0: first },
    offset: 7,
    expected: "; next 2, epoch 0, in 0",
  },
  {
    title: "[LOG23] torn or not",
    segments: { 0: segment(commit(0), damaged(commit(1)), commit(2)) },
    offset: 7,
    expected: "; next 1, epoch 0, in new",
  },
  {
    title: "[LOG7] an empty segment tells no more than its name",
    segments: { 0: first, 2: segment() },
    offset: 1,
    expected: "; next 2, epoch 0, in new",
  },
];

for (const { title, segments, offset, epoch, expected } of cases) {
  void test(title, async (t) => {
    t.equal(await outcome(segments, offset, epoch), expected);
  });
}

const refusals: readonly (readonly [
  title: string,
  segments: Segments,
  offset: number,
  epoch: number,
  message: RegExp,
])[] = [
  ["[LOG21] a gap behind it", { 4: third }, 2, 0, /from 3 on are missing before it/],
  ["[LOG21] a gap further on", { 0: first, 4: third }, 0, 0, /from 2 on are missing before it/],
  [
    "[LOG22] damage of what is covered, in a segment that is read",
    { 2: segment(damaged(commit(2)), commit(3)) },
    2,
    0,
    /its first commit is damaged/,
  ],
  [
    "[LOG22] a wrong offset among what is covered",
    { 0: segment(commit(0), commit(2)) },
    1,
    0,
    /transaction 2 where 1 should be/,
  ],
  ["[LOG15] an epoch below the snapshot's", { 4: third }, 3, 1, /epoch 0 after epoch 1/],
];

for (const [title, segments, offset, epoch, message] of refusals) {
  void test(`${title} closes the log`, async (t) => {
    const disk = await diskWith(segments);
    const opening = recoverLog(disk, directory, new Recorder(), { offset, epoch });
    await t.rejects(opening, { code: "LC_LOG_CORRUPT", message });
  });
}

void test("[LOG22] a commit of several transactions is covered wholly or not at all", async (t) => {
  // Two records of one row each, as the peer may write them.
  const one = commit(0).subarray(22, -4);
  const writer = new Writer();
  writer.u64(0n);
  writer.u64(0n);
  writer.u16(2);
  writer.u32(2 * one.length);
  writer.raw(one);
  writer.raw(one);
  writer.u32(0);
  sealCommits(writer.memory, writer.length);
  const segments = { 0: segment(writer.finish()) };
  t.equal(await outcome(segments, 1), "; next 2, epoch 0, in 0");
  await t.rejects(outcome(segments, 0), {
    code: "LC_LOG_CORRUPT",
    message: /transactions 0 to 1 are one commit, which no snapshot can split/,
  });
});

void test("[LOG21] a log goes on where it was read from", async (t) => {
  const disk = await diskWith({ 4: third });
  const covered = { offset: 3, epoch: 0 };
  const recovered = await recoverLog(disk, directory, new Recorder(), covered);
  const options = { disk, directory, listener: new Listener(), schedule: queueMicrotask };
  const log = await openLog({ ...recovered }, { ...options, segmentBytesMax: 10 });
  t.equal(log.segmentOffset, 4);
  for (let offset = 6; offset < 9; offset++) {
    appendLine(log, `+7:r${offset}`);
    await log.flush();
  }
  t.equal(log.segmentOffset, 8, "the newest segment");
  await log.close();
  const recorder = new Recorder();
  await recoverLog(disk, directory, recorder, covered);
  t.same(recorder.lines, ["+7:r4", "+7:r5", "+7:r6", "+7:r7", "+7:r8"]);
});

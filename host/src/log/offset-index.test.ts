// The offset index: written now and then, read with distrust, never in the way of the log.
import { Writer } from "@lightcone/abi";
import { type Test, test } from "tap";
import { MemoryDisk } from "../base/disk/memory.ts";
import { type IndexEntry, IndexWriter, indexName, parseIndex, readIndex } from "./offset-index.ts";

const segment = "00000000000000000000.stdb.log";

function bytesOf(entries: readonly (readonly [number, number])[]): Uint8Array {
  const writer = new Writer();
  for (const entry of entries) for (const word of entry) writer.u64(BigInt(word));
  return writer.finish();
}

const pairs = (entries: readonly IndexEntry[]): string =>
  entries.map(({ offset, position }) => `${offset}@${position}`).join(" ");

const readings: readonly (readonly [title: string, bytes: Uint8Array, expected: string])[] = [
  ["nothing", bytesOf([]), ""],
  [
    "entries",
    bytesOf([
      [1, 10],
      [5, 5000],
      [9, 9999],
    ]),
    "1@10 5@5000 9@9999",
  ],
  [
    "zeros after entries",
    bytesOf([
      [1, 10],
      [0, 0],
      [0, 0],
    ]),
    "1@10",
  ],
  [
    "offsets that go back",
    bytesOf([
      [5, 10],
      [4, 20],
      [6, 30],
    ]),
    "5@10",
  ],
  [
    "positions that stay",
    bytesOf([
      [5, 10],
      [6, 10],
    ]),
    "5@10",
  ],
  [
    "part of an entry",
    bytesOf([
      [1, 10],
      [2, 20],
    ]).subarray(0, 31),
    "1@10",
  ],
];

for (const [title, bytes, expected] of readings) {
  void test(`[LOG16] reading ${title}`, async (t) => {
    t.equal(pairs(parseIndex(bytes)), expected);
  });
}

async function checkEntries(t: Test, disk: MemoryDisk, expected: string): Promise<void> {
  t.equal(pairs(await readIndex(disk, segment)), expected);
}

void test("[LOG16] entries lie at least 4,096 bytes apart, but for the last", async (t) => {
  const disk = new MemoryDisk();
  t.equal(indexName(`clog/${segment}`), "clog/00000000000000000000.stdb.ofs");
  await checkEntries(t, disk, "");
  const writer = await IndexWriter.open(disk, segment, 0);
  await writer.add(0, 10, true);
  await writer.add(1, 4095, false);
  await writer.add(2, 4096, false);
  await writer.add(3, 8191, false);
  await writer.add(4, 8192, false);
  await writer.add(5, 8200, true);
  await writer.add(5, 8200, true);
  await writer.close();
  await writer.add(6, 20_000, true);
  await checkEntries(t, disk, "2@4096 4@8192 5@8200");

  const again = await IndexWriter.open(disk, segment, 8200);
  await checkEntries(t, disk, "2@4096 4@8192");
  await again.add(7, 12_000, false);
  await again.add(8, 13_000, false);
  await again.close();
  await checkEntries(t, disk, "2@4096 4@8192 8@13000");
});

void test("[LOG16] a disk that fails ends the index and nothing else", async (t) => {
  const disk = new MemoryDisk();
  const writer = await IndexWriter.open(disk, segment, 0);
  await writer.add(1, 5000, false);
  disk.failAfter("write", 0, "ENOSPC");
  await writer.add(2, 10_000, false);
  disk.heal();
  await writer.add(3, 15_000, false);
  await writer.close();
  await checkEntries(t, disk, "1@5000");

  const blocked = new MemoryDisk();
  await blocked.makeDirectory(indexName(segment));
  const none = await IndexWriter.open(blocked, segment, 0);
  await none.add(1, 5000, true);
  await none.close();
  t.same(await blocked.list(indexName(segment)), []);
});

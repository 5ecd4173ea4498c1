// Segments: names, headers and commits, byte for byte; the recorded bytes of the peer come back
// unchanged.
import { readdirSync, readFileSync } from "node:fs";
import { LightconeError, Writer } from "@lightcone/abi";
import fc from "fast-check";
import { type Test, test } from "tap";
import { limit } from "../base/limit.ts";
import type { LoggedTable, RecordInputs, ReplayVisitor } from "./contract.ts";
import { decodeInputs, RecordDecoder } from "./record.ts";
import {
  CommitFrame,
  encodeCommit,
  parseCommit,
  readSegmentHeader,
  segmentHeader,
  segmentName,
  sealCommits,
  segmentOffset,
} from "./segment.ts";
import { parseTransaction } from "./test-rig.ts";

const headerBytes = 22;
const fromHex = (text: string): Uint8Array => Buffer.from(text.replaceAll(/\s/g, ""), "hex");
const golden = new URL("../../../../fixtures/golden/log/", import.meta.url);
const goldenBytes = (name: string): Uint8Array =>
  fromHex(readFileSync(new URL(name, golden), "utf8"));

void test("[LOG1] a segment's name is the offset of its first transaction", async (t) => {
  t.equal(segmentName(0), "00000000000000000000.stdb.log");
  t.equal(segmentName(1_234_567), "00000000000001234567.stdb.log");
  t.equal(segmentOffset("00000000000001234567.stdb.log"), 1_234_567);
  for (const name of [
    "00000000000000000000.stdb.ofs",
    "00000000000000000000.stdb.log.tmp",
    "0000000000000000000.stdb.log",
    "000000000000000000000.stdb.log",
    "0000000000000000000x.stdb.log",
    ".stdb.log",
    "",
  ]) {
    t.equal(segmentOffset(name), undefined, name);
  }
});

void test("[LOG2] the header is the peer's", async (t) => {
  t.same([...segmentHeader], [...goldenBytes("segment-header.hex")]);
  t.equal(readSegmentHeader(segmentHeader, "s"), headerBytes);
});

const headers: readonly (readonly [title: string, hex: string, fault: string])[] = [
  ["a newer version", "286473295e3202000000", "has the unknown format version 2"],
  ["another checksum", "286473295e3201010000", "has the unknown checksum 1"],
  ["bits in the reserved bytes", "286473295e3201000100", "does not begin as one"],
  ["other bytes", "00000000000000000000", "does not begin as one"],
  ["zstd", "28b52ffd000000000000", "is compressed, which this version does not read"],
];

for (const [title, hex, fault] of headers) {
  void test(`[LOG6] a segment with ${title} is refused`, async (t) => {
    t.throws(() => readSegmentHeader(fromHex(hex), "dir/s"), {
      code: "LC_LOG_FORMAT",
      message: `the log segment dir/s ${fault}`,
    });
  });
}

/** What stands in `bytes`, and the frame of it. */
function parse(bytes: Uint8Array, header: number = headerBytes): readonly [string, CommitFrame] {
  const frame = new CommitFrame();
  return [parseCommit(bytes, 0, bytes.length, header, frame), frame];
}

function encode(line: string, offset: number, epoch = 0): Uint8Array {
  const writer = new Writer();
  const { inputs, tables } = parseTransaction(line);
  encodeCommit(writer, offset, epoch, inputs, tables);
  sealCommits(writer.memory, writer.length);
  return writer.finish();
}

void test("[LOG3] a commit, byte for byte", async (t) => {
  const bytes = encode("!9", 0x0102_0304_0506, 7);
  t.same(
    [...bytes.subarray(0, -4)],
    [...fromHex("0605040302010000 0700000000000000 0100 08000000 20 00 00 01 09000000")],
  );
  const [state, frame] = parse(bytes);
  t.equal(state, "whole");
  t.equal(frame.offset, 0x0102_0304_0506);
  t.equal(frame.epoch, 7);
  t.equal(frame.recordCount, 1);
  t.equal(frame.recordsStart, headerBytes);
  t.equal(frame.recordsEnd, bytes.length - 4);
  t.equal(frame.end, bytes.length);
});

void test("[LOG6] commits of version 0 have no epoch", async (t) => {
  const header = readSegmentHeader(fromHex("286473295e3200000000"), "s");
  t.equal(header, 14);
  // CRC-32C of the eighteen bytes before it, reckoned apart.
  const [state, frame] = parse(fromHex("0900000000000000 0100 04000000 20000000 14336a80"), header);
  t.equal(state, "whole");
  t.equal(frame.offset, 9);
  t.equal(frame.epoch, 0);
  t.equal(frame.recordsStart, 14);
});

void test("[LOG3] a part of a commit is unfinished, a wrong bit makes it damaged", async (t) => {
  const bytes = encode("f(x) +7:abc", 3);
  for (let length = 0; length < bytes.length; length++) {
    t.equal(parse(bytes.subarray(0, length))[0], "unfinished", `${length} bytes`);
  }
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const flipped = bytes.slice();
    flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
    const [state, frame] = parse(flipped);
    const isLength = bit >= 18 * 8 && bit < 22 * 8;
    t.ok(state === "damaged" || (isLength && state === "unfinished"), `bit ${bit}: ${state}`);
    if (state === "unfinished") t.ok(frame.end > bytes.length, "it says how many bytes it wants");
  }
});

void test("[LOG14] zeros in place of a commit are blank", async (t) => {
  t.equal(parse(new Uint8Array(22))[0], "blank");
  t.equal(parse(new Uint8Array(1000))[0], "blank");
  t.equal(parse(new Uint8Array(21))[0], "unfinished");
});

void test("[LOG3] what cannot be encoded leaves no bytes behind", async (t) => {
  const writer = new Writer();
  writer.u8(1);
  const { tables } = parseTransaction("+7:a +8:b");
  t.throws(() => encodeCommit(writer, 0, 0, undefined, tables.toReversed()));
  t.equal(writer.length, 1);
  const huge = {
    tableId: 7,
    insertCount: 1,
    deleteCount: 0,
    isTruncated: false,
    writeInserts: (target: Writer): void => void target.reserve(limit.commitBytesMax),
    writeDeletes: (): void => undefined,
  };
  t.throws(() => encodeCommit(writer, 0, 0, undefined, [huge]), {
    code: "LC_LIMIT",
    message: "a transaction of 1073741833 bytes exceeds the log's limit of 1073741824",
  });
  t.equal(writer.length, 1);
});

void test("[LOG3] any commit comes back", async (t) => {
  const offsets = fc.maxSafeNat();
  fc.assert(
    fc.property(offsets, offsets, fc.stringMatching(/^[a-z]{0,99}$/), (offset, epoch, row) => {
      const bytes = encode(`+7:${row}`, offset, epoch);
      const [state, frame] = parse(bytes);
      return state === "whole" && frame.offset === offset && frame.epoch === epoch;
    }),
  );
  t.pass("no counter-example");
});

/**
 * Lengths of rows in the recorded logs: `st_client`, `st_connection_credentials` and the table
 * `cell`.
 */
function goldenRowEnd(tableId: number, bytes: Uint8Array, start: number): number {
  if (tableId === 7) return start + 48;
  if (tableId === 4096) return start + 20;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return start + 20 + view.getUint32(start + 16, true);
}

/** Keeps a transaction in the form that it is written from. */
class Copier implements ReplayVisitor {
  inputs: RecordInputs | undefined;
  readonly rows = new Map<number, { inserts: Uint8Array[]; deletes: Uint8Array[] }>();
  readonly truncated: number[] = [];
  readonly rowEnd = goldenRowEnd;

  #of(tableId: number): { inserts: Uint8Array[]; deletes: Uint8Array[] } {
    const rows = this.rows.get(tableId) ?? { inserts: [], deletes: [] };
    this.rows.set(tableId, rows);
    return rows;
  }

  onTransaction(): void {
    this.rows.clear();
  }

  onInputs(bytes: Uint8Array, start: number, end: number): void {
    this.inputs = decodeInputs(bytes, start, end);
  }

  onInsert(tableId: number, bytes: Uint8Array, start: number, end: number): void {
    this.#of(tableId).inserts.push(bytes.slice(start, end));
  }

  onDelete(tableId: number, bytes: Uint8Array, start: number, end: number): void {
    this.#of(tableId).deletes.push(bytes.slice(start, end));
  }

  onTruncate(tableId: number): void {
    this.truncated.push(tableId);
    this.#of(tableId).deletes.push(new Uint8Array(0));
  }

  onTransactionEnd(): void {}

  tables(): LoggedTable[] {
    return [...this.rows].map(([tableId, { inserts, deletes }]) => ({
      tableId,
      insertCount: inserts.length,
      deleteCount: deletes.length,
      isTruncated: this.truncated.includes(tableId),
      writeInserts(writer: Writer): void {
        for (const row of inserts) writer.raw(row);
      },
      writeDeletes(writer: Writer): void {
        for (const row of deletes) writer.raw(row);
      },
    }));
  }
}

/** In words: the call, then rows inserted and deleted by table, then tables emptied. */
function describe({ inputs, rows, truncated }: Copier): string {
  const call =
    inputs === undefined
      ? "no call"
      : `${Buffer.from(inputs.name).toString()}(${inputs.argEnd - inputs.argStart} bytes)`;
  const changes = [...rows].map(([id, { inserts, deletes }]) =>
    truncated.includes(id) ? `${id} emptied` : `${id} +${inserts.length} -${deletes.length}`,
  );
  return [call, ...changes].join(", ");
}

const goldenCommits: readonly (readonly [file: string, offset: number, contents: string])[] = [
  ["01-connect.hex", 1, "call_identity_connected(0 bytes), 7 +1 -0, 11 +1 -0"],
  ["02-disconnect.hex", 2, "__identity_disconnected__(0 bytes), 7 emptied, 11 emptied"],
  ["08-fill.hex", 8, "fill(12 bytes), 4096 +3 -0"],
  ["11-touch.hex", 11, "touch(16 bytes), 4096 +1 -1"],
  ["14-delete-all.hex", 14, "no call, 4096 emptied"],
];

function checkGolden(t: Test, file: string, offset: number, contents: string): void {
  const bytes = goldenBytes(file);
  const [state, frame] = parse(bytes);
  t.equal(state, "whole");
  t.equal(frame.end, bytes.length);
  t.equal(frame.offset, offset);
  t.equal(frame.recordCount, 1);
  const copier = new Copier();
  const decoder = new RecordDecoder(copier);
  const end = decoder.decode(bytes, frame.recordsStart, frame.recordsEnd, offset);
  t.equal(end, frame.recordsEnd);
  t.equal(describe(copier), contents);
  const writer = new Writer();
  encodeCommit(writer, offset, frame.epoch, copier.inputs, copier.tables());
  sealCommits(writer.memory, writer.length);
  t.equal(Buffer.from(writer.written()).toString("hex"), Buffer.from(bytes).toString("hex"));
}

for (const [file, offset, contents] of goldenCommits) {
  void test(`[LOG3] [LOG4] the recorded commit ${file}`, async (t) => {
    checkGolden(t, file, offset, contents);
  });
}

void test("no recorded commit is left untried", async (t) => {
  const files = readdirSync(golden).filter((name) => name !== "segment-header.hex");
  t.same(
    files.sort(),
    goldenCommits.map(([file]) => file),
  );
  t.throws(() => decodeInputs(new Uint8Array(0), 0, 0), LightconeError);
});

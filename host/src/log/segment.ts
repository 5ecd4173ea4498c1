// One file of the log: its name, its header, and the framing of commits. Drawn in docs/log.md,
// rules LOG1 to LOG3 and LOG6; the source is runtime.md section 12.1.
import { assert, LightconeError, type Writer } from "@lightcone/abi";
import { limit } from "../base/limit.ts";
import type { LoggedTable, RecordInputs } from "./contract.ts";
import { crc32c } from "./crc32c.ts";
import { encodeRecord } from "./record.ts";

const suffix = ".stdb.log";
const offsetDigits = 20;

/** The name of the segment that begins with transaction `firstOffset`. */
export function segmentName(firstOffset: number): string {
  return String(firstOffset).padStart(offsetDigits, "0") + suffix;
}

/** The offset in a segment's name, or undefined for the name of something else. */
export function segmentOffset(name: string): number | undefined {
  const digits = name.slice(0, -suffix.length);
  const isSegment = name.endsWith(suffix) && digits.length === offsetDigits && !/\D/.test(digits);
  return isSegment ? Number(digits) : undefined;
}

/**
 * What every segment begins with: ASCII `(ds)^2`, format version 1, checksum algorithm 0, two
 * zeros.
 */
export const segmentHeader: Uint8Array = new TextEncoder().encode("(ds)^2\u0001\0\0\0");

const versionAt = 6;
const checksumAt = 7;
/** The first word of a zstd frame: a segment that the peer compressed. */
const zstdMagic = [0x28, 0xb5, 0x2f, 0xfd];

/** Bytes of a commit before its records, by format version: version 0 has no epoch. */
const commitHeaderBytesByVersion: readonly number[] = [14, 22];
const commitHeaderBytes = 22;
const crcBytes = 4;

/**
 * Reads a segment's header and returns how long the headers of its commits are. Throws
 * LC_LOG_FORMAT.
 */
export function readSegmentHeader(bytes: Uint8Array, path: string): number {
  const refuse = (fault: string): LightconeError =>
    new LightconeError("LC_LOG_FORMAT", `the log segment ${path} ${fault}`);
  if (zstdMagic.every((byte, i) => bytes[i] === byte)) {
    throw refuse("is compressed, which this version does not read");
  }
  const isOurs = segmentHeader.every(
    (byte, i) => i === versionAt || i === checksumAt || bytes[i] === byte,
  );
  if (!isOurs) throw refuse("does not begin as one");
  const version = bytes[versionAt] as number;
  const headerBytes = commitHeaderBytesByVersion[version];
  if (headerBytes === undefined) throw refuse(`has the unknown format version ${version}`);
  if (bytes[checksumAt] !== 0) throw refuse(`has the unknown checksum ${bytes[checksumAt]}`);
  return headerBytes;
}

/** Whether commits of ours can follow in a segment whose commits have headers of this length. */
export function isCurrentVersion(headerBytes: number): boolean {
  return headerBytes === commitHeaderBytes;
}

/**
 * Appends a commit of one transaction, whose checksum `sealCommits` fills in. Throws LC_LIMIT if it
 * is too large; then, and if `tables` throw, the writer holds what it held before.
 */
export function encodeCommit(
  writer: Writer,
  offset: number,
  epoch: number,
  inputs: RecordInputs | undefined,
  tables: readonly LoggedTable[],
): void {
  const start = writer.length;
  try {
    writeOffset(writer, offset);
    writeOffset(writer, epoch);
    writer.u16(1);
    writer.u32(0);
    encodeRecord(writer, inputs, tables);
    const recordBytes = writer.length - start - commitHeaderBytes;
    if (recordBytes > limit.commitBytesMax) {
      throw new LightconeError(
        "LC_LIMIT",
        `a transaction of ${recordBytes} bytes exceeds the log's limit of ${limit.commitBytesMax}`,
      );
    }
    writer.patchU32(start + commitHeaderBytes - 4, recordBytes);
    writer.u32(0);
  } catch (thrown) {
    writer.truncate(start);
    throw thrown;
  }
}

/**
 * Fills in the checksums of commits that `encodeCommit` wrote back to back into `bytes[0, end)`: of
 * many at once, since the tables of the checksum are then near.
 */
export function sealCommits(bytes: Uint8Array, end: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let start = 0; start < end;) {
    const recordsStart = start + commitHeaderBytes;
    const crcAt = recordsStart + view.getUint32(recordsStart - 4, true);
    view.setUint32(crcAt, crc32c(bytes, start, crcAt), true);
    start = crcAt + crcBytes;
  }
}

/** A u64 from a safe integer, without a bigint. */
function writeOffset(writer: Writer, offset: number): void {
  writer.u32(offset % 2 ** 32);
  writer.u32(Math.floor(offset / 2 ** 32));
}

/** Where the parts of a commit lie; filled by `parseCommit`, so that one serves a whole log. */
export class CommitFrame {
  /** Of its first transaction. */
  offset = 0;
  epoch = 0;
  recordCount = 0;
  recordsStart = 0;
  recordsEnd = 0;
  /** Where the commit ends; set for an unfinished one as well, as far as it is known. */
  end = 0;
  crc = 0;
}

/**
 * What stands at a position: a `whole` commit with a right checksum; `unfinished`, fewer bytes than
 * it needs; `damaged`, a wrong checksum; `blank`, zeros in place of a commit header, as in a file
 * that was extended but not filled.
 */
export type CommitState = "whole" | "unfinished" | "damaged" | "blank";

/**
 * Looks for a commit at `start`, within `end`. `headerBytes` is what `readSegmentHeader` returned.
 */
export function parseCommit(
  bytes: Uint8Array,
  start: number,
  end: number,
  headerBytes: number,
  frame: CommitFrame,
): CommitState {
  const recordsStart = start + headerBytes;
  frame.end = recordsStart;
  if (recordsStart > end) return "unfinished";
  frame.offset = readU64(bytes, start);
  frame.epoch = isCurrentVersion(headerBytes) ? readU64(bytes, start + 8) : 0;
  frame.recordCount = readU16(bytes, recordsStart - 6);
  frame.recordsStart = recordsStart;
  const recordBytes = readU32(bytes, recordsStart - 4);
  if (frame.recordCount === 0 && recordBytes === 0 && isZero(bytes, start, recordsStart)) {
    return "blank";
  }
  frame.recordsEnd = recordsStart + recordBytes;
  frame.end = frame.recordsEnd + crcBytes;
  if (frame.end > end) return "unfinished";
  frame.crc = readU32(bytes, frame.recordsEnd);
  return crc32c(bytes, start, frame.recordsEnd) === frame.crc ? "whole" : "damaged";
}

function readU16(bytes: Uint8Array, at: number): number {
  return (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
}

function readU32(bytes: Uint8Array, at: number): number {
  return readU16(bytes, at) + readU16(bytes, at + 2) * 0x1_0000;
}

/**
 * Beyond 2^53 the result is inexact, and no log has got that far: it will not be the offset
 * expected.
 */
function readU64(bytes: Uint8Array, at: number): number {
  return readU32(bytes, at) + readU32(bytes, at + 4) * 2 ** 32;
}

/** Whether `bytes[start, end)` are all zero. */
export function isZero(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (bytes[at] !== 0) return false;
  return true;
}

assert(segmentHeader.length === 10, "the segment header is drawn with ten bytes");

// Reads a log from its first byte, or from where a snapshot leaves off, to the last whole commit and
// shows a visitor every transaction, changing nothing on the disk. Rules LOG7 to LOG16 and LOG21 to
// LOG23 of docs/log.md; the source is runtime.md sections 12.4 and 14.
import { LightconeError } from "@lightcone/abi";
import type { Disk, DiskFile } from "../base/disk/contract.ts";
import { limit } from "../base/limit.ts";
import type { ReplayVisitor } from "./contract.ts";
import { type IndexEntry, indexedSegment, readIndex } from "./offset-index.ts";
import { RecordDecoder } from "./record.ts";
import { CommitFrame, isZero, parseCommit, readSegmentHeader } from "./segment.ts";
import { segmentHeader, segmentOffset } from "./segment.ts";

/**
 * How the commits of a segment end: at its last byte; with too few bytes for another commit's
 * header; with a commit that is unfinished, damaged or blank; or before they began, in a segment
 * that holds none.
 */
type SegmentStop = "end" | "remnant" | "torn" | "empty";

/** What was found in one segment. */
export interface ScannedSegment {
  readonly path: string;
  readonly firstOffset: number;
  /** Length of the headers of its commits, which tells the format version. */
  readonly headerBytes: number;
  readonly stop: SegmentStop;
  /** Where the last whole commit ends. */
  readonly wholeBytes: number;
}

/** A transaction whose state is known without the log. */
export interface CoveredPoint {
  readonly offset: number;
  /** The log's epoch then. */
  readonly epoch: number;
}

const nothingCovered: CoveredPoint = { offset: -1, epoch: 0 };

/** What was found in a log. */
export interface ScannedLog {
  /** The offset after the last transaction. Not above that of the point covered: it lacks that one. */
  readonly nextOffset: number;
  readonly epoch: number;
  /** The last segment with a commit. */
  readonly last: ScannedSegment | undefined;
  /** Segments after it, which hold none. */
  readonly empty: readonly ScannedSegment[];
}

function corrupt(path: string, position: number, fault: string): LightconeError {
  return new LightconeError(
    "LC_LOG_CORRUPT",
    `the log segment ${path} at byte ${position}: ${fault}`,
  );
}

function missingBefore(
  path: string,
  offset: number,
  previous: ScannedSegment | undefined,
): LightconeError {
  const missing = `transactions from ${offset} on are missing before it`;
  if (previous === undefined || previous.stop === "end")
    return corrupt(path, 0, `${missing} (LOG1)`);
  const torn = `since ${previous.path} is damaged at byte ${previous.wholeBytes}`;
  return corrupt(path, 0, `${missing}, ${torn} (LOG11)`);
}

/** Checks that commits follow each other, and decodes them. */
class CommitSequence {
  readonly #decoder: RecordDecoder;
  readonly #covered: CoveredPoint;
  nextOffset: number;
  epoch = 0;
  #lastOffset = -1;
  #lastCrc = 0;

  /** Commits from transaction `firstOffset` on; those up to `covered` are not shown. */
  constructor(visitor: ReplayVisitor, firstOffset: number, covered: CoveredPoint) {
    this.#decoder = new RecordDecoder(visitor);
    this.#covered = covered;
    this.nextOffset = firstOffset;
  }

  /** Takes the commit in `frame`, which starts at `position` of a segment. */
  take(bytes: Uint8Array, frame: CommitFrame, path: string, position: number): void {
    const { offset, epoch, recordCount } = frame;
    if (offset === this.#lastOffset) {
      if (frame.crc === this.#lastCrc) return;
      throw corrupt(
        path,
        position,
        `transaction ${offset} is there twice with different contents (LOG12)`,
      );
    }
    if (offset !== this.nextOffset) {
      throw corrupt(
        path,
        position,
        `transaction ${offset} where ${this.nextOffset} should be (LOG13)`,
      );
    }
    if (epoch < this.epoch) {
      throw corrupt(path, position, `epoch ${epoch} after epoch ${this.epoch} (LOG15)`);
    }
    if (recordCount === 0) throw corrupt(path, position, "a commit without transactions");
    if (offset > this.#covered.offset) this.#show(bytes, frame, path, position);
    else this.#pass(frame, path, position);
    this.epoch = epoch;
    this.nextOffset = offset + recordCount;
    this.#lastOffset = offset;
    this.#lastCrc = frame.crc;
  }

  #show(bytes: Uint8Array, frame: CommitFrame, path: string, position: number): void {
    const { offset, epoch, recordCount, recordsEnd } = frame;
    if (epoch < this.#covered.epoch) {
      throw corrupt(path, position, `epoch ${epoch} after epoch ${this.#covered.epoch}`);
    }
    let at = frame.recordsStart;
    for (let i = 0; i < recordCount; i++) {
      at = this.#decoder.decode(bytes, at, recordsEnd, offset + i);
    }
    if (at !== recordsEnd) {
      throw corrupt(path, position, `${recordsEnd - at} bytes follow the last transaction`);
    }
  }

  /** A commit that is covered, whose rows nobody needs. */
  #pass({ offset, recordCount }: CommitFrame, path: string, position: number): void {
    const last = offset + recordCount - 1;
    if (last <= this.#covered.offset) return;
    const fault = `transactions ${offset} to ${last} are one commit, which no snapshot can split`;
    throw corrupt(path, position, fault);
  }
}

/** A part of a file in memory that moves towards its end. */
export class ReadWindow {
  readonly #file: DiskFile;
  readonly #fileBytes: number;
  #filePosition: number;
  bytes: Uint8Array;
  /** Where the bytes read so far end in `bytes`. */
  end = 0;

  constructor(file: DiskFile, fileBytes: number, position: number) {
    this.#file = file;
    this.#fileBytes = fileBytes;
    this.#filePosition = position;
    this.bytes = new Uint8Array(Math.min(fileBytes - position, limit.logReadBytes));
  }

  /** The position in the file of `bytes[at]`. */
  positionOf(at: number): number {
    return this.#filePosition - this.end + at;
  }

  /** Bytes of the file from `bytes[at]` on. */
  remaining(at: number): number {
    return this.#fileBytes - this.positionOf(at);
  }

  /**
   * Moves `bytes[at]` to the front and reads on until there are `count` bytes, of those that
   * remain.
   */
  async advance(at: number, count: number): Promise<void> {
    const kept = this.end - at;
    const target = count > this.bytes.length ? new Uint8Array(count) : this.bytes;
    target.set(this.bytes.subarray(at, this.end), 0);
    this.bytes = target;
    this.end = kept;
    const got = await this.#file.read(this.#filePosition, target, kept, target.length);
    this.#filePosition += got;
    this.end += got;
    if (this.end < count) {
      throw corrupt(
        this.#file.path,
        this.#filePosition,
        "the file became shorter while being read",
      );
    }
  }

  /** Whether all bytes from `bytes[at]` to the end of the file are zero. */
  async isZeroFrom(at: number): Promise<boolean> {
    let from = at;
    while (isZero(this.bytes, from, this.end)) {
      if (this.remaining(this.end) === 0) return true;
      await this.advance(this.end, 1);
      from = 0;
    }
    return false;
  }
}

async function scanSegment(
  file: DiskFile,
  firstOffset: number,
  sequence: CommitSequence,
): Promise<ScannedSegment> {
  const { path } = file;
  const fileBytes = await file.size();
  const window = new ReadWindow(file, fileBytes, 0);
  const found = (stop: SegmentStop, wholeBytes: number, headerBytes: number): ScannedSegment => ({
    path,
    firstOffset,
    headerBytes,
    stop,
    wholeBytes,
  });
  if (fileBytes <= segmentHeader.length) return found("empty", 0, 0);
  await window.advance(0, segmentHeader.length);
  const headerBytes = readSegmentHeader(window.bytes, path);
  const frame = new CommitFrame();
  let isFirst = true;
  for (let at = segmentHeader.length; ;) {
    const state = parseCommit(window.bytes, at, window.end, headerBytes, frame);
    const position = window.positionOf(at);
    if (state === "whole") {
      if (isFirst && frame.offset !== firstOffset) {
        throw corrupt(path, position, `it begins with transaction ${frame.offset} (LOG10)`);
      }
      sequence.take(window.bytes, frame, path, position);
      isFirst = false;
      at = frame.end;
      continue;
    }
    const needed = frame.end - at;
    if (state === "unfinished" && needed <= window.remaining(at)) {
      await window.advance(at, needed);
      at = 0;
      continue;
    }
    const remaining = window.remaining(at);
    if (remaining < headerBytes) {
      const stop = remaining === 0 ? "end" : "remnant";
      return found(isFirst ? "empty" : stop, position, headerBytes);
    }
    if (!isFirst) return found("torn", position, headerBytes);
    if (state === "blank" && (await window.isZeroFrom(at))) {
      return found("empty", position, headerBytes);
    }
    throw corrupt(path, position, `its first commit is ${state} (LOG10)`);
  }
}

/** Whether the commit that an index entry names is there and whole. */
async function isWhole(file: DiskFile, headerBytes: number, entry: IndexEntry): Promise<boolean> {
  const fileBytes = await file.size();
  if (entry.position >= fileBytes) return false;
  const window = new ReadWindow(file, fileBytes, entry.position);
  const frame = new CommitFrame();
  for (;;) {
    const state = parseCommit(window.bytes, 0, window.end, headerBytes, frame);
    if (state !== "unfinished") return state === "whole" && frame.offset === entry.offset;
    if (frame.end > window.remaining(0)) return false;
    await window.advance(0, frame.end);
  }
}

/**
 * Refuses a torn end that cannot come from a crash: a commit after the damage that the offset index
 * names was durable, and so was all before it.
 */
async function assertNothingDurableFollows(
  disk: Disk,
  segment: ScannedSegment,
  nextOffset: number,
): Promise<void> {
  const entries = await readIndex(disk, segment.path);
  const suspects = entries.filter((entry) => entry.position > segment.wholeBytes);
  if (suspects.length === 0) return;
  const file = await disk.open(segment.path, "read");
  try {
    for (const entry of suspects) {
      if (!(await isWhole(file, segment.headerBytes, entry))) continue;
      const fault = `transaction ${nextOffset} is damaged, though ${entry.offset} was durable (LOG16)`;
      throw corrupt(segment.path, segment.wholeBytes, fault);
    }
  } finally {
    await file.close();
  }
}

/** The segments of a log in order, by their names. */
export async function listSegments(disk: Disk, directory: string): Promise<[string, number][]> {
  const segments: [string, number][] = [];
  for (const name of await disk.list(directory)) {
    const firstOffset = segmentOffset(name);
    if (firstOffset !== undefined) segments.push([`${directory}/${name}`, firstOffset]);
  }
  return segments;
}

/** The segments, likewise, that are missing while their indexes are there. */
export async function listMissing(disk: Disk, directory: string): Promise<[string, number][]> {
  const missing: [string, number][] = [];
  const names = await disk.list(directory);
  for (const name of names) {
    const segment = indexedSegment(name);
    if (segment === undefined || names.includes(segment)) continue;
    missing.push([`${directory}/${segment}`, segmentOffset(segment) ?? -1]);
  }
  return missing;
}

/** Refuses a log from which somebody took a segment that begins with `fromOffset` or later. */
async function assertNoneTaken(disk: Disk, directory: string, fromOffset: number): Promise<void> {
  for (const [path, firstOffset] of await listMissing(disk, directory)) {
    if (firstOffset < fromOffset) continue;
    throw corrupt(path, 0, "it is missing, though its index is there (LOG1)");
  }
}

/**
 * Shows `visitor` every transaction of the log in `directory`, or every one after `covered`. Throws
 * LC_LOG_CORRUPT where the log is damaged in a way that no crash explains, LC_LOG_FORMAT for a format
 * unknown here, LC_DISK, and whatever the visitor throws.
 */
export async function scanLog(
  disk: Disk,
  directory: string,
  visitor: ReplayVisitor,
  covered: CoveredPoint = nothingCovered,
): Promise<ScannedLog> {
  const segments = await listSegments(disk, directory);
  // Segments before the one where the first transaction to be shown is, or will be, may be absent.
  const firstShown = covered.offset + 1;
  const start = segments.findLastIndex(([, firstOffset]) => firstOffset <= firstShown);
  const [oldest] = segments;
  if (start < 0 && oldest !== undefined) throw missingBefore(oldest[0], firstShown, undefined);
  const startOffset = segments[start]?.[1] ?? 0;
  await assertNoneTaken(disk, directory, startOffset);
  const sequence = new CommitSequence(visitor, startOffset, covered);
  let last: ScannedSegment | undefined;
  let empty: ScannedSegment[] = [];
  for (const [path, firstOffset] of segments.slice(start)) {
    if (firstOffset > sequence.nextOffset) throw missingBefore(path, sequence.nextOffset, last);
    const file = await disk.open(path, "read");
    try {
      const segment = await scanSegment(file, firstOffset, sequence);
      if (segment.stop === "empty") {
        empty.push(segment);
      } else {
        last = segment;
        empty = [];
      }
    } finally {
      await file.close();
    }
  }
  if (last !== undefined && last.stop !== "end") {
    await assertNothingDurableFollows(disk, last, sequence.nextOffset);
  }
  const epoch = Math.max(sequence.epoch, covered.epoch);
  return { nextOffset: sequence.nextOffset, epoch, last, empty };
}

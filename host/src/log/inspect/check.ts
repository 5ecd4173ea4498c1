// Reads a whole log as recovery would and tells what it finds instead of stopping at the first
// fault. Rules LOG1 to LOG16 of docs/log.md; writes nothing.
import { LightconeError } from "@lightcone/abi";
import type { Disk } from "../../base/disk/contract.ts";
import type { ReplayVisitor } from "../contract.ts";
import { type IndexEntry, readIndex } from "../offset-index.ts";
import { RecordDecoder } from "../record.ts";
import { listMissing, listSegments } from "../scan.ts";
import { CommitReader, type NextCommit } from "./commit-reader.ts";
import { behindText, type CommitsBehind, commitsBehind, type Fault, faultText } from "./damage.ts";

/** Something in a log that is not as it should be. */
export interface Finding {
  /** The file, from the disk's root. */
  readonly path: string;
  readonly position: number;
  /** The rule of docs/log.md; "replay" for a transaction that does not fit the state before it. */
  readonly rule: `LOG${number}` | "replay";
  /** Whether a host refuses to start because of it. */
  readonly closesLog: boolean;
  readonly text: string;
}

/** How a segment ends: as it should, or in one of the ways of LOG6 to LOG14. */
type SegmentEnd = "whole" | "remnant" | "torn" | "empty" | "unreadable";

/** What is in one segment. */
export interface SegmentReport {
  readonly path: string;
  /** The offset in its name. */
  readonly firstOffset: number;
  /** The offset of its last transaction; undefined if it holds none. */
  lastOffset: number | undefined;
  commitCount: number;
  transactionCount: number;
  readonly fileBytes: number;
  /** Where the last commit that belongs to the log ends. */
  wholeBytes: number;
  end: SegmentEnd;
}

/** Transactions that lie behind the first finding that closes the log. */
interface LostTransactions {
  /** How many are still whole. */
  wholeCount: number;
  lastOffset: number | undefined;
}

export interface LogReport {
  readonly segments: readonly SegmentReport[];
  readonly findings: readonly Finding[];
  /** Why a host would refuse to start; undefined if it would start. */
  readonly closing: Finding | undefined;
  /** The offset after the last transaction that is not behind a closing finding. */
  readonly nextOffset: number;
  readonly lost: LostTransactions;
  /** Paths of segments of which only the index is there. */
  readonly missing: readonly string[];
}

export interface CheckOptions {
  readonly disk: Disk;
  readonly directory: string;
  /**
   * Shown every transaction up to the first finding that closes the log. Without one, transactions
   * are not taken apart: a log whose beginning lies in a snapshot does not say what its rows mean.
   */
  readonly visitor: ReplayVisitor | undefined;
  /**
   * The offset that the log must begin with: 0, or the one that a snapshot lets it begin with.
   */
  readonly firstOffset?: number;
  /** Told before the first commit of each segment. */
  readonly onSegment?: (report: SegmentReport) => void;
  /** Awaited after each commit; `false` ends the reading. */
  readonly afterCommit?: () => Promise<boolean> | boolean;
}

/** Reads the log in a directory. Throws LC_DISK only. */
export async function checkLog(options: CheckOptions): Promise<LogReport> {
  const check = new LogCheck(options);
  await check.findOrphans();
  for (const [path, firstOffset] of await listSegments(options.disk, options.directory)) {
    if (!(await check.readSegment(path, firstOffset))) return check.report();
  }
  check.finish();
  return check.report();
}

class LogCheck {
  readonly #options: CheckOptions;
  readonly #decoder: RecordDecoder | undefined;
  readonly #segments: SegmentReport[] = [];
  readonly #findings: Finding[] = [];
  #closing: Finding | undefined;
  #nextOffset: number;
  /** `#nextOffset` when the log was found closed. */
  #goodOffset: number;
  #epoch = 0;
  #lastOffset = -1;
  #lastCrc = 0;
  /** The damaged end of the last segment that held a commit. */
  #tornEnd: TornEnd | undefined;
  /** Segments that are missing while their indexes are there, in order. */
  readonly #orphans: string[] = [];
  #orphanAt = 0;
  readonly #lost: LostTransactions = { wholeCount: 0, lastOffset: undefined };

  constructor(options: CheckOptions) {
    this.#options = options;
    this.#decoder = options.visitor && new RecordDecoder(options.visitor);
    this.#nextOffset = options.firstOffset ?? 0;
    this.#goodOffset = this.#nextOffset;
  }

  report(): LogReport {
    return {
      segments: this.#segments,
      findings: this.#findings,
      closing: this.#closing,
      nextOffset: this.#closing === undefined ? this.#nextOffset : this.#goodOffset,
      lost: this.#lost,
      missing: this.#orphans,
    };
  }

  #note(path: string, position: number, rule: Finding["rule"], text: string): void {
    this.#findings.push({ path, position, rule, closesLog: false, text });
  }

  #close(path: string, position: number, rule: Finding["rule"], text: string): void {
    const finding: Finding = { path, position, rule, closesLog: true, text };
    this.#findings.push(finding);
    if (this.#closing !== undefined) return;
    this.#closing = finding;
    this.#goodOffset = this.#nextOffset;
  }

  /** Looks for indexes whose segment somebody has taken away. */
  async findOrphans(): Promise<void> {
    const { disk, directory } = this.#options;
    for (const [path] of await listMissing(disk, directory)) this.#orphans.push(path);
  }

  /** Tells of missing segments up to the one of this path. */
  #passOrphans(path?: string): void {
    for (; this.#orphanAt < this.#orphans.length; this.#orphanAt++) {
      const orphan = this.#orphans[this.#orphanAt] as string;
      if (path !== undefined && orphan > path) return;
      this.#close(orphan, 0, "LOG1", "the segment is missing, though its index is there");
    }
  }

  /** Returns whether to go on. */
  async readSegment(path: string, firstOffset: number): Promise<boolean> {
    const { disk, onSegment } = this.#options;
    this.#passOrphans(path);
    if (firstOffset > this.#nextOffset) {
      const missing = rangeText(this.#nextOffset, firstOffset - 1);
      const torn = this.#tornEnd;
      const rule = torn === undefined ? "LOG1" : "LOG11";
      const from =
        torn === undefined ? "" : ` (${torn.report.path} is damaged at ${torn.position})`;
      this.#close(path, 0, rule, `before this segment, ${missing} missing${from}`);
      if (torn !== undefined) this.#lose(torn.behind);
      this.#tornEnd = undefined;
      this.#nextOffset = firstOffset;
    }
    let reader: CommitReader;
    try {
      reader = await CommitReader.open(disk, path);
    } catch (thrown) {
      if (!(thrown instanceof LightconeError) || thrown.code !== "LC_LOG_FORMAT") throw thrown;
      this.#close(path, 0, "LOG6", thrown.message);
      const bytes = await sizeOf(disk, path);
      this.#segments.push(newReport(path, firstOffset, bytes, "unreadable"));
      return true;
    }
    try {
      const report = newReport(path, firstOffset, reader.fileBytes, "whole");
      this.#segments.push(report);
      onSegment?.(report);
      return await this.#readCommits(reader, report);
    } finally {
      await reader.close();
    }
  }

  async #readCommits(reader: CommitReader, report: SegmentReport): Promise<boolean> {
    const entries = await readIndex(this.#options.disk, report.path);
    let entryAt = 0;
    for (;;) {
      const next = await reader.next();
      if (next !== "whole") {
        await this.#endSegment(reader, report, next, entries.slice(entryAt));
        return true;
      }
      const { position, frame } = reader;
      let entry = entries[entryAt];
      if (entry !== undefined && entry.position <= position) {
        if (entry.position < position || entry.offset !== frame.offset) {
          const { offset } = entry;
          const text = `its index has transaction ${offset} here, where no such commit starts`;
          this.#note(report.path, entry.position, "LOG16", `${text}; the entry is ignored`);
        }
        while (entry !== undefined && entry.position <= position) entry = entries[++entryAt];
      }
      this.#take(reader, report);
      if ((await this.#options.afterCommit?.()) === false) return false;
    }
  }

  /** A whole commit. */
  #take(reader: CommitReader, report: SegmentReport): void {
    const { frame, position } = reader;
    const { offset, epoch, recordCount } = frame;
    const { path, firstOffset } = report;
    if (this.#tornEnd !== undefined) this.#passTornEnd();
    if (report.commitCount === 0 && offset !== firstOffset) {
      this.#close(path, position, "LOG10", `the segment begins with transaction ${offset}`);
    } else if (offset === this.#lastOffset) {
      if (frame.crc !== this.#lastCrc) {
        const text = `transaction ${offset} is there twice with different contents`;
        this.#close(path, position, "LOG12", text);
      } else {
        this.#note(path, position, "LOG12", `transaction ${offset} is there once more`);
        this.#count(reader, report, 0);
        return;
      }
    } else if (offset !== this.#nextOffset) {
      const text = `transaction ${offset} where ${this.#nextOffset} should be`;
      this.#close(path, position, "LOG13", text);
    } else if (epoch < this.#epoch) {
      this.#close(path, position, "LOG15", `epoch ${epoch} after epoch ${this.#epoch}`);
    } else if (recordCount === 0) {
      this.#close(path, position, "LOG3", "a commit without transactions");
    }
    if (this.#closing === undefined) this.#visit(reader);
    this.#epoch = epoch;
    this.#nextOffset = offset + recordCount;
    this.#lastOffset = offset;
    this.#lastCrc = frame.crc;
    this.#count(reader, report, recordCount);
  }

  /** Takes the transactions of a commit apart. */
  #visit({ bytes, frame, path, position }: CommitReader): void {
    const decoder = this.#decoder;
    if (decoder === undefined) return;
    try {
      let at = frame.recordsStart;
      for (let i = 0; i < frame.recordCount; i++) {
        at = decoder.decode(bytes, at, frame.recordsEnd, frame.offset + i);
      }
      if (at === frame.recordsEnd) return;
      const extra = frame.recordsEnd - at;
      this.#close(path, position, "LOG4", `${extra} bytes follow the last transaction`);
    } catch (thrown) {
      if (!(thrown instanceof LightconeError) || thrown.code === "LC_DISK") throw thrown;
      const isReplay = thrown.code === "LC_LOG_REPLAY";
      const text = isReplay
        ? `transaction ${frame.offset} does not apply: ${thrown.message}`
        : thrown.message;
      this.#close(path, position, isReplay ? "replay" : "LOG4", text);
    }
  }

  #count(reader: CommitReader, report: SegmentReport, transactionCount: number): void {
    const { offset, recordCount } = reader.frame;
    report.commitCount++;
    report.transactionCount += transactionCount;
    report.lastOffset = offset + recordCount - 1;
    if (this.#closing === undefined) report.wholeBytes = reader.endPosition;
    else this.#lose({ wholeCount: recordCount, lastOffset: report.lastOffset, durable: undefined });
  }

  async #endSegment(
    reader: CommitReader,
    report: SegmentReport,
    next: Exclude<NextCommit, "whole">,
    entries: readonly IndexEntry[],
  ): Promise<void> {
    const { path, position } = reader;
    const isFirst = report.commitCount === 0;
    if (next === "end" || (isFirst && next === "remnant")) {
      if (isFirst) report.end = "empty";
      return;
    }
    if (isFirst && next === "blank" && (await reader.isZeroFromHere())) {
      report.end = "empty";
      return;
    }
    report.end = next === "remnant" ? "remnant" : "torn";
    const from = next === "damaged" ? reader.claimedEnd : undefined;
    const behind = await commitsBehind(reader, position, from, entries);
    if (isFirst) this.#close(path, position, "LOG10", `the segment's first commit is ${next}`);
    if (this.#closing === undefined) this.#tornEnd = { report, position, state: next, behind };
    else this.#lose(behind);
  }

  #lose({ wholeCount, lastOffset }: CommitsBehind): void {
    this.#lost.wholeCount += wholeCount;
    const known = this.#lost.lastOffset;
    if (lastOffset !== undefined) this.#lost.lastOffset = Math.max(lastOffset, known ?? 0);
  }

  /** A segment goes on where the damaged end of the one before left off. */
  #passTornEnd(): void {
    const { report, position, state, behind } = this.#tornEnd as TornEnd;
    this.#tornEnd = undefined;
    const text = `${faultText(state)}${behindText(behind)}; the next segment goes on from here`;
    this.#note(report.path, position, "LOG11", text);
  }

  /** The last segment's end is judged when all is read. */
  finish(): void {
    this.#passOrphans();
    const lastAt = this.#segments.findLastIndex((one) => one.end !== "empty");
    for (const report of this.#segments.slice(lastAt + 1)) {
      this.#note(report.path, 0, "LOG7", "the segment holds nothing; the next start removes it");
    }
    if (this.#tornEnd === undefined) return;
    const { report, position, state, behind } = this.#tornEnd;
    const { durable } = behind;
    if (durable !== undefined) {
      const text = `${faultText(state)}, though transaction ${durable.offset} behind it was durable`;
      this.#close(report.path, position, "LOG16", text);
      this.#lose(behind);
      return;
    }
    if (state === "remnant") {
      const text = "too few bytes for a commit's header; the next start cuts them off";
      this.#note(report.path, position, "LOG8", text);
      return;
    }
    const text = `${faultText(state)}${behindText(behind)}; the next start goes on in a new segment`;
    this.#note(report.path, position, "LOG9", text);
  }
}

/** The damaged end of a segment, which may turn out to be that of the log. */
interface TornEnd {
  readonly report: SegmentReport;
  readonly position: number;
  readonly state: Fault;
  readonly behind: CommitsBehind;
}

async function sizeOf(disk: Disk, path: string): Promise<number> {
  const file = await disk.open(path, "read");
  try {
    return await file.size();
  } finally {
    await file.close();
  }
}

function newReport(
  path: string,
  firstOffset: number,
  fileBytes: number,
  end: SegmentEnd,
): SegmentReport {
  return {
    path,
    firstOffset,
    lastOffset: undefined,
    commitCount: 0,
    transactionCount: 0,
    fileBytes,
    wholeBytes: 0,
    end,
  };
}

function rangeText(first: number, last: number): string {
  return first === last ? `transaction ${first} is` : `transactions ${first} to ${last} are`;
}

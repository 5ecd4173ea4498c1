// The commits of one segment one by one, for whoever looks at a log without opening it: unlike
// recovery it can go on behind damage.
import type { Disk, DiskFile } from "../../base/disk/contract.ts";
import { ReadWindow } from "../scan.ts";
import {
  CommitFrame,
  type CommitState,
  parseCommit,
  readSegmentHeader,
  segmentHeader,
} from "../segment.ts";

/**
 * What comes next in a segment: a commit, whole or not; fewer bytes than a commit's header has; or
 * nothing.
 */
export type NextCommit = CommitState | "remnant" | "end";

/** Reads forward; memory is that of one window, or of the largest commit. */
export class CommitReader {
  readonly path: string;
  readonly fileBytes: number;
  /** How long the headers of its commits are; 0 in a file that is no longer than its own header. */
  readonly headerBytes: number;
  /** The commit that `next` has found. */
  readonly frame: CommitFrame = new CommitFrame();
  readonly #file: DiskFile;
  #window: ReadWindow;
  /** Where in the window the commit that was found starts, and where the next one does. */
  #at = 0;
  #nextAt = 0;

  private constructor(file: DiskFile, fileBytes: number, headerBytes: number) {
    this.#file = file;
    this.path = file.path;
    this.fileBytes = fileBytes;
    this.headerBytes = headerBytes;
    this.#window = new ReadWindow(file, fileBytes, Math.min(fileBytes, segmentHeader.length));
  }

  /** Stands before the first commit. LC_LOG_FORMAT if the segment's header is none; LC_DISK. */
  static async open(disk: Disk, path: string): Promise<CommitReader> {
    const file = await disk.open(path, "read");
    try {
      const fileBytes = await file.size();
      if (fileBytes <= segmentHeader.length) return new CommitReader(file, fileBytes, 0);
      const header = new Uint8Array(segmentHeader.length);
      await file.read(0, header, 0, header.length);
      return new CommitReader(file, fileBytes, readSegmentHeader(header, path));
    } catch (thrown) {
      await file.close();
      throw thrown;
    }
  }

  /** The memory that `frame` speaks of, until the next call of `next`. */
  get bytes(): Uint8Array {
    return this.#window.bytes;
  }

  /** The position in the file of what `next` has found. */
  get position(): number {
    return this.#window.positionOf(this.#at);
  }

  /** The position behind the whole commit that was found, or of what was found instead. */
  get endPosition(): number {
    return this.#window.positionOf(this.#nextAt);
  }

  /** Goes on at another position, before or behind. */
  seek(position: number): void {
    this.#window = new ReadWindow(this.#file, this.fileBytes, position);
    this.#at = 0;
    this.#nextAt = 0;
  }

  /** Looks for a commit behind the last whole one. What is not whole is found again and again. */
  async next(): Promise<NextCommit> {
    this.#at = this.#nextAt;
    for (;;) {
      const remaining = this.#window.remaining(this.#at);
      if (remaining < Math.max(1, this.headerBytes)) return remaining === 0 ? "end" : "remnant";
      const { bytes, end } = this.#window;
      const state = parseCommit(bytes, this.#at, end, this.headerBytes, this.frame);
      const needed = this.frame.end - this.#at;
      if (state !== "unfinished" || needed > remaining) {
        if (state === "whole") this.#nextAt = this.frame.end;
        return state;
      }
      await this.#window.advance(this.#at, needed);
      this.#at = 0;
      this.#nextAt = 0;
    }
  }

  /** Where the commit after one that is not whole would start, if its length can be believed. */
  get claimedEnd(): number | undefined {
    const end = this.#window.positionOf(this.frame.end);
    return end < this.fileBytes ? end : undefined;
  }

  /** Whether all bytes from what was found to the end of the file are zero. */
  isZeroFromHere(): Promise<boolean> {
    return this.#window.isZeroFrom(this.#at);
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

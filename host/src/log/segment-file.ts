// The segment that is being written: it appears under its name only once its first batch is durable
// (LOG18), and a batch that the disk refused is cut off again (LOG19).
import { LightconeError } from "@lightcone/abi";
import type { Disk, DiskFile } from "../base/disk/contract.ts";
import { IndexWriter } from "./offset-index.ts";
import { segmentHeader, segmentName, segmentOffset } from "./segment.ts";

const temporarySuffix = ".tmp";

/** Whether a file in a log's directory is a segment that never got its name. */
export function isUnfinishedSegment(name: string): boolean {
  const target = name.slice(0, -temporarySuffix.length);
  return name.endsWith(temporarySuffix) && segmentOffset(target) !== undefined;
}

/** An open segment. One batch is written and synced at a time. */
export class SegmentFile {
  readonly #disk: Disk;
  readonly #directory: string;
  readonly #name: string;
  #file: DiskFile;
  #index: IndexWriter | undefined;
  #durableBytes: number;
  #writtenBytes: number;
  #lastOffset = 0;
  #lastPosition = 0;

  private constructor(disk: Disk, directory: string, name: string, file: DiskFile, bytes: number) {
    this.#disk = disk;
    this.#directory = directory;
    this.#name = name;
    this.#file = file;
    this.#durableBytes = bytes;
    this.#writtenBytes = bytes;
  }

  /** Begins the segment whose first transaction is `firstOffset`. */
  static async create(disk: Disk, directory: string, firstOffset: number): Promise<SegmentFile> {
    const name = segmentName(firstOffset);
    const temporary = `${directory}/${name}${temporarySuffix}`;
    await disk.remove(temporary);
    const file = await disk.open(temporary, "create");
    return new SegmentFile(disk, directory, name, file, 0);
  }

  /**
   * Continues the segment that begins with `firstOffset` and holds whole, synced commits in its
   * `bytes` bytes.
   */
  static async open(
    disk: Disk,
    directory: string,
    firstOffset: number,
    bytes: number,
  ): Promise<SegmentFile> {
    const name = segmentName(firstOffset);
    const path = `${directory}/${name}`;
    const file = await disk.open(path, "write");
    const segment = new SegmentFile(disk, directory, name, file, bytes);
    segment.#index = await IndexWriter.open(disk, path, bytes);
    return segment;
  }

  /** How much of the file is durable. */
  get durableBytes(): number {
    return this.#durableBytes;
  }

  /**
   * Hands the first `length` bytes of `batch` to the system and returns the position where they
   * start.
   */
  write(batch: Uint8Array, length: number): number {
    if (this.#writtenBytes === 0) {
      this.#file.writeSync(0, segmentHeader, 0, segmentHeader.length);
      this.#writtenBytes = segmentHeader.length;
    }
    const position = this.#writtenBytes;
    this.#file.writeSync(position, batch, 0, length);
    this.#writtenBytes += length;
    return position;
  }

  /**
   * Makes what was written durable. The last commit of it is `lastOffset`, which starts at
   * `lastPosition`.
   */
  async sync(lastOffset: number, lastPosition: number): Promise<void> {
    const bytes = this.#writtenBytes;
    await this.#file.sync();
    if (this.#index === undefined) await this.#takeName();
    this.#durableBytes = bytes;
    this.#lastOffset = lastOffset;
    this.#lastPosition = lastPosition;
    await this.#index?.add(lastOffset, lastPosition, false);
  }

  async #takeName(): Promise<void> {
    const path = `${this.#directory}/${this.#name}`;
    await this.#disk.rename(path + temporarySuffix, path);
    await this.#disk.syncDirectory(this.#directory);
    // Opened again, so that a later failure names the file that is there.
    const named = await this.#disk.open(path, "write");
    await this.#file.close();
    this.#file = named;
    this.#index = await IndexWriter.open(this.#disk, path, 0);
  }

  /** Gives the file back, with an index entry for its last commit. */
  async close(): Promise<void> {
    await this.#index?.add(this.#lastOffset, this.#lastPosition, true);
    await this.#index?.close();
    await this.#file.close();
  }

  /**
   * Cuts off what is not durable and gives the file back, after the disk failed: recovery must not
   * find in the system's cache what the disk has refused. A disk that refuses this as well leaves
   * it to recovery's own checks; the log fails with its first reason whatever happens here.
   *
   * The header stays, of whatever segment: where one has just got its name, and power is lost while
   * it is cut, recovery must not find a segment that does not begin as one.
   */
  async abandon(): Promise<void> {
    await unlessRefused(async () => {
      await this.#file.truncate(Math.max(this.#durableBytes, segmentHeader.length));
      await this.#file.sync();
    });
    await this.#index?.close();
    await unlessRefused(async () => this.#file.close());
  }
}

async function unlessRefused(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (thrown) {
    if (!(thrown instanceof LightconeError)) throw thrown;
  }
}

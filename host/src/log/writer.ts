// The log on a disk. Commits gather in one buffer while another is being written and synced; each
// sync makes one group durable (rules LOG17 to LOG19).
import { assert, LightconeError, Writer } from "@lightcone/abi";
import type { Disk } from "../base/disk/contract.ts";
import { limit } from "../base/limit.ts";
import type { Log, LoggedTable, LogListener, RecordInputs, Schedule } from "./contract.ts";
import { FlushWaiters } from "./flush-waiters.ts";
import type { RecoveredLog } from "./recover.ts";
import { encodeCommit, sealCommits } from "./segment.ts";
import { SegmentFile } from "./segment-file.ts";

/** What a log on a disk is opened with. */
export interface LogOptions {
  readonly disk: Disk;
  /** The directory of the segments, as given to `recoverLog`. */
  readonly directory: string;
  readonly listener: LogListener;
  /**
   * Runs a task after the current turn; `queueMicrotask` where a turn handles a whole batch of
   * commands.
   */
  readonly schedule: Schedule;
  /**
   * A segment of this size or more is the last of its name; `limit.segmentBytesMax` if not given.
   */
  readonly segmentBytesMax?: number;
}

const firstBufferBytes = 64 * 1024;

/** Commits that become durable together. */
class Batch {
  #writer = new Writer(firstBufferBytes);
  commitCount = 0;
  firstOffset = 0;
  lastOffset = 0;
  /** Where the last commit starts in the batch. */
  lastStart = 0;

  get length(): number {
    return this.#writer.length;
  }

  get memory(): Uint8Array {
    return this.#writer.memory;
  }

  add(
    offset: number,
    epoch: number,
    inputs: RecordInputs | undefined,
    tables: readonly LoggedTable[],
  ): void {
    const start = this.#writer.length;
    encodeCommit(this.#writer, offset, epoch, inputs, tables);
    if (this.commitCount === 0) this.firstOffset = offset;
    this.commitCount++;
    this.lastOffset = offset;
    this.lastStart = start;
  }

  /** No more commits come: what is there can be written. */
  seal(): void {
    sealCommits(this.#writer.memory, this.#writer.length);
  }

  clear(): void {
    const isTooLarge = this.#writer.memory.length > limit.logBufferBytesKeptMax;
    if (isTooLarge) this.#writer = new Writer(firstBufferBytes);
    this.#writer.clear();
    this.commitCount = 0;
  }
}

class DiskLog implements Log {
  readonly #options: LogOptions;
  readonly #segmentBytesMax: number;
  readonly #epoch: number;
  readonly #flushTask = (): void => this.#startFlush();
  #segment: SegmentFile | undefined;
  #segmentOffset: number;
  #filling = new Batch();
  #flying = new Batch();
  #nextOffset: number;
  #groupStart: number;
  #durableOffset: number;
  #announcedOffset: number;
  readonly #waiters = new FlushWaiters();
  #isScheduled = false;
  /** Settles when no group is under way any more. */
  #flushing: Promise<void> | undefined;
  #isClosed = false;
  #failure: LightconeError | undefined;

  constructor(options: LogOptions, recovered: RecoveredLog, segment: SegmentFile | undefined) {
    this.#options = options;
    this.#segmentBytesMax = options.segmentBytesMax ?? limit.segmentBytesMax;
    this.#epoch = recovered.epoch;
    this.#segment = segment;
    this.#segmentOffset = recovered.continued?.firstOffset ?? recovered.nextOffset;
    this.#nextOffset = recovered.nextOffset;
    this.#groupStart = recovered.nextOffset;
    this.#durableOffset = recovered.nextOffset - 1;
    this.#announcedOffset = this.#durableOffset;
  }

  get nextOffset(): number {
    return this.#nextOffset;
  }

  get groupStart(): number {
    return this.#groupStart;
  }

  get durableOffset(): number {
    return this.#durableOffset;
  }

  get segmentOffset(): number {
    return this.#segmentOffset;
  }

  get isBackpressured(): boolean {
    const commitCount = this.#filling.commitCount + this.#flying.commitCount;
    return commitCount > limit.commitQueueCountMax || this.waitingBytes > limit.commitQueueBytesMax;
  }

  get waitingBytes(): number {
    return this.#filling.length + this.#flying.length;
  }

  append(inputs: RecordInputs | undefined, tables: readonly LoggedTable[]): number {
    assert(!this.#isClosed, "a closed log takes no transactions");
    if (this.#failure !== undefined) throw this.#failure;
    const offset = this.#nextOffset;
    this.#filling.add(offset, this.#epoch, inputs, tables);
    this.#nextOffset = offset + 1;
    if (!this.#isScheduled && this.#flushing === undefined) {
      this.#isScheduled = true;
      this.#options.schedule(this.#flushTask);
    }
    return offset;
  }

  async flush(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    const offset = this.#nextOffset - 1;
    if (offset === this.#announcedOffset) return;
    const flushed = this.#waiters.wait(offset);
    this.#startFlush();
    await flushed;
  }

  async close(): Promise<void> {
    assert(!this.#isClosed, "a log is closed once");
    this.#isClosed = true;
    try {
      await this.flush();
    } finally {
      await this.#flushing;
    }
    const segment = this.#segment;
    this.#segment = undefined;
    await segment?.close();
  }

  #startFlush(): void {
    this.#isScheduled = false;
    if (this.#flushing !== undefined || this.#failure !== undefined) return;
    if (this.#filling.commitCount > 0) this.#flushing = this.#flushGroups();
  }

  /** Makes group after group durable until none is left. */
  async #flushGroups(): Promise<void> {
    try {
      while (this.#filling.commitCount > 0) {
        const batch = this.#filling;
        this.#filling = this.#flying;
        this.#flying = batch;
        this.#groupStart = this.#nextOffset;
        batch.seal();
        const persisting = this.#persist(batch);
        // Those who wait for the group before are told while the disk works on this one.
        this.#announce();
        await persisting;
        this.#durableOffset = batch.lastOffset;
        batch.clear();
      }
    } catch (thrown) {
      await this.#fail(thrown);
      return;
    }
    this.#flushing = undefined;
    this.#announce();
  }

  async #persist(batch: Batch): Promise<void> {
    const { disk, directory } = this.#options;
    if (this.#segment === undefined) {
      this.#segment = await SegmentFile.create(disk, directory, batch.firstOffset);
      this.#segmentOffset = batch.firstOffset;
    }
    const segment = this.#segment;
    const position = segment.write(batch.memory, batch.length);
    await segment.sync(batch.lastOffset, position + batch.lastStart);
    if (segment.durableBytes >= this.#segmentBytesMax) {
      this.#segment = undefined;
      await segment.close();
    }
  }

  /** Tells the listener, and those who wait for a flush, how far the log is durable. */
  #announce(): void {
    if (this.#announcedOffset === this.#durableOffset) return;
    this.#announcedOffset = this.#durableOffset;
    this.#options.listener.onDurable(this.#durableOffset);
    this.#waiters.settle(this.#durableOffset);
  }

  async #fail(thrown: unknown): Promise<void> {
    if (!(thrown instanceof LightconeError)) throw thrown;
    this.#failure = thrown;
    const segment = this.#segment;
    this.#segment = undefined;
    await segment?.abandon();
    this.#options.listener.onFailure(thrown);
    this.#waiters.fail(thrown);
  }
}

/** A log that goes on where `recoverLog` found its end. Throws LC_DISK. */
export async function openLog(recovered: RecoveredLog, options: LogOptions): Promise<Log> {
  const { disk, directory } = options;
  const { continued } = recovered;
  const segment =
    continued === undefined
      ? undefined
      : await SegmentFile.open(disk, directory, continued.firstOffset, continued.wholeBytes);
  return new DiskLog(options, recovered, segment);
}

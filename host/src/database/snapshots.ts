// When a database takes snapshots of itself: one at a time, beside its transactions, and never at
// their cost. Rules SNAP5 to SNAP7 of docs/snapshots.md; the source is runtime.md section 13.
import { LightconeError } from "@lightcone/abi";
import type { Disk } from "../base/disk/contract.ts";
import { limit } from "../base/limit.ts";
import type { Pause } from "../base/pause.ts";
import type { DatastoreImage } from "../datastore/image.ts";
import type { Log } from "../log/contract.ts";
import type { Manifest } from "../log/snapshot/manifest.ts";
import { ObjectSet, objectsOf } from "../log/snapshot/object-set.ts";
import { prune, type PrunePolicy, removeUnused } from "../log/snapshot/prune.ts";
import { writeSnapshot } from "../log/snapshot/write.ts";

/** What an operator decides about snapshots. */
export interface SnapshotOptions {
  /** Transactions between two snapshots; `limit.snapshotIntervalCommits` if not given. */
  readonly intervalCommits?: number;
  /** What becomes of the log that they cover; "keep" if not given. */
  readonly prune?: PrunePolicy;
}

/** What is needed of the database. */
export interface SnapshotParts {
  readonly disk: Disk;
  readonly logDirectory: string;
  /** The database's identity, 32 bytes as on the wire. */
  readonly identity: Uint8Array;
  readonly log: Log;
  /** The log's epoch. */
  readonly epoch: number;
  /** The snapshot that the state began with. */
  readonly last: Manifest | undefined;
  /** Lets others have the thread between two slices of work. */
  readonly pause: Pause;
  /** Committed state as it is now. Called outside of transactions alone. */
  freeze(): DatastoreImage;
  /** A line for the operator. */
  warn(text: string): void;
}

/** Takes the snapshots of one database. */
export class Snapshots {
  readonly #parts: SnapshotParts;
  readonly #intervalCommits: number;
  readonly #policy: PrunePolicy;
  /** What the last snapshot left on the disk. */
  #objects: ObjectSet;
  /** Of the last snapshot; -1 before the first. */
  #lastOffset: number;
  /** Where the next interval begins: after a failure it is not the last snapshot. */
  #lastAttempt: number;
  #running: Promise<number> | undefined;
  #isClosed = false;

  constructor(parts: SnapshotParts, options: SnapshotOptions = {}) {
    this.#parts = parts;
    this.#intervalCommits = options.intervalCommits ?? limit.snapshotIntervalCommits;
    this.#policy = options.prune ?? "keep";
    this.#objects = parts.last === undefined ? new ObjectSet() : objectsOf(parts.last);
    this.#lastOffset = parts.last?.offset ?? -1;
    this.#lastAttempt = this.#lastOffset;
  }

  /** The log got on: takes a snapshot if it is time. */
  onDurable(): void {
    if (this.#running !== undefined || this.#isClosed || !this.#isDue()) return;
    void this.take().catch((failure: unknown) => {
      if (!(failure instanceof LightconeError)) throw failure;
      if (!this.#isClosed) this.#parts.warn(`no snapshot was taken: ${failure.message}`);
    });
  }

  #isDue(): boolean {
    const { durableOffset, segmentOffset } = this.#parts.log;
    const isSegmentNew = segmentOffset > Math.max(this.#lastAttempt, 0);
    return isSegmentNew || durableOffset - this.#lastAttempt >= this.#intervalCommits;
  }

  /**
   * Takes a snapshot of the present state, after the one under way, and returns the offset of its
   * last transaction, -1 for a database without any. Resolves when it is durable and the policy is
   * carried out. Rejects with LC_DISK, or with LC_DATABASE_UNAVAILABLE if the database closes
   * meanwhile; the database goes on as before.
   */
  async take(): Promise<number> {
    while (this.#running !== undefined) await settled(this.#running);
    const running = this.#take();
    this.#running = running;
    try {
      return await running;
    } finally {
      this.#running = undefined;
    }
  }

  async #take(): Promise<number> {
    this.#assertOpen();
    const { disk, log, logDirectory } = this.#parts;
    this.#lastAttempt = log.nextOffset - 1;
    const target = {
      disk,
      logDirectory,
      pause: async (): Promise<void> => this.#pause(),
      waitUntilDurable: async (): Promise<void> => log.flush(),
    };
    // What a crash left behind may be the room that is missing.
    await removeUnused(target);
    this.#assertOpen();
    const offset = log.nextOffset - 1;
    if (offset === this.#lastOffset) return offset;
    const { identity, epoch } = this.#parts;
    const image = this.#parts.freeze();
    this.#lastAttempt = offset;
    this.#objects = await writeSnapshot(target, { identity, offset, epoch }, image, this.#objects);
    this.#lastOffset = offset;
    try {
      await prune(target, this.#policy);
    } catch (thrown) {
      this.#onPruneFailure(thrown);
    }
    return offset;
  }

  /** The snapshot is there, whatever became of older things. */
  #onPruneFailure(thrown: unknown): void {
    if (!(thrown instanceof LightconeError)) throw thrown;
    // What cannot be read back must not be built on: the next snapshot is written whole.
    if (thrown.code === "LC_SNAPSHOT") this.#objects = new ObjectSet();
    if (!this.#isClosed) this.#parts.warn(`nothing was pruned: ${thrown.message}`);
  }

  async #pause(): Promise<void> {
    await this.#parts.pause();
    this.#assertOpen();
  }

  #assertOpen(): void {
    if (!this.#isClosed) return;
    throw new LightconeError("LC_DATABASE_UNAVAILABLE", "the database is closing");
  }

  /** No snapshot is begun any more, and the one under way ends at its next pause. */
  cancel(): void {
    this.#isClosed = true;
  }

  /** Cancels, and waits until the disk is left alone. */
  async close(): Promise<void> {
    this.cancel();
    if (this.#running !== undefined) await settled(this.#running);
  }
}

async function settled(running: Promise<number>): Promise<void> {
  await Promise.allSettled([running]);
}

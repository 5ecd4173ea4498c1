// For tests of snapshots: a state made of random blocks in place of a datastore, and a disk that
// tells of each of its operations.
import { assert } from "@lightcone/abi";
import { sameDigest } from "../../base/digest.ts";
import type { Disk, DiskFile } from "../../base/disk/contract.ts";
import type { Random } from "../../base/random.ts";
import type { DatastoreImage, ImageBlock, StoredTable } from "../../datastore/image.ts";
import type { ReplayVisitor } from "../contract.ts";
import { Recorder } from "../test-rig.ts";
import { ObjectSet } from "./object-set.ts";
import { type RecoveredState, recoverState } from "./recover.ts";
import { type SnapshotTarget, writeSnapshot } from "./write.ts";

export const identity: Uint8Array = new Uint8Array(32).fill(7);

interface BlockTable {
  readonly tableId: number;
  readonly header: Uint8Array;
  readonly blocks: ImageBlock[];
}

/** Tables of blocks with random bytes. */
export class BlockStore {
  readonly #random: Random;
  readonly #tables: BlockTable[] = [];
  /** Images that were not given back. */
  imageCount = 0;

  constructor(random: Random, blockCounts: readonly number[]) {
    this.#random = random;
    for (const [i, count] of blockCounts.entries()) {
      const blocks = Array.from({ length: count }, () => this.#newBlock());
      this.#tables.push({ tableId: 4096 + i, header: random.bytes(i * 5), blocks });
    }
  }

  #newBlock(): ImageBlock {
    return { bytes: this.#random.bytes(1 + (this.#random.u32() % 300)), digest: undefined };
  }

  /** Changes some blocks, or those given by their numbers in all tables together. */
  change(count: number, first: number = this.#random.u32()): void {
    const places = this.#tables.flatMap(({ blocks }) => blocks.map((_, i) => ({ blocks, i })));
    for (let n = 0; n < count; n++) {
      const place = places[(first + n) % places.length];
      if (place !== undefined) place.blocks[place.i] = this.#newBlock();
    }
  }

  /** Lets the first block of the first table have the bytes of the first of the last. */
  copyBlock(): void {
    const [target] = this.#tables;
    const source = this.#tables.at(-1)?.blocks[0];
    assert(target !== undefined && source !== undefined, "a store with blocks");
    target.blocks[0] = { bytes: source.bytes.slice(), digest: undefined };
  }

  freeze(): DatastoreImage {
    this.imageCount++;
    const tables = this.#tables.map((table) => ({ ...table, blocks: [...table.blocks] }));
    return { tables, release: () => void this.imageCount-- };
  }

  /** What a snapshot of the present state should come back as. */
  contents(): StoredTable[] {
    return this.#tables.map(({ tableId, header, blocks }) => ({
      tableId,
      header,
      blocks: blocks.map(({ bytes }) => bytes),
    }));
  }
}

/** Whether these are the same tables, bytes and all. Quicker than a comparison that can explain. */
export function sameTables(a: readonly StoredTable[], b: readonly StoredTable[]): boolean {
  const isSame = (one: StoredTable, other: StoredTable | undefined): boolean =>
    one.tableId === other?.tableId &&
    sameDigest(one.header, other.header) &&
    one.blocks.length === other.blocks.length &&
    one.blocks.every((block, i) => sameDigest(block, other.blocks[i] ?? new Uint8Array(0)));
  return a.length === b.length && a.every((one, i) => isSame(one, b[i]));
}

/** A target that never waits. */
export function targetOn(disk: Disk): SnapshotTarget {
  const done = async (): Promise<void> => undefined;
  return { disk, pause: done, waitUntilDurable: done };
}

/** Takes a snapshot of a store. */
export async function take(
  disk: Disk,
  store: BlockStore,
  offset: number,
  known: ObjectSet = new ObjectSet(),
): Promise<ObjectSet> {
  return writeSnapshot(targetOn(disk), { identity, offset, epoch: 0 }, store.freeze(), known);
}

/** What recovery made of a disk. */
export interface Rebuilt extends RecoveredState {
  /** What the state began with; undefined for an empty one. */
  readonly tables: readonly StoredTable[] | undefined;
  /** The transactions after it. */
  readonly recorder: Recorder;
  /** How many states were begun. */
  readonly beginCount: number;
}

export const logDirectory = "clog";

/** Recovers what is on a disk. */
export async function rebuild(disk: Disk): Promise<Rebuilt> {
  let tables: readonly StoredTable[] | undefined;
  let recorder = new Recorder();
  let beginCount = 0;
  const state = await recoverState({
    disk,
    logDirectory,
    identity,
    begin: (given): ReplayVisitor => {
      tables = given;
      recorder = new Recorder();
      beginCount++;
      return recorder;
    },
  });
  return { ...state, tables, recorder, beginCount };
}

/** A disk that calls `before` ahead of each operation that changes or syncs something. */
export function watchedDisk(disk: Disk, before: () => void): Disk {
  const after = async <T>(run: () => Promise<T>): Promise<T> => {
    before();
    return run();
  };
  const watchedFile = (file: DiskFile): DiskFile => ({
    path: file.path,
    size: async () => file.size(),
    read: async (...args) => file.read(...args),
    writeSync: (...args) => {
      before();
      file.writeSync(...args);
    },
    sync: async () => after(async () => file.sync()),
    truncate: async (size) => after(async () => file.truncate(size)),
    close: async () => file.close(),
  });
  return {
    list: async (directory) => disk.list(directory),
    exists: async (path) => disk.exists(path),
    readFile: async (path) => disk.readFile(path),
    open: async (path, mode) => {
      if (mode === "create") before();
      return watchedFile(await disk.open(path, mode));
    },
    rename: async (from, to) => after(async () => disk.rename(from, to)),
    remove: async (path) => after(async () => disk.remove(path)),
    makeDirectory: async (path) => after(async () => disk.makeDirectory(path)),
    syncDirectory: async (path) => after(async () => disk.syncDirectory(path)),
  };
}

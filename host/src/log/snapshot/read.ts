// Reads a snapshot back: every block is checked by its hash before anything is handed out. Rules
// SNAP8 and SNAP9 of docs/snapshots.md.
import { assert, present } from "@lightcone/abi";
import { digest, sameDigest } from "../../base/digest.ts";
import type { Disk, DiskFile } from "../../base/disk/contract.ts";
import { limit } from "../../base/limit.ts";
import type { Pause } from "../../base/pause.ts";
import type { StoredTable } from "../../datastore/image.ts";
import { manifestPath, packPath } from "./files.ts";
import { decodeManifest, type Manifest, snapshotFault, type StoredObject } from "./manifest.ts";

/** The manifest of the snapshot at `offset`. Throws LC_SNAPSHOT and LC_DISK. */
export async function readManifest(disk: Disk, offset: number): Promise<Manifest> {
  const path = manifestPath(offset);
  const manifest = decodeManifest(await disk.readFile(path), path);
  if (manifest.offset !== offset) {
    throw snapshotFault(path, `it holds the state after transaction ${manifest.offset}`);
  }
  return manifest;
}

/** The packs of a snapshot, open for reading. */
class OpenPacks {
  readonly #files = new Map<number, DiskFile>();

  static async open(disk: Disk, manifest: Manifest): Promise<OpenPacks> {
    const packs = new OpenPacks();
    try {
      for (const { number } of manifest.packs) {
        packs.#files.set(number, await disk.open(packPath(number), "read"));
      }
    } catch (thrown) {
      await packs.close();
      throw thrown;
    }
    return packs;
  }

  /** Fills `target` with an object, or throws LC_SNAPSHOT. */
  async read(object: StoredObject, target: Uint8Array): Promise<void> {
    const { pack, position, length, hash } = object;
    assert(target.length === length, "a block is as long as its object");
    const file = present(this.#files.get(pack), "the pack of an object");
    const count = await file.read(position, target, 0, length);
    if (count < length) {
      throw snapshotFault(file.path, `it ends within the ${length} bytes at byte ${position}`);
    }
    if (!sameDigest(digest(target), hash)) {
      throw snapshotFault(file.path, `the ${length} bytes at byte ${position} are damaged`);
    }
  }

  async close(): Promise<void> {
    for (const file of this.#files.values()) await file.close();
  }
}

/** Runs `task` for each of `items`, several at once; the first failure ends all. */
async function forEachAtOnce<T>(
  items: Iterator<T, void>,
  countMax: number,
  task: (item: T) => Promise<void>,
): Promise<void> {
  let isFailed = false;
  const work = async (): Promise<void> => {
    for (let next = items.next(); !next.done && !isFailed; next = items.next()) {
      try {
        await task(next.value);
      } catch (thrown) {
        isFailed = true;
        throw thrown;
      }
    }
  };
  // All must have come to their end before the files are closed.
  const ends = await Promise.allSettled(Array.from({ length: countMax }, work));
  for (const end of ends) if (end.status === "rejected") throw end.reason;
}

interface BlockToRead {
  readonly object: StoredObject;
  readonly table: number;
  readonly index: number;
}

function* blocksOf(manifest: Manifest): Generator<BlockToRead, void> {
  for (const [table, { blocks }] of manifest.tables.entries()) {
    for (let index = 0; index < blocks.length; index++) {
      yield { object: blocks.at(index), table, index };
    }
  }
}

/**
 * All tables of a snapshot, every block verified. Each block has memory of its own. Throws
 * LC_SNAPSHOT where something is damaged or missing, LC_DISK where it cannot be read.
 */
export async function readTables(disk: Disk, manifest: Manifest): Promise<StoredTable[]> {
  const blocks = manifest.tables.map((table) => new Array<Uint8Array>(table.blocks.length));
  const packs = await OpenPacks.open(disk, manifest);
  try {
    await forEachAtOnce(
      blocksOf(manifest),
      limit.snapshotReadCountMax,
      async ({ object, table, index }) => {
        const block = new Uint8Array(object.length);
        present(blocks[table], "a table")[index] = block;
        await packs.read(object, block);
      },
    );
  } finally {
    await packs.close();
  }
  return manifest.tables.map(({ tableId, header }, table) => ({
    tableId,
    header,
    blocks: present(blocks[table], "a table"),
  }));
}

/**
 * Reads a snapshot through, keeping nothing and awaiting `pause` now and then. Throws as
 * `readTables` does, and what `pause` throws.
 */
export async function verifySnapshot(disk: Disk, manifest: Manifest, pause: Pause): Promise<void> {
  const packs = await OpenPacks.open(disk, manifest);
  try {
    let buffer = new Uint8Array(limit.pageBytesMax);
    let bytesSincePause = 0;
    for (const { object } of blocksOf(manifest)) {
      const { length } = object;
      if (length > buffer.length) buffer = new Uint8Array(length);
      await packs.read(object, buffer.subarray(0, length));
      bytesSincePause += length;
      if (bytesSincePause < limit.snapshotSliceBytes) continue;
      bytesSincePause = 0;
      await pause();
    }
  } finally {
    await packs.close();
  }
}

// Takes a snapshot: the blocks of an image that are not on the disk yet into a pack, then a manifest
// that names all of them. Rules SNAP4 to SNAP7 of docs/snapshots.md; the source is runtime.md
// section 13.
import { assert, LightconeError } from "@lightcone/abi";
import { digest } from "../../base/digest.ts";
import type { Disk } from "../../base/disk/contract.ts";
import { createFile } from "../../base/disk/create-file.ts";
import type { Pause } from "../../base/pause.ts";
import { limit } from "../../base/limit.ts";
import type { DatastoreImage, ImageBlock } from "../../datastore/image.ts";
import { listSnapshots, manifestPath, snapshotDirectory, unfinishedPath } from "./files.ts";
import { ManifestWriter, type SnapshotPoint, type StoredObject } from "./manifest.ts";
import { ObjectSet } from "./object-set.ts";
import { PackFile } from "./pack-file.ts";

/** What taking a snapshot needs of its surroundings. */
export interface SnapshotTarget {
  readonly disk: Disk;
  /**
   * Awaited after each slice of about a millisecond's work, to let others run. What it throws ends
   * the snapshot.
   */
  readonly pause: Pause;
  /** Resolves when everything logged so far is durable. What it throws ends the snapshot. */
  waitUntilDurable(): Promise<void>;
}

/** Lets others run after every `limit.snapshotSliceBytes` of work. */
class Slices {
  readonly #pause: Pause;
  #bytes = 0;

  constructor(pause: Pause) {
    this.#pause = pause;
  }

  async spend(bytes: number): Promise<void> {
    this.#bytes += bytes;
    if (this.#bytes < limit.snapshotSliceBytes) return;
    this.#bytes = 0;
    await this.#pause();
  }
}

/** What it costs to look a block up and name it, in bytes that are hashed or written. */
const blockCost = 4096;

/** Finds or writes the object of each block. */
class BlockWriter {
  readonly #known: ObjectSet;
  readonly #usable: ReadonlySet<number>;
  readonly #pack: PackFile;
  readonly #slices: Slices;
  /** The objects of the new snapshot. */
  readonly objects: ObjectSet = new ObjectSet();

  constructor(known: ObjectSet, pack: PackFile, slices: Slices) {
    this.#known = known;
    this.#usable = known.packsWorthKeeping();
    this.#pack = pack;
    this.#slices = slices;
  }

  async write(block: ImageBlock): Promise<StoredObject> {
    let cost = blockCost;
    if (block.digest === undefined) {
      block.digest = digest(block.bytes);
      cost += block.bytes.length;
    }
    let object = this.#find(block.digest);
    if (object === undefined) {
      const { bytes, digest: hash } = block;
      const position = await this.#pack.append(bytes);
      object = { pack: this.#pack.number, position, length: bytes.length, hash };
      cost += bytes.length;
    }
    this.objects.add(object);
    await this.#slices.spend(cost);
    return object;
  }

  /** The object of that hash, unless it lies in a pack that is to be given up. */
  #find(hash: Uint8Array): StoredObject | undefined {
    const present = this.objects.find(hash);
    if (present !== undefined) return present;
    const known = this.#known.find(hash);
    return known !== undefined && this.#usable.has(known.pack) ? known : undefined;
  }

  /** Tells the new set how long its packs are. */
  finish(): void {
    for (const { number } of this.objects.packs()) {
      this.objects.setPackBytes(number, this.#known.packBytes(number));
    }
    this.objects.setPackBytes(this.#pack.number, this.#pack.bytes);
  }
}

/**
 * Writes a snapshot of `image`, which holds the state after transaction `point.offset`, and releases
 * it, whatever comes. `known` are the objects of the last snapshot. Returns those of this one, which
 * is durable then. If it throws, what was written is removed as far as the disk lets it: LC_DISK, or
 * what the target throws.
 */
export async function writeSnapshot(
  target: SnapshotTarget,
  point: SnapshotPoint,
  image: DatastoreImage,
  known: ObjectSet,
): Promise<ObjectSet> {
  const { disk } = target;
  const { offset } = point;
  let pack: PackFile | undefined;
  let objects: ObjectSet;
  try {
    let manifest: Uint8Array;
    try {
      await disk.makeDirectory(snapshotDirectory);
      pack = new PackFile(disk, 1 + ((await listSnapshots(disk)).packs.at(-1) ?? 0));
      const writer = new BlockWriter(known, pack, new Slices(target.pause));
      objects = writer.objects;
      manifest = await writeBlocks(point, image, writer);
    } finally {
      image.release();
    }
    await pack.finish();
    await target.waitUntilDurable();
    await writeUnnamed(disk, offset, manifest);
    await disk.rename(unfinishedPath(offset), manifestPath(offset));
  } catch (thrown) {
    await removeRemains(disk, offset, pack);
    throw thrown;
  }
  // From here on a crash may find the manifest, so everything stays even if this fails.
  await disk.syncDirectory(snapshotDirectory);
  return objects;
}

/** Writes what is new of the image and returns the manifest of all of it. */
async function writeBlocks(
  point: SnapshotPoint,
  image: DatastoreImage,
  writer: BlockWriter,
): Promise<Uint8Array> {
  const manifest = new ManifestWriter(point, image.tables.length);
  let lastTableId = -1;
  for (const { tableId, header, blocks } of image.tables) {
    assert(tableId > lastTableId, "tables of an image ascend by id");
    lastTableId = tableId;
    manifest.table(tableId, header, blocks.length);
    for (const block of blocks) manifest.block(await writer.write(block));
  }
  writer.finish();
  return manifest.finish(writer.objects.packs());
}

/** Makes a manifest durable under its temporary name, and the names of the packs with it. */
async function writeUnnamed(disk: Disk, offset: number, bytes: Uint8Array): Promise<void> {
  const path = unfinishedPath(offset);
  await disk.remove(path);
  await createFile(disk, path, bytes);
  await disk.syncDirectory(snapshotDirectory);
}

/** What a disk refuses to remove is removed before the next snapshot. */
async function removeRemains(
  disk: Disk,
  offset: number,
  pack: PackFile | undefined,
): Promise<void> {
  try {
    await pack?.discard();
    await disk.remove(unfinishedPath(offset));
  } catch (thrown) {
    if (!(thrown instanceof LightconeError) || thrown.code !== "LC_DISK") throw thrown;
  }
}

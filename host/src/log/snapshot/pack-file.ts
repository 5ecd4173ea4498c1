// The pack that is being written: objects back to back in one file, durable together. Thousands of
// small files would each cost a name and a sync. Rule SNAP3 of docs/snapshots.md.
import type { Disk, DiskFile } from "../../base/disk/contract.ts";
import { limit } from "../../base/limit.ts";
import { packPath } from "./files.ts";

/** A new pack. The file is made with the first object, so that no object makes no file. */
export class PackFile {
  readonly number: number;
  readonly #disk: Disk;
  #file: DiskFile | undefined;
  #isMade = false;
  #bytes = 0;
  #syncedBytes = 0;

  constructor(disk: Disk, number: number) {
    this.#disk = disk;
    this.number = number;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Hands an object to the system and returns its position. Throws LC_DISK. */
  async append(object: Uint8Array): Promise<number> {
    const file = this.#file ?? (await this.#make());
    const position = this.#bytes;
    file.writeSync(position, object, 0, object.length);
    this.#bytes += object.length;
    if (this.#bytes - this.#syncedBytes >= limit.snapshotSyncBytes) {
      await file.sync();
      this.#syncedBytes = this.#bytes;
    }
    return position;
  }

  async #make(): Promise<DiskFile> {
    this.#file = await this.#disk.open(packPath(this.number), "create");
    this.#isMade = true;
    return this.#file;
  }

  /** Makes all objects durable, not yet the file's name. Throws LC_DISK. */
  async finish(): Promise<void> {
    const file = this.#file;
    if (file === undefined) return;
    await file.sync();
    this.#file = undefined;
    await file.close();
  }

  /** Takes back what was written: a full disk needs the room. */
  async discard(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
    if (this.#isMade) await this.#disk.remove(packPath(this.number));
  }
}

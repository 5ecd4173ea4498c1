// The offset index beside a segment: where in it some durable commits start. Rule LOG16; the source
// is runtime.md section 12.3.
//
//   each entry   u64 transaction offset, u64 byte position; an offset of 0 ends the list
//
// It is advisory: nothing is lost without it, and whatever in it makes no sense is ignored.
import { LightconeError } from "@lightcone/abi";
import type { Disk, DiskFile } from "../base/disk/contract.ts";
import { limit } from "../base/limit.ts";
import { segmentOffset } from "./segment.ts";

const entryBytes = 16;

/** A durable commit and where it starts. */
export interface IndexEntry {
  readonly offset: number;
  readonly position: number;
}

/** The name of the index beside a segment of this name or path. */
export function indexName(segment: string): string {
  return segment.replace(/\.log$/, ".ofs");
}

/** The name of the segment whose index has this name; undefined for the name of something else. */
export function indexedSegment(name: string): string | undefined {
  const segment = name.replace(/\.ofs$/, ".log");
  return segment === name || segmentOffset(segment) === undefined ? undefined : segment;
}

/** The entries of an index, up to the first that does not ascend. */
export function parseIndex(bytes: Uint8Array): IndexEntry[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries: IndexEntry[] = [];
  let last: IndexEntry = { offset: 0, position: 0 };
  for (let at = 0; at + entryBytes <= bytes.length; at += entryBytes) {
    const offset = Number(view.getBigUint64(at, true));
    const position = Number(view.getBigUint64(at + 8, true));
    if (offset <= last.offset || position <= last.position) break;
    last = { offset, position };
    entries.push(last);
  }
  return entries;
}

/** The entries of the index beside a segment; none if it is not there. */
export async function readIndex(disk: Disk, segmentPath: string): Promise<IndexEntry[]> {
  const path = indexName(segmentPath);
  return (await disk.exists(path)) ? parseIndex(await disk.readFile(path)) : [];
}

/**
 * Adds entries to the index of the segment that is being written. A failing disk ends it without
 * harm to the log.
 */
export class IndexWriter {
  #file: DiskFile | undefined;
  #entryCount: number;
  #lastPosition: number;
  readonly #entry = new Uint8Array(entryBytes);
  readonly #entryView = new DataView(this.#entry.buffer);

  private constructor(file: DiskFile | undefined, entries: readonly IndexEntry[]) {
    this.#file = file;
    this.#entryCount = entries.length;
    this.#lastPosition = entries.at(-1)?.position ?? 0;
  }

  /**
   * Goes on with the index beside a segment of which the first `segmentBytes` bytes are whole, or
   * begins it.
   */
  static async open(disk: Disk, segmentPath: string, segmentBytes: number): Promise<IndexWriter> {
    try {
      const entries = await readIndex(disk, segmentPath);
      const known = entries.filter((entry) => entry.position < segmentBytes);
      const path = indexName(segmentPath);
      const file = await disk.open(path, (await disk.exists(path)) ? "write" : "create");
      await file.truncate(known.length * entryBytes);
      return new IndexWriter(file, known);
    } catch (thrown) {
      ignoreDiskFailure(thrown);
      return new IndexWriter(undefined, []);
    }
  }

  /**
   * Notes a durable commit, if the last entry lies far enough before it, or anyway where `isLast`
   * says that no other will follow.
   */
  async add(offset: number, position: number, isLast: boolean): Promise<void> {
    const distance = position - this.#lastPosition;
    // Zero stands for the end of the list, so the log's first transaction is never noted.
    if (this.#file === undefined || distance <= 0 || offset === 0) return;
    if (distance < limit.logIndexIntervalBytes && !isLast) return;
    this.#entryView.setBigUint64(0, BigInt(offset), true);
    this.#entryView.setBigUint64(8, BigInt(position), true);
    try {
      this.#file.writeSync(this.#entryCount * entryBytes, this.#entry, 0, entryBytes);
    } catch (thrown) {
      ignoreDiskFailure(thrown);
      await this.close();
    }
    this.#entryCount++;
    this.#lastPosition = position;
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    try {
      await file?.close();
    } catch (thrown) {
      ignoreDiskFailure(thrown);
    }
  }
}

/**
 * The log does not need its index: where the disk fails for good, the segment beside it will tell.
 */
function ignoreDiskFailure(thrown: unknown): void {
  if (!(thrown instanceof LightconeError) || thrown.code !== "LC_DISK") throw thrown;
}

// A file of the memory disk: the bytes that a reader sees, and apart from them those that a loss of
// power would leave.
import type { Random } from "../random.ts";

/** What a file system writes at once, or not at all. */
const sectorBytes = 512;

/** One change since the last sync. */
type Change =
  | { readonly kind: "write"; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: "truncate"; readonly size: number };

/** Bytes that grow; what lies between an old end and a write beyond it reads as zeros. */
class Content {
  #bytes: Uint8Array;
  #length: number;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#length = bytes.length;
  }

  get length(): number {
    return this.#length;
  }

  read(start: number, end: number): Uint8Array {
    return this.#bytes.subarray(Math.min(start, this.#length), Math.min(end, this.#length));
  }

  apply(change: Change): void {
    if (change.kind === "truncate") this.#resize(change.size);
    else this.write(change.at, change.bytes);
  }

  write(at: number, bytes: Uint8Array): void {
    if (at + bytes.length > this.#length) this.#resize(at + bytes.length);
    this.#bytes.set(bytes, at);
  }

  #resize(size: number): void {
    if (size > this.#bytes.length) {
      const next = new Uint8Array(Math.max(size, this.#bytes.length * 2));
      next.set(this.read(0, this.#length));
      this.#bytes = next;
    }
    // Bytes beyond the length stay zero, so that growing needs no filling.
    if (size < this.#length) this.#bytes.fill(0, size, this.#length);
    this.#length = size;
  }
}

/** The file itself, whatever names it has and whoever has it open. */
export class MemoryFileData {
  readonly #live: Content;
  readonly #durable: Content;
  readonly #pending: Change[] = [];

  /** A file that holds `bytes` for good. */
  constructor(bytes: Uint8Array) {
    this.#live = new Content(bytes.slice());
    this.#durable = new Content(bytes.slice());
  }

  get size(): number {
    return this.#live.length;
  }

  /** How many changes are not durable yet. */
  get pendingCount(): number {
    return this.#pending.length;
  }

  read(start: number, end: number): Uint8Array {
    return this.#live.read(start, end);
  }

  change(change: Change): void {
    this.#live.apply(change);
    this.#pending.push(change);
  }

  /** Makes the first `count` pending changes durable. */
  sync(count: number): void {
    for (const change of this.#pending.splice(0, count)) this.#durable.apply(change);
  }

  /**
   * What a failed sync does: the first `count` changes can still be read but will never be written,
   * and no later sync speaks of them. Linux behaves so.
   */
  dropPending(count: number): void {
    this.#pending.splice(0, count);
  }

  /**
   * What could be found after a loss of power: the durable bytes, then a first part of the pending
   * changes, the last of them torn anywhere; and now and then one sector of the new bytes that was
   * never written, though later ones were.
   */
  afterCrash(random: Random): Uint8Array {
    const durableLength = this.#durable.length;
    const content = new Content(this.#durable.read(0, durableLength).slice());
    const kept = random.u32() % (this.#pending.length + 1);
    for (const change of this.#pending.slice(0, kept)) content.apply(change);
    const torn = this.#pending[kept];
    if (torn?.kind === "write") {
      content.write(torn.at, torn.bytes.subarray(0, random.u32() % (torn.bytes.length + 1)));
    }
    loseSector(content, durableLength, random);
    return content.read(0, content.length).slice();
  }
}

function loseSector(content: Content, durableLength: number, random: Random): void {
  const firstSector = Math.ceil(durableLength / sectorBytes);
  const sectorCount = Math.floor(content.length / sectorBytes) - firstSector;
  if (sectorCount <= 0 || random.u32() % 4 !== 0) return;
  const sector = firstSector + (random.u32() % sectorCount);
  content.write(sector * sectorBytes, new Uint8Array(sectorBytes));
}

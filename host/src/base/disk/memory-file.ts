// A file of the memory disk: the bytes that a reader sees, and apart from them those that a loss of
// power would leave.
import type { Random } from "../random.ts";

/** What a file system writes at once, or not at all. */
const sectorBytes = 512;

/** One change since the last sync. */
type Change =
  | { readonly kind: "write"; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: "truncate"; readonly size: number };

/** What losses of power did, counted by the file or name that they did it to. */
export interface CrashEffects {
  /** Of what was written to the file, or cut off from it, some was put at stake. */
  lossCount: number;
  /** Of one write a first part is there. */
  tornWriteCount: number;
  /** Of several writes, or several sectors of one, some are there, in no order. */
  scatteredWriteCount: number;
  /** A name that was made, moved or removed is as it was before. */
  lostNameCount: number;
  /** So is one though a later change of a name is there. */
  reorderedNameCount: number;
}

/** Effects to count in, none so far. */
export function noCrashEffects(): CrashEffects {
  return {
    lossCount: 0,
    tornWriteCount: 0,
    scatteredWriteCount: 0,
    lostNameCount: 0,
    reorderedNameCount: 0,
  };
}

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
   * What could be found after a loss of power: the durable bytes and, of the pending changes, none,
   * all, a first part whose last write is torn anywhere, or whatever reached the disk in no order.
   */
  afterCrash(random: Random, effects: CrashEffects): Uint8Array {
    const changeCount = this.#pending.length;
    const keptCount = random.u32() % (changeCount + 1);
    const outcome = changeCount === 0 ? 0 : random.u32() % 4;
    if (outcome === 3) return this.#firstChanges(changeCount).slice();
    if (changeCount > 0) effects.lossCount++;
    if (outcome === 1) return this.#torn(keptCount, random, effects);
    if (outcome === 2) return this.#scattered(random, effects);
    return this.#firstChanges(0).slice();
  }

  #firstChanges(count: number): Uint8Array {
    const content = new Content(this.#durable.read(0, this.#durable.length).slice());
    for (let i = 0; i < count; i++) content.apply(this.#pending[i] as Change);
    return content.read(0, content.length);
  }

  #torn(keptCount: number, random: Random, effects: CrashEffects): Uint8Array {
    const content = new Content(this.#firstChanges(keptCount).slice());
    const torn = this.#pending[keptCount];
    if (torn?.kind === "write") {
      effects.tornWriteCount++;
      content.write(torn.at, torn.bytes.subarray(0, random.u32() % (torn.bytes.length + 1)));
    }
    return content.read(0, content.length).slice();
  }

  /**
   * The system writes sectors, and the file's length, when and in the order it likes: each is found
   * as some change left it, whatever the others are.
   */
  #scattered(random: Random, effects: CrashEffects): Uint8Array {
    effects.scatteredWriteCount++;
    const stateCount = this.#pending.length + 1;
    let lengthMax = this.#durable.length;
    for (const change of this.#pending) lengthMax = Math.max(lengthMax, endOf(change));
    const sectorCount = Math.ceil(lengthMax / sectorBytes);
    const stateOf = Array.from({ length: sectorCount }, () => random.u32() % stateCount);
    const stateOfLength = random.u32() % stateCount;
    const content = new Content(this.#durable.read(0, this.#durable.length).slice());
    const found = new Uint8Array(lengthMax);
    let length = 0;
    for (let state = 0; state < stateCount; state++) {
      if (state > 0) content.apply(this.#pending[state - 1] as Change);
      if (state === stateOfLength) length = content.length;
      for (let sector = 0; sector < sectorCount; sector++) {
        if (stateOf[sector] !== state) continue;
        const at = sector * sectorBytes;
        found.set(content.read(at, at + sectorBytes), at);
      }
    }
    return found.subarray(0, length).slice();
  }
}

function endOf(change: Change): number {
  return change.kind === "write" ? change.at + change.bytes.length : change.size;
}

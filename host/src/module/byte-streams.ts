// Byte sources and sinks of the ABI: how arguments reach a guest and texts come back (abi.md section 5.6).
import { LastView, Writer } from "@lightcone/abi";
import { limit } from "../base/limit.ts";
import type { Trap } from "./trap.ts";

/** Bytes for a guest to read, once. */
export interface ByteSource {
  view: DataView;
  at: number;
  end: number;
  /** Bytes that it was opened with. */
  length: number;
  isOpen: boolean;
}

/** What a closed source gives. */
const noBytes = new DataView(new ArrayBuffer(0));

/** Sources kept for the next call: more than any sound call has at a time. */
const keptSources = 16;

/** So many handles a call is given before one that is closed comes again, at a moment when none is open. */
const handlesMin = 1024;

/** The sources of one top-level call. Handles count from 1. */
export class ByteSources {
  readonly #slots: ByteSource[] = [];
  readonly #trap: Trap;
  /** Arguments of one turn lie in the same memory. */
  readonly #given = new LastView();
  #count = 0;
  #openCount = 0;
  #openBytes = 0;

  constructor(trap: Trap) {
    this.#trap = trap;
  }

  /** Opens a source; empty bytes have none and get handle 0. Traps where a call has too much open. */
  open(bytes: Uint8Array, start: number, end: number): number {
    if (start === end) return 0;
    if (this.#openCount === 0 && this.#count >= handlesMin) this.#count = 0;
    this.#openBytes += end - start;
    if (this.#count >= limit.sourceCountMax || this.#openBytes > limit.sourceBytesMax) {
      this.#trap("the module leaves too many bytes unread in its sources");
    }
    this.#openCount++;
    const slot = this.#count++;
    const known = this.#slots[slot];
    const view = this.#given.of(bytes);
    if (known === undefined) {
      this.#slots.push({ view, at: start, end, length: end - start, isOpen: true });
    } else {
      known.view = view;
      known.at = start;
      known.end = end;
      known.length = end - start;
      known.isOpen = true;
    }
    return slot + 1;
  }

  get(handle: number): ByteSource | undefined {
    const slot = (handle >>> 0) - 1;
    const source = slot < this.#count ? this.#slots[slot] : undefined;
    return source !== undefined && source.isOpen ? source : undefined;
  }

  /** All bytes of a source have been read: they are not kept. */
  close(source: ByteSource): void {
    source.isOpen = false;
    source.view = noBytes;
    this.#openCount--;
    this.#openBytes -= source.length;
  }

  closeAll(): void {
    this.#count = 0;
    this.#openCount = 0;
    this.#openBytes = 0;
    if (this.#slots.length > keptSources) this.#slots.length = keptSources;
  }

  /** As `closeAll`; what the sources gave may be large and is not kept. */
  forget(): void {
    this.closeAll();
    this.#slots.length = 0;
    this.#given.forget();
  }
}

/** More than this in one sink is a runaway guest. */
const sinkBytesMax = 256 * 1024 * 1024;

/** A buffer that one call made larger than this is given back. */
const sinkBytesKept = 1024 * 1024;

/** A sink of a call; each has a handle of its own. */
export class ByteSink {
  readonly handle: number;
  #writer = new Writer(256);
  readonly #trap: Trap;
  #isOpen = false;

  constructor(trap: Trap, handle = 1) {
    this.#trap = trap;
    this.handle = handle;
  }

  open(): void {
    this.#writer.clear();
    this.#isOpen = true;
  }

  /** What `bytes` has given stays valid. */
  close(): void {
    this.#isOpen = false;
    if (this.#writer.memory.length > sinkBytesKept) this.#writer = new Writer(256);
  }

  accepts(handle: number): boolean {
    return this.#isOpen && handle === this.handle;
  }

  write(bytes: Uint8Array, start: number, end: number): void {
    if (this.#writer.length + end - start > sinkBytesMax) {
      this.#trap(`the module wrote more than ${sinkBytesMax} bytes into one sink`);
    }
    this.#writer.rawRange(bytes, start, end);
  }

  /** What was written, valid until the next call. */
  bytes(): Uint8Array {
    return this.#writer.written();
  }
}

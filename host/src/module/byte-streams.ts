// Byte sources and sinks of the ABI: how arguments reach a guest and texts come back (abi.md section 5.6).
import { LastView, Writer } from "@lightcone/abi";
import type { Trap } from "./trap.ts";

/** Bytes for a guest to read, once. */
export interface ByteSource {
  view: DataView;
  at: number;
  end: number;
  isOpen: boolean;
}

/** The sources of one top-level call. Handles count from 1. */
export class ByteSources {
  readonly #slots: ByteSource[] = [];
  /** Arguments of one turn lie in the same memory. */
  readonly #given = new LastView();
  #count = 0;

  /** Opens a source; empty bytes have none and get handle 0. */
  open(bytes: Uint8Array, start: number, end: number): number {
    if (start === end) return 0;
    const slot = this.#count++;
    const known = this.#slots[slot];
    const view = this.#given.of(bytes);
    if (known === undefined) {
      this.#slots.push({ view, at: start, end, isOpen: true });
    } else {
      known.view = view;
      known.at = start;
      known.end = end;
      known.isOpen = true;
    }
    return slot + 1;
  }

  get(handle: number): ByteSource | undefined {
    const slot = (handle >>> 0) - 1;
    const source = slot < this.#count ? this.#slots[slot] : undefined;
    return source !== undefined && source.isOpen ? source : undefined;
  }

  closeAll(): void {
    this.#count = 0;
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

/** A sink of a call; each has a handle of its own. */
export class ByteSink {
  readonly handle: number;
  readonly #writer = new Writer(256);
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

  close(): void {
    this.#isOpen = false;
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

// Row iterators, byte sources and sinks of the double: bytes in pieces, and who still holds which
// handle. What a guest must not do is noted as a breach.
import { Errno, exhausted } from "@lightcone/abi";
import type { GuestMemory } from "./guest-memory.ts";
import type { Provocation } from "./provocation.ts";

interface Iterator {
  readonly chunks: Uint8Array[];
  /** The depth of nested calls at which it was opened. */
  readonly frame: number;
}

interface ByteSource {
  rest: Uint8Array;
  readonly frame: number;
}

interface ByteSink {
  readonly pieces: Uint8Array[];
  readonly frame: number;
}

function concat(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

export class Streams {
  readonly #provocation: Provocation;
  readonly #breaches: string[];
  readonly #iterators = new Map<number, Iterator>();
  readonly #sources = new Map<number, ByteSource>();
  readonly #sinks = new Map<number, ByteSink>();
  /** Handles are never reused, so that the use of an old one shows. */
  #next = 1;
  #frame = 0;

  constructor(provocation: Provocation, breaches: string[]) {
    this.#provocation = provocation;
    this.#breaches = breaches;
  }

  /** A call into the guest begins. */
  enter(): void {
    this.#frame++;
  }

  /** A call into the guest has ended; `isTrap` where the instance is lost and nothing matters. */
  leave(isTrap: boolean): void {
    for (const [handle, { frame }] of this.#iterators) {
      if (frame !== this.#frame) continue;
      if (!isTrap) this.#breaches.push(`iterator ${handle} is left open`);
      this.#iterators.delete(handle);
    }
    for (const map of [this.#sources, this.#sinks]) {
      for (const [handle, { frame }] of map) if (frame === this.#frame) map.delete(handle);
    }
    this.#frame--;
  }

  openIterator(rows: readonly Uint8Array[]): number {
    const chunks: Uint8Array[] = [];
    for (let at = 0; at < rows.length;) {
      const count = Math.min(this.#provocation.rowsOfChunk(chunks.length), rows.length - at);
      chunks.push(concat(rows.slice(at, at + count)));
      at += count;
    }
    this.#iterators.set(this.#next, { chunks, frame: this.#frame });
    return this.#next++;
  }

  advance(memory: GuestMemory, handle: number, at: number, lengthAt: number): number {
    const iterator = this.#iterators.get(handle);
    if (iterator === undefined) {
      this.#breaches.push(`iterator ${handle} is read after its end`);
      return Errno.noSuchIter;
    }
    const capacity = memory.readU32(lengthAt);
    const { chunks } = iterator;
    const [first] = chunks;
    if (first !== undefined && first.length > capacity) {
      memory.writeU32(lengthAt, first.length);
      return Errno.bufferTooSmall;
    }
    const taken: Uint8Array[] = [];
    let size = 0;
    while (taken.length < this.#provocation.chunksPerAdvance) {
      const [next] = chunks;
      if (next === undefined || size + next.length > capacity) break;
      taken.push(next);
      size += next.length;
      chunks.shift();
    }
    memory.write(at, concat(taken));
    memory.writeU32(lengthAt, size);
    if (chunks.length > 0) return 0;
    this.#iterators.delete(handle);
    return exhausted;
  }

  closeIterator(handle: number): number {
    if (this.#iterators.delete(handle)) return 0;
    this.#breaches.push(`iterator ${handle} is closed after its end`);
    return Errno.noSuchIter;
  }

  /** 0 for no bytes: there is no empty source. */
  openSource(bytes: Uint8Array): number {
    if (bytes.length === 0) return 0;
    this.#sources.set(this.#next, { rest: bytes, frame: this.#frame });
    return this.#next++;
  }

  readSource(memory: GuestMemory, handle: number, at: number, lengthAt: number): number {
    const source = this.#sources.get(handle);
    if (source === undefined) {
      this.#breaches.push(`source ${handle} is read after its end`);
      return Errno.noSuchBytes;
    }
    const count = Math.min(memory.readU32(lengthAt), this.#provocation.sourceBytesMax);
    const piece = source.rest.slice(0, count);
    source.rest = source.rest.slice(count);
    memory.write(at, piece);
    memory.writeU32(lengthAt, piece.length);
    if (source.rest.length > 0) return 0;
    this.#sources.delete(handle);
    return exhausted;
  }

  sourceLength(memory: GuestMemory, handle: number, out: number): number {
    const source = this.#sources.get(handle);
    if (source === undefined) return Errno.noSuchBytes;
    memory.writeU32(out, source.rest.length);
    return 0;
  }

  openSink(): number {
    this.#sinks.set(this.#next, { pieces: [], frame: this.#frame });
    return this.#next++;
  }

  writeSink(memory: GuestMemory, handle: number, at: number, lengthAt: number): number {
    const sink = this.#sinks.get(handle);
    if (sink === undefined) {
      this.#breaches.push(`sink ${handle} does not exist`);
      return Errno.noSuchBytes;
    }
    const count = Math.min(memory.readU32(lengthAt), this.#provocation.sinkBytesMax);
    sink.pieces.push(memory.read(at, count));
    memory.writeU32(lengthAt, count);
    return 0;
  }

  /** What a sink holds. */
  sunk(handle: number): Uint8Array {
    return concat(this.#sinks.get(handle)?.pieces ?? []);
  }
}

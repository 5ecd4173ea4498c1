// A growing byte buffer with little-endian writers: the only way Lightcone encodes.

import { copyBytes } from "./copy.ts";

const utf8 = new TextEncoder();

/** Shorter copies are quicker byte by byte than by the view that `set` needs. */
const loopCopyMax = 64;

// Names are short and ASCII: a loop beats the call into the encoder and the view that it needs.
const shortStringMax = 64;

/** Whether `text` was written whole; false as soon as something is not ASCII. */
function writeAscii(bytes: Uint8Array, at: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0x80) return false;
    bytes[at + i] = unit;
  }
  return true;
}

/** Appends values to one buffer. `clear()` keeps the memory, so one writer serves many messages. */
export class Writer {
  #bytes: Uint8Array;
  #view: DataView;
  #length = 0;

  constructor(capacity = 256) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  get length(): number {
    return this.#length;
  }

  /** The memory behind the writer; valid up to `length` and only until the next write. */
  get memory(): Uint8Array {
    return this.#bytes;
  }

  clear(): void {
    this.#length = 0;
  }

  /** Forgets everything from `length` on. */
  truncate(length: number): void {
    this.#length = length;
  }

  /** A view of what was written, valid until the next write. */
  written(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** A copy of what was written. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  /** Makes room for `count` bytes and returns the position where they start. */
  reserve(count: number): number {
    const start = this.#length;
    const end = start + count;
    if (end > this.#bytes.length) this.#grow(end);
    this.#length = end;
    return start;
  }

  #grow(needed: number): void {
    const next = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    next.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = next;
    this.#view = new DataView(next.buffer);
  }

  u8(value: number): void {
    const at = this.reserve(1);
    this.#bytes[at] = value;
  }

  bool(value: boolean): void {
    this.u8(value ? 1 : 0);
  }

  u16(value: number): void {
    const at = this.reserve(2);
    this.#view.setUint16(at, value, true);
  }

  u32(value: number): void {
    const at = this.reserve(4);
    this.#view.setUint32(at, value, true);
  }

  u64(value: bigint): void {
    const at = this.reserve(8);
    this.#view.setBigUint64(at, value, true);
  }

  i64(value: bigint): void {
    const at = this.reserve(8);
    this.#view.setBigInt64(at, value, true);
  }

  /** Two's complement of `wordCount` 64-bit words, least significant first. */
  words(value: bigint, wordCount: number): void {
    let rest = value;
    for (let i = 0; i < wordCount; i++) {
      this.u64(BigInt.asUintN(64, rest));
      rest >>= 64n;
    }
  }

  f32(value: number): void {
    const at = this.reserve(4);
    this.#view.setFloat32(at, value, true);
  }

  f64(value: number): void {
    const at = this.reserve(8);
    this.#view.setFloat64(at, value, true);
  }

  /** Raw bytes without a length. */
  raw(bytes: Uint8Array): void {
    this.rawRange(bytes, 0, bytes.length);
  }

  /** A part of `source`, without a length. */
  rawRange(source: Uint8Array, start: number, end: number): void {
    const at = this.reserve(end - start);
    if (end - start > loopCopyMax) {
      this.#bytes.set(source.subarray(start, end), at);
      return;
    }
    const target = this.#bytes;
    for (let from = start, to = at; from < end; from++, to++) target[to] = source[from] as number;
  }

  /** As `rawRange`, and the quickest way for short parts of a buffer whose view is at hand. */
  viewRange(source: DataView, start: number, end: number): void {
    const at = this.reserve(end - start);
    copyBytes(source, start, end, this.#view, at);
  }

  /** A u32 length, then the bytes. */
  bytes(bytes: Uint8Array): void {
    this.u32(bytes.length);
    this.raw(bytes);
  }

  /**
   * A u32 length in bytes, then UTF-8. Lone surrogates become U+FFFD, as the encoding standard has
   * it.
   */
  string(text: string): void {
    // Three bytes for each UTF-16 unit is the most that UTF-8 needs.
    const lengthAt = this.reserve(4 + text.length * 3);
    const textAt = lengthAt + 4;
    const isShort = text.length <= shortStringMax;
    const isDone = isShort && writeAscii(this.#bytes, textAt, text);
    const byteCount = isDone
      ? text.length
      : utf8.encodeInto(text, this.#bytes.subarray(textAt)).written;
    this.#view.setUint32(lengthAt, byteCount, true);
    this.#length = textAt + byteCount;
  }

  /** Overwrites a u32 at a position written before. */
  patchU32(at: number, value: number): void {
    this.#view.setUint32(at, value, true);
  }

  /** Overwrites a u16 at a position written before. */
  patchU16(at: number, value: number): void {
    this.#view.setUint16(at, value, true);
  }
}

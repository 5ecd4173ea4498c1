// A cursor over bytes with little-endian readers. A length is checked before it is trusted.
import { LightconeError } from "../error.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Reads values one after another; every fault is a LightconeError LC_BSATN_DECODE. */
export class Reader {
  #bytes: Uint8Array;
  #view: DataView;
  #at: number;
  #end: number;
  #depth = 0;

  constructor(bytes: Uint8Array, start = 0, end: number = bytes.length) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = start;
    this.#end = end;
  }

  /** Turns this reader to other bytes, so that one reader serves many messages. */
  reset(bytes: Uint8Array, start = 0, end: number = bytes.length): void {
    if (bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
    this.#at = start;
    this.#end = end;
    this.#depth = 0;
  }

  /**
   * Goes one level into a recursive value; more than `depthMax` levels are refused. Ends with
   * `leave()`.
   */
  enter(depthMax: number): void {
    if (++this.#depth > depthMax) {
      throw new LightconeError("LC_BSATN_DECODE", `a value is nested over ${depthMax} levels deep`);
    }
  }

  leave(): void {
    this.#depth--;
  }

  /** The bytes given; positions count in them. */
  get source(): Uint8Array {
    return this.#bytes;
  }

  /** The same as a view, for those that read at positions of their own. */
  get view(): DataView {
    return this.#view;
  }

  /** Position in the bytes given. */
  get position(): number {
    return this.#at;
  }

  get remaining(): number {
    return this.#end - this.#at;
  }

  #take(count: number, what: string): number {
    const at = this.#at;
    if (count > this.#end - at) {
      throw new LightconeError(
        "LC_BSATN_DECODE",
        `data too short for ${what}: Expected ${count}, given ${this.#end - at}`,
      );
    }
    this.#at = at + count;
    return at;
  }

  skip(count: number, what = "bytes"): void {
    this.#take(count, what);
  }

  u8(): number {
    return this.#bytes[this.#take(1, "u8")] as number;
  }

  i8(): number {
    return this.#view.getInt8(this.#take(1, "i8"));
  }

  bool(): boolean {
    const byte = this.#bytes[this.#take(1, "bool")] as number;
    if (byte > 1) throw new LightconeError("LC_BSATN_DECODE", `invalid bool byte ${byte}`);
    return byte === 1;
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2, "u16"), true);
  }

  i16(): number {
    return this.#view.getInt16(this.#take(2, "i16"), true);
  }

  u32(what = "u32"): number {
    return this.#view.getUint32(this.#take(4, what), true);
  }

  i32(): number {
    return this.#view.getInt32(this.#take(4, "i32"), true);
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#take(8, "u64"), true);
  }

  i64(): bigint {
    return this.#view.getBigInt64(this.#take(8, "i64"), true);
  }

  /** An unsigned number of `wordCount` 64-bit words, least significant first. */
  words(wordCount: number, what: string): bigint {
    const at = this.#take(wordCount * 8, what);
    let value = 0n;
    for (let i = wordCount - 1; i >= 0; i--) {
      value = (value << 64n) | this.#view.getBigUint64(at + i * 8, true);
    }
    return value;
  }

  f32(): number {
    return this.#view.getFloat32(this.#take(4, "f32"), true);
  }

  f64(): number {
    return this.#view.getFloat64(this.#take(8, "f64"), true);
  }

  /** The next `count` bytes as a view, not a copy. */
  raw(count: number, what = "bytes"): Uint8Array {
    const at = this.#take(count, what);
    return this.#bytes.subarray(at, at + count);
  }

  /** A u32 length and that many bytes, as a view. */
  bytes(): Uint8Array {
    return this.raw(this.u32("length of bytes"), "bytes");
  }

  /** A u32 length and that many bytes, as a copy that outlives the bytes read. */
  bytesCopy(): Uint8Array {
    // Not slice(): the bytes may be a Buffer, whose slice is a view.
    return new Uint8Array(this.bytes());
  }

  /** A u32 length and that many bytes of UTF-8. */
  string(): string {
    const bytes = this.raw(this.u32("length of a string"), "string");
    try {
      return utf8.decode(bytes);
    } catch {
      throw new LightconeError("LC_BSATN_DECODE", "a string is not valid UTF-8");
    }
  }
}

// Bodies of messages from a client: numbers are big-endian, texts end with a zero byte.
import { PgFault } from "./fault.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Reads one body from its start to its end. Whatever it does not find is PgFault 08P01; bytes that are no UTF-8 are 22021. */
export class MessageReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  #take(count: number): number {
    const at = this.#at;
    if (count < 0 || count > this.#bytes.length - at) {
      throw new PgFault("08P01", "insufficient data left in message");
    }
    this.#at = at + count;
    return at;
  }

  u8(): number {
    return this.#bytes[this.#take(1)] as number;
  }

  i16(): number {
    return this.#view.getInt16(this.#take(2));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2));
  }

  i32(): number {
    return this.#view.getInt32(this.#take(4));
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4));
  }

  i64(): bigint {
    return this.#view.getBigInt64(this.#take(8));
  }

  f32(): number {
    return this.#view.getFloat32(this.#take(4));
  }

  f64(): number {
    return this.#view.getFloat64(this.#take(8));
  }

  /** A copy of the next bytes: it goes to another thread, which a view of a large buffer must not. */
  bytes(count: number): Uint8Array {
    const at = this.#take(count);
    return new Uint8Array(this.#bytes.subarray(at, at + count));
  }

  cstring(): string {
    const end = this.#bytes.indexOf(0, this.#at);
    if (end < 0) throw new PgFault("08P01", "invalid string in message");
    const at = this.#at;
    this.#at = end + 1;
    try {
      return utf8.decode(this.#bytes.subarray(at, end));
    } catch {
      throw new PgFault("22021", 'invalid byte sequence for encoding "UTF8"');
    }
  }

  /** Nothing may follow. */
  end(): void {
    if (this.remaining > 0) throw new PgFault("08P01", "invalid message format");
  }
}

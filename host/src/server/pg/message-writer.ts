// Bytes of messages to a client: numbers are big-endian, and a message's length stands before it.
//
//     type u8 | length i32, itself included | body

const utf8 = new TextEncoder();

/** Shorter copies are quicker byte by byte than by the view that `set` needs. */
const loopCopyMax = 64;

const capacityMin = 256;

/** Appends messages to one buffer. */
export class MessageWriter {
  #bytes: Uint8Array = new Uint8Array(capacityMin);
  #view: DataView = new DataView(this.#bytes.buffer);
  #length = 0;
  /** Where the length of the message under way stands. */
  #lengthAt = 0;

  get length(): number {
    return this.#length;
  }

  /** What was written, in memory of its own; the writer is empty then. */
  take(): Uint8Array {
    const taken = this.#bytes.subarray(0, this.#length);
    this.#bytes = new Uint8Array(capacityMin);
    this.#view = new DataView(this.#bytes.buffer);
    this.#length = 0;
    return taken;
  }

  /** Room for so many bytes, in what may be other memory from then on. */
  #reserve(count: number): number {
    const start = this.#length;
    const end = start + count;
    if (end > this.#bytes.length) {
      const next = new Uint8Array(Math.max(end, this.#bytes.length * 2));
      next.set(this.#bytes.subarray(0, start));
      this.#bytes = next;
      this.#view = new DataView(next.buffer);
    }
    this.#length = end;
    return start;
  }

  /** Begins a message; `type` is its letter. */
  begin(type: string): void {
    this.u8(type.charCodeAt(0));
    this.#lengthAt = this.#reserve(4);
  }

  /** Ends the message under way. */
  end(): void {
    this.#view.setInt32(this.#lengthAt, this.#length - this.#lengthAt);
  }

  /** Room for the length of a value that follows; `endValue` fills it in. */
  beginValue(): number {
    return this.#reserve(4);
  }

  endValue(at: number): void {
    this.#view.setInt32(at, this.#length - at - 4);
  }

  u8(value: number): void {
    const at = this.#reserve(1);
    this.#bytes[at] = value;
  }

  i16(value: number): void {
    const at = this.#reserve(2);
    this.#view.setInt16(at, value);
  }

  i32(value: number): void {
    const at = this.#reserve(4);
    this.#view.setInt32(at, value);
  }

  i64(value: bigint): void {
    const at = this.#reserve(8);
    this.#view.setBigInt64(at, value);
  }

  f32(value: number): void {
    const at = this.#reserve(4);
    this.#view.setFloat32(at, value);
  }

  f64(value: number): void {
    const at = this.#reserve(8);
    this.#view.setFloat64(at, value);
  }

  /** `bytes[start, end)` as they are. */
  raw(bytes: Uint8Array, start = 0, end: number = bytes.length): void {
    const at = this.#reserve(end - start);
    if (end - start > loopCopyMax) {
      this.#bytes.set(bytes.subarray(start, end), at);
      return;
    }
    const memory = this.#bytes;
    for (let from = start, to = at; from < end; from++, to++) memory[to] = bytes[from] as number;
  }

  /** `bytes[start, end)`, the last one first. */
  reversed(bytes: Uint8Array, start: number, end: number): void {
    let to = this.#reserve(end - start);
    const memory = this.#bytes;
    for (let from = end - 1; from >= start; from--) memory[to++] = bytes[from] as number;
  }

  /** Puts `escape` before each `first` and each `escape` among the bytes written from `start` on. */
  escapeFrom(start: number, first: number, escape: number): void {
    let count = 0;
    for (let i = start; i < this.#length; i++) {
      if (this.#bytes[i] === first || this.#bytes[i] === escape) count++;
    }
    if (count === 0) return;
    let from = this.#length - 1;
    this.#reserve(count);
    const memory = this.#bytes;
    for (let to = this.#length - 1; from >= start; from--) {
      const byte = memory[from] as number;
      memory[to--] = byte;
      if (byte === first || byte === escape) memory[to--] = escape;
    }
  }

  /** Text of ASCII characters alone. */
  ascii(text: string): void {
    const at = this.#reserve(text.length);
    const memory = this.#bytes;
    for (let i = 0; i < text.length; i++) memory[at + i] = text.charCodeAt(i);
  }

  /** Text as UTF-8. */
  text(text: string): void {
    const at = this.#reserve(text.length * 3);
    const { written } = utf8.encodeInto(text, this.#bytes.subarray(at));
    this.#length = at + written;
  }

  /** Text as UTF-8 with a zero byte behind it; zero bytes in it would end it early and are left out. */
  cstring(text: string): void {
    this.text(text.includes("\0") ? text.replaceAll("\0", "") : text);
    this.u8(0);
  }
}

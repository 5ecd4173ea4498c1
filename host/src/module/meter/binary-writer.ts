// The binary form of a module being written: bytes and numbers appended, runs of another module's bytes copied.
import { SectionId } from "../binary.ts";

export class BinaryWriter {
  #bytes: Uint8Array;
  #length = 0;

  constructor(byteCount: number) {
    this.#bytes = new Uint8Array(byteCount);
  }

  get length(): number {
    return this.#length;
  }

  /** Valid until the next write. */
  get written(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #reserve(byteCount: number): void {
    const needed = this.#length + byteCount;
    if (needed <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    larger.set(this.written);
    this.#bytes = larger;
  }

  /** Forgets what was written; the memory stays. */
  clear(): void {
    this.#length = 0;
  }

  byte(byte: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = byte;
  }

  /** An unsigned number of up to 32 bits in LEB128. */
  unsigned(value: number): void {
    this.#reserve(5);
    let rest = value >>> 0;
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#bytes[this.#length++] = rest;
  }

  /** A signed number of 32 bits in LEB128. */
  signed(value: number): void {
    this.#reserve(5);
    let rest = value | 0;
    while (rest < -64 || rest > 63) {
      this.#bytes[this.#length++] = (rest & 0x7f) | 0x80;
      rest >>= 7;
    }
    this.#bytes[this.#length++] = rest & 0x7f;
  }

  /** Copies `source[start, end)`. */
  copy(source: Uint8Array, start: number, end: number): void {
    this.#reserve(end - start);
    this.#bytes.set(source.subarray(start, end), this.#length);
    this.#length += end - start;
  }

  bytes(source: Uint8Array | readonly number[]): void {
    this.#reserve(source.length);
    this.#bytes.set(source, this.#length);
    this.#length += source.length;
  }

  name(text: string): void {
    const utf8 = new TextEncoder().encode(text);
    this.unsigned(utf8.length);
    this.bytes(utf8);
  }

  section(id: number, content: Uint8Array): void {
    this.byte(id);
    this.unsigned(content.length);
    this.bytes(content);
  }

  customSection(name: string, content: Uint8Array): void {
    const named = new BinaryWriter(content.length + name.length * 3 + 5);
    named.name(name);
    named.bytes(content);
    this.section(SectionId.custom, named.written);
  }
}

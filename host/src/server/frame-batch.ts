// Messages of sockets on their way to a database's thread, gathered in one buffer: socket u32, length u32 with `textFrameBit` for
// text, bytes, again and again.
import { textFrameBit } from "./channel.ts";

/** A batch of a few small messages is the rule, and the collector counts what is unused too. */
const bytesMin = 512;
const bytesKeptMax = 1024 * 1024;
const headerBytes = 8;

export class FrameBatch {
  #bytes: Uint8Array = new Uint8Array(bytesMin);
  #length = 0;

  get isEmpty(): boolean {
    return this.#length === 0;
  }

  add(socket: number, message: Uint8Array, isText: boolean): void {
    const at = this.#length;
    const end = at + headerBytes + message.length;
    if (end > this.#bytes.length) {
      const next = new Uint8Array(Math.max(end, this.#bytes.length * 2));
      next.set(this.#bytes.subarray(0, at));
      this.#bytes = next;
    }
    const bytes = this.#bytes;
    writeU32(bytes, at, socket);
    writeU32(bytes, at + 4, isText ? message.length | textFrameBit : message.length);
    bytes.set(message, at + headerBytes);
    this.#length = end;
  }

  /** Gives the buffer away and begins a new one, about as large as the last has been. */
  take(): { readonly buffer: ArrayBuffer; readonly length: number } {
    const taken = { buffer: this.#bytes.buffer as ArrayBuffer, length: this.#length };
    const size = Math.max(bytesMin, Math.min(this.#length * 2, bytesKeptMax));
    this.#bytes = new Uint8Array(size);
    this.#length = 0;
    return taken;
  }
}

function writeU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
}

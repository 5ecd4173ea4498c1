// The only reads and writes of a guest's memory, bounds checked. Address 0 is nobody's (abi.md section 1).
import { copyBytes } from "@lightcone/abi";
import type { Trap } from "./trap.ts";

/** A module instance's linear memory. Views are made anew after the guest let it grow. */
export class GuestMemory {
  readonly #memory: WebAssembly.Memory;
  readonly #trap: Trap;
  #bytes: Uint8Array;
  #view: DataView;

  constructor(memory: WebAssembly.Memory, trap: Trap) {
    this.#memory = memory;
    this.#trap = trap;
    this.#bytes = new Uint8Array(memory.buffer);
    this.#view = new DataView(memory.buffer);
  }

  /** All of the memory. Valid until the guest runs again. */
  bytes(): Uint8Array {
    // Growing detaches the old buffer, whose views then have no length.
    if (this.#bytes.length === 0) {
      this.#bytes = new Uint8Array(this.#memory.buffer);
      this.#view = new DataView(this.#memory.buffer);
    }
    return this.#bytes;
  }

  /** The same as `bytes`, and valid as long. */
  view(): DataView {
    this.bytes();
    return this.#view;
  }

  /** The position of `length` bytes at a guest's pointer, or a trap. */
  range(pointer: number, length: number): number {
    const start = pointer >>> 0;
    if (start === 0) this.#trap("the module passed a null pointer");
    if (start + (length >>> 0) > this.bytes().length) {
      this.#trap("the module passed a pointer outside its memory");
    }
    return start;
  }

  u32(pointer: number): number {
    const at = this.range(pointer, 4);
    return this.#view.getUint32(at, true);
  }

  setU32(pointer: number, value: number): void {
    const at = this.range(pointer, 4);
    this.#view.setUint32(at, value, true);
  }

  setU64(pointer: number, value: number): void {
    const at = this.range(pointer, 8);
    this.#view.setUint32(at, value, true);
    this.#view.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
  }

  /** Copies `source[start, end)` to a guest's pointer, whose range the caller has checked. */
  write(at: number, source: DataView, start: number, end: number): void {
    this.bytes();
    copyBytes(source, start, end, this.#view, at);
  }
}

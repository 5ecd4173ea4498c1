// The memory of a guest. No view outlives one access, since memory may grow in between.

const pageBytes = 65_536;

/** What the double throws where a host would trap. */
export class Trap extends Error {
  override readonly name = "Trap";
}

export class GuestMemory {
  readonly #memory: WebAssembly.Memory;

  constructor(memory: WebAssembly.Memory) {
    this.#memory = memory;
  }

  /** A copy of `length` bytes. Null pointers and places outside of the memory trap. */
  read(at: number, length: number): Uint8Array {
    return this.#view(at, length).slice();
  }

  readText(at: number, length: number): string {
    try {
      return new TextDecoder("utf-8", { fatal: true }).decode(this.#view(at, length));
    } catch (thrown) {
      if (thrown instanceof Trap) throw thrown;
      throw new Trap("a text is not UTF-8");
    }
  }

  readU32(at: number): number {
    const view = this.#view(at, 4);
    return new DataView(view.buffer, view.byteOffset, 4).getUint32(0, true);
  }

  write(at: number, bytes: Uint8Array): void {
    this.#view(at, bytes.length).set(bytes);
  }

  writeU32(at: number, value: number): void {
    const view = this.#view(at, 4);
    new DataView(view.buffer, view.byteOffset, 4).setUint32(0, value, true);
  }

  writeU64(at: number, value: bigint): void {
    const view = this.#view(at, 8);
    new DataView(view.buffer, view.byteOffset, 8).setBigUint64(0, BigInt.asUintN(64, value), true);
  }

  grow(): void {
    this.#memory.grow(1);
  }

  get bytes(): number {
    return this.#memory.buffer.byteLength;
  }

  get pages(): number {
    return this.bytes / pageBytes;
  }

  #view(at: number, length: number): Uint8Array {
    const [start, size] = [at >>> 0, length >>> 0];
    if (start === 0) throw new Trap("a null pointer");
    if (start + size > this.bytes) throw new Trap(`${start} + ${size} is outside of the memory`);
    return new Uint8Array(this.#memory.buffer, start, size);
  }
}

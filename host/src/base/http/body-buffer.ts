// Bodies as they arrive: each in one buffer that grows, since a sender may cut one into pieces of a byte, and all of them within one
// maximum, since there may be many at once.

const firstBytes = 4096;

/** What several bodies may take together. */
export class BodyMemory {
  readonly #bytesMax: number;
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** What is taken at present. */
  get bytes(): number {
    return this.#bytes;
  }

  /** False, with nothing taken, where there is no room. */
  take(byteCount: number): boolean {
    if (this.#bytes + byteCount > this.#bytesMax) return false;
    this.#bytes += byteCount;
    return true;
  }

  giveBack(byteCount: number): void {
    this.#bytes -= byteCount;
  }
}

/** What one request takes of such memory until it ends. */
export class BodyLease {
  readonly #memory: BodyMemory;
  #bytes = 0;

  constructor(memory: BodyMemory) {
    this.#memory = memory;
  }

  /** False, with nothing taken, where there is no room. */
  take(byteCount: number): boolean {
    if (!this.#memory.take(byteCount)) return false;
    this.#bytes += byteCount;
    return true;
  }

  giveBack(byteCount: number): void {
    this.#memory.giveBack(byteCount);
    this.#bytes -= byteCount;
  }

  /** Gives all of it back. */
  end(): void {
    this.giveBack(this.#bytes);
  }
}

/** A body that is coming in. */
export class BodyBuffer {
  readonly #lease: BodyLease;
  #bytes = new Uint8Array(0);
  #length = 0;

  constructor(lease: BodyLease) {
    this.#lease = lease;
  }

  get length(): number {
    return this.#length;
  }

  /** Appends a piece; false if there is no room for it. */
  add(piece: Uint8Array): boolean {
    const length = this.#length + piece.length;
    if (length > this.#bytes.length) {
      const size = Math.max(firstBytes, length, this.#bytes.length * 2);
      if (!this.#lease.take(size)) return false;
      const grown = new Uint8Array(size);
      grown.set(this.#bytes.subarray(0, this.#length));
      this.#lease.giveBack(this.#bytes.length);
      this.#bytes = grown;
    }
    this.#bytes.set(piece, this.#length);
    this.#length = length;
    return true;
  }

  /** The whole body, in memory of its own; the lease goes on. */
  finish(): Uint8Array {
    const whole =
      this.#bytes.length === this.#length ? this.#bytes : this.#bytes.slice(0, this.#length);
    this.#lease.giveBack(this.#bytes.length - this.#length);
    this.#bytes = whole;
    return whole;
  }
}

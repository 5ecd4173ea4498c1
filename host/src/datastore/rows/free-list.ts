// A stack of free ids that grows in place: what was given back last, and is still near the processor, is taken first.

const firstCapacity = 16;

export class FreeList {
  #ids: Int32Array = new Int32Array(firstCapacity);
  #count = 0;

  get byteLength(): number {
    return this.#ids.byteLength;
  }

  push(id: number): void {
    if (this.#count === this.#ids.length) {
      const next = new Int32Array(this.#count * 2);
      next.set(this.#ids);
      this.#ids = next;
    }
    this.#ids[this.#count++] = id;
  }

  /** A free id, or -1. */
  pop(): number {
    return this.#count === 0 ? -1 : (this.#ids[--this.#count] as number);
  }

  /** Forgets all ids, and most of the memory. */
  clear(): void {
    this.#count = 0;
    if (this.#ids.length > 1024) this.#ids = new Int32Array(firstCapacity);
  }
}

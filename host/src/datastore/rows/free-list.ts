// A stack of free ids: what was given back last, and is still near the processor, is taken first. It grows by chunks, since
// copying the ids of millions of rows at once would be noticed.

const firstCapacity = 16;
const chunkCapacity = 16 * 1024;

export class FreeList {
  /** The ids above those of full chunks: the first `#count` of this one. */
  #chunk: Int32Array = new Int32Array(firstCapacity);
  #count = 0;
  /** Below it, each with as many ids as a chunk has. */
  readonly #full: Int32Array[] = [];
  /** An empty chunk, kept for when the next one is full. */
  #spare: Int32Array | undefined;

  get byteLength(): number {
    const chunkCount = this.#full.length + (this.#spare === undefined ? 0 : 1);
    return this.#chunk.byteLength + chunkCount * chunkCapacity * Int32Array.BYTES_PER_ELEMENT;
  }

  push(id: number): void {
    if (this.#count === this.#chunk.length) this.#grow();
    this.#chunk[this.#count++] = id;
  }

  #grow(): void {
    if (this.#chunk.length < chunkCapacity) {
      const next = new Int32Array(this.#count * 2);
      next.set(this.#chunk);
      this.#chunk = next;
      return;
    }
    const next = this.#spare ?? new Int32Array(chunkCapacity);
    this.#full.push(this.#chunk);
    this.#spare = undefined;
    this.#chunk = next;
    this.#count = 0;
  }

  /** A free id, or -1. */
  pop(): number {
    if (this.#count === 0 && !this.#goDown()) return -1;
    return this.#chunk[--this.#count] as number;
  }

  #goDown(): boolean {
    const below = this.#full.pop();
    if (below === undefined) return false;
    this.#spare = this.#chunk;
    this.#chunk = below;
    this.#count = chunkCapacity;
    return true;
  }

  /** Forgets all ids, and most of the memory. */
  clear(): void {
    this.#count = 0;
    this.#full.length = 0;
    this.#spare = undefined;
    if (this.#chunk.length > 1024) this.#chunk = new Int32Array(firstCapacity);
  }
}

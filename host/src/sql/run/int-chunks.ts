// A list of integers that grows without a long step: a chunk at a time, none of which is ever copied.

const chunkShift = 10;
const chunkWords = 1 << chunkShift;

export class IntChunks {
  readonly #chunks: Int32Array[] = [];
  byteLength = 0;

  at(position: number): number {
    return (this.#chunks[position >>> chunkShift] as Int32Array)[
      position & (chunkWords - 1)
    ] as number;
  }

  /** Sets an integer; `position` is at most one behind the last that was set. */
  set(position: number, value: number): void {
    let chunk = this.#chunks[position >>> chunkShift];
    if (chunk === undefined) {
      chunk = new Int32Array(chunkWords);
      this.#chunks.push(chunk);
      this.byteLength += chunk.byteLength;
    }
    chunk[position & (chunkWords - 1)] = value;
  }
}

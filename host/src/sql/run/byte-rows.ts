// Rows that a SELECT keeps while it is made: BSATN in chunks off the JavaScript heap, numbered as they come.
import { LightconeError } from "@lightcone/abi";
import { limit } from "../../base/limit.ts";
import { IntChunks } from "./int-chunks.ts";

const chunkBytesMin = 4 * 1024;
const chunkBytesMax = 256 * 1024;

/** Shorter copies are quicker byte by byte than by the view that `set` needs. */
const loopCopyMax = 64;

/** What is said of a SELECT that has to keep too much. */
export function keptTooMuch(): LightconeError {
  const message = `the query has to keep more than ${limit.selectBytesMax} bytes of rows; narrow it by WHERE`;
  return new LightconeError("LC_LIMIT", message);
}

/** Where a row lies is three words: its chunk, its start there and its end. */
const placeWords = 3;

export class ByteRows {
  readonly #chunks: Uint8Array[] = [];
  readonly #places = new IntChunks();
  #used = 0;
  #byteLength = 0;
  count = 0;

  /** Bytes that the rows take, with what tells where they are. */
  get byteLength(): number {
    return this.#byteLength + this.#places.byteLength;
  }

  /** Copies a row in and returns its number. Throws LC_LIMIT for too many bytes. */
  push(bytes: Uint8Array, start: number, end: number): number {
    const length = end - start;
    let last = this.#chunks[this.#chunks.length - 1];
    if (last === undefined || this.#used + length > last.length) {
      // Most answers are small: the first chunks are, too.
      const size = Math.min(chunkBytesMax, chunkBytesMin << Math.min(6, this.#chunks.length));
      last = new Uint8Array(Math.max(size, length));
      this.#chunks.push(last);
      this.#byteLength += last.length;
      this.#used = 0;
      if (this.byteLength > limit.selectBytesMax) throw keptTooMuch();
    }
    if (length > loopCopyMax) last.set(bytes.subarray(start, end), this.#used);
    else {
      for (let from = start, to = this.#used; from < end; from++, to++) {
        last[to] = bytes[from] as number;
      }
    }
    const row = this.count++;
    this.#places.set(row * placeWords, this.#chunks.length - 1);
    this.#places.set(row * placeWords + 1, this.#used);
    this.#used += length;
    this.#places.set(row * placeWords + 2, this.#used);
    return row;
  }

  page(row: number): Uint8Array {
    return this.#chunks[this.#places.at(row * placeWords)] as Uint8Array;
  }

  start(row: number): number {
    return this.#places.at(row * placeWords + 1);
  }

  end(row: number): number {
    return this.#places.at(row * placeWords + 2);
  }
}

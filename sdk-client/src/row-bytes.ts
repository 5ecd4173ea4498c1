// The bytes of a table's rows, outside of the garbage collector's heap: a million rows are a few hundred buffers to it.
//
// Rows lie in blocks of whole units in chunks; a block that is let go serves a later row of that many units.
import { copyBytes } from "@lightcone/abi";

/** Bytes. Places count units, so that 31 bits of them reach 16 GB. */
const unitLength = 8;
/** Units of a chunk, unless one row needs more; the first one of a table is smaller, since most tables are. */
const chunkShift = 13;
const chunkUnits = 1 << chunkShift;
const firstChunkUnits = 256;
/** Units that are let go before it may be worth while to move all others together. */
const freeUnitsMin = 131_072;

export class RowBytes {
  readonly #chunks: DataView[] = [];
  /** Places of blocks that were let go, by their units. */
  readonly #free: number[][] = [];
  /** Units of all chunks, and those of them in blocks that were let go. */
  #allUnits = 0;
  #freeUnits = 0;
  /** In the last chunk. */
  #usedUnits = 0;
  #chunkUnits = 0;

  /** Whether so little of the memory is in use that the rows should move to a new one. */
  get isWasteful(): boolean {
    return this.#freeUnits > freeUnitsMin && this.#freeUnits * 2 > this.#allUnits;
  }

  /** Copies `source[start, end)` in and returns its place. */
  add(source: DataView, start: number, end: number): number {
    const units = unitsOf(end - start);
    let place = this.#free[units]?.pop();
    if (place === undefined) place = this.#append(units);
    else this.#freeUnits -= units;
    copyBytes(source, start, end, this.viewOf(place), this.startOf(place));
    return place;
  }

  #append(units: number): number {
    if (this.#usedUnits + units > this.#chunkUnits) {
      this.#chunkUnits = Math.max(units, this.#allUnits === 0 ? firstChunkUnits : chunkUnits);
      this.#chunks.push(new DataView(new ArrayBuffer(this.#chunkUnits * unitLength)));
      this.#allUnits += this.#chunkUnits;
      this.#usedUnits = 0;
    }
    const place = (this.#chunks.length - 1) * chunkUnits + this.#usedUnits;
    this.#usedUnits += units;
    return place;
  }

  /** Lets the row of that length at `place` go. */
  remove(place: number, length: number): void {
    const units = unitsOf(length);
    this.#freeUnits += units;
    (this.#free[units] ??= []).push(place);
  }

  /** The memory that holds the row at `place`, which begins at `startOf(place)` in it. */
  viewOf(place: number): DataView {
    return this.#chunks[place >>> chunkShift] as DataView;
  }

  startOf(place: number): number {
    return (place & (chunkUnits - 1)) * unitLength;
  }
}

function unitsOf(length: number): number {
  // A row without columns has a place too.
  return Math.max(1, Math.ceil(length / unitLength));
}

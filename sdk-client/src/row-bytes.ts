// The bytes of a table's rows, outside of the garbage collector's heap: a million rows are a few hundred buffers to it.
//
// Rows lie in blocks of whole units in chunks; a block that is let go serves a later row of about that length.
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
  /** Places that were let go, by their size class. */
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
    const sizeClass = sizeClassOf(end - start);
    const place = this.#free[sizeClass]?.pop();
    const units = unitsOf(sizeClass);
    if (place === undefined) return this.#copy(source, start, end, this.#append(units));
    this.#freeUnits -= units;
    return this.#copy(source, start, end, place);
  }

  #copy(source: DataView, start: number, end: number, place: number): number {
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
    const sizeClass = sizeClassOf(length);
    this.#freeUnits += unitsOf(sizeClass);
    (this.#free[sizeClass] ??= []).push(place);
  }

  /** The memory that holds the row at `place`, which begins at `startOf(place)` in it. */
  viewOf(place: number): DataView {
    return this.#chunks[place >>> chunkShift] as DataView;
  }

  startOf(place: number): number {
    return (place & (chunkUnits - 1)) * unitLength;
  }
}

// Up to 16 units each size has a class of its own, from there on each doubling has eight.
function sizeClassOf(length: number): number {
  const units = Math.max(1, Math.ceil(length / unitLength));
  const shift = shiftOf(units);
  return ((units - 1) >>> shift) + 1 + 8 * shift;
}

function unitsOf(sizeClass: number): number {
  const shift = Math.max(0, (sizeClass >>> 3) - 1);
  return (sizeClass - 8 * shift) << shift;
}

function shiftOf(units: number): number {
  return Math.max(0, 28 - Math.clz32(units));
}

// The bytes of a table's rows, outside of the garbage collector's heap: a million rows are a few hundred buffers to it.
//
// Rows lie in blocks of whole units in chunks; a block that is let go serves a later row of about that length. There are few
// lengths of blocks, so that rows which grow bit by bit do not leave one of each behind.
import { copyBytes } from "@lightcone/abi";

/** Bytes. Places count units, so that 31 bits of them reach 16 GB. */
const unitLength = 8;
/** Units of a chunk, unless one row needs more; the first one of a table is smaller, since most tables are. */
const chunkShift = 13;
const chunkUnits = 1 << chunkShift;
const firstChunkUnits = 256;
export class RowBytes {
  readonly #chunks: DataView[] = [];
  /** Places of blocks that were let go, by their units. */
  readonly #free: number[][] = [];
  /** In the last chunk. */
  #usedUnits = 0;
  #chunkUnits = 0;

  /** Copies `source[start, end)` in and returns its place. */
  add(source: DataView, start: number, end: number): number {
    const units = unitsOf(end - start);
    const place = this.#free[units]?.pop() ?? this.#append(units);
    copyBytes(source, start, end, this.viewOf(place), this.startOf(place));
    return place;
  }

  #append(units: number): number {
    if (this.#usedUnits + units > this.#chunkUnits) {
      this.#chunkUnits = Math.max(units, this.#chunks.length === 0 ? firstChunkUnits : chunkUnits);
      this.#chunks.push(new DataView(new ArrayBuffer(this.#chunkUnits * unitLength)));
      this.#usedUnits = 0;
    }
    const place = (this.#chunks.length - 1) * chunkUnits + this.#usedUnits;
    this.#usedUnits += units;
    return place;
  }

  /** Lets the row of that length at `place` go. */
  remove(place: number, length: number): void {
    (this.#free[unitsOf(length)] ??= []).push(place);
  }

  /** The memory that holds the row at `place`, which begins at `startOf(place)` in it. */
  viewOf(place: number): DataView {
    return this.#chunks[place >>> chunkShift] as DataView;
  }

  startOf(place: number): number {
    return (place & (chunkUnits - 1)) * unitLength;
  }
}

// Up to 16 units every number of them, from there on eight for each doubling. A row without columns has a place too.
function unitsOf(length: number): number {
  const units = Math.max(1, Math.ceil(length / unitLength));
  const step = 2 ** Math.max(0, 28 - Math.clz32(units));
  return Math.ceil(units / step) * step;
}

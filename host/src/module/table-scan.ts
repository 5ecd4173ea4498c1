// A scan of a whole table: rows go from the table's pages into guest memory by one copy, runs of live rows at once (design
// decision 2). The rows are those of the moment the scan began, whatever is written while it goes on.
import { copyBytes } from "@lightcone/abi";
import type { FrozenRows, RowReader } from "../datastore/rows/store.ts";

/** So few bytes are copied faster through views than by a call into the engine. */
const viewCopyMax = 96;

/** Rows in the order of their ids, a chunk at a time. */
export class TableScan {
  readonly #frozen: FrozenRows;
  readonly #rows: RowReader;
  readonly #chunkBytes: number;
  /** The next row, or -1. */
  #next: number;
  /** The row after the last one of the next chunk, or -1 if that ends the scan. */
  #chunkEnd = -1;
  /** Bytes of the next chunk; 0 at the end. */
  chunkSize = 0;

  /** A chunk ends at the first row boundary past `chunkBytes`. */
  constructor(frozen: FrozenRows, chunkBytes: number) {
    this.#frozen = frozen;
    this.#rows = frozen.rows;
    this.#chunkBytes = chunkBytes;
    this.#next = this.#rows.live.next(0);
    this.#measure();
  }

  get isDone(): boolean {
    return this.#next < 0;
  }

  close(): void {
    this.#frozen.release();
  }

  /** How many rows from `row` on lie back to back and are live, within `room` bytes and one more row. */
  #runLength(row: number, room: number): number {
    const size = this.#rows.size(row);
    const most = size === 0 ? 1 : Math.floor(room / size) + 1;
    const inLine = Math.min(this.#rows.rowsInLine(row), most);
    return this.#rows.live.end(row, row + inLine) - row;
  }

  #measure(): void {
    const { live } = this.#rows;
    let size = 0;
    let row = this.#next;
    while (row >= 0 && size <= this.#chunkBytes) {
      const count = this.#runLength(row, this.#chunkBytes - size);
      size += count * this.#rows.size(row);
      row = live.next(row + count);
    }
    this.chunkSize = size;
    this.#chunkEnd = row;
  }

  /** Copies the next chunk to `bytes`, which `view` shows too, at `at`. */
  copyChunk(bytes: Uint8Array, view: DataView, at: number): void {
    const rows = this.#rows;
    const end = this.#chunkEnd < 0 ? rows.limit : this.#chunkEnd;
    let to = at;
    for (let row = this.#next; row >= 0 && row < end;) {
      const count = this.#runLength(row, at + this.chunkSize - to - rows.size(row));
      const start = rows.start(row);
      const length = count * rows.size(row);
      if (length <= viewCopyMax) copyBytes(rows.view(row), start, start + length, view, to);
      else bytes.set(rows.page(row).subarray(start, start + length), to);
      to += length;
      row = rows.live.next(row + count);
    }
    this.#next = this.#chunkEnd;
    this.#measure();
  }
}

// The rows of a long answer as they are found, in pieces of memory that are never copied to make one large one.
import { copyBytes, writeFixedRowListHead, writeOffsetRowListHead, Writer } from "@lightcone/abi";
import type { RowReader } from "../datastore/rows/store.ts";
import { partBytes } from "./part-memory.ts";
import type { RowCollector } from "./table-form.ts";

/** Longer rows, and rows of several lengths, have a list with offsets. */
export const rowListSizeMax = 0xffff;
const offsetBytes = 8;

/** A buffer that grows by whole pieces. */
class Pieces {
  readonly #full: Uint8Array[] = [];
  #piece = new Uint8Array(0);
  #view = new DataView(this.#piece.buffer);
  #used = 0;
  length = 0;

  /** Room for `count` bytes in one piece: `view` and the position there are good until the next call. */
  reserve(count: number): { readonly view: DataView; readonly at: number } {
    if (this.#used + count > this.#piece.length) {
      this.#endPiece();
      this.#piece = new Uint8Array(Math.max(partBytes, count));
      this.#view = new DataView(this.#piece.buffer);
    }
    this.at = this.#used;
    this.#used += count;
    this.length += count;
    return this;
  }

  at = 0;

  get view(): DataView {
    return this.#view;
  }

  #endPiece(): void {
    if (this.#used > 0) this.#full.push(this.#piece.subarray(0, this.#used));
    this.#used = 0;
  }

  finish(): readonly Uint8Array[] {
    this.#endPiece();
    this.#piece = new Uint8Array(0);
    return this.#full;
  }
}

/** Collects rows of one table as BSATN. */
export class RowPieces implements RowCollector {
  readonly #rowSize: number;
  readonly #data = new Pieces();
  readonly #offsets = new Pieces();
  #count = 0;

  /** `rowSize` is what all rows have as they are sent, or -1. */
  constructor(rowSize: number) {
    this.#rowSize = rowSize > 0 && rowSize <= rowListSizeMax ? rowSize : -1;
  }

  get count(): number {
    return this.#count;
  }

  add(rows: RowReader, row: number, hiddenBytes: number): void {
    const size = rows.size(row) - hiddenBytes;
    const start = rows.start(row) + hiddenBytes;
    if (this.#rowSize < 0) {
      const offset = this.#data.length;
      const { view, at } = this.#offsets.reserve(offsetBytes);
      view.setUint32(at, offset, true);
    }
    const { view, at } = this.#data.reserve(size);
    copyBytes(rows.view(row), start, start + size, view, at);
    this.#count++;
  }

  /** The row list of protocol v2, in pieces (protocol.md section 3.2). */
  finish(): readonly Uint8Array[] {
    const head = new Writer(16);
    if (this.#rowSize > 0 && this.#count > 0) {
      writeFixedRowListHead(head, this.#rowSize, this.#data.length);
      return [head.finish(), ...this.#data.finish()];
    }
    writeOffsetRowListHead(head, this.#count);
    const dataLength = new Writer(4);
    dataLength.u32(this.#data.length);
    const offsets = this.#offsets.finish();
    return [head.finish(), ...offsets, dataLength.finish(), ...this.#data.finish()];
  }
}

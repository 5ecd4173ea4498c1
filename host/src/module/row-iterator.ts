// Row iterators of the ABI: rows copied out when the scan is made, handed over in chunks (abi.md sections 5.2 and 5.5).
import { copyBytes } from "@lightcone/abi";
import type { RowIds } from "../datastore/rows/ids.ts";
import type { Table } from "../datastore/table.ts";

/** A chunk ends at the first row boundary past this many bytes. */
const chunkBytes = 32 * 1024;

/** Buffers that a large scan made larger than this are not kept for the next one. */
const keptBytes = 1024 * 1024;

const bytesMin = 256;

/** One open scan. Reused, buffer included, once it is closed. */
export class RowIterator {
  #view: DataView = new DataView(new ArrayBuffer(bytesMin));
  #length = 0;
  #at = 0;
  #chunkEnds: Int32Array = new Int32Array(4);
  #chunkCount = 0;
  #nextChunk = 0;
  #chunkStart = 0;
  isOpen = false;

  open(): void {
    this.isOpen = true;
    this.#length = 0;
    this.#at = 0;
    this.#chunkStart = 0;
    this.#nextChunk = 0;
    this.#chunkCount = 0;
    if (this.#view.byteLength > keptBytes) this.#view = new DataView(new ArrayBuffer(bytesMin));
  }

  close(): void {
    this.isOpen = false;
  }

  /** Copies one row in. */
  addRow(table: Table, row: number): void {
    const start = table.rows.start(row);
    this.#copy(table.rows.view(row), start, start + table.rows.size(row));
  }

  addRows(table: Table, rows: RowIds): void {
    for (let i = 0; i < rows.count; i++) this.addRow(table, rows.at(i));
  }

  /** Copies all visible rows of a table in. */
  addTable(table: Table): void {
    for (let row = table.nextRow(-1); row >= 0; row = table.nextRow(row)) this.addRow(table, row);
  }

  /** All rows are in. */
  finish(): void {
    if (this.#length > this.#chunkStart) this.#endChunk();
  }

  #endChunk(): void {
    if (this.#chunkCount === this.#chunkEnds.length) {
      const next = new Int32Array(this.#chunkCount * 2);
      next.set(this.#chunkEnds);
      this.#chunkEnds = next;
    }
    this.#chunkEnds[this.#chunkCount++] = this.#length;
    this.#chunkStart = this.#length;
  }

  #copy(source: DataView, start: number, end: number): void {
    const at = this.#length;
    const length = at + end - start;
    if (length > this.#view.byteLength) this.#grow(length);
    copyBytes(source, start, end, this.#view, at);
    this.#length = length;
    if (length - this.#chunkStart > chunkBytes) this.#endChunk();
  }

  #grow(needed: number): void {
    const next = new Uint8Array(Math.max(needed, this.#view.byteLength * 2));
    next.set(new Uint8Array(this.#view.buffer, 0, this.#length));
    this.#view = new DataView(next.buffer);
  }

  /** Bytes of the chunk that comes next, or 0 if none does. */
  get nextChunkSize(): number {
    return this.isDone ? 0 : (this.#chunkEnds[this.#nextChunk] as number) - this.#at;
  }

  get isDone(): boolean {
    return this.#nextChunk === this.#chunkCount;
  }

  /** Bytes of as many whole chunks as fit into `room`; they are passed over. */
  take(room: number): number {
    const start = this.#at;
    while (!this.isDone && (this.#chunkEnds[this.#nextChunk] as number) - start <= room) {
      this.#at = this.#chunkEnds[this.#nextChunk++] as number;
    }
    return this.#at - start;
  }

  /** The memory that `take` passes over; the bytes taken last end at `position`. */
  get view(): DataView {
    return this.#view;
  }

  get position(): number {
    return this.#at;
  }
}

/** Iterators kept for the next call: more than any sound call has open at a time. */
const keptSlots = 16;

/** The open iterators of one instance. Handles count from 1. */
export class RowIterators {
  readonly #slots: RowIterator[] = [];

  /** A free iterator and, as `lastHandle`, its handle. */
  open(): RowIterator {
    let slot = 0;
    while (slot < this.#slots.length && (this.#slots[slot] as RowIterator).isOpen) slot++;
    if (slot === this.#slots.length) this.#slots.push(new RowIterator());
    const iterator = this.#slots[slot] as RowIterator;
    iterator.open();
    this.lastHandle = slot + 1;
    return iterator;
  }

  lastHandle = 0;

  get(handle: number): RowIterator | undefined {
    const iterator = this.#slots[(handle >>> 0) - 1];
    return iterator !== undefined && iterator.isOpen ? iterator : undefined;
  }

  /** Ends all that a call left open. */
  closeAll(): void {
    if (this.#slots.length > keptSlots) this.#slots.length = keptSlots;
    for (const iterator of this.#slots) iterator.close();
  }
}

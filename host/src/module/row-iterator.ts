// Row iterators of the ABI: rows as they are when the scan is made, handed over in chunks (abi.md sections 5.2 and 5.5).
import { copyBytes } from "@lightcone/abi";
import { limit } from "../base/limit.ts";
import type { RowIds } from "../datastore/rows/ids.ts";
import type { Table } from "../datastore/table.ts";
import type { GuestMemory } from "./memory.ts";
import { TableScan } from "./table-scan.ts";
import type { Trap } from "./trap.ts";

/** A chunk ends at the first row boundary past this many bytes. */
const chunkBytes = 32 * 1024;

/** The buffers of all scans of an instance. */
export interface ScanBuffers {
  byteCount: number;
  readonly trap: Trap;
}

/** Buffers that a large scan made larger than this are not kept for the next one. */
const keptBytes = 1024 * 1024;

const bytesMin = 256;

/** Tables of fewer rows are copied out at once; larger ones are read from their pages. */
const scanRowsMin = 1024;

/** One open scan: of rows copied in, or of a whole table. Reused, buffer included, once it is closed. */
export class RowIterator {
  readonly #buffers: ScanBuffers;
  #view: DataView = new DataView(new ArrayBuffer(bytesMin));
  #length = 0;
  #at = 0;
  #chunkEnds: Int32Array = new Int32Array(4);
  #chunkCount = 0;
  #nextChunk = 0;
  #chunkStart = 0;
  #scan: TableScan | undefined;
  isOpen = false;

  constructor(buffers: ScanBuffers) {
    this.#buffers = buffers;
    buffers.byteCount += bytesMin;
  }

  open(): void {
    this.isOpen = true;
    this.#length = 0;
    this.#at = 0;
    this.#chunkStart = 0;
    this.#nextChunk = 0;
    this.#chunkCount = 0;
  }

  close(): void {
    this.isOpen = false;
    if (this.#view.byteLength > keptBytes) this.#replace(bytesMin);
    this.#scan?.close();
    this.#scan = undefined;
  }

  /** Copies one row in. */
  addRow(table: Table, row: number): void {
    const start = table.rows.start(row);
    this.#copy(table.rows.view(row), start, start + table.rows.size(row));
  }

  addRows(table: Table, rows: RowIds): void {
    for (let i = 0; i < rows.count; i++) this.addRow(table, rows.at(i));
  }

  /** Takes all visible rows of a table. */
  addTable(table: Table): void {
    if (table.rows.limit >= scanRowsMin) {
      this.#scan = new TableScan(table.rows.freeze(), chunkBytes);
      return;
    }
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
    const { buffer } = this.#view;
    const size = Math.max(needed, buffer.byteLength * 2);
    if (this.#buffers.byteCount + size - buffer.byteLength > limit.rowIteratorBytesMax) {
      this.#buffers.trap("the module's open scans hold too many rows");
    }
    this.#replace(size);
    new Uint8Array(this.#view.buffer).set(new Uint8Array(buffer, 0, this.#length));
  }

  #replace(size: number): void {
    this.#buffers.byteCount += size - this.#view.byteLength;
    this.#view = new DataView(new ArrayBuffer(size));
  }

  /** It is not used again. */
  discard(): void {
    this.#buffers.byteCount -= this.#view.byteLength;
  }

  /** Bytes of the chunk that comes next, or 0 if none does. */
  get nextChunkSize(): number {
    if (this.#scan !== undefined) return this.#scan.chunkSize;
    return this.isDone ? 0 : (this.#chunkEnds[this.#nextChunk] as number) - this.#at;
  }

  get isDone(): boolean {
    return this.#scan !== undefined ? this.#scan.isDone : this.#nextChunk === this.#chunkCount;
  }

  /** Copies as many whole chunks as fit to `room` checked bytes of guest memory; returns how many bytes those are. */
  copyChunks(memory: GuestMemory, at: number, room: number): number {
    if (this.#scan !== undefined) return copyScan(this.#scan, memory, at, room);
    const start = this.#at;
    while (!this.isDone && (this.#chunkEnds[this.#nextChunk] as number) - start <= room) {
      this.#at = this.#chunkEnds[this.#nextChunk++] as number;
    }
    memory.write(at, this.#view, start, this.#at);
    return this.#at - start;
  }
}

function copyScan(scan: TableScan, memory: GuestMemory, at: number, room: number): number {
  const bytes = memory.bytes();
  let count = 0;
  while (!scan.isDone && count + scan.chunkSize <= room) {
    const size = scan.chunkSize;
    scan.copyChunk(bytes, memory.view(), at + count);
    count += size;
  }
  return count;
}

/** Iterators kept for the next call: more than any sound call has open at a time. */
const keptSlots = 16;

/** The open iterators of one instance. Handles count from 1. */
export class RowIterators {
  readonly #slots: RowIterator[] = [];
  readonly #buffers: ScanBuffers;

  constructor(trap: Trap) {
    this.#buffers = { byteCount: 0, trap };
  }

  /** A free iterator and, as `lastHandle`, its handle. Traps where too many are open. */
  open(): RowIterator {
    let slot = 0;
    while (slot < this.#slots.length && (this.#slots[slot] as RowIterator).isOpen) slot++;
    if (slot === limit.rowIteratorCountMax)
      this.#buffers.trap("the module has too many open scans");
    if (slot === this.#slots.length) this.#slots.push(new RowIterator(this.#buffers));
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
    for (const iterator of this.#slots) iterator.close();
    while (this.#slots.length > keptSlots) this.#slots.pop()?.discard();
  }
}

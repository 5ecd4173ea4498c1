// What a view has read, exactly: whole tables, keys, ranges of an index. A transaction that changes none of it cannot change what
// the view returns. What was looked for and not found counts as read, too.
import { limit } from "../base/limit.ts";
import type { IndexHandle } from "../datastore/datastore.ts";
import type { Cut } from "../datastore/index/contract.ts";
import type { Table } from "../datastore/table.ts";

/** A key that was looked up. Keys with floats are ranges instead, since equal ones may differ in their bytes. */
export interface PointRead {
  readonly handle: IndexHandle;
  readonly key: Uint8Array;
}

export interface RangeRead {
  readonly handle: IndexHandle;
  readonly lower: Cut;
  readonly upper: Cut;
}

/** The reads of one run of a view. */
export class ReadSet {
  readonly tables: Set<Table> = new Set();
  readonly points: PointRead[] = [];
  readonly ranges: RangeRead[] = [];
  #byteCount = 0;

  /** A scan of all rows, or their count. */
  wholeTable(table: Table): void {
    this.tables.add(table);
  }

  /** All rows with the key `bytes[start, end)`, which is copied. */
  point(handle: IndexHandle, bytes: Uint8Array, start: number, end: number): void {
    const { key } = handle.index;
    if (!this.#hasRoom(handle.table, end - start)) return;
    if (!key.hasFloats) {
      this.points.push({ handle, key: bytes.slice(start, end) });
      return;
    }
    const copy = bytes.slice(start, end);
    const cut = { bytes: copy, start: 0, columnCount: key.columns.length };
    this.ranges.push({
      handle,
      lower: { ...cut, side: "before" },
      upper: { ...cut, side: "after" },
    });
  }

  /** All rows between two cuts, whose bytes are copied. */
  range(handle: IndexHandle, lower: Cut, upper: Cut): void {
    if (lower.columnCount === 0 && upper.columnCount === 0) {
      this.wholeTable(handle.table);
    } else if (this.#hasRoom(handle.table, cutLength(handle, lower) + cutLength(handle, upper))) {
      this.ranges.push({
        handle,
        lower: copyCut(handle, lower),
        upper: copyCut(handle, upper),
      });
    }
  }

  /** Whether a read of a part of `table` says anything new; after too many of them the whole table counts as read. */
  #hasRoom(table: Table, byteCount: number): boolean {
    if (this.tables.has(table)) return false;
    const count = this.points.length + this.ranges.length;
    const bytes = this.#byteCount + byteCount;
    if (count < limit.viewReadCountMax && bytes <= limit.viewReadBytesMax) {
      this.#byteCount = bytes;
      return true;
    }
    this.wholeTable(table);
    return false;
  }
}

function cutEnd({ index }: IndexHandle, { bytes, start, columnCount }: Cut): number {
  return index.key.columnsEnd(0, columnCount, bytes, start, bytes.length);
}

function cutLength(handle: IndexHandle, cut: Cut): number {
  return cutEnd(handle, cut) - cut.start;
}

function copyCut(handle: IndexHandle, cut: Cut): Cut {
  return { ...cut, bytes: cut.bytes.slice(cut.start, cutEnd(handle, cut)), start: 0 };
}

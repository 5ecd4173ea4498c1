// What a view returned, compared with the rows it returned before: only differences are written (sql-and-subscriptions.md
// section 9.4).
import type { Index } from "../../datastore/index/contract.ts";
import { RowIds } from "../../datastore/rows/ids.ts";
import type { Table } from "../../datastore/table.ts";
import type { Transaction } from "../../datastore/tx.ts";
import { limit } from "../../base/limit.ts";
import { argHashBytes, type LiveView } from "./live-view.ts";

/** Whose rows of a backing table are written. */
export interface RowsTarget {
  readonly view: LiveView;
  readonly table: Table;
  readonly argHash: Uint8Array;
}

/** `bytes[start, end)` is a BSATN array of rows, not looked into yet. */
export interface ReturnedRows {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

const countBytes = 4;

/** Writes results of views. One for all, since it keeps its memory. */
export class RowWriter {
  readonly #before = new RowIds();
  readonly #kept = new Set<number>();
  /** Where rows start in the result, and where the last one ends. */
  readonly #starts = new RowIds();
  /** The argument hash and a row behind it. */
  #row: Uint8Array = new Uint8Array(256);

  /** The rows that a view has now for its caller. Valid until the next call. */
  rowsOf({ table, argHash }: Pick<RowsTarget, "table" | "argHash">): RowIds {
    this.#before.clear();
    (table.indexes[0] as Index).scanPoint(argHash, 0, argHashBytes, this.#before);
    return this.#before;
  }

  /** Makes these rows what the view returns to its caller. Returns why they cannot be, if so: then some may be written. */
  write(tx: Transaction, target: RowsTarget, rows: ReturnedRows): string | undefined {
    const { bytes, start, end } = rows;
    const fault = this.#split(target.view, bytes, start, end);
    if (fault !== undefined) return fault;
    this.#row.set(target.argHash);
    this.#deleteOthers(tx, target, bytes);
    const { table } = target;
    for (let i = 0; i + 1 < this.#starts.count; i++) {
      const length = this.#load(bytes, i);
      if (tx.insertAsIs(table, this.#row, 0, length) === "duplicate") {
        return "it returned two rows with the same primary key";
      }
    }
    return undefined;
  }

  /** Finds the rows of a result, or says why it is none of the view's type. */
  #split(view: LiveView, bytes: Uint8Array, start: number, end: number): string | undefined {
    if (end - start < countBytes) return "what it returned is no array of rows";
    const head = new DataView(bytes.buffer, bytes.byteOffset + start, countBytes);
    const count = head.getUint32(0, true);
    if (count > view.rowCountMax) return `it returned ${count} rows where at most one is declared`;
    const starts = this.#starts;
    starts.clear();
    let at = start + countBytes;
    starts.push(at);
    for (let i = 0; i < count; i++) {
      const next = view.walkRow(bytes, at, end);
      if (next < 0) return `row ${i} of what it returned is not of its row type`;
      if (next - at + argHashBytes > limit.rowBytesMax) {
        return `row ${i} of what it returned has ${next - at} bytes, which is more than a table takes`;
      }
      // Rows of no bytes are all the same one: a count of them says nothing more.
      if (next === at && i > 0) break;
      starts.push((at = next));
    }
    return at === end ? undefined : "what it returned goes on behind its last row";
  }

  /** Deletes the rows that are not in the result. They go first: new ones may have their keys. */
  #deleteOthers(tx: Transaction, target: RowsTarget, bytes: Uint8Array): void {
    const { table } = target;
    const before = this.rowsOf(target);
    if (before.count === 0) return;
    this.#kept.clear();
    for (let i = 0; i + 1 < this.#starts.count; i++) {
      const row = table.findRow(this.#row, 0, this.#load(bytes, i));
      if (row >= 0) this.#kept.add(row);
    }
    for (let i = 0; i < before.count; i++) {
      const row = before.at(i);
      if (!this.#kept.has(row)) tx.delete(table, row);
    }
    this.#kept.clear();
  }

  /** Puts a row of the result behind the argument hash; returns the length of both. */
  #load(bytes: Uint8Array, position: number): number {
    const start = this.#starts.at(position);
    const end = this.#starts.at(position + 1);
    const length = argHashBytes + end - start;
    if (length > this.#row.length) {
      const next = new Uint8Array(length * 2);
      next.set(this.#row.subarray(0, argHashBytes));
      this.#row = next;
    }
    this.#row.set(bytes.subarray(start, end), argHashBytes);
    return length;
  }
}

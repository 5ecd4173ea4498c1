// What a transaction changed, as net inserts and deletes. Rows are named, not copied: they stay readable until the datastore
// releases the delta.
import type { Writer } from "@lightcone/abi";
import { RowIds } from "./rows/ids.ts";
import type { Table } from "./table.ts";

/** The net change of one table. Fits the log's view of a table (log/contract.ts) and the subscription evaluator's. */
export class TableDelta {
  readonly table: Table;
  readonly inserts: RowIds = new RowIds();
  readonly deletes: RowIds = new RowIds();
  /** The transaction left the table empty. */
  isTruncated = false;
  /** Rows of a table that the transaction dropped: they are not named. */
  #droppedCount = 0;

  constructor(table: Table) {
    this.table = table;
  }

  get tableId(): number {
    return this.table.schema.id;
  }

  get insertCount(): number {
    return this.inserts.count;
  }

  get deleteCount(): number {
    return this.deletes.count + this.#droppedCount;
  }

  clear(): void {
    this.inserts.clear();
    this.deletes.clear();
    this.isTruncated = false;
    this.#droppedCount = 0;
  }

  /** The table is dropped, with all of its rows. Returns whether it had any. */
  setDropped(): boolean {
    this.clear();
    this.#droppedCount = this.table.rowCount;
    this.isTruncated = this.#droppedCount > 0;
    return this.isTruncated;
  }

  /** Appends the inserted rows back to back. */
  writeInserts(writer: Writer): void {
    this.#write(writer, this.inserts);
  }

  /** Appends the deleted rows back to back. */
  writeDeletes(writer: Writer): void {
    this.#write(writer, this.deletes);
  }

  #write(writer: Writer, rows: RowIds): void {
    const store = this.table.rows;
    for (let i = 0; i < rows.count;) {
      const row = rows.at(i);
      const start = store.start(row);
      const first = i++;
      // Rows that were inserted together lie back to back, as they do in the record.
      const end = Math.min(rows.count, first + store.rowsInLine(row));
      while (i < end && rows.at(i) === row + i - first) i++;
      writer.viewRange(store.view(row), start, start + store.size(row) * (i - first));
    }
  }
}

/** The net effect of a committed transaction: tables that changed, ascending by id. Reused by the next commit. */
export interface TxData {
  readonly tables: readonly TableDelta[];
  /** Those of them that the log keeps. */
  readonly logged: readonly TableDelta[];
}

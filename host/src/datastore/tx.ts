// The one writer's transaction: writes to tables with auto-increment, and the list of what was touched.
import { assert } from "@lightcone/abi";
import type { Index } from "./index/contract.ts";
import { type Sequence, writeSequenceValue } from "./sequence.ts";
import type { Table, WriteOutcome } from "./table.ts";

/** Records a sequence's new `allocated` value in `st_sequence`, inside the transaction. */
export type RecordAllocation = (tx: Transaction, sequence: Sequence, allocated: bigint) => void;

/**
 * An open mutable transaction. The datastore owns one and reuses it. After each insert and update, `generated[0,
 * generatedLength)` holds the BSATN of the columns that a sequence filled, in column order (abi.md section 5.4).
 */
export class Transaction {
  /** Tables written to: the first `touchedCount` entries. */
  readonly touched: Table[] = [];
  touchedCount = 0;
  generated: Uint8Array = new Uint8Array(64);
  generatedLength = 0;
  readonly #recordAllocation: RecordAllocation;
  readonly #reserved: Sequence[] = [];
  #rowScratch: Uint8Array = new Uint8Array(256);
  #isOpen = false;

  constructor(recordAllocation: RecordAllocation) {
    this.#recordAllocation = recordAllocation;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** For the datastore. */
  open(): void {
    assert(!this.#isOpen, "a transaction began inside another");
    this.#isOpen = true;
  }

  /** For the datastore: forgets everything; `wasRolledBack` returns what sequences had reserved. */
  close(wasRolledBack: boolean): void {
    if (this.#reserved.length > 0) {
      if (wasRolledBack) for (const sequence of this.#reserved) sequence.forgetReservation();
      this.#reserved.length = 0;
    }
    this.touchedCount = 0;
    this.#isOpen = false;
  }

  /** Inserts a valid row; see `Table.insert`. */
  insert(table: Table, bytes: Uint8Array, start: number, end: number): WriteOutcome {
    this.generatedLength = 0;
    if (table.sequences.length === 0) return this.insertAsIs(table, bytes, start, end);
    const row = this.#generate(table, bytes, start, end);
    return row === undefined
      ? this.insertAsIs(table, bytes, start, end)
      : this.insertAsIs(table, row, 0, end - start);
  }

  /** Inserts a valid row without auto-increment. */
  insertAsIs(table: Table, bytes: Uint8Array, start: number, end: number): WriteOutcome {
    const wasTouched = table.isTouched;
    const outcome = table.insert(bytes, start, end);
    if (!wasTouched && table.isTouched) this.#touch(table);
    return outcome;
  }

  /** Replaces a row by a unique index; see `Table.update`. */
  update(table: Table, index: Index, bytes: Uint8Array, start: number, end: number): WriteOutcome {
    this.generatedLength = 0;
    const row = table.sequences.length === 0 ? undefined : this.#generate(table, bytes, start, end);
    return row === undefined
      ? this.updateAsIs(table, index, bytes, start, end)
      : this.updateAsIs(table, index, row, 0, end - start);
  }

  /** Replaces a row by a unique index without auto-increment. */
  updateAsIs(
    table: Table,
    index: Index,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): WriteOutcome {
    const wasTouched = table.isTouched;
    const outcome = table.update(index, bytes, start, end);
    if (!wasTouched && table.isTouched) this.#touch(table);
    return outcome;
  }

  /** Fills an empty table without auto-increment; see `Table.fill`. */
  fill(table: Table, load: Parameters<Table["fill"]>[0]): void {
    table.fill(load);
    if (table.isTouched) this.#touch(table);
  }

  delete(table: Table, row: number): void {
    if (!table.isTouched) this.#touch(table);
    table.delete(row);
  }

  /** Removes all rows of a table; returns how many. */
  clear(table: Table): number {
    if (table.rowCount === 0) return 0;
    if (!table.isTouched) this.#touch(table);
    return table.clear();
  }

  #touch(table: Table): void {
    this.touched[this.touchedCount++] = table;
  }

  /** A copy of the row with zeros of sequence columns replaced, or undefined if there is none to replace. */
  #generate(table: Table, bytes: Uint8Array, start: number, end: number): Uint8Array | undefined {
    let row: Uint8Array | undefined;
    // In column order: that is how guests read generated values.
    for (const sequence of table.sequences) {
      const { column } = sequence.schema;
      const from = table.layout.columnStart(column, bytes, start);
      const to = table.layout.columnEnd(column, bytes, from);
      if (!isZero(bytes, from, to)) continue;
      row ??= this.#copyRow(bytes, start, end);
      this.#writeNext(sequence, row, from - start, to - start);
    }
    return row;
  }

  #copyRow(bytes: Uint8Array, start: number, end: number): Uint8Array {
    if (end - start > this.#rowScratch.length) this.#rowScratch = new Uint8Array((end - start) * 2);
    this.#rowScratch.set(bytes.subarray(start, end));
    return this.#rowScratch;
  }

  #writeNext(sequence: Sequence, row: Uint8Array, from: number, to: number): void {
    if (sequence.mustReserve) {
      const allocated = sequence.reserve();
      this.#reserved.push(sequence);
      this.#recordAllocation(this, sequence, allocated);
    }
    writeSequenceValue(sequence.next(), row, from, to);
    const length = this.generatedLength + to - from;
    if (length > this.generated.length) {
      const next = new Uint8Array(length * 2);
      next.set(this.generated);
      this.generated = next;
    }
    for (let at = from; at < to; at++) this.generated[this.generatedLength++] = row[at] as number;
  }
}

function isZero(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (bytes[at] !== 0) return false;
  return true;
}

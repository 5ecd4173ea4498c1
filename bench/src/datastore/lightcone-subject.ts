// Our own datastore under the benchmark: a table with one unique index, without module and log. A
// row is read as an import of the module ABI reads it: its bytes are found and copied.
import { assert, copyBytes } from "@lightcone/abi";
import { type Cut, Datastore, type Index, RowIds, type Table } from "@lightcone/host/engine";
import { createRowTable, type IndexKind, RowBuffer, type RowShape, rowValueAt } from "../rows.ts";
import { rangeKeyCount, type Subject } from "./subject.ts";

const keyBytes = 8;

export class LightconeSubject implements Subject {
  readonly commits = "each batch";
  readonly scan?: Subject["scan"] & {};
  readonly #datastore = new Datastore();
  readonly #table: Table;
  readonly #index: Index;
  readonly #row: RowBuffer;
  #tx: ReturnType<Datastore["begin"]> | undefined;
  readonly #key = new Uint8Array(2 * keyBytes);
  readonly #keyView = new DataView(this.#key.buffer);
  readonly #lower: Cut = { bytes: this.#key, start: 0, columnCount: 1, side: "before" };
  readonly #upper: Cut = { bytes: this.#key, start: keyBytes, columnCount: 1, side: "before" };
  readonly #found = new RowIds();
  /** Where rows are copied to, as into a module's memory. */
  readonly #copy = new DataView(new ArrayBuffer(64));

  constructor(shape: RowShape, kind: IndexKind, rowCount: number) {
    this.#table = createRowTable(this.#datastore, shape, kind);
    this.#index = this.#table.indexes[0] as Index;
    this.#row = new RowBuffer(shape, rowCount);
    if (this.#index.isOrdered) this.scan = (keys, from, to) => this.#scan(keys, from, to);
  }

  get rowCount(): number {
    return this.#table.rowCount;
  }

  begin(): void {
    this.#tx = this.#datastore.begin();
  }

  commit(): void {
    this.#datastore.commit(this.#open);
    this.#datastore.release(this.#open);
    this.#tx = undefined;
  }

  get #open(): ReturnType<Datastore["begin"]> {
    assert(this.#tx !== undefined, "a batch runs inside a transaction");
    return this.#tx;
  }

  insert(keys: Uint32Array, from: number, to: number): void {
    const tx = this.#open;
    for (let i = from; i < to; i++) {
      const end = this.#row.fill(keys[i] as number, 0);
      const outcome = tx.insert(this.#table, this.#row.bytes, 0, end);
      if (outcome !== "done") throw new Error(`inserting key ${keys[i]}: ${outcome}`);
    }
  }

  read(keys: Uint32Array, from: number, to: number): number {
    let sum = 0;
    for (let i = from; i < to; i++) sum += this.#valueOf(this.#find(keys[i] as number));
    return sum;
  }

  #scan(keys: Uint32Array, from: number, to: number): number {
    const found = this.#found;
    let sum = 0;
    for (let i = from; i < to; i++) {
      const key = keys[i] as number;
      this.#keyView.setUint32(0, key, true);
      this.#keyView.setUint32(keyBytes, key + rangeKeyCount, true);
      found.clear();
      this.#index.scanRange(this.#lower, this.#upper, found);
      for (let j = 0; j < found.count; j++) sum += this.#valueOf(found.at(j));
    }
    return sum;
  }

  update(keys: Uint32Array, from: number, to: number, version: number): void {
    const tx = this.#open;
    for (let i = from; i < to; i++) {
      const end = this.#row.fill(keys[i] as number, version);
      const outcome = tx.update(this.#table, this.#index, this.#row.bytes, 0, end);
      if (outcome !== "done") throw new Error(`updating key ${keys[i]}: ${outcome}`);
    }
  }

  delete(keys: Uint32Array, from: number, to: number): void {
    const tx = this.#open;
    for (let i = from; i < to; i++) tx.delete(this.#table, this.#find(keys[i] as number));
  }

  #find(key: number): number {
    this.#keyView.setUint32(0, key, true);
    const row = this.#index.find(this.#key, 0, keyBytes);
    if (row < 0) throw new Error(`key ${key} is not there`);
    return row;
  }

  #valueOf(row: number): number {
    const { rows } = this.#table;
    const start = rows.start(row);
    copyBytes(rows.view(row), start, start + rows.size(row), this.#copy, 0);
    return this.#copy.getUint32(rowValueAt, true);
  }

  close(): void {
    // What it holds goes with the object.
  }
}

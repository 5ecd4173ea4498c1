// From when on the intervals of scheduled rows count: one row of a private system table for each, written in the transaction
// of the scheduled row, so that an interval keeps its phase over restarts and updates.
//
// The table is made by the first transaction that needs it and described in the log as every other, so that any reader of the
// log, of a snapshot or of a backup knows its rows without knowing what they are for.
//
//     0          4                        12                       20
//    +----------+------------------------+------------------------+
//    | table_id | row_key                | anchor                 |
//    | u32      | u64, the row's key     | i64, microseconds      |
//    +----------+------------------------+------------------------+
import { primitive } from "@lightcone/abi";
import { createTable, type NewTable } from "../../datastore/create-table.ts";
import type { Datastore } from "../../datastore/datastore.ts";
import type { Index } from "../../datastore/index/contract.ts";
import type { Table } from "../../datastore/table.ts";
import type { Transaction } from "../../datastore/tx.ts";

/** Names of modules' tables do not begin with `st_`. */
const anchorTableName = "st_lightcone_schedule";

const keyBytes = 12;
const rowBytes = 20;
const keyAt = 4;
const anchorAt = 12;

// Names with a dot are no identifiers: no module can have taken them.
const anchorTable: NewTable = {
  name: anchorTableName,
  kind: "system",
  alias: "st_lightcone.schedule",
  access: "private",
  columns: [
    { name: "table_id", alias: "table_id", type: primitive("u32") },
    { name: "row_key", alias: "row_key", type: primitive("u64") },
    { name: "anchor", alias: "anchor", type: primitive("i64") },
  ],
  primaryKey: undefined,
  indexes: [
    {
      name: "st_lightcone.schedule_key_idx",
      alias: "st_lightcone.schedule_key_idx",
      kind: "btree",
      columns: [0, 1],
    },
  ],
  constraints: [{ name: "st_lightcone.schedule_key", columns: [0, 1] }],
  sequences: [],
  schedule: undefined,
  isEvent: false,
};

/** The rows of one database's table of anchors. */
export class Anchors {
  readonly #datastore: Datastore;
  readonly #row = new Uint8Array(rowBytes);
  readonly #view = new DataView(this.#row.buffer);
  #known: Table | undefined;

  constructor(datastore: Datastore) {
    this.#datastore = datastore;
  }

  /** The anchor of a row of a scheduled table, or undefined. */
  get(tableId: number, rowKey: bigint): number | undefined {
    const table = this.#table();
    if (table === undefined) return undefined;
    const row = this.#find(table, tableId, rowKey);
    return row < 0 ? undefined : this.#anchor(table, row);
  }

  /** Sets an anchor inside an open transaction. */
  set(tx: Transaction, tableId: number, rowKey: bigint, anchorMicros: number): void {
    const table = this.#table() ?? createTable(this.#datastore, tx, anchorTable);
    const isKnown = this.#find(table, tableId, rowKey) >= 0;
    this.#view.setBigInt64(anchorAt, BigInt(anchorMicros), true);
    if (isKnown) tx.updateAsIs(table, table.indexes[0] as Index, this.#row, 0, rowBytes);
    else tx.insertAsIs(table, this.#row, 0, rowBytes);
  }

  /** Removes an anchor, if it is there. */
  remove(tx: Transaction, tableId: number, rowKey: bigint): void {
    const table = this.#table();
    if (table === undefined) return;
    const row = this.#find(table, tableId, rowKey);
    if (row >= 0) tx.delete(table, row);
  }

  /** Gives a row's anchor to the same row of another table, inside an open transaction. */
  move(tx: Transaction, tableId: number, rowKey: bigint, nextTableId: number): void {
    const anchorMicros = this.get(tableId, rowKey);
    if (anchorMicros === undefined) return;
    this.remove(tx, tableId, rowKey);
    this.set(tx, nextTableId, rowKey, anchorMicros);
  }

  /** All anchors, in no order. */
  all(): { readonly tableId: number; readonly rowKey: bigint }[] {
    const table = this.#table();
    const found: { tableId: number; rowKey: bigint }[] = [];
    if (table === undefined) return found;
    for (let row = table.nextRow(-1); row >= 0; row = table.nextRow(row)) {
      const start = table.rows.start(row);
      const view = table.rows.view(row);
      found.push({
        tableId: view.getUint32(start, true),
        rowKey: view.getBigUint64(start + keyAt, true),
      });
    }
    return found;
  }

  /** The table of anchors; a rollback may have taken away what was found before. */
  #table(): Table | undefined {
    const known = this.#known;
    if (known !== undefined && this.#datastore.tableById(known.schema.id) === known) return known;
    this.#known = this.#datastore.tableByName(anchorTableName);
    return this.#known;
  }

  /** Leaves the key in `#row`. */
  #find(table: Table, tableId: number, rowKey: bigint): number {
    this.#view.setUint32(0, tableId, true);
    this.#view.setBigUint64(keyAt, rowKey, true);
    return (table.indexes[0] as Index).find(this.#row, 0, keyBytes);
  }

  #anchor(table: Table, row: number): number {
    return Number(table.rows.view(row).getBigInt64(table.rows.start(row) + anchorAt, true));
  }
}

// Committed state of one database in memory: its tables, and the one open transaction. No I/O, nothing asynchronous.
import { assert, LightconeError, numberToBytes, present } from "@lightcone/abi";
import { Catalog, encodeSystemRow, sequenceRow } from "./catalog.ts";
import type { TableDelta, TxData } from "./delta.ts";
import type { DatastoreImage, StoredTable } from "./image.ts";
import type { Index } from "./index/contract.ts";
import type { Sequence } from "./sequence.ts";
import { systemTableId } from "./system-tables.ts";
import { Table } from "./table.ts";
import { Transaction } from "./tx.ts";

/** A table as the index of it that is named by its id. */
export interface IndexHandle {
  readonly table: Table;
  readonly index: Index;
  readonly isUnique: boolean;
}

/** What readers of committed state need: SQL, subscriptions, the module ABI. */
export interface ReadView {
  /** The table with a canonical name or an alias. */
  tableByName(name: string): Table | undefined;
  tableById(id: number): Table | undefined;
  /** The canonical name of a column given by its alias, or undefined. */
  columnByAlias(tableName: string, alias: string): string | undefined;
  userTables(): Table[];
}

export class Datastore implements ReadView {
  readonly catalog: Catalog = new Catalog();
  readonly #tables = new Map<number, Table>();
  readonly #indexes = new Map<number, IndexHandle>();
  readonly #tx: Transaction;
  readonly #txData: { tables: TableDelta[] } = { tables: [] };
  /** Tables made by the open transaction: a rollback drops them. */
  readonly #created: Table[] = [];

  constructor() {
    for (const table of this.catalog.tables) this.#register(table);
    this.#tx = new Transaction((tx, sequence, allocated) => {
      this.#recordAllocation(tx, sequence, allocated);
    });
  }

  #register(table: Table): void {
    this.#tables.set(table.schema.id, table);
    table.schema.indexes.forEach((index, i) => {
      this.#indexes.set(index.id, {
        table,
        index: table.indexes[i] as Index,
        isUnique: index.isUnique,
      });
    });
  }

  #unregister(table: Table): void {
    this.#tables.delete(table.schema.id);
    for (const index of table.schema.indexes) this.#indexes.delete(index.id);
  }

  tableById(id: number): Table | undefined {
    return this.#tables.get(id);
  }

  indexById(id: number): IndexHandle | undefined {
    return this.#indexes.get(id);
  }

  tableByName(name: string): Table | undefined {
    const id = this.catalog.tableIdByName(name);
    return id === undefined ? undefined : this.#tables.get(id);
  }

  columnByAlias(tableName: string, alias: string): string | undefined {
    return this.catalog.columnByAlias(tableName, alias);
  }

  userTables(): Table[] {
    return [...this.#tables.values()].filter((table) => table.schema.kind === "user");
  }

  allTables(): Table[] {
    return [...this.#tables.values()];
  }

  /** The guest that wrote last is dead: nothing here keeps its memory. */
  forgetSources(): void {
    for (const table of this.#tables.values()) table.forgetSource();
  }

  get isInTransaction(): boolean {
    return this.#tx.isOpen;
  }

  /** Opens the one mutable transaction. */
  begin(): Transaction {
    this.#tx.open();
    return this.#tx;
  }

  /**
   * Ends the transaction and returns its net effect, or undefined if nothing changed. The rows named by it stay readable
   * until `release`, which must follow before the next `begin`.
   */
  commit(tx: Transaction): TxData | undefined {
    assert(tx === this.#tx && tx.isOpen, "commit without a transaction");
    const changed = this.#txData.tables;
    let count = 0;
    for (let i = 0; i < tx.touchedCount; i++) {
      const table = tx.touched[i] as Table;
      if (table.collectDelta()) changed[count++] = table.delta;
    }
    // Shortening an array gives its memory back, which would cost each commit an allocation.
    if (changed.length > count) changed.length = count;
    if (count > 1) changed.sort((a, b) => a.tableId - b.tableId);
    return count > 0 ? this.#txData : undefined;
  }

  /** Frees what the committed transaction and its delta held. */
  release(tx: Transaction): void {
    for (let i = 0; i < tx.touchedCount; i++) (tx.touched[i] as Table).release();
    if (this.#created.length > 0) this.#created.length = 0;
    tx.close(false);
  }

  /** Undoes the open transaction. */
  rollBack(tx: Transaction): void {
    assert(tx === this.#tx && tx.isOpen, "rollback without a transaction");
    for (let i = 0; i < tx.touchedCount; i++) (tx.touched[i] as Table).rollBack();
    for (const table of this.#created) this.#unregister(table);
    this.#created.length = 0;
    tx.close(true);
  }

  /** Holds all tables as they are, between two transactions. */
  freeze(): DatastoreImage {
    assert(!this.#tx.isOpen, "state is frozen between transactions");
    const tables = this.allTables().toSorted((a, b) => a.schema.id - b.schema.id);
    const frozen = tables.map((table) => ({ tableId: table.schema.id, ...table.image() }));
    return {
      tables: frozen,
      release: () => {
        for (const image of frozen) image.release();
      },
    };
  }

  /**
   * Puts stored tables, ascending by id, in the place of all that there is: system tables first, since they tell what the
   * others are. Sequences go on where `Replay.finish` finds them. Throws LC_SNAPSHOT.
   */
  restore(tables: readonly StoredTable[]): void {
    for (const stored of tables) {
      const known = this.#tables.get(stored.tableId);
      const schema = known?.schema ?? this.catalog.readTableSchema(stored.tableId);
      if (schema === undefined) {
        throw new LightconeError(
          "LC_SNAPSHOT",
          `the snapshot holds table ${stored.tableId}, which no row describes`,
        );
      }
      const table = known ?? new Table(schema);
      table.thaw(stored);
      if (known === undefined) this.#register(table);
    }
  }

  /** Makes the table that the system rows of the open transaction describe. */
  createTable(id: number): Table {
    assert(this.#tx.isOpen, "a table was created outside a transaction");
    const table = new Table(present(this.catalog.readTableSchema(id), `schema of table ${id}`));
    this.#register(table);
    this.#created.push(table);
    return table;
  }

  /** For recovery: makes, or makes again, a table from the system rows, keeping its rows. */
  rebuildTable(id: number): Table | undefined {
    const old = this.#tables.get(id);
    const schema = this.catalog.readTableSchema(id);
    if (old !== undefined) this.#unregister(old);
    if (schema === undefined) return undefined;
    const table = new Table(schema);
    if (old !== undefined) moveRows(old, table);
    this.#register(table);
    return table;
  }

  #recordAllocation(tx: Transaction, sequence: Sequence, allocated: bigint): void {
    const key = numberToBytes(BigInt(sequence.schema.id), 4);
    const row = this.catalog.findRow(systemTableId.sequence, 0, key);
    assert(row >= 0, "a sequence without its row");
    const tableId = this.catalog.row(systemTableId.sequence, row)["table_id"] as number;
    const bytes = encodeSystemRow(
      systemTableId.sequence,
      sequenceRow(tableId, { ...sequence.schema, allocated }),
    );
    const table = this.catalog.table(systemTableId.sequence);
    tx.updateAsIs(table, table.indexes[0] as Index, bytes, 0, bytes.length);
  }
}

function moveRows(from: Table, to: Table): void {
  for (let row = from.nextRow(-1); row >= 0; row = from.nextRow(row)) {
    const start = from.rows.start(row);
    const page = from.rows.page(row);
    const end = start + from.rows.size(row);
    if (to.layout.rowEnd(page, start, end) !== end || to.insert(page, start, end) === "duplicate") {
      throw new LightconeError(
        "LC_LOG_REPLAY",
        `rows of table ${to.schema.name} do not fit the schema that the log gives it`,
      );
    }
  }
  to.release();
}

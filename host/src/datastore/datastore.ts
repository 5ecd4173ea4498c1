// Committed state of one database in memory: its tables, and the one open transaction. No I/O, nothing asynchronous.
import {
  type AlgebraicType,
  assert,
  LightconeError,
  numberToBytes,
  present,
  typesEqual,
} from "@lightcone/abi";
import { Catalog, encodeSystemRow, sequenceRow } from "./catalog.ts";
import type { TableDelta, TxData } from "./delta.ts";
import type { DatastoreImage, StoredTable } from "./image.ts";
import type { Index } from "./index/contract.ts";
import { RowLayout } from "./row-layout.ts";
import type { TableSchema } from "./schema.ts";
import type { Sequence } from "./sequence.ts";
import { systemTableId } from "./system-tables.ts";
import { Table } from "./table.ts";
import type { SchemaConflict } from "./table-body.ts";
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
  readonly #changed: TableDelta[] = [];
  readonly #txData: { tables: TableDelta[]; logged: TableDelta[] } = {
    tables: this.#changed,
    logged: this.#changed,
  };
  /** How to take back what the open transaction did to tables themselves, last first. */
  readonly #undos: (() => void)[] = [];
  /** Tables that the open transaction dropped. */
  readonly #dropped: Table[] = [];
  /** Tables that shrank, whose rows are moved together after one transaction or another. */
  readonly #untidy = new Set<Table>();

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
    const changed = this.#changed;
    let count = 0;
    for (let i = 0; i < tx.touchedCount; i++) {
      const table = tx.touched[i] as Table;
      if (table.collectDelta()) changed[count++] = table.delta;
    }
    if (this.#dropped.length > 0) {
      for (const { delta } of this.#dropped) if (delta.setDropped()) changed[count++] = delta;
    }
    // Shortening an array gives its memory back, which would cost each commit an allocation.
    if (changed.length > count) changed.length = count;
    if (count > 1) changed.sort((a, b) => a.tableId - b.tableId);
    this.#txData.logged = changed.every(isLogged) ? changed : changed.filter(isLogged);
    return count > 0 ? this.#txData : undefined;
  }

  /** Frees what the committed transaction and its delta held. */
  release(tx: Transaction): void {
    for (let i = 0; i < tx.touchedCount; i++) (tx.touched[i] as Table).release();
    if (this.#undos.length > 0) this.#forgetUndos();
    this.#tidy(tx);
    tx.close(false);
  }

  /** Undoes the open transaction. */
  rollBack(tx: Transaction): void {
    assert(tx === this.#tx && tx.isOpen, "rollback without a transaction");
    for (let i = 0; i < tx.touchedCount; i++) (tx.touched[i] as Table).rollBack();
    for (const undo of this.#undos.reverse()) undo();
    this.#forgetUndos();
    this.#tidy(tx);
    tx.close(true);
  }

  /** Does one step for a table that shrank, whichever it is. */
  #tidy(tx: Transaction): void {
    for (let i = 0; i < tx.touchedCount; i++) {
      const table = tx.touched[i] as Table;
      if (!table.rows.isTidy) this.#untidy.add(table);
    }
    if (this.#untidy.size === 0) return;
    const [table] = [...this.#untidy] as [Table];
    table.rows.tidy();
    if (table.rows.isTidy) this.#untidy.delete(table);
  }

  #forgetUndos(): void {
    this.#undos.length = 0;
    this.#dropped.length = 0;
  }

  /** Holds all tables as they are, between two transactions; ephemeral ones are left out. */
  freeze(): DatastoreImage {
    assert(!this.#tx.isOpen, "state is frozen between transactions");
    const tables = this.allTables()
      .filter(({ schema }) => !schema.isEphemeral)
      .sort((a, b) => a.schema.id - b.schema.id);
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
    for (const view of this.catalog.rows(systemTableId.view)) {
      const id = view["table_id"] as number | undefined;
      if (id !== undefined && !this.#tables.has(id)) this.rebuildTable(id);
    }
  }

  /** Makes the table that the system rows of the open transaction describe. */
  createTable(id: number): Table {
    assert(this.#tx.isOpen, "a table was created outside a transaction");
    const table = new Table(present(this.catalog.readTableSchema(id), `schema of table ${id}`));
    this.#register(table);
    this.#undos.push(() => {
      this.#unregister(table);
    });
    return table;
  }

  /**
   * Makes a table what the system rows of the open transaction say of it, before its own rows change. Its rows must be valid
   * under the new types. Returns two rows in conflict, if there are any, and then has changed nothing.
   */
  reshapeTable(id: number): SchemaConflict | undefined {
    assert(this.#tx.isOpen, "a table was changed outside a transaction");
    const undo = this.#reshape(this.#known(id));
    if (typeof undo !== "function") return undo;
    this.#undos.push(undo);
    return undefined;
  }

  /** Takes away the table whose system rows the open transaction has deleted; its rows go with it. */
  dropTable(id: number): void {
    assert(this.#tx.isOpen, "a table was dropped outside a transaction");
    const table = this.#known(id);
    assert(!table.isTouched, "a table is dropped as the last transaction left it");
    this.#unregister(table);
    this.#dropped.push(table);
    this.#undos.push(() => {
      this.#register(table);
    });
  }

  #known(id: number): Table {
    return present(this.#tables.get(id), `table ${id}`);
  }

  /** Returns how to undo it. */
  #reshape(table: Table): (() => void) | SchemaConflict {
    const { id } = table.schema;
    const undo = table.reshape(present(this.catalog.readTableSchema(id), `schema of table ${id}`));
    if (typeof undo !== "function") return undo;
    const handles = [...this.#indexes].filter(([, handle]) => handle.table === table);
    for (const [indexId] of handles) this.#indexes.delete(indexId);
    this.#register(table);
    return () => {
      this.#unregister(table);
      undo();
      this.#register(table);
    };
  }

  /** For recovery: makes, changes or drops a table as the system rows say, keeping its rows. Throws LC_LOG_REPLAY. */
  rebuildTable(id: number): void {
    const table = this.#tables.get(id);
    const schema = this.catalog.readTableSchema(id);
    if (table !== undefined && schema !== undefined) {
      if (
        table.isTouched ||
        !rowsFit(table, schema) ||
        typeof this.#reshape(table) !== "function"
      ) {
        throw new LightconeError(
          "LC_LOG_REPLAY",
          `rows of table ${schema.name} do not fit the schema that the log gives it`,
        );
      }
    } else if (table !== undefined) this.#unregister(table);
    else if (schema !== undefined) this.#register(new Table(schema));
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

/** Whether rows of a table would be rows of one with another schema. */
function rowsFit(table: Table, schema: TableSchema): boolean {
  const { rows } = table;
  const isSame =
    schema.columns.length === table.schema.columns.length &&
    schema.columns.every(({ type }, i) =>
      typesEqual(type, table.layout.columnTypes[i] as AlgebraicType),
    );
  if (isSame) return true;
  const layout = new RowLayout(schema.columns.map(({ type }) => type));
  for (let row = table.nextRow(-1); row >= 0; row = table.nextRow(row)) {
    const end = rows.start(row) + rows.size(row);
    if (layout.rowEnd(rows.page(row), rows.start(row), end) !== end) return false;
  }
  return true;
}

function isLogged({ table }: TableDelta): boolean {
  return !table.schema.isEphemeral;
}

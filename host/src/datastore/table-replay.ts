// One table during replay. A logged transaction has its inserts before its deletes, so a row's new version comes while the
// old one still holds their unique key: the old one leaves then, and its delete finds it among those that left early.
import { LightconeError } from "@lightcone/abi";
import { type Index, IndexKey } from "./index/contract.ts";
import { HashIndex } from "./index/hash.ts";
import { systemTableId } from "./system-tables.ts";
import type { Table } from "./table.ts";

/** "replaced": the row had left already, for one that was inserted. */
export type ReplayedDelete = "done" | "replaced" | "absent";

export class TableReplay {
  readonly table: Table;
  /** The owner's mark: the transaction under way has come to this table. */
  isTouched = false;
  /** The unique index, where there is only one: then a new version can take the old one's place. */
  readonly #onlyUnique: Index | undefined;
  /** Rows, or bytes of rows, that left early; the table keeps them until it is released. */
  #early: HashIndex;
  #earlyCount = 0;

  constructor(table: Table) {
    this.table = table;
    const unique = table.indexes.filter((_, i) => table.schema.indexes[i]?.isUnique);
    this.#onlyUnique = unique.length === 1 ? unique[0] : undefined;
    this.#early = indexByAll(table);
  }

  insert(bytes: Uint8Array, start: number, end: number): void {
    const { table } = this;
    if (table.insert(bytes, start, end) !== "duplicate") return;
    if (this.#onlyUnique !== undefined) {
      table.update(this.#onlyUnique, bytes, start, end);
      if (table.lastReplaced < 0) this.#refuse();
      this.#leaveEarly(table.lastReplaced);
      return;
    }
    do {
      const row = table.lastRow;
      this.#leaveEarly(row);
      table.delete(row);
    } while (table.insert(bytes, start, end) === "duplicate");
  }

  delete(bytes: Uint8Array, start: number, end: number): ReplayedDelete {
    const row = this.table.findRow(bytes, start, end);
    if (row >= 0) {
      this.table.delete(row);
      return "done";
    }
    if (this.#earlyCount === 0) return "absent";
    const early = this.#early.find(bytes, start, end);
    if (early < 0) return "absent";
    this.#early.remove(early);
    this.#earlyCount--;
    return "replaced";
  }

  /** Ends the transaction. */
  release(): void {
    if (this.#earlyCount > 0) this.#dropEarly();
    this.table.release();
    this.isTouched = false;
  }

  #leaveEarly(row: number): void {
    this.#early.add(row);
    this.#earlyCount++;
  }

  #dropEarly(): void {
    // Sequences of system tables may begin elsewhere than the log's first change of them says.
    if (this.table.schema.id !== systemTableId.sequence) this.#refuse();
    this.#early = indexByAll(this.table);
    this.#earlyCount = 0;
  }

  #refuse(): never {
    throw new LightconeError(
      "LC_LOG_REPLAY",
      `the log inserts a row into table ${this.table.schema.name} whose unique key is taken`,
    );
  }
}

function indexByAll(table: Table): HashIndex {
  const columns = table.schema.columns.map((_, column) => column);
  return new HashIndex(new IndexKey(columns, table.rows, table.layout), false);
}

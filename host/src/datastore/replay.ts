// Logged transactions back into tables. Rows of system tables change the schema as they pass (runtime.md section 14).
import { assert, LightconeError } from "@lightcone/abi";
import type { Datastore } from "./datastore.ts";
import { firstUserId } from "./schema.ts";
import { systemTableId, systemTableSchemas } from "./system-tables.ts";
import type { Table } from "./table.ts";
import { TableReplay } from "./table-replay.ts";

/** System tables whose rows make up other tables' schemas. */
const schemaTableIds: readonly number[] = [
  systemTableId.table,
  systemTableId.column,
  systemTableId.sequence,
  systemTableId.index,
  systemTableId.constraint,
  systemTableId.scheduled,
  systemTableId.eventTable,
];

/** For each of them, the column that names the table. */
const ownerColumns: ReadonlyMap<number, number> = new Map(
  systemTableSchemas()
    .filter(({ id }) => schemaTableIds.includes(id))
    .map(({ id, columns }) => [id, columns.findIndex(({ name }) => name === "table_id")]),
);

/** Applies logged changes to a datastore: the log's reader calls it in log order (log/contract.ts, ReplayVisitor). */
export class Replay {
  readonly #datastore: Datastore;
  readonly #tables = new Map<number, TableReplay>();
  /** Tables written to by the transaction under way: the first `#touchedCount` entries. */
  readonly #touched: TableReplay[] = [];
  #touchedCount = 0;
  /** Tables whose schema got rows in the transaction under way: their own rows may follow in it. */
  readonly #redefined = new Set<number>();
  /** Tables whose schema lost rows: those take effect at its end, since rows of a dropped table may still be deleted. */
  readonly #reduced = new Set<number>();
  // Rows of one table follow one another.
  #lastId = -1;
  #last: TableReplay | undefined;
  #rowCount = 0;

  constructor(datastore: Datastore) {
    this.#datastore = datastore;
  }

  /** Rows inserted and deleted so far. */
  get rowCount(): number {
    return this.#rowCount;
  }

  onTransaction(_offset: number): void {
    assert(this.#touchedCount === 0, "a logged transaction began inside another");
  }

  onInputs(_bytes: Uint8Array, _start: number, _end: number): void {
    // Calls are not run again: their row changes follow.
  }

  /** Position after the row of table `tableId` that starts at `at`, or -1: rows are logged without lengths. */
  rowEnd(tableId: number, bytes: Uint8Array, at: number, end: number): number {
    return this.#known(tableId).table.layout.rowEnd(bytes, at, end);
  }

  onInsert(tableId: number, bytes: Uint8Array, start: number, end: number): void {
    const replay = this.#known(tableId);
    this.#rowCount++;
    if (replay.table.schema.isEvent) return;
    this.#touch(replay);
    replay.insert(bytes, start, end);
    if (tableId < firstUserId) this.#noteInsert(replay.table);
  }

  onDelete(tableId: number, bytes: Uint8Array, start: number, end: number): void {
    const replay = this.#known(tableId);
    this.#rowCount++;
    this.#touch(replay);
    const outcome = replay.delete(bytes, start, end);
    if (tableId === systemTableId.sequence && outcome !== "done") return;
    if (outcome === "absent") {
      throw new LightconeError(
        "LC_LOG_REPLAY",
        `the log deletes a row of table ${replay.table.schema.name} that is not there`,
      );
    }
    if (tableId < firstUserId) this.#noteDelete(replay.table, bytes, start);
  }

  onTruncate(tableId: number): void {
    const replay = this.#find(tableId);
    if (replay === undefined) return;
    const { table } = replay;
    this.#touch(replay);
    if (ownerColumns.has(tableId)) {
      for (let row = table.nextRow(-1); row >= 0; row = table.nextRow(row)) {
        this.#noteDelete(table, table.rows.page(row), table.rows.start(row));
      }
    }
    table.clear();
  }

  onTransactionEnd(_offset: number): void {
    for (let i = 0; i < this.#touchedCount; i++) (this.#touched[i] as TableReplay).release();
    this.#touchedCount = 0;
    if (this.#redefined.size + this.#reduced.size === 0) return;
    for (const id of this.#reduced) this.#redefined.add(id);
    this.#reduced.clear();
    for (const id of this.#redefined) this.#rebuild(id);
    this.#redefined.clear();
  }

  /** All is read: numbering continues where the log says. */
  finish(): void {
    for (const row of this.#datastore.catalog.rows(systemTableId.sequence)) {
      const table = this.#datastore.tableById(row["table_id"] as number);
      const sequence = table?.sequences.find((one) => one.schema.id === row["sequence_id"]);
      sequence?.restart(row["allocated"] as bigint);
    }
  }

  #touch(replay: TableReplay): void {
    if (!replay.isTouched) this.#touched[this.#touchedCount++] = replay;
    replay.isTouched = true;
  }

  /** The table that a row of a system table belongs to, if it is a user's, or -1. */
  #ownerOf(table: Table, bytes: Uint8Array, rowStart: number): number {
    const column = ownerColumns.get(table.schema.id);
    if (column === undefined) return -1;
    const at = table.layout.columnStart(column, bytes, rowStart);
    const owner = new DataView(bytes.buffer, bytes.byteOffset + at, 4).getUint32(0, true);
    return owner >= firstUserId ? owner : -1;
  }

  #noteInsert(table: Table): void {
    const row = table.lastRow;
    const owner = this.#ownerOf(table, table.rows.page(row), table.rows.start(row));
    if (owner < 0) return;
    if (table.schema.id === systemTableId.sequence && this.#isKnownSequence(owner, row)) return;
    this.#redefined.add(owner);
  }

  #noteDelete(table: Table, bytes: Uint8Array, rowStart: number): void {
    const owner = this.#ownerOf(table, bytes, rowStart);
    if (owner >= 0) this.#reduced.add(owner);
  }

  /** Whether a row of `st_sequence` says no more than how far numbering has come, as nearly all do. */
  #isKnownSequence(owner: number, row: number): boolean {
    const said = this.#datastore.catalog.row(systemTableId.sequence, row);
    const table = this.#datastore.tableById(owner);
    return (
      table?.sequences.some(
        ({ schema }) =>
          schema.id === said["sequence_id"] &&
          schema.column === said["col_pos"] &&
          schema.increment === said["increment"] &&
          schema.min === said["min_value"] &&
          schema.max === said["max_value"],
      ) ?? false
    );
  }

  #find(tableId: number): TableReplay | undefined {
    if (tableId !== this.#lastId) {
      if (this.#redefined.delete(tableId)) this.#rebuild(tableId);
      this.#last = this.#tables.get(tableId) ?? this.#enter(tableId);
      this.#lastId = tableId;
    }
    return this.#last;
  }

  #enter(tableId: number): TableReplay | undefined {
    const table = this.#datastore.tableById(tableId);
    if (table === undefined) return undefined;
    const replay = new TableReplay(table);
    this.#tables.set(tableId, replay);
    return replay;
  }

  #known(tableId: number): TableReplay {
    const replay = this.#find(tableId);
    if (replay === undefined) {
      throw new LightconeError(
        "LC_LOG_REPLAY",
        `the log writes to table ${tableId}, which no row describes`,
      );
    }
    return replay;
  }

  #rebuild(tableId: number): void {
    this.#tables.delete(tableId);
    this.#lastId = -1;
    this.#datastore.rebuildTable(tableId);
  }
}

// Logged transactions taken apart without keeping rows: of the state only the system tables are
// built, which say where rows end and what they mean. So memory does not grow with the log.
import { Datastore } from "../../datastore/datastore.ts";
import { Replay } from "../../datastore/replay.ts";
import { firstUserId } from "../../datastore/schema.ts";
import { systemTableId } from "../../datastore/system-tables.ts";
import type { Table } from "../../datastore/table.ts";
import type { ReplayVisitor } from "../contract.ts";

/** Follows the schema; who is interested in more overrides what it wants to see, and calls these. */
export class SchemaReplay implements ReplayVisitor {
  readonly #datastore = new Datastore();
  readonly #replay = new Replay(this.#datastore);
  #programVersion = 0;

  /** Grows whenever the module may be another one. */
  get programVersion(): number {
    return this.#programVersion;
  }

  /** The module that is published at this point of the log; undefined before the first. */
  program(): Uint8Array | undefined {
    const [row] = this.#datastore.catalog.rows(systemTableId.module);
    return row?.["program_bytes"] as Uint8Array | undefined;
  }

  /** The identity that the log says its database has; undefined before the first publish. */
  databaseIdentity(): bigint | undefined {
    const [row] = this.#datastore.catalog.rows(systemTableId.module);
    return row?.["database_identity"] as bigint | undefined;
  }

  table(tableId: number): Table | undefined {
    return this.#datastore.tableById(tableId);
  }

  onTransaction(offset: number): void {
    this.#replay.onTransaction(offset);
  }

  onInputs(bytes: Uint8Array, start: number, end: number): void {
    this.#replay.onInputs(bytes, start, end);
  }

  rowEnd(tableId: number, bytes: Uint8Array, start: number, end: number): number {
    return this.#replay.rowEnd(tableId, bytes, start, end);
  }

  onInsert(tableId: number, bytes: Uint8Array, start: number, end: number): void {
    if (tableId >= firstUserId) return;
    if (tableId === systemTableId.module) this.#programVersion++;
    this.#replay.onInsert(tableId, bytes, start, end);
  }

  onDelete(tableId: number, bytes: Uint8Array, start: number, end: number): void {
    if (tableId < firstUserId) this.#replay.onDelete(tableId, bytes, start, end);
  }

  onTruncate(tableId: number): void {
    if (tableId < firstUserId) this.#replay.onTruncate(tableId);
  }

  onTransactionEnd(offset: number): void {
    this.#replay.onTransactionEnd(offset);
  }
}

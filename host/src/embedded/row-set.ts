// The rows of one table that a subscription holds. Queries of one subscription may overlap, so a row is counted as often as it came.
import {
  type ProductValue,
  Reader,
  type RowListView,
  rowCount,
  rowStart,
  type TableUpdateRows,
} from "@lightcone/abi";
import type { TableSchema } from "./schema.ts";

interface Held<Row> {
  readonly row: Row;
  count: number;
}

/** What one transaction did to the rows of one table that somebody sees. */
export interface TableChange<Row = ProductValue> {
  /** As on the server. */
  readonly table: string;
  /** Rows that came; those of an event table are here alone, and are never held. */
  readonly inserted: readonly Row[];
  readonly deleted: readonly Row[];
  /** Rows whose primary key stayed. */
  readonly updated: readonly { readonly from: Row; readonly to: Row }[];
}

export class RowSet {
  readonly schema: TableSchema;
  /** By the bytes of rows, as text. */
  readonly #held = new Map<string, Held<ProductValue>>();

  constructor(schema: TableSchema) {
    this.schema = schema;
  }

  /** The bytes of the rows, as text, and the rows. */
  entries(): Iterable<[string, { readonly row: ProductValue }]> {
    return this.#held.entries();
  }

  rows(): ProductValue[] {
    return Array.from(this.#held.values(), ({ row }) => row);
  }

  /** Takes initial rows. */
  fill(list: RowListView): void {
    for (const key of keysOf(list)) this.#add(key);
  }

  /** Takes an update; undefined if nothing changed that can be seen. */
  apply(parts: readonly TableUpdateRows[]): TableChange | undefined {
    const before = new Map<string, ProductValue | undefined>();
    const events: ProductValue[] = [];
    for (const part of parts) {
      if (part.kind === "event") {
        events.push(...keysOf(part.events).map((key) => this.#decode(key)));
        continue;
      }
      for (const key of keysOf(part.inserts)) {
        if (!before.has(key)) before.set(key, this.#held.get(key)?.row);
        this.#add(key);
      }
      for (const key of keysOf(part.deletes)) {
        if (!before.has(key)) before.set(key, this.#held.get(key)?.row);
        this.#remove(key);
      }
    }
    const inserted = events;
    const deleted: ProductValue[] = [];
    for (const [key, row] of before) {
      const held = this.#held.get(key)?.row;
      if (row === undefined && held !== undefined) inserted.push(held);
      if (row !== undefined && held === undefined) deleted.push(row);
    }
    if (inserted.length + deleted.length === 0) return undefined;
    return this.#paired(inserted, deleted);
  }

  /** Deleted and inserted rows with one primary key are one row that changed. */
  #paired(inserted: readonly ProductValue[], deleted: readonly ProductValue[]): TableChange {
    const { name: table, primaryKey } = this.schema;
    if (primaryKey === undefined || deleted.length === 0) {
      return { table, inserted, deleted, updated: [] };
    }
    const gone = new Map(deleted.map((row) => [keyText(row, primaryKey), row]));
    const updated: { from: ProductValue; to: ProductValue }[] = [];
    const added: ProductValue[] = [];
    for (const to of inserted) {
      const key = keyText(to, primaryKey);
      const from = gone.get(key);
      if (from === undefined) added.push(to);
      else updated.push({ from, to });
      gone.delete(key);
    }
    return { table, inserted: added, deleted: [...gone.values()], updated };
  }

  // A list's rows may come before the deletes that make room for them, so a count may pass below zero on the way.
  #add(key: string): void {
    const held = this.#held.get(key);
    if (held === undefined) this.#held.set(key, { row: this.#decode(key), count: 1 });
    else if (++held.count === 0) this.#held.delete(key);
  }

  #remove(key: string): void {
    const held = this.#held.get(key);
    if (held === undefined) this.#held.set(key, { row: this.#decode(key), count: -1 });
    else if (--held.count === 0) this.#held.delete(key);
  }

  #decode(key: string): ProductValue {
    return this.schema.codec.read(new Reader(Buffer.from(key, "latin1")));
  }
}

/** The primary key of a row as text: whatever its type, equal keys and no others have one text. */
function keyText(row: ProductValue, primaryKey: string): string {
  const value = row[primaryKey];
  if (typeof value !== "object") return `${typeof value} ${String(value)}`;
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === "bigint" ? `${part}n` : part,
  );
}

function keysOf(list: RowListView): string[] {
  const { data } = list;
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return Array.from({ length: rowCount(list) }, (_, i) =>
    bytes.toString("latin1", rowStart(list, i), rowStart(list, i + 1)),
  );
}

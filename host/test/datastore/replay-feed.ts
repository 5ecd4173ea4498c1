// Shows a replay what a log would, without the bytes between.
import type { Datastore } from "../../src/datastore/datastore.ts";
import type { Replay } from "../../src/datastore/replay.ts";
import { tableRows } from "./tables.ts";
import type { KeptDelta } from "./world.ts";

/** What a log has of one table in one transaction. */
export type LoggedRows = Pick<KeptDelta, "tableId" | "inserts" | "deletes" | "isTruncated">;

function feedRows(
  replay: Replay,
  tableId: number,
  rows: Uint8Array,
  visit: "onInsert" | "onDelete",
): void {
  for (let at = 0; at < rows.length;) {
    const end = replay.rowEnd(tableId, rows, at, rows.length);
    if (end < 0) throw new Error("a row does not fit its table");
    replay[visit](tableId, rows, at, end);
    at = end;
  }
}

/** One transaction: inserts, deletes, truncates, each by ascending table id. */
export function feed(replay: Replay, offset: number, tables: readonly LoggedRows[]): void {
  replay.onTransaction(offset);
  for (const { tableId, inserts } of tables) feedRows(replay, tableId, inserts, "onInsert");
  for (const { tableId, deletes, isTruncated } of tables) {
    if (!isTruncated) feedRows(replay, tableId, deletes, "onDelete");
  }
  for (const { tableId, isTruncated } of tables) if (isTruncated) replay.onTruncate(tableId);
  replay.onTransactionEnd(offset);
}

/** All rows of all tables, and what their schemas say. */
export function contents(datastore: Datastore): unknown {
  return datastore
    .allTables()
    .toSorted((a, b) => a.schema.id - b.schema.id)
    .map((table) => [
      table.schema.id,
      table.schema.indexes,
      table.schema.constraints,
      table.rowCount,
      tableRows(table),
    ]);
}

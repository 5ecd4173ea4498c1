// Whether a recovered table holds the rows that were committed, and no others.
import type { Datastore } from "@lightcone/host/engine";
import { findRowTable, rowValue, rowValueAt } from "./rows.ts";

/** Throws unless the rows have the keys 0 to `rowCount - 1`, each in its first version. */
export function verifyRows(datastore: Datastore, rowCount: number): void {
  const table = findRowTable(datastore);
  if (table.rowCount !== rowCount) {
    throw new Error(`verification failed: rows: ${table.rowCount}, expected ${rowCount}`);
  }
  const seen = new Uint8Array(rowCount);
  for (let row = table.nextRow(-1); row >= 0; row = table.nextRow(row)) {
    const view = table.rows.view(row);
    const start = table.rows.start(row);
    const key = view.getUint32(start, true);
    const value = view.getUint32(start + rowValueAt, true);
    if (seen[key] !== 0 || value !== rowValue("numbers", key, 0, rowCount)) {
      throw new Error(`verification failed: key ${key} with value ${value}`);
    }
    seen[key] = 1;
  }
}

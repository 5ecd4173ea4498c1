// A table with other columns in the place of one, under a new id: what adding columns comes to (module-def.md section 9).
// The log gets the rows of the new table and the truncation of the old one.
import { present } from "@lightcone/abi";
import { createTable, type NewTable } from "./create-table.ts";
import type { Datastore } from "./datastore.ts";
import type { SequenceSchema } from "./schema.ts";
import { deleteSchema, type NewSequence, sequenceRange } from "./schema-rows.ts";
import { systemTableId } from "./system-tables.ts";
import type { Table } from "./table.ts";
import type { Transaction } from "./tx.ts";

/** Whether a sequence of the new table goes on with the numbers of one of the old table. */
function isSameSequence(old: SequenceSchema, next: NewSequence): boolean {
  const { min, max, start } = sequenceRange(next);
  return (
    old.name === next.name &&
    old.column === next.column &&
    old.increment === next.increment &&
    old.min === min &&
    old.max === max &&
    old.start === start
  );
}

/** The BSATN that every old row gets at its end. */
function appendedBytes(old: Table, next: NewTable): Uint8Array {
  const added = next.columns
    .slice(old.schema.columns.length)
    .map(({ name, defaultValue }) => present(defaultValue, `default value of column ${name}`));
  return Buffer.concat(added);
}

function copyRows(tx: Transaction, from: Table, to: Table, tail: Uint8Array): void {
  let row = new Uint8Array(1024);
  const { rows } = from;
  tx.fill(to, (add) => {
    for (let id = from.nextRow(-1); id >= 0; id = from.nextRow(id)) {
      const start = rows.start(id);
      const size = rows.size(id);
      const length = size + tail.length;
      if (length > row.length) row = new Uint8Array(length * 2);
      row.set(rows.page(id).subarray(start, start + size));
      row.set(tail, size);
      add(row, 0, length);
    }
  });
}

/** Where the sequences of the old table stand that the new one has, too: what the log says, by name. */
function keptPositions(datastore: Datastore, old: Table, next: NewTable): Map<string, bigint> {
  const positions = new Map<string, bigint>();
  for (const row of datastore.catalog.rows(systemTableId.sequence)) {
    const former = old.schema.sequences.find(({ id }) => id === row["sequence_id"]);
    if (former === undefined) continue;
    if (next.sequences.some((sequence) => isSameSequence(former, sequence))) {
      positions.set(former.name, row["allocated"] as bigint);
    }
  }
  return positions;
}

/**
 * Replaces a table inside the open transaction. Columns at the end that the old one has not must have default values, and
 * the rows must keep the unique constraints of the new one. A table without rows may be replaced by any.
 */
export function replaceTable(
  datastore: Datastore,
  tx: Transaction,
  old: Table,
  next: NewTable,
): Table {
  const { catalog } = datastore;
  const tableId = old.schema.id;
  const positions = keptPositions(datastore, old, next);
  deleteSchema({ catalog, tx, tableId }, old.schema.name);
  datastore.dropTable(tableId);
  const table = createTable(datastore, tx, next, positions);
  for (const sequence of table.sequences) {
    const { name } = sequence.schema;
    if (!positions.has(name)) continue;
    const former = old.sequences.find(({ schema }) => schema.name === name);
    sequence.continueFrom(present(former, `sequence ${name}`));
  }
  if (old.rowCount > 0) copyRows(tx, old, table, appendedBytes(old, next));
  return table;
}

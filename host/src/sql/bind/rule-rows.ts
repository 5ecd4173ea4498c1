// The rows of `st_row_level_security`: which rules restrict the rows of a table for others than the owner.
import { Reader } from "@lightcone/abi";
import type { ReadView } from "../../datastore/datastore.ts";
import { systemTableId } from "../../datastore/system-tables.ts";

/** One rule: the rows that its query returns may be seen. */
export interface RowRule {
  readonly tableId: number;
  readonly sql: string;
}

/** All rules of a database, in the order of their texts. */
export function readRowRules(view: ReadView): readonly RowRule[] {
  const table = view.tableById(systemTableId.rowLevelSecurity);
  if (table === undefined || table.rowCount === 0) return [];
  const rules: RowRule[] = [];
  for (let row = table.nextRow(-1); row >= 0; row = table.nextRow(row)) {
    const reader = new Reader(table.rows.page(row), table.rows.start(row));
    rules.push({ tableId: reader.u32(), sql: reader.string() });
  }
  return rules.sort((a, b) => (a.sql < b.sql ? -1 : 1));
}

/** Ids of the tables that have rules. */
export function tablesWithRules(view: ReadView): ReadonlySet<number> {
  return new Set(readRowRules(view).map(({ tableId }) => tableId));
}

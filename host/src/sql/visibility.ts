// Which tables a caller may read. What may not be read looks like what does not exist (sql-and-subscriptions.md section 3).
import type { Identity } from "@lightcone/abi";
import type { ReadView } from "../datastore/datastore.ts";
import { systemTableId } from "../datastore/system-tables.ts";
import type { Table } from "../datastore/table.ts";
import { faultAt } from "./fault.ts";
import type { Name } from "./tree.ts";

/** On whose behalf SQL runs. */
export interface SqlCaller {
  readonly identity: Identity;
  /** The owner of the database reads private tables too. */
  readonly isOwner: boolean;
  /** Names of the views that the module declares. */
  readonly viewNames: ReadonlySet<string>;
}

/** Whether the module restricts by rules which rows of a table others than the owner see. */
function hasRowRules(view: ReadView, table: Table): boolean {
  const rules = view.tableById(systemTableId.rowLevelSecurity);
  if (rules === undefined) return false;
  for (let row = rules.nextRow(-1); row >= 0; row = rules.nextRow(row)) {
    const bytes = rules.rows.page(row);
    // `table_id`, a U32, is the first column.
    const at = rules.rows.start(row);
    const high = ((bytes[at + 2] as number) << 16) | ((bytes[at + 3] as number) << 24);
    const tableId = ((bytes[at] as number) | ((bytes[at + 1] as number) << 8) | high) >>> 0;
    if (tableId === table.schema.id) return true;
  }
  return false;
}

/** Whether the owner's result may differ from that of others with the same text. */
export function isOwnerSensitive(view: ReadView, table: Table): boolean {
  return table.schema.access === "private" || hasRowRules(view, table);
}

/**
 * The table that `name` stands for. Throws LC_SQL_NAME if there is none or the caller may not read it, and LC_NOT_YET for
 * what this version would have to compute first: a view, or rows restricted by rules.
 */
export function findTable(view: ReadView, caller: SqlCaller, name: Name, text: string): Table {
  const table = view.tableByName(name.text);
  if (caller.viewNames.has(name.text)) {
    const message = `\`${name.text}\` is a view; views are not supported by this version`;
    throw faultAt("LC_NOT_YET", message, text, name.at);
  }
  if (table === undefined || (table.schema.access === "private" && !caller.isOwner)) {
    const message = `no such table: \`${name.text}\`. If the table exists, it may be marked private.`;
    throw faultAt("LC_SQL_NAME", message, text, name.at);
  }
  if (!caller.isOwner && hasRowRules(view, table)) {
    const message = `\`${name.text}\` has row-level security; this version reads it for the owner only`;
    throw faultAt("LC_NOT_YET", message, text, name.at);
  }
  return table;
}

/** Every user table that the caller may read, event tables and views left out, in order of creation. */
export function readableTables(view: ReadView, caller: SqlCaller): Table[] {
  return view.userTables().filter(({ schema }) => {
    const isReadable = caller.isOwner || schema.access === "public";
    return isReadable && !schema.isEvent && !caller.viewNames.has(schema.name);
  });
}

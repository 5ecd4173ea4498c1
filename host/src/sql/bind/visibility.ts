// Which tables and views a caller may read. What may not be read looks like what does not exist
// (sql-and-subscriptions.md section 3).
import { type Identity, nearest } from "@lightcone/abi";
import type { ReadView } from "../../datastore/datastore.ts";
import type { Table } from "../../datastore/table.ts";
import { tableFault } from "../fault.ts";
import { argHashBytes, type Relation } from "./relation.ts";
import { tablesWithRules } from "./rule-rows.ts";
import type { Name, TableName } from "../parse/tree.ts";

/** A view as one caller reads it. */
interface SqlView {
  readonly isPublic: boolean;
  /** What the first column of the backing table holds in the rows that are the caller's: 32 bytes of BSATN. */
  readonly argHash: Uint8Array;
}

/** On whose behalf SQL runs. */
export interface SqlCaller {
  readonly identity: Identity;
  /** The owner of the database reads private tables too. */
  readonly isOwner: boolean;
  /** The view whose backing table has that name, or undefined. */
  readonly view: (name: string) => SqlView | undefined;
}

/** Whether the owner's result may differ from that of others with the same text. */
export function isOwnerSensitive(view: ReadView, { schema }: Table): boolean {
  return schema.access === "private" || tablesWithRules(view).has(schema.id);
}

function mayRead({ schema }: Table, sqlView: SqlView | undefined, caller: SqlCaller): boolean {
  if (caller.isOwner) return true;
  return sqlView === undefined ? schema.access === "public" : sqlView.isPublic;
}

/**
 * The table that `name` stands for, a view's backing table included. Throws LC_SQL_NAME if there is none or the caller may
 * not read it.
 */
export function findTable(view: ReadView, caller: SqlCaller, name: Name, text: string): Table {
  const table = view.tableByName(name.text);
  const sqlView = table === undefined ? undefined : caller.view(table.schema.name);
  if (table === undefined || !mayRead(table, sqlView, caller)) {
    const near = nearest(name.text, readableNames(view, caller));
    const hint = near === undefined ? "" : ` Did you mean \`${near}\`?`;
    const message = `no such table: \`${name.text}\`. If the table exists, it may be marked private.${hint}`;
    throw tableFault(message, text, name.at);
  }
  return table;
}

/** Names that the caller may know of: a message must not tell of others. */
function readableNames(view: ReadView, caller: SqlCaller): string[] {
  const tables = view.userTables().filter((table) => {
    return mayRead(table, caller.view(table.schema.name), caller);
  });
  return tables.map(({ schema }) => schema.name);
}

/** What stands in FROM, as the caller reads it. Throws as `findTable`. */
export function findRelation(
  view: ReadView,
  caller: SqlCaller,
  { table: tableName, alias }: TableName,
  text: string,
): Relation {
  const table = findTable(view, caller, tableName, text);
  const keyPrefix = caller.view(table.schema.name)?.argHash;
  const rowOffset = keyPrefix === undefined ? 0 : argHashBytes;
  return { table, name: alias?.text ?? tableName.text, rowOffset, keyPrefix };
}

/** Every user table and view that the caller may read, event tables left out, in order of creation. */
export function readableTables(view: ReadView, caller: SqlCaller): Table[] {
  return view.userTables().filter((table) => {
    const { name, isEvent } = table.schema;
    const sqlView = caller.view(name);
    return !isEvent && mayRead(table, sqlView, caller);
  });
}

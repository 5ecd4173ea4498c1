// One statement of general SQL on behalf of a client that is connected: rows to be read, or a transaction of its own.
import { LightconeError } from "@lightcone/abi";
import type { RunChange, SqlStats } from "../sql/change.ts";
import type { Parameters } from "../sql/parse/parameter.ts";
import { describeSql, prepareSqlFor, type SqlSettings } from "../sql/run.ts";
import type { MakeOutput, NamedType, RowOutput } from "../sql/run/row-output.ts";
import type { SqlCursor } from "../sql/run/select-cursor.ts";
import { commit } from "./call.ts";
import type { Client } from "./client.ts";
import type { Database } from "./database.ts";
import { prepareViews, viewsIn } from "./views/use.ts";

/** A statement that has begun. */
export type SqlStart<Output extends RowOutput> =
  | { readonly kind: "rows"; readonly cursor: SqlCursor; readonly output: Output }
  /** It is committed. */
  | { readonly kind: "changed"; readonly stats: SqlStats };

/** How a statement is read. */
export interface StatementSettings {
  /** Of the reference's dialect alone. */
  readonly isStrict: boolean;
  readonly parameters?: Parameters;
}

/** Runs a statement that changes rows as a transaction of its own. */
function runStatement(database: Database, client: Client, run: RunChange): SqlStats {
  const { parts } = database;
  const { datastore } = parts;
  const tx = datastore.begin();
  let stats: SqlStats;
  try {
    stats = run(tx);
  } catch (thrown) {
    // Anything but a refusal leaves the transaction open, which ends the database: nothing may hide it.
    if (thrown instanceof LightconeError) datastore.rollBack(tx);
    throw thrown;
  }
  const refusal = commit(parts, tx, undefined, client);
  if (refusal !== undefined) throw refusal;
  return stats;
}

/** The default that the module declares for a column. */
function columnDefault(
  { module }: Database,
  tableName: string,
  name: string,
): Uint8Array | undefined {
  const table = module.definition.tables.find((each) => each.name === tableName);
  return table?.columns.find((column) => column.name === name)?.defaultValue;
}

function settingsFor(database: Database, settings: StatementSettings): SqlSettings {
  return { ...settings, columnDefault: (table, column) => columnDefault(database, table, column) };
}

/** Begins one statement; one that changes rows is committed at once. Throws LC_SQL_*, LC_LIMIT and LC_VIEW. */
export function beginStatement<Output extends RowOutput>(
  database: Database,
  client: Client,
  text: string,
  settings: StatementSettings,
  makeOutput: MakeOutput<Output>,
): SqlStart<Output> {
  const { module, parts } = database;
  const caller = database.sqlCaller(client);
  prepareViews(parts, module, client, viewsIn([text], parts, module, client, caller));
  const all = settingsFor(database, settings);
  const prepared = prepareSqlFor(makeOutput, text, parts.datastore, caller, all);
  if (prepared.kind === "rows") return prepared;
  return { kind: "changed", stats: runStatement(database, client, prepared.run) };
}

/** The columns that a statement would give; see `describeSql`. */
export function describeStatement(
  database: Database,
  client: Client,
  text: string,
  settings: StatementSettings,
): readonly NamedType[] | undefined {
  const caller = database.sqlCaller(client);
  return describeSql(text, database.parts.datastore, caller, settingsFor(database, settings));
}

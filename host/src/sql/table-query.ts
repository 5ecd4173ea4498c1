// Queries that return whole rows of one table: subscriptions and one-off queries (sql-and-subscriptions.md section 2.1).
import { LightconeError } from "@lightcone/abi";
import { limit } from "../base/limit.ts";
import type { ReadView } from "../datastore/datastore.ts";
import { bindSelect } from "./bind.ts";
import { faultAt } from "./fault.ts";
import { parseStatement } from "./parse.ts";
import { planTable, type TablePlan } from "./plan.ts";
import type { Select } from "./tree.ts";
import { isOwnerSensitive, readableTables, type SqlCaller } from "./visibility.ts";

/** A compiled query. It is good for as long as the table it names is the datastore's. */
export interface TableQuery extends TablePlan {
  readonly usesSender: boolean;
  /** As given, without space around it. */
  readonly text: string;
  /**
   * Queries with equal keys have equal results: the text, besides it the caller's identity where `:sender` occurs, and that
   * the caller is the owner where the owner may see more.
   */
  readonly shareKey: string;
  /** The same query for tables as they are now. Throws as `compileTableQuery` does. */
  readonly recompile: () => TableQuery;
}

export type TableQueryUse = "subscription" | "oneOff";

/** Refuses what general SQL has and queries for whole rows have not. */
function wholeRowSelect(text: string, use: TableQueryUse): Select {
  if (text === "") throw new LightconeError("LC_SQL_SYNTAX", "SubscriptionError: Empty string");
  const statement = parseStatement(text);
  if (statement.kind === "other") {
    throw faultAt("LC_SQL_UNSUPPORTED", "Unsupported: Non-SELECT queries", text, statement.at);
  }
  const { projection, limit: rowLimit } = statement;
  if (projection.kind !== "all") {
    const message =
      "Column projections are not supported in subscriptions; Subscriptions must return a table type";
    throw faultAt("LC_SQL_UNSUPPORTED", message, text, projection.at);
  }
  if (rowLimit !== undefined) {
    const place = use === "subscription" ? "subscriptions" : "one-off queries";
    throw faultAt("LC_SQL_UNSUPPORTED", `Unsupported: LIMIT in ${place}`, text, rowLimit.at);
  }
  return statement;
}

function compile(text: string, view: ReadView, caller: SqlCaller, use: TableQueryUse): TableQuery {
  const select = wholeRowSelect(text, use);
  const { table, where, usesSender } = bindSelect(select, text, view, caller);
  const sender = usesSender ? caller.identity.toHex() : "";
  const owner = caller.isOwner && isOwnerSensitive(view, table) ? "owner" : "";
  return {
    ...planTable(table, where),
    usesSender,
    text,
    shareKey: `${sender} ${owner} ${text}`,
    recompile: () => compileTableQuery(text, view, caller, use),
  };
}

/**
 * Compiles a query for whole rows of one table. Throws LC_SQL_SYNTAX, LC_SQL_UNSUPPORTED, LC_SQL_NAME or LC_SQL_TYPE, and
 * LC_NOT_YET for views and tables with row rules; the messages quote the text (protocol.md section 7.7).
 */
export function compileTableQuery(
  text: string,
  view: ReadView,
  caller: SqlCaller,
  use: TableQueryUse,
): TableQuery {
  const trimmed = text.trim();
  try {
    return compile(trimmed, view, caller, use);
  } catch (error) {
    if (!(error instanceof LightconeError)) throw error;
    // A text over the limit is not sent back.
    const quoted = trimmed.length > limit.sqlTextBytesMax ? "…" : trimmed;
    throw new LightconeError(error.code, `${error.message}, executing: \`${quoted}\``);
  }
}

/** Whether `text` is `SELECT * FROM *`, the subscription to all tables (section 10.5). */
export function isAllTables(text: string): boolean {
  // Trimmed first: no two spaces of the pattern may stand side by side, or a long text would keep it busy.
  return /^select\s*\*\s*from\s*\*\s*;?$/i.test(text.trim());
}

/**
 * What `SELECT * FROM *` stands for: one query for each public user table, for the owner private ones too. Event tables
 * and views are left out. Throws LC_NOT_YET as `compileTableQuery` does.
 */
export function allTableQueries(view: ReadView, caller: SqlCaller): TableQuery[] {
  return readableTables(view, caller).map(({ schema }) => {
    const name = schema.name.replaceAll('"', '""');
    return compileTableQuery(`SELECT * FROM "${name}"`, view, caller, "subscription");
  });
}

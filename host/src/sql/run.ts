// Statements and queries to rows: by id for subscriptions, as JSON for general SQL.
import { assert } from "@lightcone/abi";
import type { ReadView } from "../datastore/datastore.ts";
import { bindChange, checkVariable, type RunChange } from "./change.ts";
import { isLongRead } from "./run/cursor.ts";
import { beginExplain } from "./run/explain.ts";
import { faultAt } from "./fault.ts";
import { planGeneral } from "./plan/general-plan.ts";
import { beginGeneral } from "./run/general-select.ts";
import type { ColumnDefault } from "./insert-rows.ts";
import { openQuery } from "./run/query-cursor.ts";
import { parseStatement } from "./parse/parse.ts";
import { rowLimitName } from "./plan/row-limit.ts";
import type { SqlCursor } from "./run/select-cursor.ts";
import { beginSelect } from "./run/select.ts";
import type { TableQuery } from "./table-query.ts";
import type { Select } from "./parse/tree.ts";
import type { SqlCaller } from "./bind/visibility.ts";

/** Whether a query looks at so many rows that others should not wait for all of them. */
export function isLongQuery(query: TableQuery): boolean {
  return query.kind === "single" && isLongRead(query);
}

/**
 * Calls `visit` with the id of each matching row, in no particular order, as often as it comes. The tables must not change
 * meanwhile. Throws LC_LIMIT for a join that has to try too many rows.
 */
export function runTableQuery(query: TableQuery, visit: (row: number) => void): void {
  openQuery(query).advance(Number.POSITIVE_INFINITY, (row) => {
    visit(row);
    return true;
  });
}

/** What SHOW stands for. */
const showText = `SELECT value FROM st_var WHERE name = '${rowLimitName}'`;

function parseSelectText(text: string): Select {
  const statement = parseStatement(text);
  assert(statement.kind === "select", "a text of our own is no SELECT");
  return statement;
}

/** A statement ready to be run. */
export type PreparedSql =
  | { readonly kind: "rows"; readonly cursor: SqlCursor }
  /** To be run inside a transaction, which it does not end. */
  | { readonly kind: "change"; readonly run: RunChange };

/** What decides on how statements are read. */
export interface SqlSettings {
  /** The reference's dialect alone, with its quirks. */
  readonly isStrict?: boolean;
  /** The BSATN that a column gets where an INSERT leaves it out, if the module has declared one. */
  readonly columnDefault?: ColumnDefault;
}

/**
 * Prepares one statement of general SQL. Throws LC_SQL_SYNTAX, LC_SQL_UNSUPPORTED, LC_SQL_NAME, LC_SQL_TYPE,
 * LC_SQL_FORBIDDEN and LC_LIMIT.
 */
export function prepareSql(
  text: string,
  view: ReadView,
  caller: SqlCaller,
  settings: SqlSettings = {},
): PreparedSql {
  const { isStrict = false, columnDefault } = settings;
  const statement = parseStatement(text, isStrict ? "reference" : "wide");
  switch (statement.kind) {
    case "other": {
      const { word, at } = statement;
      throw faultAt("LC_SQL_UNSUPPORTED", `Unsupported: ${word}`, text, at);
    }
    case "select": {
      const cursor = isStrict
        ? beginSelect(statement, text, view, caller)
        : beginGeneral(planGeneral(statement, text, view, caller));
      return { kind: "rows", cursor };
    }
    case "explain":
      return { kind: "rows", cursor: beginExplain(statement, text, view, caller) };
    case "show": {
      checkVariable(statement.variable, text);
      const select = parseSelectText(showText);
      return { kind: "rows", cursor: beginSelect(select, showText, view, caller) };
    }
    default: {
      const context = { text, view, caller, isWide: !isStrict, columnDefault };
      return { kind: "change", run: bindChange(statement, context) };
    }
  }
}

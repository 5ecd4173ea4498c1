// Statements and queries to rows: by id for subscriptions, as JSON for general SQL.
import { assert, type LightconeError } from "@lightcone/abi";
import type { ReadView } from "../datastore/datastore.ts";
import { bindChange, checkVariable, type RunChange } from "./change.ts";
import { explainColumns } from "./run/explain-cursor.ts";
import { bindSelect } from "./bind/bind.ts";
import { isLongRead } from "./run/cursor.ts";
import { beginExplain } from "./run/explain.ts";
import { faultAt } from "./fault.ts";
import { planGeneral } from "./plan/general-plan.ts";
import { beginGeneral, generalColumns } from "./run/general-select.ts";
import type { ColumnDefault } from "./insert-rows.ts";
import { openQuery } from "./run/query-cursor.ts";
import type { Parameters } from "./parse/parameter.ts";
import { parseStatement } from "./parse/parse.ts";
import { rowLimitName } from "./plan/row-limit.ts";
import type { MakeOutput, NamedType, RowOutput } from "./run/row-output.ts";
import { RowsJson } from "./run/rows-json.ts";
import type { SqlCursor } from "./run/select-cursor.ts";
import { beginSelect, selectColumns } from "./run/select.ts";
import type { TableQuery } from "./table-query.ts";
import type { Change, Select, Statement } from "./parse/tree.ts";
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
export type PreparedSql<Output extends RowOutput> =
  | { readonly kind: "rows"; readonly cursor: SqlCursor; readonly output: Output }
  /** To be run inside a transaction, which it does not end. */
  | { readonly kind: "change"; readonly run: RunChange };

/** What decides on how statements are read. */
export interface SqlSettings {
  /** The reference's dialect alone, with its quirks. */
  readonly isStrict?: boolean;
  /** The BSATN that a column gets where an INSERT leaves it out, if the module has declared one. */
  readonly columnDefault?: ColumnDefault;
  /** What `$1`, `$2` and so on stand for; without it there are none. */
  readonly parameters?: Parameters;
}

/** Prepares one statement of general SQL whose rows become JSON. Throws as `prepareSqlFor`. */
export function prepareSql(
  text: string,
  view: ReadView,
  caller: SqlCaller,
  settings: SqlSettings = {},
): PreparedSql<RowsJson> {
  return prepareSqlFor((columns) => new RowsJson(columns), text, view, caller, settings);
}

/**
 * Prepares one statement of general SQL. Throws LC_SQL_SYNTAX, LC_SQL_UNSUPPORTED, LC_SQL_NAME, LC_SQL_TYPE,
 * LC_SQL_FORBIDDEN and LC_LIMIT.
 */
export function prepareSqlFor<Output extends RowOutput>(
  makeOutput: MakeOutput<Output>,
  text: string,
  view: ReadView,
  caller: SqlCaller,
  settings: SqlSettings = {},
): PreparedSql<Output> {
  const { isStrict = false } = settings;
  const statement = parseWith(text, settings);
  switch (statement.kind) {
    case "other":
      throw otherStatement(statement, text);
    case "select": {
      const rows = isStrict
        ? beginSelect(statement, text, view, caller, makeOutput)
        : beginGeneral(planGeneral(statement, text, view, caller), makeOutput);
      return { kind: "rows", ...rows };
    }
    case "explain":
      return { kind: "rows", ...beginExplain(statement, text, view, caller, makeOutput) };
    case "show": {
      checkVariable(statement.variable, text);
      const select = parseSelectText(showText);
      return { kind: "rows", ...beginSelect(select, showText, view, caller, makeOutput) };
    }
    default:
      return { kind: "change", run: bindStatement(statement, text, view, caller, settings) };
  }
}

function parseWith(text: string, { isStrict = false, parameters }: SqlSettings): Statement {
  return parseStatement(text, isStrict ? "reference" : "wide", parameters);
}

function otherStatement(
  { word, at }: Extract<Statement, { kind: "other" }>,
  text: string,
): LightconeError {
  return faultAt("LC_SQL_UNSUPPORTED", `Unsupported: ${word}`, text, at);
}

function bindStatement(
  statement: Change,
  text: string,
  view: ReadView,
  caller: SqlCaller,
  { isStrict = false, columnDefault }: SqlSettings,
): RunChange {
  return bindChange(statement, { text, view, caller, isWide: !isStrict, columnDefault });
}

/**
 * The columns that a statement would give, or undefined for one that changes rows. Nothing is run, but everything is resolved:
 * parameters are asked for their value read as the type that they meet. Throws as `prepareSqlFor`.
 */
export function describeSql(
  text: string,
  view: ReadView,
  caller: SqlCaller,
  settings: SqlSettings = {},
): readonly NamedType[] | undefined {
  const { isStrict = false } = settings;
  const statement = parseWith(text, settings);
  switch (statement.kind) {
    case "other":
      throw otherStatement(statement, text);
    case "explain":
      return explainColumns;
    case "show":
      checkVariable(statement.variable, text);
      return describeSql(showText, view, caller, { isStrict: true });
    case "select": {
      if (!isStrict) return generalColumns(planGeneral(statement, text, view, caller));
      const { projection, block } = bindSelect(statement, text, view, caller);
      return selectColumns(projection, block.relations);
    }
    default:
      bindStatement(statement, text, view, caller, settings);
      return undefined;
  }
}

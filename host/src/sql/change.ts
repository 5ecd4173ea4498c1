// INSERT, UPDATE, DELETE and SET: resolved first, then run inside a transaction (sql-and-subscriptions.md section 7).
import { type AlgebraicType, LightconeError, numberFromBytes, Writer } from "@lightcone/abi";
import { encodeSystemRow } from "../datastore/catalog.ts";
import type { ReadView } from "../datastore/datastore.ts";
import { systemTableId } from "../datastore/system-tables.ts";
import { RowIds } from "../datastore/rows/ids.ts";
import type { Table } from "../datastore/table.ts";
import type { Transaction } from "../datastore/tx.ts";
import { ExpressionBinder } from "./bind/bind-expression.ts";
import { conjunctsOf } from "./bind/bound.ts";
import { TableCursor } from "./run/cursor.ts";
import { faultAt } from "./fault.ts";
import { bindNamedRows, bindPositionalRows, type ColumnDefault } from "./insert-rows.ts";
import { planTable, type TablePlan } from "./plan/plan.ts";
import type { Relation } from "./bind/relation.ts";
import { rowLimitName } from "./plan/row-limit.ts";
import { encodeStored } from "./bind/stored-literal.ts";
import type { Change, Delete, Insert, Name, SetVariable, Update } from "./parse/tree.ts";
import { findTable, type SqlCaller } from "./bind/visibility.ts";

/** How many rows a statement changed. */
export interface SqlStats {
  readonly inserted: number;
  readonly deleted: number;
  readonly updated: number;
}

/** Runs a resolved statement. Throws LC_SQL_CONSTRAINT for a key that is taken; the transaction must then be rolled back. */
export type RunChange = (tx: Transaction) => SqlStats;

const noStats: SqlStats = { inserted: 0, deleted: 0, updated: 0 };
const u64Type: AlgebraicType = { kind: "u64" };

/** What resolving a statement needs. */
interface Context {
  readonly text: string;
  readonly view: ReadView;
  readonly caller: SqlCaller;
  /** Whether what the reference leaves out is understood. */
  readonly isWide: boolean;
  readonly columnDefault: ColumnDefault | undefined;
}

/** The table to be changed. Views are computed, and the tables that describe tables are the host's alone. */
function findTarget({ text, view, caller }: Context, name: Name): Table {
  const table = findTable(view, caller, name, text);
  const { schema } = table;
  if (caller.view(schema.name) !== undefined) {
    throw faultAt("LC_SQL_UNSUPPORTED", "DML on views is not supported", text, name.at);
  }
  if (schema.kind === "system" && schema.id !== systemTableId.variable) {
    const message = `system table \`${name.text}\` is not changed by SQL; only st_var is`;
    throw faultAt("LC_SQL_FORBIDDEN", message, text, name.at);
  }
  return table;
}

function relationOf(table: Table, { text }: Name): Relation {
  return { table, name: text, rowOffset: 0, keyPrefix: undefined };
}

function insertRow(tx: Transaction, table: Table, row: Uint8Array): boolean {
  const outcome = tx.insert(table, row, 0, row.length);
  if (outcome !== "duplicate") return outcome === "done";
  const message = `unique constraint violation: a row of table \`${table.schema.name}\` has the same key`;
  throw new LightconeError("LC_SQL_CONSTRAINT", message);
}

function bindInsert(insert: Insert, context: Context): RunChange {
  const table = findTarget(context, insert.table);
  const relations = [relationOf(table, insert.table)];
  const binder = new ExpressionBinder({ ...context, relations });
  const encoded = context.isWide
    ? bindNamedRows(insert, table, binder, context)
    : bindPositionalRows(insert, table, binder, context.text);
  return (tx) => {
    let inserted = 0;
    for (const row of encoded) if (insertRow(tx, table, row)) inserted++;
    return { ...noStats, inserted };
  };
}

/** The rows that WHERE wants, found before anything is changed. */
function findRows(plan: TablePlan): RowIds {
  const found = new RowIds();
  new TableCursor(plan).advance(Number.POSITIVE_INFINITY, (row) => {
    found.push(row);
    return true;
  });
  return found;
}

function planTarget(
  { table: name, where }: Update | Delete,
  table: Table,
  binder: ExpressionBinder,
): TablePlan {
  const predicate = where === undefined ? undefined : binder.predicate(where);
  return planTable(relationOf(table, name), conjunctsOf(predicate), true);
}

/** A row with new values in some columns. */
function changedRow(
  table: Table,
  row: number,
  values: readonly (Uint8Array | undefined)[],
): Uint8Array {
  const { rows, layout } = table;
  const page = rows.page(row);
  const writer = new Writer(rows.size(row) + 16);
  let at = rows.start(row);
  for (let column = 0; column < layout.columnCount; column++) {
    const end = layout.columnEnd(column, page, at);
    const value = values[column];
    if (value === undefined) writer.rawRange(page, at, end);
    else writer.raw(value);
    at = end;
  }
  return writer.finish();
}

function bindUpdate(update: Update, context: Context): RunChange {
  const table = findTarget(context, update.table);
  const binder = new ExpressionBinder({ ...context, relations: [relationOf(table, update.table)] });
  const values: (Uint8Array | undefined)[] = [];
  for (const { column: name, value } of update.assignments) {
    const bound = binder.column(name);
    if (values[bound.column] !== undefined) {
      const message = `Duplicate name \`${name.column}\``;
      throw faultAt("LC_SQL_NAME", message, context.text, name.at);
    }
    values[bound.column] = encodeStored(value, binder.columnType(bound), binder, context);
  }
  const plan = planTarget(update, table, binder);
  return (tx) => {
    const found = findRows(plan);
    const changed: Uint8Array[] = [];
    for (let i = 0; i < found.count; i++) changed.push(changedRow(table, found.at(i), values));
    // All rows go before the first comes back, so that they may take each other's keys.
    for (let i = 0; i < found.count; i++) tx.delete(table, found.at(i));
    for (const row of changed) insertRow(tx, table, row);
    return { ...noStats, updated: found.count };
  };
}

function bindDelete(statement: Delete, context: Context): RunChange {
  const table = findTarget(context, statement.table);
  const relations = [relationOf(table, statement.table)];
  const plan = planTarget(statement, table, new ExpressionBinder({ ...context, relations }));
  return (tx) => {
    const found = findRows(plan);
    for (let i = 0; i < found.count; i++) tx.delete(table, found.at(i));
    return { ...noStats, deleted: found.count };
  };
}

/** Refuses a variable that there is not. */
export function checkVariable(variable: Name, text: string): void {
  if (variable.text === rowLimitName) return;
  const message = `\`${variable.text}\` is not a valid system variable; there is ${rowLimitName}`;
  throw faultAt("LC_SQL_NAME", message, text, variable.at);
}

/** SET is an insert into `st_var`, so that a second one meets the first (section 7.4). */
function bindSet({ variable, value }: SetVariable, context: Context): RunChange {
  const { text } = context;
  checkVariable(variable, text);
  const table = findTarget(context, { text: "st_var", at: variable.at });
  const relations = [relationOf(table, variable)];
  if (value.form === "string" || value.form === "hex") {
    const inferred = value.form === "string" ? "String" : "Array<U8>";
    const message = `Unexpected type: (expected) U64 != ${inferred} (inferred)`;
    throw faultAt("LC_SQL_TYPE", message, text, value.at);
  }
  const bytes = new ExpressionBinder({ ...context, relations }).literal(value, u64Type);
  const row = encodeSystemRow(systemTableId.variable, {
    name: variable.text,
    value: { tag: "U64", value: numberFromBytes(bytes) },
  });
  return (tx) => ({ ...noStats, inserted: Number(insertRow(tx, table, row)) });
}

/**
 * Resolves a statement that changes rows. Throws LC_SQL_FORBIDDEN for anyone but the owner and for system tables, besides that
 * LC_SQL_UNSUPPORTED for views, LC_SQL_NAME and LC_SQL_TYPE.
 */
export function bindChange(change: Change, context: Context): RunChange {
  const { caller } = context;
  if (!caller.isOwner) {
    const message = `Caller ${caller.identity.toHex()} is not authorized to run SQL DML statements`;
    throw new LightconeError("LC_SQL_FORBIDDEN", message);
  }
  switch (change.kind) {
    case "insert":
      return bindInsert(change, context);
    case "update":
      return bindUpdate(change, context);
    case "delete":
      return bindDelete(change, context);
    case "set":
      return bindSet(change, context);
  }
}

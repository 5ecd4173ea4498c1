// Plans to rows: by id for subscriptions, as JSON for general SQL (http-and-auth.md section 6.2).
import { productTypeToJson } from "@lightcone/abi";
import type { ReadView } from "../datastore/datastore.ts";
import type { Table } from "../datastore/table.ts";
import { bindSelect } from "./bind.ts";
import type { BoundProjection } from "./bound.ts";
import { isLongRead, TableCursor } from "./cursor.ts";
import { faultAt } from "./fault.ts";
import { parseStatement } from "./parse.ts";
import { planTable, type TablePlan } from "./plan.ts";
import { type OutputColumn, RowsJson } from "./rows-json.ts";
import type { TableQuery } from "./table-query.ts";
import type { SqlCaller } from "./visibility.ts";

/** Statements that this version leaves out; those not named here no version takes. */
const unsupportedYet = new Set(["INSERT", "UPDATE", "DELETE", "SET", "SHOW"]);

/** Calls `visit` with the id of each matching row, in no particular order. The table must not change meanwhile. */
export function runTableQuery(query: TableQuery, visit: (row: number) => void): void {
  new TableCursor(query, false).advance(Number.POSITIVE_INFINITY, (row) => {
    visit(row);
    return true;
  });
}

/** The answer to a statement that is being made. */
export interface SqlCursor {
  /** Whether it takes so long that it should be made in parts; then it is of the state at its start. */
  readonly isLong: boolean;
  readonly isDone: boolean;
  /** The columns as a product type in JSON. */
  readonly schemaJson: string;
  /** Looks at up to `count` rows. Throws LC_LIMIT for a result that is too large. */
  advance(count: number): void;
  /** An array of rows, each an array of values, as UTF-8 in pieces. Once `isDone`. */
  rowsJson(): readonly Uint8Array[];
  /** Must be called at the end, however it came. */
  close(): void;
}

const utf8 = new TextEncoder();

/** A count is one row, whatever LIMIT says (sql-and-subscriptions.md section 6). */
class CountCursor implements SqlCursor {
  readonly isLong: boolean;
  readonly schemaJson: string;
  readonly #cursor: TableCursor | undefined;
  #count: number;

  constructor(name: string, plan: TablePlan) {
    this.schemaJson = productTypeToJson({
      kind: "product",
      elements: [{ name, type: { kind: "u64" } }],
    });
    const isKnown = plan.predicate === undefined && plan.access.kind === "scan";
    this.isLong = !isKnown && isLongRead(plan);
    this.#cursor = isKnown ? undefined : new TableCursor(plan, this.isLong);
    this.#count = isKnown ? plan.table.rowCount : 0;
  }

  get isDone(): boolean {
    return this.#cursor?.isDone ?? true;
  }

  advance(count: number): void {
    this.#cursor?.advance(count, () => {
      this.#count++;
      return true;
    });
  }

  rowsJson(): readonly Uint8Array[] {
    return [utf8.encode(`[[${this.#count}]]`)];
  }

  close(): void {
    this.#cursor?.close();
  }
}

function outputColumns(
  table: Table,
  projection: Exclude<BoundProjection, { kind: "count" }>,
): readonly OutputColumn[] {
  if (projection.kind === "columns") return projection.columns;
  return table.schema.columns.map(({ name }, column) => ({ column, name }));
}

class RowsCursor implements SqlCursor {
  readonly isLong: boolean;
  readonly #cursor: TableCursor;
  readonly #json: RowsJson;
  readonly #limit: number;

  constructor(plan: TablePlan, columns: readonly OutputColumn[], limit: number) {
    this.isLong = isLongRead(plan);
    this.#cursor = new TableCursor(plan, this.isLong);
    this.#json = new RowsJson(plan.table, this.#cursor.rows, columns);
    this.#limit = limit;
  }

  get schemaJson(): string {
    return this.#json.schemaJson();
  }

  get isDone(): boolean {
    return this.#cursor.isDone || this.#json.rowCount >= this.#limit;
  }

  advance(count: number): void {
    if (this.isDone) return;
    this.#cursor.advance(count, (row) => {
      this.#json.add(row);
      return this.#json.rowCount < this.#limit;
    });
  }

  rowsJson(): readonly Uint8Array[] {
    return this.#json.finish();
  }

  close(): void {
    this.#cursor.close();
  }
}

/**
 * Begins one statement of general SQL. Throws LC_SQL_SYNTAX, LC_SQL_UNSUPPORTED, LC_SQL_NAME, LC_SQL_TYPE, LC_NOT_YET as
 * `compileTableQuery` does.
 */
export function beginSql(text: string, view: ReadView, caller: SqlCaller): SqlCursor {
  const statement = parseStatement(text);
  if (statement.kind === "other") {
    const { word, at } = statement;
    const reason = unsupportedYet.has(word) ? " statements are not supported by this version" : "";
    throw faultAt("LC_SQL_UNSUPPORTED", `Unsupported: ${word}${reason}`, text, at);
  }
  const select = bindSelect(statement, text, view, caller);
  const { table, where, projection, limit = Number.POSITIVE_INFINITY } = select;
  const plan = planTable(table, where);
  if (projection.kind === "count") return new CountCursor(projection.name, plan);
  return new RowsCursor(plan, outputColumns(table, projection), limit);
}

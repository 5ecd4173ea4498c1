// Plans to rows: by id for subscriptions, as JSON for general SQL (http-and-auth.md section 6.2).
import { productTypeToJson } from "@lightcone/abi";
import type { ReadView } from "../datastore/datastore.ts";
import { RowIds } from "../datastore/rows/ids.ts";
import type { Table } from "../datastore/table.ts";
import { bindSelect } from "./bind.ts";
import type { BoundProjection } from "./bound.ts";
import { faultAt } from "./fault.ts";
import { parseStatement } from "./parse.ts";
import { planTable, type TablePlan } from "./plan.ts";
import { type OutputColumn, RowsJson } from "./rows-json.ts";
import type { TableQuery } from "./table-query.ts";
import type { SqlCaller } from "./visibility.ts";

/** Statements that this version leaves out; those not named here no version takes. */
const unsupportedYet = new Set(["INSERT", "UPDATE", "DELETE", "SET", "SHOW"]);

/** Visits the rows that the plan finds until `visit` returns false. */
function scan({ table, predicate, access }: TablePlan, visit: (row: number) => boolean): void {
  const { rows } = table;
  const isWanted = (row: number): boolean =>
    predicate === undefined || predicate(rows.page(row), rows.start(row));
  if (access.kind === "nothing") return;
  if (access.kind === "scan") {
    for (let row = table.nextRow(-1); row >= 0; row = table.nextRow(row)) {
      if (isWanted(row) && !visit(row)) return;
    }
    return;
  }
  const found = new RowIds();
  access.index.scanPoint(access.key, 0, access.key.length, found);
  for (let i = 0; i < found.count; i++) {
    if (isWanted(found.at(i)) && !visit(found.at(i))) return;
  }
}

/** Calls `visit` with the id of each matching row, in no particular order. The table must not change meanwhile. */
export function runTableQuery(query: TableQuery, visit: (row: number) => void): void {
  scan(query, (row) => {
    visit(row);
    return true;
  });
}

/** The answer to one statement. */
export interface SqlAnswer {
  /** The columns as a product type in JSON. */
  readonly schemaJson: string;
  /** An array of rows, each an array of values. */
  readonly rowsJson: string;
  readonly rowCount: number;
}

function countRows(plan: TablePlan): number {
  if (plan.predicate === undefined) return plan.table.rowCount;
  let count = 0;
  scan(plan, () => {
    count++;
    return true;
  });
  return count;
}

/** A count is one row, whatever LIMIT says (sql-and-subscriptions.md section 6). */
function answerCount(name: string, plan: TablePlan): SqlAnswer {
  const schemaJson = productTypeToJson({
    kind: "product",
    elements: [{ name, type: { kind: "u64" } }],
  });
  return { schemaJson, rowsJson: `[[${countRows(plan)}]]`, rowCount: 1 };
}

function outputColumns(
  table: Table,
  projection: Exclude<BoundProjection, { kind: "count" }>,
): readonly OutputColumn[] {
  if (projection.kind === "columns") return projection.columns;
  return table.schema.columns.map(({ name }, column) => ({ column, name }));
}

function answerRows(
  table: Table,
  columns: readonly OutputColumn[],
  limit: number,
  plan: TablePlan,
): SqlAnswer {
  const json = new RowsJson(table, columns);
  if (limit > 0) {
    scan(plan, (row) => {
      json.add(row);
      return json.rowCount < limit;
    });
  }
  return { schemaJson: json.schemaJson(), rowsJson: json.rowsJson(), rowCount: json.rowCount };
}

/**
 * Runs one statement of general SQL. Throws LC_SQL_SYNTAX, LC_SQL_UNSUPPORTED, LC_SQL_NAME, LC_SQL_TYPE, LC_NOT_YET as
 * `compileTableQuery` does, and LC_LIMIT for a result that is too large.
 */
export function runSql(text: string, view: ReadView, caller: SqlCaller): SqlAnswer {
  const statement = parseStatement(text);
  if (statement.kind === "other") {
    const { word, at } = statement;
    const reason = unsupportedYet.has(word) ? " statements are not supported by this version" : "";
    throw faultAt("LC_SQL_UNSUPPORTED", `Unsupported: ${word}${reason}`, text, at);
  }
  const select = bindSelect(statement, text, view, caller);
  const { table, where, projection, limit = Number.POSITIVE_INFINITY } = select;
  const plan = planTable(table, where);
  if (projection.kind === "count") return answerCount(projection.name, plan);
  return answerRows(table, outputColumns(table, projection), limit, plan);
}

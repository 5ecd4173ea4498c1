// A SELECT with its table, columns and literals resolved, or the refusal (sql-and-subscriptions.md sections 3, 4 and 6).
import { type AlgebraicType, type LightconeError, numberFromBytes } from "@lightcone/abi";
import type { ReadView } from "../datastore/datastore.ts";
import { ExpressionBinder } from "./bind-expression.ts";
import type { BoundProjection, BoundSelect } from "./bound.ts";
import { faultAt, type SqlErrorCode } from "./fault.ts";
import type { ColumnName, Literal, Projection, Select } from "./tree.ts";
import { findTable, type SqlCaller } from "./visibility.ts";

const u64Type: AlgebraicType = { kind: "u64" };

/** Joins that no version will run are refused for that reason, the others because this one runs none. */
function joinRefusal({ projection, joins }: Select, text: string): LightconeError | undefined {
  const [first] = joins;
  if (first === undefined) return undefined;
  const refusal = (code: SqlErrorCode, message: string, at: number): LightconeError =>
    faultAt(code, message, text, at);
  if (projection.kind === "all" && projection.qualifier === undefined) {
    const message = "SELECT * is not supported for joins; name the table: SELECT t.*";
    return refusal("LC_SQL_UNSUPPORTED", message, projection.at);
  }
  const projected =
    projection.kind === "columns" ? projection.items.map((item) => item.column) : [];
  const compared = joins.flatMap((join) => (join.on ? [join.on.left, join.on.right] : []));
  const unqualified = [...projected, ...compared].find(
    (column: ColumnName) => column.qualifier === undefined,
  );
  if (unqualified !== undefined) {
    const message = "Names must be qualified when using joins";
    return refusal("LC_SQL_NAME", `${message}: \`${unqualified.column}\``, unqualified.at);
  }
  const message = "Unsupported: joins are not supported by this version";
  return refusal("LC_SQL_UNSUPPORTED", message, first.at);
}

function bindProjection(
  projection: Projection,
  binder: ExpressionBinder,
  relationName: string,
  text: string,
): BoundProjection {
  if (projection.kind === "count") return { kind: "count", name: projection.alias.text };
  if (projection.kind === "all") {
    const { qualifier } = projection;
    if (qualifier !== undefined && qualifier.text !== relationName) {
      throw faultAt("LC_SQL_NAME", `\`${qualifier.text}\` is not in scope`, text, qualifier.at);
    }
    return { kind: "all" };
  }
  const names = new Set<string>();
  const columns = projection.items.map(({ column, alias }) => {
    const name = alias?.text ?? column.column;
    if (names.has(name)) {
      throw faultAt("LC_SQL_NAME", `Duplicate name \`${name}\``, text, alias?.at ?? column.at);
    }
    names.add(name);
    return { column: binder.column(column), name };
  });
  return { kind: "columns", columns };
}

function bindLimit(limit: Literal | undefined, binder: ExpressionBinder): number | undefined {
  return limit === undefined ? undefined : Number(numberFromBytes(binder.literal(limit, u64Type)));
}

/** Resolves a SELECT. Throws LC_SQL_NAME, LC_SQL_TYPE, LC_SQL_UNSUPPORTED for joins, and as `findTable`. */
export function bindSelect(
  select: Select,
  text: string,
  view: ReadView,
  caller: SqlCaller,
): BoundSelect {
  const refusal = joinRefusal(select, text);
  if (refusal !== undefined) throw refusal;
  const { table: tableName, alias } = select.from;
  const table = findTable(view, caller, tableName, text);
  const name = alias?.text ?? tableName.text;
  const binder = new ExpressionBinder({ view, caller, table, name, text });
  const projection = bindProjection(select.projection, binder, name, text);
  const where = select.where === undefined ? undefined : binder.predicate(select.where);
  const limit = bindLimit(select.limit, binder);
  return { table, projection, where, limit, usesSender: binder.usesSender };
}

// A plain evaluation of queries on decoded rows, written apart from the engine: every combination of rows is tried.
import { assert, present } from "@lightcone/abi";
import { isSenderKind, type KindName, kinds, senderCell } from "./kinds.ts";
import {
  type ClientSpec,
  type ColumnRef,
  type Condition,
  type Operator,
  type Query,
  type Row,
  type Script,
  sourceColumns,
} from "./script.ts";

/** What a plain evaluation needs. */
export interface ModelState {
  readonly script: Script;
  /** The rows of a table as it is. */
  readonly rows: (table: number) => readonly Row[];
}

function compare(difference: number, operator: Operator): boolean {
  switch (operator) {
    case "=":
      return difference === 0;
    case "<>":
      return difference !== 0;
    case "<":
      return difference < 0;
    case "<=":
      return difference <= 0;
    case ">":
      return difference > 0;
    case ">=":
      return difference >= 0;
  }
}

/** Whether rows, one of each relation, are what a condition wants. */
function holds(
  condition: Condition,
  tuple: readonly Row[],
  kindOf: (ref: ColumnRef) => KindName,
  caller: number,
): boolean {
  const cell = ({ relation, column }: ColumnRef): number =>
    (tuple[relation] as Row)[column] as number;
  switch (condition.kind) {
    case "flag":
      return cell(condition.column) === 1;
    case "constant":
      return condition.value;
    case "same": {
      const left = holds(condition.left, tuple, kindOf, caller);
      return left === holds(condition.right, tuple, kindOf, caller);
    }
    case "and":
      return condition.parts.every((part) => holds(part, tuple, kindOf, caller));
    case "or":
      return condition.parts.some((part) => holds(part, tuple, kindOf, caller));
    case "compare": {
      const { left, operator, right } = condition;
      const kind = kindOf(left);
      const other =
        right === "sender" || "cell" in right ? cellOf(kind, right, caller) : cell(right);
      return compare(rankOf(kind, cell(left)) - rankOf(kind, other), operator);
    }
  }
}

function rankOf(kind: KindName, cell: number): number {
  return (kinds[kind].cells[cell] as { readonly rank: number }).rank;
}

/** The cell that a value beside a column of some kind is: its own, or the caller's identity. */
export function cellOf(
  kind: KindName,
  value: { readonly cell: number } | "sender",
  caller: number,
): number {
  if (value !== "sender") return value.cell;
  assert(isSenderKind(kind), `:sender beside ${kind}`);
  return senderCell(kind, caller);
}

/** The rows of a view for one caller. */
function viewRows(state: ModelState, view: number, client: ClientSpec): readonly Row[] {
  const { script } = state;
  const spec = present(script.views[view], "a view");
  const { behaviour, source } = spec;
  if (behaviour.kind === "query") {
    // A module's own queries see everything, and what a view returns is a set.
    const asOwner = { ...client, isOwner: true };
    return [...new Set(evaluateModel(state, behaviour.query, asOwner))];
  }
  const found = state.rows(source).filter((row) => isViewRow(script, view, row, client.caller));
  return spec.isOption ? firstOf(found) : found;
}

/** Whether a view that looks at rows itself returns a row of its source to a caller. */
export function isViewRow(script: Script, view: number, row: Row, caller: number): boolean {
  const { behaviour, source } = present(script.views[view], "a view");
  const columns = sourceColumns(script, source);
  if (behaviour.kind === "scan") {
    const kindOf = ({ column }: ColumnRef): KindName => present(columns[column], "a column").kind;
    return holds(behaviour.where, [row], kindOf, caller);
  }
  if (behaviour.kind !== "point") return false;
  const column = script.tables[source]?.indexes[behaviour.index]?.[1] ?? 0;
  const kind = present(columns[column], "a column").kind;
  const wanted = cellOf(kind, behaviour.value, caller);
  return rankOf(kind, row[column] as number) === rankOf(kind, wanted);
}

/** The first of rows in an order of their own, as a list. */
export function firstOf(rows: readonly Row[]): readonly Row[] {
  return [...rows].sort((a, b) => (String(a) < String(b) ? -1 : 1)).slice(0, 1);
}

/** The rows that a caller may see of a source, each as often as rules let it through; `exempt` is seen as it is. */
function visibleRows(
  state: ModelState,
  source: number,
  client: ClientSpec,
  exempt: number,
): readonly Row[] {
  const { tables, rules } = state.script;
  if (source >= tables.length) return viewRows(state, source - tables.length, client);
  const rows = state.rows(source);
  if (client.isOwner || source === exempt) return rows;
  const own = rules.filter(({ table }) => table === source);
  if (own.length === 0) return rows;
  return own.flatMap(({ query }) => evaluate(state, query, client, source));
}

function evaluate(state: ModelState, query: Query, client: ClientSpec, exempt: number): Row[] {
  const { from, joins, where, returned } = query;
  const candidates = from.map((source) => visibleRows(state, source, client, exempt));
  const columns = from.map((source) => sourceColumns(state.script, source));
  const kindOf = ({ relation, column }: ColumnRef): KindName =>
    present(columns[relation]?.[column], "a column").kind;
  const tuple: Row[] = [];
  const found: Row[] = [];
  const rank = (ref: ColumnRef): number =>
    rankOf(kindOf(ref), (tuple[ref.relation] as Row)[ref.column] as number);
  const extend = (relation: number): void => {
    if (relation === from.length) {
      const isWanted = where === null || holds(where, tuple, kindOf, client.caller);
      if (isWanted) found.push(tuple[returned] as Row);
      return;
    }
    const on = joins[relation - 1] ?? null;
    for (const row of candidates[relation] as readonly Row[]) {
      tuple[relation] = row;
      if (on === null || rank(on.left) === rank(on.right)) extend(relation + 1);
    }
  };
  extend(0);
  return found;
}

/** The result of a query from scratch, each row as often as it comes. */
export function evaluateModel(state: ModelState, query: Query, client: ClientSpec): Row[] {
  return evaluate(state, query, client, -1);
}

/** The tables that a query's result depends on. */
export function tablesOf(
  script: Script,
  query: Query,
  found: Set<number> = new Set(),
): Set<number> {
  for (const source of query.from) {
    const view = script.views[source - script.tables.length];
    if (view?.behaviour.kind === "query") tablesOf(script, view.behaviour.query, found);
    const table = view?.source ?? source;
    if (found.has(table)) continue;
    found.add(table);
    for (const rule of script.rules) if (rule.table === table) tablesOf(script, rule.query, found);
  }
  return found;
}

// Queries as data: the text that says them, and a plain evaluation of that meaning, written apart from the engine.

export type Cell = number | string;
export type ModelRow = readonly Cell[];

export interface ModelColumn {
  readonly name: string;
  readonly kind: "u32" | "string" | "identity" | "f64" | "hash";
}

export interface ModelTable {
  readonly name: string;
  readonly columns: readonly ModelColumn[];
  /** A view's backing table: its first column is hidden. */
  readonly isView: boolean;
}

export interface ModelCaller {
  /** As hex, as its rows name it. */
  readonly identity: string;
  readonly isOwner: boolean;
  /** The hidden column of the rows of views that are its. */
  readonly viewKey: string;
}

export interface ColumnRef {
  readonly relation: number;
  readonly column: number;
}

type Operator = "=" | "<>" | "<" | ">=";

export type ModelCondition =
  | {
      readonly kind: "compare";
      readonly left: ColumnRef;
      readonly operator: Operator;
      readonly right: ColumnRef | { readonly value: Cell } | "sender";
    }
  | { readonly kind: "or"; readonly parts: readonly ModelCondition[] };

export interface ModelQuery {
  readonly tables: readonly ModelTable[];
  /** For each relation but the first: ON, or undefined for none. */
  readonly joins: readonly ({ readonly left: ColumnRef; readonly right: ColumnRef } | undefined)[];
  readonly conditions: readonly ModelCondition[];
  readonly returned: number;
}

export interface ModelRule {
  readonly table: string;
  readonly query: ModelQuery;
}

/** All that a plain evaluation needs. */
export interface ModelState {
  readonly rows: (table: string) => readonly ModelRow[];
  readonly rules: readonly ModelRule[];
}

function literalText(value: Cell, kind: ModelColumn["kind"]): string {
  if (kind === "identity") return `0x${value}`;
  return kind === "string" ? `'${value}'` : String(value);
}

export function queryText({ tables, joins, conditions, returned }: ModelQuery): string {
  const column = ({ relation, column: at }: ColumnRef): string =>
    `r${relation}.${tables[relation]?.columns[at]?.name}`;
  const conditionText = (condition: ModelCondition): string => {
    if (condition.kind === "or") return `(${condition.parts.map(conditionText).join(" OR ")})`;
    const { left, operator, right } = condition;
    const kind = tables[left.relation]?.columns[left.column]?.kind ?? "u32";
    const rightText =
      right === "sender"
        ? ":sender"
        : "value" in right
          ? literalText(right.value, kind)
          : column(right);
    return `${column(left)} ${operator} ${rightText}`;
  };
  const from = tables.map(({ name }, i) => {
    if (i === 0) return `${name} r0`;
    const on = joins[i - 1];
    return `JOIN ${name} r${i}${on === undefined ? "" : ` ON ${column(on.left)} = ${column(on.right)}`}`;
  });
  const where =
    conditions.length > 0 ? ` WHERE ${conditions.map(conditionText).join(" AND ")}` : "";
  return `SELECT r${returned}.* FROM ${from.join(" ")}${where}`;
}

function compare(a: Cell, operator: Operator, b: Cell): boolean {
  switch (operator) {
    case "=":
      return a === b;
    case "<>":
      return a !== b;
    case "<":
      return a < b;
    case ">=":
      return a >= b;
  }
}

/** The rows that a caller may see of a table, each as often as its rules let it through; `exempt` is seen as it is. */
function visibleRows(
  state: ModelState,
  { name, isView }: ModelTable,
  caller: ModelCaller,
  exempt: string | undefined,
): readonly ModelRow[] {
  const rows = state.rows(name).filter(([first]) => !isView || first === caller.viewKey);
  const rules = state.rules.filter(({ table }) => table === name);
  if (caller.isOwner || name === exempt || rules.length === 0) return rows;
  return rules.flatMap(({ query }) => evaluateTuples(state, query, caller, name));
}

/** Rows of the returned relation, hidden column included. */
function evaluateTuples(
  state: ModelState,
  query: ModelQuery,
  caller: ModelCaller,
  exempt: string | undefined,
): ModelRow[] {
  const { tables, joins, conditions, returned } = query;
  const candidates = tables.map((table) => visibleRows(state, table, caller, exempt));
  const tuple: ModelRow[] = [];
  const found: ModelRow[] = [];
  const cell = ({ relation, column }: ColumnRef): Cell => tuple[relation]?.[column] ?? "";
  const holds = (condition: ModelCondition): boolean => {
    if (condition.kind === "or") return condition.parts.some(holds);
    const { left, operator, right } = condition;
    const other =
      right === "sender" ? caller.identity : "value" in right ? right.value : cell(right);
    return compare(cell(left), operator, other);
  };
  const extend = (relation: number): void => {
    if (relation === tables.length) {
      if (conditions.every(holds)) found.push(tuple[returned] ?? []);
      return;
    }
    const on = joins[relation - 1];
    for (const row of candidates[relation] ?? []) {
      tuple[relation] = row;
      if (on === undefined || cell(on.left) === cell(on.right)) extend(relation + 1);
    }
  };
  extend(0);
  return found;
}

/** A row as text; the sign of zero counts, since rows are told apart by their bytes. */
export function rowText(row: ModelRow): string {
  return JSON.stringify(row.map((cell) => (Object.is(cell, -0) ? "-0" : cell)));
}

/** The result of a query from scratch, as texts in order. */
export function evaluateModel(state: ModelState, query: ModelQuery, caller: ModelCaller): string[] {
  const hidden = query.tables[query.returned]?.isView === true ? 1 : 0;
  return evaluateTuples(state, query, caller, undefined)
    .map((row) => rowText(row.slice(hidden)))
    .sort();
}

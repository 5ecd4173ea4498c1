// For general.property.test.ts: queries as trees, their SQL, and what they mean, evaluated row by row on decoded values.

/** A row of `r`; `o` is an Option, `k` an enum. */
export interface ModelRow {
  readonly id: number;
  readonly a: number;
  readonly b: number;
  readonly s: string;
  readonly f: number;
  readonly o: number | null;
  readonly k: "A" | "B" | "C";
}

export type Column = keyof ModelRow;

type Cell = number | string | null;

export type Condition =
  | {
      readonly kind: "compare";
      readonly column: Column;
      readonly operator: string;
      readonly value: Exclude<Cell, null>;
    }
  | {
      readonly kind: "in";
      readonly column: Column;
      readonly values: readonly Exclude<Cell, null>[];
      readonly isNegated: boolean;
    }
  | {
      readonly kind: "between";
      readonly column: Column;
      readonly least: Exclude<Cell, null>;
      readonly greatest: Exclude<Cell, null>;
      readonly isNegated: boolean;
    }
  | { readonly kind: "like"; readonly pattern: string; readonly isNegated: boolean }
  | { readonly kind: "isNull"; readonly isNegated: boolean }
  | { readonly kind: "not"; readonly inner: Condition }
  | { readonly kind: "and" | "or"; readonly parts: readonly Condition[] };

type AggregateFunction = "COUNT" | "SUM" | "MIN" | "MAX" | "AVG";

export interface ModelAggregate {
  readonly name: AggregateFunction;
  /** Undefined for COUNT(*). */
  readonly column: Column | undefined;
}

interface OrderKey {
  readonly column: Column;
  readonly isDescending: boolean;
}

export interface ModelQuery {
  readonly columns: readonly Column[];
  readonly isDistinct: boolean;
  /** Whether a second table, `q`, is joined by its column `a`. */
  readonly isJoined: boolean;
  readonly where: Condition | undefined;
  /** With aggregates the columns are those that rows are grouped by. */
  readonly aggregates: readonly ModelAggregate[] | undefined;
  /** `HAVING COUNT(*) > n`. */
  readonly havingMoreThan: number | undefined;
  readonly orderBy: readonly OrderKey[];
  readonly limit: number | undefined;
  readonly offset: number | undefined;
}

function literal(value: Exclude<Cell, null>): string {
  return typeof value === "string" ? `'${value.replaceAll("'", "''")}'` : String(value);
}

function not(isNegated: boolean): string {
  return isNegated ? "NOT " : "";
}

function conditionSql(condition: Condition): string {
  switch (condition.kind) {
    case "compare":
      return `r.${condition.column} ${condition.operator} ${literal(condition.value)}`;
    case "in": {
      const { column, values, isNegated } = condition;
      return `r.${column} ${not(isNegated)}IN (${values.map(literal).join(", ")})`;
    }
    case "between": {
      const { column, least, greatest, isNegated } = condition;
      return `r.${column} ${not(isNegated)}BETWEEN ${literal(least)} AND ${literal(greatest)}`;
    }
    case "like":
      return `r.s ${not(condition.isNegated)}LIKE ${literal(condition.pattern)} ESCAPE '!'`;
    case "isNull":
      return `r.o IS ${not(condition.isNegated)}NULL`;
    case "not":
      return `NOT (${conditionSql(condition.inner)})`;
    default:
      return condition.parts
        .map((part) => `(${conditionSql(part)})`)
        .join(` ${condition.kind.toUpperCase()} `);
  }
}

function aggregateSql({ name, column }: ModelAggregate): string {
  return `${name}(${column === undefined ? "*" : `r.${column}`})`;
}

export function querySql(query: ModelQuery): string {
  const { columns, aggregates, orderBy, limit, offset } = query;
  const items = [
    ...columns.map((column) => `r.${column}`),
    ...(aggregates ?? []).map((aggregate, i) => `${aggregateSql(aggregate)} AS x${i}`),
  ];
  const order = orderBy.map(
    ({ column, isDescending }) => `r.${column}${isDescending ? " DESC" : ""}`,
  );
  const clauses = [
    `SELECT ${query.isDistinct ? "DISTINCT " : ""}${items.join(", ")} FROM r`,
    query.isJoined ? "JOIN q ON r.a = q.a" : "",
    query.where === undefined ? "" : `WHERE ${conditionSql(query.where)}`,
    aggregates === undefined || columns.length === 0
      ? ""
      : `GROUP BY ${columns.map((column) => `r.${column}`).join(", ")}`,
    query.havingMoreThan === undefined ? "" : `HAVING COUNT(*) > ${query.havingMoreThan}`,
    order.length === 0 ? "" : `ORDER BY ${order.join(", ")}`,
    limit === undefined ? "" : `LIMIT ${limit}`,
    offset === undefined ? "" : `OFFSET ${offset}`,
  ];
  return clauses.filter((clause) => clause !== "").join(" ");
}

/** Texts of the model are ASCII, so that their order is that of their bytes. */
function compareCells(a: Exclude<Cell, null>, b: Exclude<Cell, null>): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a < b ? -1 : a > b ? 1 : 0;
}

function compareBy(operator: string, order: number): boolean {
  switch (operator) {
    case "=":
      return order === 0;
    case "<>":
      return order !== 0;
    case "<":
      return order < 0;
    case "<=":
      return order <= 0;
    case ">":
      return order > 0;
    default:
      return order >= 0;
  }
}

function likePattern(pattern: string): RegExp {
  const parts = [...pattern.matchAll(/!(.)|([^!])/gs)].map(([, escaped, plain]) => {
    if (plain === "%") return ".*";
    if (plain === "_") return ".";
    return (escaped ?? plain ?? "").replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  });
  return new RegExp(`^${parts.join("")}$`, "su");
}

/** True, false, or null where SQL says unknown. */
function holds(condition: Condition, row: ModelRow): boolean | null {
  const negated = (value: boolean | null, isNegated: boolean): boolean | null =>
    value === null ? null : value !== isNegated;
  switch (condition.kind) {
    case "compare": {
      const cell = row[condition.column];
      if (cell === null) return null;
      return compareBy(condition.operator, compareCells(cell, condition.value));
    }
    case "in": {
      const cell = row[condition.column];
      if (cell === null) return null;
      const isIn = condition.values.some((value) => compareCells(cell, value) === 0);
      return isIn !== condition.isNegated;
    }
    case "between": {
      const cell = row[condition.column];
      if (cell === null) return null;
      const { least, greatest, isNegated } = condition;
      const isBetween = compareCells(cell, least) >= 0 && compareCells(cell, greatest) <= 0;
      return isBetween !== isNegated;
    }
    case "like":
      return likePattern(condition.pattern).test(row.s) !== condition.isNegated;
    case "isNull":
      return (row.o === null) !== condition.isNegated;
    case "not":
      return negated(holds(condition.inner, row), true);
    default: {
      const deciding = condition.kind === "or";
      const found = condition.parts.map((part) => holds(part, row));
      if (found.includes(deciding)) return deciding;
      return found.includes(null) ? null : !deciding;
    }
  }
}

const tags: Readonly<Record<string, number>> = { A: 0, B: 1, C: 2 };

/** A cell as the answer's JSON has it. */
function cellJson(column: Column, cell: Cell): unknown {
  if (column === "o") return cell === null ? [1, []] : [0, cell];
  if (column === "k") return [tags[String(cell)], []];
  return Number.isNaN(cell) ? null : cell === 0 ? 0 : cell;
}

function aggregateJson(
  { name, column }: ModelAggregate,
  rows: readonly ModelRow[],
  isGrouped: boolean,
): unknown {
  if (column === undefined) return rows.length;
  const cells = rows.map((row) => row[column]).filter((cell) => cell !== null);
  switch (name) {
    case "COUNT":
      return cells.length;
    case "SUM":
      return cells.reduce<number>((total, cell) => total + Number(cell), 0);
    case "AVG": {
      if (cells.length === 0) return null;
      return cells.reduce<number>((total, cell) => total + Number(cell), 0) / cells.length;
    }
    default: {
      const sorted = [...cells].sort(compareCells);
      const best = name === "MIN" ? sorted[0] : sorted[sorted.length - 1];
      if (isGrouped && column !== "o") return cellJson(column, best ?? null);
      return best === undefined ? [1, []] : [0, cellJson("id", best)];
    }
  }
}

interface Candidate {
  readonly json: unknown[];
  readonly first: ModelRow;
}

function groupsOf({ columns }: ModelQuery, rows: readonly ModelRow[]): ModelRow[][] {
  if (columns.length === 0) return [[...rows]];
  const groups = new Map<string, ModelRow[]>();
  for (const row of rows) {
    const key = JSON.stringify(columns.map((column) => cellJson(column, row[column])));
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups.values()];
}

function candidates(query: ModelQuery, rows: readonly ModelRow[]): Candidate[] {
  const { columns, aggregates, havingMoreThan = -1 } = query;
  const cells = (row: ModelRow): unknown[] =>
    columns.map((column) => cellJson(column, row[column]));
  if (aggregates === undefined) return rows.map((row) => ({ json: cells(row), first: row }));
  return groupsOf(query, rows)
    .filter((group) => group.length > havingMoreThan)
    .map((group) => {
      const [first] = group;
      const head = first === undefined ? [] : cells(first);
      const values = aggregates.map((each) => aggregateJson(each, group, columns.length > 0));
      return { json: [...head, ...values], first: first as ModelRow };
    });
}

/** Options without a value come last. */
function compareForOrder(a: Cell, b: Cell): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  return compareCells(a, b);
}

/** All rows of the result before OFFSET and LIMIT; in order, if one is asked for. `partners` are the column `a` of `q`. */
export function evaluate(
  query: ModelQuery,
  rows: readonly ModelRow[],
  partners: readonly number[],
): unknown[][] {
  const { where, orderBy, isDistinct, isJoined } = query;
  // No column of `q` is asked for, so that a row comes as often as it has partners.
  const all = isJoined
    ? rows.flatMap((row) => partners.filter((a) => a === row.a).map(() => row))
    : rows;
  const wanted = all.filter((row) => where === undefined || holds(where, row) === true);
  let found = candidates(query, wanted);
  if (isDistinct) {
    const seen = new Set<string>();
    found = found.filter(({ json }) => {
      const key = JSON.stringify(json);
      return !seen.has(key) && seen.add(key);
    });
  }
  found.sort((a, b) => {
    for (const { column, isDescending } of orderBy) {
      const order = compareForOrder(a.first[column], b.first[column]);
      if (order !== 0) return isDescending ? -order : order;
    }
    return 0;
  });
  return found.map(({ json }) => json);
}

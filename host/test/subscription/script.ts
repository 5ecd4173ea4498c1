// A random run as data: tables, rules, views, and what clients and transactions do. It can be kept as JSON, cut down and run again.
import { present } from "@lightcone/abi";
import { type KindName, kinds } from "./kinds.ts";

interface ColumnSpec {
  readonly name: string;
  readonly kind: KindName;
}

export interface TableSpec {
  readonly name: string;
  readonly columns: readonly ColumnSpec[];
  /** Kind, then column positions in key order. */
  readonly indexes: readonly (readonly [kind: "btree" | "hash" | "direct", ...columns: number[]])[];
  /** Column positions that are unique together. */
  readonly unique: readonly (readonly number[])[];
  readonly isPrivate: boolean;
  readonly isEvent: boolean;
}

/** A column of one of a query's relations. */
export interface ColumnRef {
  readonly relation: number;
  readonly column: number;
}

export type Operator = "=" | "<>" | "<" | "<=" | ">" | ">=";

export type Condition =
  | {
      readonly kind: "compare";
      readonly left: ColumnRef;
      readonly operator: Operator;
      readonly right: ColumnRef | { readonly cell: number } | "sender";
      /** The right operand is written first. */
      readonly isTurned: boolean;
    }
  /** A column of type Bool alone. */
  | { readonly kind: "flag"; readonly column: ColumnRef }
  | { readonly kind: "constant"; readonly value: boolean }
  /** Two conditions compared like values. */
  | { readonly kind: "same"; readonly left: Condition; readonly right: Condition }
  | { readonly kind: "and" | "or"; readonly parts: readonly Condition[] };

/** A SELECT of whole rows. */
export interface Query {
  /** What each relation is: a table by its position, or a view by its position behind the tables. */
  readonly from: readonly number[];
  /** For each relation but the first: ON, or null for none. */
  readonly joins: readonly ({ readonly left: ColumnRef; readonly right: ColumnRef } | null)[];
  readonly where: Condition | null;
  readonly returned: number;
  /** Texts that differ in their spelling alone. */
  readonly style: number;
}

export interface RuleSpec {
  readonly table: number;
  readonly query: Query;
}

/** A view whose rows are some of one table's. */
export interface ViewSpec {
  readonly name: string;
  readonly source: number;
  readonly isAnonymous: boolean;
  readonly isPublic: boolean;
  /** It returns the first of its rows, or none. */
  readonly isOption: boolean;
  readonly behaviour:
    /** Looks at all rows. */
    | { readonly kind: "scan"; readonly where: Condition }
    /** Looks a value up in the index at that position, which is on one column. */
    | {
        readonly kind: "point";
        readonly index: number;
        readonly value: { readonly cell: number } | "sender";
      }
    /** Returns SQL. */
    | { readonly kind: "query"; readonly query: Query };
}

/** One change of rows, by cells. What is impossible changes nothing. */
export type Change =
  | { readonly kind: "insert" | "update" | "flicker"; readonly table: number; readonly row: Row }
  /** A row by its place among those that there are; `rewrite` puts it back. */
  | { readonly kind: "delete" | "rewrite"; readonly table: number; readonly place: number }
  | { readonly kind: "clear"; readonly table: number };

/** Cells by column. */
export type Row = readonly number[];

export type Action =
  | {
      readonly kind: "subscribe";
      readonly client: number;
      readonly set: number;
      readonly queries: readonly Query[];
    }
  | { readonly kind: "unsubscribe"; readonly client: number; readonly set: number }
  | { readonly kind: "disconnect"; readonly client: number }
  /** The program is updated, and tables may have changed. */
  | { readonly kind: "update"; readonly tables: readonly number[] }
  | { readonly kind: "ask"; readonly client: number; readonly query: Query }
  | {
      readonly kind: "commit";
      readonly changes: readonly Change[];
      readonly isRolledBack: boolean;
    };

/** Who a client is: one of the callers, and whether the owner of the database. */
export interface ClientSpec {
  readonly caller: number;
  readonly isOwner: boolean;
}

export interface Script {
  readonly tables: readonly TableSpec[];
  readonly views: readonly ViewSpec[];
  readonly rules: readonly RuleSpec[];
  readonly clients: readonly ClientSpec[];
  readonly actions: readonly Action[];
}

/** What queries read: tables and views have columns alike. */
export function sourceColumns(
  { tables, views }: Pick<Script, "tables" | "views">,
  source: number,
): readonly ColumnSpec[] {
  const view = views[source - tables.length];
  return present(tables[view?.source ?? source], "a source of rows").columns;
}

export function sourceName(
  { tables, views }: Pick<Script, "tables" | "views">,
  source: number,
): string {
  return present(tables[source] ?? views[source - tables.length], "a source of rows").name;
}

function conditionText(
  condition: Condition,
  columnText: (ref: ColumnRef) => string,
  literalText: (ref: ColumnRef, cell: number) => string,
): string {
  const textOf = (part: Condition): string => conditionText(part, columnText, literalText);
  switch (condition.kind) {
    case "flag":
      return columnText(condition.column);
    case "constant":
      return condition.value ? "TRUE" : "(TRUE = FALSE)";
    case "same":
      return `(${textOf(condition.left)}) = (${textOf(condition.right)})`;
    case "and":
    case "or":
      return `(${condition.parts.map(textOf).join(condition.kind === "and" ? " AND " : " or ")})`;
    case "compare": {
      const { left, operator, right, isTurned } = condition;
      const other =
        right === "sender"
          ? ":sender"
          : "cell" in right
            ? literalText(left, right.cell)
            : columnText(right);
      const mirrored = {
        "=": "=",
        "<>": "!=",
        "<": ">",
        "<=": ">=",
        ">": "<",
        ">=": "<=",
      } as const;
      return isTurned
        ? `${other} ${mirrored[operator]} ${columnText(left)}`
        : `${columnText(left)} ${operator} ${other}`;
    }
  }
}

/** The SQL of a query. */
export function queryText(script: Pick<Script, "tables" | "views">, query: Query): string {
  const { from, joins, where, returned, style } = query;
  const isPlain = from.length === 1 && style % 3 === 0;
  const alias = (relation: number): string =>
    isPlain ? sourceName(script, from[relation] ?? 0) : `r${relation}`;
  const specOf = ({ relation, column }: ColumnRef): ColumnSpec =>
    present(sourceColumns(script, from[relation] ?? 0)[column], "a column");
  const columnText = (ref: ColumnRef): string =>
    isPlain ? specOf(ref).name : `${alias(ref.relation)}.${specOf(ref).name}`;
  const literalText = (ref: ColumnRef, cell: number): string =>
    present(kinds[specOf(ref).kind].cells[cell]?.literal, "a literal");
  const relations = from.map((source, i) => {
    const name = style % 2 === 0 ? sourceName(script, source) : `"${sourceName(script, source)}"`;
    if (i === 0) return isPlain ? name : `${name} r0`;
    const on = joins[i - 1] ?? null;
    const condition = on === null ? "" : ` ON ${columnText(on.left)} = ${columnText(on.right)}`;
    return `JOIN ${name} AS r${i}${condition}`;
  });
  const projection = from.length === 1 && style % 3 < 2 ? "*" : `${alias(returned)}.*`;
  const filter = where === null ? "" : ` WHERE ${conditionText(where, columnText, literalText)}`;
  return `SELECT ${projection} FROM ${relations.join(" ")}${filter}`;
}

// The syntax tree of the SQL that is understood (sql-and-subscriptions.md section 2; what only the wide dialect has is said to
// be so). Names are as written; nothing is resolved yet. `at` is a position in the text, for messages.

import type { Parameter } from "./parameter.ts";

/** The reference's grammar, or what general SQL has beyond it (docs/sql.md). */
export type Dialect = "reference" | "wide";

/** A name whose dotted parts are joined: `"lib"."t"` is the table called `lib.t`. */
export interface Name {
  readonly text: string;
  readonly at: number;
}

export interface ColumnName {
  readonly kind: "column";
  /** The relation that the column is said to be of. */
  readonly qualifier: string | undefined;
  readonly column: string;
  readonly at: number;
}

/** NULL, of the wide dialect, is a value to be stored; nothing is compared with it. */
export type LiteralForm = "number" | "string" | "hex" | "bool" | "null" | "parameter";

/** A literal has no type of its own: its text is read as the type of what it is compared with. */
export interface Literal {
  readonly kind: "literal";
  readonly form: LiteralForm;
  /** Without quotes and without `0x`; a number keeps its sign, a parameter its `$`. */
  readonly text: string;
  /** What a parameter stands for. */
  readonly parameter?: Parameter;
  readonly at: number;
}

/** The parameter `:sender`. */
interface Sender {
  readonly kind: "sender";
  readonly at: number;
}

export type CompareOperator = "=" | "<>" | "<" | "<=" | ">" | ">=";

export interface Comparison {
  readonly kind: "comparison";
  readonly operator: CompareOperator;
  readonly left: Expression;
  readonly right: Expression;
  readonly at: number;
}

/** Two or more parts; a chain of the same word is one list, so that only parentheses make a tree deep. */
interface Logical {
  readonly kind: "and" | "or";
  readonly parts: readonly Expression[];
  readonly at: number;
}

/** Wide. */
interface Not {
  readonly kind: "not";
  readonly inner: Expression;
  readonly at: number;
}

/** Wide: `operand IN (values)`. */
interface In {
  readonly kind: "in";
  readonly operand: Expression;
  readonly values: readonly Expression[];
  readonly at: number;
}

/** Wide: `operand LIKE 'pattern' ESCAPE 'c'`. */
export interface Like {
  readonly kind: "like";
  readonly operand: Expression;
  readonly pattern: Literal;
  readonly escape: Literal | undefined;
  readonly at: number;
}

/** Wide: `operand IS NULL`. */
export interface IsNull {
  readonly kind: "isNull";
  readonly operand: Expression;
  readonly at: number;
}

export type AggregateFunction = "COUNT" | "SUM" | "MIN" | "MAX" | "AVG";

/** Wide, but for `COUNT(*) AS n` as the only item. */
export interface Aggregate {
  readonly kind: "aggregate";
  readonly function: AggregateFunction;
  /** Undefined for `COUNT(*)`. */
  readonly column: ColumnName | undefined;
  readonly at: number;
}

export type Expression =
  Literal | ColumnName | Sender | Comparison | Logical | Not | In | Like | IsNull | Aggregate;

export interface TableName {
  readonly table: Name;
  readonly alias: Name | undefined;
}

export interface Join {
  readonly right: TableName;
  readonly on: { readonly left: ColumnName; readonly right: ColumnName } | undefined;
  readonly at: number;
}

export interface ProjectedColumn {
  readonly column: ColumnName;
  readonly alias: Name | undefined;
}

export type Projection =
  | { readonly kind: "all"; readonly qualifier: Name | undefined; readonly at: number }
  | { readonly kind: "columns"; readonly items: readonly ProjectedColumn[]; readonly at: number }
  | { readonly kind: "count"; readonly alias: Name; readonly at: number }
  /** Wide: columns and aggregates, one aggregate at least. */
  | { readonly kind: "items"; readonly items: readonly ProjectedItem[]; readonly at: number };

export interface ProjectedItem {
  readonly value: ColumnName | Aggregate;
  readonly alias: Name | undefined;
}

/** Wide: one key of ORDER BY; a number is a position in the select list. */
export interface OrderKey {
  readonly value: ColumnName | Aggregate | Literal;
  readonly isDescending: boolean;
}

/** What only the wide dialect has of a SELECT. */
interface WideClauses {
  readonly isDistinct: boolean;
  readonly groupBy: readonly ColumnName[];
  readonly having: Expression | undefined;
  readonly orderBy: readonly OrderKey[];
  readonly offset: Literal | undefined;
}

export interface Select {
  readonly kind: "select";
  readonly projection: Projection;
  readonly from: TableName;
  readonly joins: readonly Join[];
  readonly where: Expression | undefined;
  readonly limit: Literal | undefined;
  /** Undefined where none of these clauses is given. */
  readonly wide: WideClauses | undefined;
}

/** Wide: how a SELECT would be run. */
export interface Explain {
  readonly kind: "explain";
  readonly select: Select;
  readonly at: number;
}

export interface Insert {
  readonly kind: "insert";
  readonly table: Name;
  /** In the reference their number is checked, and what they name is not looked at (section 7.1). */
  readonly columns: readonly Name[];
  readonly rows: readonly (readonly Literal[])[];
  readonly at: number;
}

export interface Assignment {
  readonly column: ColumnName;
  readonly value: Literal;
}

export interface Update {
  readonly kind: "update";
  readonly table: Name;
  readonly assignments: readonly Assignment[];
  readonly where: Expression | undefined;
  readonly at: number;
}

export interface Delete {
  readonly kind: "delete";
  readonly table: Name;
  readonly where: Expression | undefined;
  readonly at: number;
}

export interface SetVariable {
  readonly kind: "set";
  readonly variable: Name;
  readonly value: Literal;
  readonly at: number;
}

export interface ShowVariable {
  readonly kind: "show";
  readonly variable: Name;
  readonly at: number;
}

/** What changes rows. */
export type Change = Insert | Update | Delete | SetVariable;

/** A statement known by its first word only. */
interface OtherStatement {
  readonly kind: "other";
  /** In upper case. */
  readonly word: string;
  readonly at: number;
}

export type Statement = Select | Explain | Change | ShowVariable | OtherStatement;

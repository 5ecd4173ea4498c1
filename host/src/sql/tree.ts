// The syntax tree of the SQL that is understood (sql-and-subscriptions.md section 2). Names are as written; nothing is
// resolved yet. `at` is a position in the text, for messages.

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

export type LiteralForm = "number" | "string" | "hex" | "bool";

/** A literal has no type of its own: its text is read as the type of what it is compared with. */
export interface Literal {
  readonly kind: "literal";
  readonly form: LiteralForm;
  /** Without quotes and without `0x`; a number keeps its sign. */
  readonly text: string;
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

export type Expression = Literal | ColumnName | Sender | Comparison | Logical;

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
  | { readonly kind: "count"; readonly alias: Name; readonly at: number };

export interface Select {
  readonly kind: "select";
  readonly projection: Projection;
  readonly from: TableName;
  readonly joins: readonly Join[];
  readonly where: Expression | undefined;
  readonly limit: Literal | undefined;
}

export interface Insert {
  readonly kind: "insert";
  readonly table: Name;
  /** Their number is checked; what they name is not looked at (section 7.1). */
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

export type Statement = Select | Change | ShowVariable | OtherStatement;

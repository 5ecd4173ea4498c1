// Queries without SQL: `tables.user.where((user) => user.age.ge(18).and(user.name.eq("Ada")))`. Only what subscriptions
// may ask for has a type here; the text that comes out is SQL of docs/sql.md. Bindings bring `tables`.
import {
  type AlgebraicType,
  type ConnectionId,
  type Identity,
  LightconeError,
  resolve,
  type Timestamp,
  type Typespace,
  type Uuid,
  type Value,
} from "@lightcone/abi";
import type { TableSchema } from "./schema.ts";
import { type ColumnKind, columnKind, literalText, quotedName, quotedTable } from "./sql-text.ts";

/** Stands for whoever asks: `message.owner.eq(sender)`. */
export interface Sender {
  readonly parameter: ":sender";
}

export const sender: Sender = { parameter: ":sender" };

interface NarrowLiterals {
  readonly bool: boolean;
  readonly string: string;
  readonly bytes: Uint8Array;
  readonly identity: Identity | Sender;
  readonly connectionId: ConnectionId;
  readonly timestamp: Timestamp;
  readonly uuid: Uuid;
}

type WideKind = "i64" | "u64" | "i128" | "u128" | "i256" | "u256";

/** What a column of that kind can be compared with. */
export type Literal<Kind extends ColumnKind> = Kind extends keyof NarrowLiterals
  ? NarrowLiterals[Kind]
  : Kind extends WideKind
    ? bigint
    : number;

/** The fields of a table that SQL compares, with their types. */
type ColumnKinds = Readonly<Record<string, ColumnKind>>;

/** What `where` is given: the columns of the table. */
export type Columns<Kinds extends ColumnKinds> = {
  readonly [Field in keyof Kinds]: Column<Kinds[Field]>;
};

/** What `on` of a semijoin is given: the columns that have an index of their own. */
type JoinColumns<Kinds extends ColumnKinds, Joinable extends keyof Kinds> = {
  readonly [Field in Joinable]: JoinColumn<Kinds[Field]>;
};

declare const rowType: unique symbol;

/** A query that gives rows of one table: for `subscribe` and `query` of a connection. */
export interface Query<out Row> {
  readonly [rowType]?: Row;
  toSql(): string;
}

/** A column of one of two tables that are joined. Both must be of one type. */
export interface JoinColumn<Kind extends ColumnKind> {
  readonly kind: Kind;
  eq(other: JoinColumn<Kind>): JoinCondition;
}

/** Made by `eq` of two columns in `on`. */
export interface JoinCondition {
  readonly columns: readonly [JoinColumn<ColumnKind>, JoinColumn<ColumnKind>];
}

type On<
  Kinds extends ColumnKinds,
  Joinable extends keyof Kinds,
  OtherKinds extends ColumnKinds,
  OtherJoinable extends keyof OtherKinds,
> = (
  left: JoinColumns<Kinds, Joinable>,
  right: JoinColumns<OtherKinds, OtherJoinable>,
) => JoinCondition;

/** The rows of a table, all or those that meet conditions. */
export interface TableQuery<
  Row,
  Kinds extends ColumnKinds,
  Joinable extends keyof Kinds = never,
> extends Query<Row> {
  /** Those rows that meet the condition as well. Throws LC_VALUE_INVALID for a literal that the column's type has not. */
  where(condition: (columns: Columns<Kinds>) => Condition): TableQuery<Row, Kinds, Joinable>;
  /** The rows here for which `right` has one, once for each that it has. */
  leftSemijoin<Other, OtherKinds extends ColumnKinds, OtherJoinable extends keyof OtherKinds>(
    right: TableQuery<Other, OtherKinds, OtherJoinable>,
    on: On<Kinds, Joinable, OtherKinds, OtherJoinable>,
  ): Query<Row>;
  /** The rows of `right` for which there is one here, once for each. */
  rightSemijoin<Other, OtherKinds extends ColumnKinds, OtherJoinable extends keyof OtherKinds>(
    right: TableQuery<Other, OtherKinds, OtherJoinable>,
    on: On<Kinds, Joinable, OtherKinds, OtherJoinable>,
  ): Query<Other>;
}

type Operator = "=" | "<>" | "<" | "<=" | ">" | ">=";

/** One of the tables of a query, or one side of a join: columns of different ones do not mix. */
interface Source {
  readonly schema: TableSchema;
  readonly types: Typespace;
}

/** A condition on the rows of one table. */
export class Condition {
  readonly #source: Source;
  readonly #text: (alias: string) => string;
  readonly #isOr: boolean;

  /** Programs get conditions from columns. */
  constructor(source: Source, text: (alias: string) => string, isOr = false) {
    this.#source = source;
    this.#text = text;
    this.#isOr = isOr;
  }

  /** Both. Binds as written: `a.or(b).and(c)` is `(a or b) and c`. */
  and(other: Condition): Condition {
    const [left, right] = [this, other.of(this.#source)];
    return new Condition(
      this.#source,
      (alias) => `${left.toOperand(alias)} AND ${right.toOperand(alias)}`,
    );
  }

  /** One or both. */
  or(other: Condition): Condition {
    const [left, right] = [this, other.of(this.#source)];
    const text = (alias: string): string => `${left.#text(alias)} OR ${right.#text(alias)}`;
    return new Condition(this.#source, text, true);
  }

  /** As SQL; `alias` goes before the names of columns. */
  toText(alias: string): string {
    return this.#text(alias);
  }

  /** As SQL that may stand beside AND. */
  toOperand(alias: string): string {
    return this.#isOr ? `(${this.#text(alias)})` : this.#text(alias);
  }

  /** Itself, if it is about that table. Throws LC_VALUE_INVALID. */
  of(source: Source): Condition {
    if (this.#source === source) return this;
    throw foreign(source);
  }
}

function foreign({ schema }: Source): LightconeError {
  const message = `a condition on ${schema.name} takes only the columns that it is given`;
  return new LightconeError("LC_VALUE_INVALID", message);
}

/** A column in a condition. */
export class Column<Kind extends ColumnKind> {
  readonly kind: Kind;
  readonly #source: Source;
  readonly #name: string;
  readonly #type: AlgebraicType;

  /** Programs get columns from `where`. */
  constructor(source: Source, name: string, kind: Kind, type: AlgebraicType) {
    this.#source = source;
    this.#name = quotedName(name);
    this.kind = kind;
    this.#type = type;
  }

  /** Equal to a value, or to another column of the same type in the same row; so are the others. */
  eq(other: Literal<Kind> | Column<Kind>): Condition {
    return this.#compare("=", other);
  }

  ne(other: Literal<Kind> | Column<Kind>): Condition {
    return this.#compare("<>", other);
  }

  lt(other: Literal<Kind> | Column<Kind>): Condition {
    return this.#compare("<", other);
  }

  le(other: Literal<Kind> | Column<Kind>): Condition {
    return this.#compare("<=", other);
  }

  gt(other: Literal<Kind> | Column<Kind>): Condition {
    return this.#compare(">", other);
  }

  ge(other: Literal<Kind> | Column<Kind>): Condition {
    return this.#compare(">=", other);
  }

  #compare(operator: Operator, other: Literal<Kind> | Column<Kind>): Condition {
    if (other instanceof Column) {
      if (other.#source !== this.#source) throw foreign(this.#source);
      return new Condition(
        this.#source,
        (alias) => `${alias}${this.#name} ${operator} ${alias}${other.#name}`,
      );
    }
    const literal =
      other === sender
        ? sender.parameter
        : literalText(this.kind, this.#type, other as unknown as Value);
    return new Condition(this.#source, (alias) => `${alias}${this.#name} ${operator} ${literal}`);
  }
}

/** A column of one side of a join. */
class SideColumn implements JoinColumn<ColumnKind> {
  readonly kind: ColumnKind;
  readonly text: string;

  constructor(alias: string, name: string, kind: ColumnKind) {
    this.kind = kind;
    this.text = `${alias}${quotedName(name)}`;
  }

  eq(other: JoinColumn<ColumnKind>): JoinCondition {
    return { columns: [this, other] };
  }
}

/** Makes something of each column that SQL compares, when it is asked for. */
function columnsOf<T extends object>(
  { schema, types }: Source,
  make: (name: string, kind: ColumnKind, type: AlgebraicType) => T,
): Readonly<Record<string, T>> {
  const row = resolve(schema.row, types);
  const columns: Record<string, T> = {};
  for (const { name: field = "", type } of row.kind === "product" ? row.elements : []) {
    const resolved = resolve(type, types);
    const kind = columnKind(resolved);
    const name = schema.columns?.[field] ?? field;
    if (kind !== undefined) columns[field] = make(name, kind, resolved);
  }
  return columns;
}

type SideColumns = Readonly<Record<string, SideColumn>>;

/** `on` without its types. */
type AnyOn = (left: SideColumns, right: SideColumns) => JoinCondition;

const leftAlias = '"l".';
const rightAlias = '"r".';

/** The one implementation of all TableQuery: what fits together is up to their types. */
class SourceQuery {
  readonly #source: Source;
  readonly #condition: Condition | undefined;

  constructor(source: Source, condition?: Condition) {
    this.#source = source;
    this.#condition = condition;
  }

  toSql(): string {
    const text = `SELECT * FROM ${quotedTable(this.#source.schema.name)}`;
    return this.#condition === undefined ? text : `${text} WHERE ${this.#condition.toText("")}`;
  }

  where(condition: (columns: Columns<ColumnKinds>) => Condition): SourceQuery {
    const source = this.#source;
    const columns = columnsOf(source, (...column) => new Column(source, ...column));
    const added = condition(columns).of(source);
    return new SourceQuery(
      source,
      this.#condition === undefined ? added : this.#condition.and(added),
    );
  }

  leftSemijoin(right: SourceQuery, on: AnyOn): Query<unknown> {
    return this.#join(right, on, leftAlias);
  }

  rightSemijoin(right: SourceQuery, on: AnyOn): Query<unknown> {
    return this.#join(right, on, rightAlias);
  }

  #join(right: SourceQuery, on: AnyOn, selected: string): Query<unknown> {
    const left = this.#side(leftAlias);
    const [one, other] = on(left, right.#side(rightAlias)).columns as readonly [
      SideColumn,
      SideColumn,
    ];
    const isCrossing = one.text.startsWith(leftAlias) !== other.text.startsWith(leftAlias);
    if (!isCrossing) {
      const message = "a join compares a column of one table with one of the other";
      throw new LightconeError("LC_VALUE_INVALID", message);
    }
    const conditions = [
      this.#condition?.toOperand(leftAlias),
      right.#condition?.toOperand(rightAlias),
    ].filter((text) => text !== undefined);
    const sql = [
      `SELECT ${selected}* FROM ${quotedTable(this.#source.schema.name)} AS "l"`,
      `JOIN ${quotedTable(right.#source.schema.name)} AS "r" ON ${one.text} = ${other.text}`,
      ...(conditions.length === 0 ? [] : [`WHERE ${conditions.join(" AND ")}`]),
    ];
    return { toSql: () => sql.join(" ") };
  }

  #side(alias: string): SideColumns {
    return columnsOf(this.#source, (name, kind) => new SideColumn(alias, name, kind));
  }
}

/** The queries of a module's tables, by accessor. `Tables` says what each can be asked. Generated bindings call it. */
export function queryTables<Tables>(
  schemas: Readonly<Record<keyof Tables, TableSchema>>,
  types: Typespace,
): Tables {
  const queries: Record<string, SourceQuery> = {};
  for (const [accessor, schema] of Object.entries<TableSchema>(schemas)) {
    queries[accessor] = new SourceQuery({ schema, types });
  }
  return queries as Tables;
}

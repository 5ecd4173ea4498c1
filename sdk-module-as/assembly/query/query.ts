// The typed query builder. A view that returns a Query is kept up to date by the host row by row, where
// one that returns rows is run anew. The text is that of sql-and-subscriptions.md section 14.
import { literal } from "./literal";

/** What is true of some rows of a table. */
export class Condition<Row> {
  constructor(readonly sql: string) {}

  and(other: Condition<Row>): Condition<Row> {
    return new Condition<Row>("(" + this.sql + " AND " + other.sql + ")");
  }

  or(other: Condition<Row>): Condition<Row> {
    return new Condition<Row>("(" + this.sql + " OR " + other.sql + ")");
  }
}

/** Which rows of two tables belong together. */
export class JoinCondition<Left, Right> {
  constructor(readonly sql: string) {}
}

/** A column in a condition. */
export class Column<Row, V> {
  constructor(
    /** The table's and the column's canonical names. */
    private table: string,
    private name: string,
  ) {}

  get sql(): string {
    return '"' + this.table + '"."' + this.name + '"';
  }

  eq(value: V): Condition<Row> {
    return this.compared("=", value);
  }

  ne(value: V): Condition<Row> {
    return this.compared("<>", value);
  }

  lt(value: V): Condition<Row> {
    return this.compared("<", value);
  }

  lte(value: V): Condition<Row> {
    return this.compared("<=", value);
  }

  gt(value: V): Condition<Row> {
    return this.compared(">", value);
  }

  gte(value: V): Condition<Row> {
    return this.compared(">=", value);
  }

  /** For joins: both columns need an index. */
  eqColumn<Other>(other: Column<Other, V>): JoinCondition<Row, Other> {
    return new JoinCondition<Row, Other>(this.sql + " = " + other.sql);
  }

  private compared(operator: string, value: V): Condition<Row> {
    return new Condition<Row>("(" + this.sql + " " + operator + " " + literal<V>(value) + ")");
  }
}

/** A query that yields whole rows of one table; it does not change. */
export class Query<Row> {
  constructor(
    /** The canonical name of the table whose rows are yielded. */
    protected table: string,
    /** Both tables and how they are joined, or the empty text. */
    private joined: string = "",
    private condition: string = "",
  ) {}

  /** The rows of this query for which the condition holds too. */
  where(condition: Condition<Row>): Query<Row> {
    return new Query<Row>(this.table, this.joined, both(this.condition, condition.sql));
  }

  /** The rows of this query that have a partner in the other one. */
  leftSemijoin<Other>(other: Query<Other>, on: JoinCondition<Row, Other>): Query<Row> {
    return new Query<Row>(
      this.table,
      join(this.table, other.table, on.sql),
      both(this.condition, other.condition),
    );
  }

  /** The rows of the other query that have a partner in this one. */
  rightSemijoin<Other>(other: Query<Other>, on: JoinCondition<Row, Other>): Query<Other> {
    return new Query<Other>(
      other.table,
      join(this.table, other.table, on.sql),
      both(this.condition, other.condition),
    );
  }

  get sql(): string {
    const condition = this.condition.length == 0 ? "" : " WHERE " + this.condition;
    if (this.joined.length == 0) return 'SELECT * FROM "' + this.table + '"' + condition;
    return 'SELECT "' + this.table + '".* FROM ' + this.joined + condition;
  }
}

function join(left: string, right: string, on: string): string {
  return '"' + left + '" JOIN "' + right + '" ON ' + on;
}

function both(a: string, b: string): string {
  if (a.length == 0) return b;
  return b.length == 0 ? a : "(" + a + " AND " + b + ")";
}

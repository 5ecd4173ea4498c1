// What is kept of each row that is found, or of each group of rows: columns first, then aggregates. HAVING and ORDER BY find
// their names here.
import { type AlgebraicType, assert } from "@lightcone/abi";
import { type BoundAggregate, boundAggregate } from "./aggregate.ts";
import type { ExpressionBinder } from "./bind-expression.ts";
import type { BoundColumn } from "./bound.ts";
import { faultAt } from "../fault.ts";
import type { Names } from "./names.ts";
import type { Aggregate, ColumnName } from "../parse/tree.ts";
import { typeName } from "./type-name.ts";

/** Names stand for positions among what is kept, as columns of relation 0. */
export interface Kept extends Names {
  readonly columns: readonly BoundColumn[];
  readonly columnTypes: readonly AlgebraicType[];
  readonly aggregates: readonly BoundAggregate[] | undefined;
  /** Sees to it that a value is kept. Throws LC_SQL_NAME, LC_SQL_TYPE and LC_SQL_UNSUPPORTED. */
  keep(value: ColumnName | Aggregate): BoundColumn;
  /** The same for a column that is known. It must not be one of groups that are not by it. */
  keepColumn(bound: BoundColumn): BoundColumn;
  /** Lets HAVING call a position by the alias that the select list gives it. */
  addAlias(alias: string, position: number): void;
}

function findColumn(columns: readonly BoundColumn[], wanted: BoundColumn): number {
  return columns.findIndex(
    ({ relation, column }) => relation === wanted.relation && column === wanted.column,
  );
}

/** Of rows that are not grouped any column can be kept. */
export class KeptNames implements Kept {
  readonly columns: BoundColumn[] = [];
  readonly columnTypes: AlgebraicType[] = [];
  readonly aggregates: undefined = undefined;
  readonly #binder: ExpressionBinder;
  readonly #text: string;

  constructor(binder: ExpressionBinder, text: string) {
    this.#binder = binder;
    this.#text = text;
  }

  keep(value: ColumnName | Aggregate): BoundColumn {
    return value.kind === "column" ? this.column(value) : this.aggregate(value);
  }

  column(name: ColumnName): BoundColumn {
    return this.keepColumn(this.#binder.column(name));
  }

  keepColumn(bound: BoundColumn): BoundColumn {
    const known = findColumn(this.columns, bound);
    if (known >= 0) return { relation: 0, column: known };
    this.columns.push(bound);
    this.columnTypes.push(this.#binder.columnType(bound));
    return { relation: 0, column: this.columns.length - 1 };
  }

  columnType({ column }: BoundColumn): AlgebraicType {
    return this.columnTypes[column] as AlgebraicType;
  }

  aggregate({ function: name, at }: Aggregate): BoundColumn {
    const message = `Unsupported expression: ${name} of rows that are not grouped`;
    throw faultAt("LC_SQL_UNSUPPORTED", message, this.#text, at);
  }

  addAlias(): void {
    // Only HAVING looks for aliases, which makes groups.
  }
}

/** Of a group the columns that it is one by can be kept, and aggregates. */
export class GroupNames implements Kept {
  readonly columns: BoundColumn[] = [];
  readonly columnTypes: AlgebraicType[] = [];
  readonly aggregates: BoundAggregate[] = [];
  readonly #binder: ExpressionBinder;
  readonly #text: string;
  readonly #aliases = new Map<string, number>();

  constructor(groupBy: readonly ColumnName[], binder: ExpressionBinder, text: string) {
    this.#binder = binder;
    this.#text = text;
    for (const name of groupBy) {
      const bound = binder.column(name);
      if (findColumn(this.columns, bound) >= 0) continue;
      this.columns.push(bound);
      this.columnTypes.push(binder.columnType(bound));
    }
  }

  keep(value: ColumnName | Aggregate): BoundColumn {
    return value.kind === "column" ? this.#key(value) : this.aggregate(value);
  }

  keepColumn(bound: BoundColumn): BoundColumn {
    const column = findColumn(this.columns, bound);
    assert(column >= 0, "a column that no group is by was to be kept");
    return { relation: 0, column };
  }

  #key(name: ColumnName): BoundColumn {
    const bound = this.#binder.column(name);
    if (findColumn(this.columns, bound) >= 0) return this.keepColumn(bound);
    const message = `\`${name.column}\` must stand in GROUP BY or in an aggregate`;
    throw faultAt("LC_SQL_UNSUPPORTED", message, this.#text, name.at);
  }

  column(name: ColumnName): BoundColumn {
    const aliased = name.qualifier === undefined ? this.#aliases.get(name.column) : undefined;
    return aliased === undefined ? this.#key(name) : { relation: 0, column: aliased };
  }

  columnType({ column }: BoundColumn): AlgebraicType {
    const key = this.columnTypes[column];
    if (key !== undefined) return key;
    return (this.aggregates[column - this.columns.length] as BoundAggregate).result;
  }

  aggregate({ function: name, column: given, at }: Aggregate): BoundColumn {
    const column = given && this.#binder.column(given);
    const known = this.aggregates.findIndex(
      (each) =>
        each.function === name &&
        each.column?.relation === column?.relation &&
        each.column?.column === column?.column,
    );
    if (known >= 0) return { relation: 0, column: this.columns.length + known };
    const type: AlgebraicType =
      column === undefined ? { kind: "u64" } : this.#binder.columnType(column);
    const aggregate = boundAggregate(name, column, type, this.columns.length === 0);
    if (aggregate === undefined) {
      const message = `Invalid aggregate \`${name}\` for type \`${typeName(type)}\``;
      throw faultAt("LC_SQL_TYPE", message, this.#text, at);
    }
    this.aggregates.push(aggregate);
    return { relation: 0, column: this.columns.length + this.aggregates.length - 1 };
  }

  addAlias(alias: string, position: number): void {
    this.#aliases.set(alias, position);
  }
}

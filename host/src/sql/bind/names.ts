// What names in an expression refer to (sql-and-subscriptions.md section 3).
import { type AlgebraicType, didYouMean, type LightconeError } from "@lightcone/abi";
import type { ReadView } from "../../datastore/datastore.ts";
import type { BoundColumn } from "./bound.ts";
import { faultAt } from "../fault.ts";
import { hiddenColumnCount, type Relation } from "./relation.ts";
import type { Aggregate, ColumnName } from "../parse/tree.ts";
import type { SqlCaller } from "./visibility.ts";

export interface Scope {
  readonly view: ReadView;
  readonly caller: SqlCaller;
  /** With names that differ. Where there are several, columns must say of which they are. */
  readonly relations: readonly Relation[];
  /** The SQL, for messages. */
  readonly text: string;
  /** Whether Options and enums can be compared. */
  readonly isWide?: boolean;
}

/** Finds columns by name. Every fault is LC_SQL_NAME or LC_SQL_UNSUPPORTED. */
export interface Names {
  column(name: ColumnName, visibleCount?: number): BoundColumn;
  columnType(column: BoundColumn): AlgebraicType;
  /** The column that holds an aggregate's value. */
  aggregate(aggregate: Aggregate): BoundColumn;
}

/** Names of columns of relations. */
export class RelationNames implements Names {
  readonly #scope: Scope;
  /** Columns found before: looking up an alias is a search in a system table. */
  readonly #columns = new Map<string, BoundColumn>();

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  /** The relation that a qualifier, or its absence, stands for among the first `visibleCount`. */
  #relation({ qualifier, column, at }: ColumnName, visibleCount: number): number {
    const { relations } = this.#scope;
    if (qualifier === undefined) {
      if (relations.length === 1) return 0;
      const message = "Names must be qualified when using joins";
      throw this.#fault(`${message}: \`${column}\``, at);
    }
    const relation = relations.findIndex(({ name }) => name === qualifier);
    if (relation >= 0 && relation < visibleCount) return relation;
    const visible = relations.slice(0, visibleCount).map(({ name }) => name);
    throw this.#fault(`\`${qualifier}\` is not in scope${didYouMean(qualifier, visible)}`, at);
  }

  /**
   * The place of a column of one of the first `visibleCount` relations. An alias that the module gave comes before a
   * canonical name.
   */
  column(name: ColumnName, visibleCount: number = this.#scope.relations.length): BoundColumn {
    const relation = this.#relation(name, visibleCount);
    const known = this.#columns.get(`${relation} ${name.column}`);
    if (known !== undefined) return known;
    const { view, relations } = this.#scope;
    const found = relations[relation] as Relation;
    const { schema } = found.table;
    const canonical = view.columnByAlias(schema.name, name.column) ?? name.column;
    const hidden = hiddenColumnCount(found);
    const column = schema.columns.findIndex((each, i) => i >= hidden && each.name === canonical);
    if (column < 0) {
      const near = didYouMean(
        name.column,
        schema.columns.slice(hidden).map((each) => each.name),
      );
      const message = `\`${found.name}\` does not have a field \`${name.column}\`${near}`;
      throw this.#fault(message, name.at);
    }
    const bound = { relation, column };
    this.#columns.set(`${relation} ${name.column}`, bound);
    return bound;
  }

  columnType({ relation, column }: BoundColumn): AlgebraicType {
    const { layout } = (this.#scope.relations[relation] as Relation).table;
    return layout.columnTypes[column] as AlgebraicType;
  }

  aggregate({ function: name, at }: Aggregate): BoundColumn {
    const message = `Unsupported expression: ${name} here; aggregates stand in the select list, HAVING and ORDER BY`;
    throw faultAt("LC_SQL_UNSUPPORTED", message, this.#scope.text, at);
  }

  #fault(message: string, at: number): LightconeError {
    return faultAt("LC_SQL_NAME", message, this.#scope.text, at);
  }
}

// A SELECT of the wide dialect with everything resolved: what is kept of each row that is found or of each group, and what
// becomes of that.
import type { AlgebraicType } from "@lightcone/abi";
import type { ReadView } from "../../datastore/datastore.ts";
import type { ColumnSchema } from "../../datastore/schema.ts";
import type { BoundAggregate } from "./aggregate.ts";
import { ExpressionBinder } from "./bind-expression.ts";
import { bindCount, bindFrom, bindWildcard } from "./bind.ts";
import type { BoundBlock, BoundColumn, BoundPredicate } from "./bound.ts";
import { faultAt } from "../fault.ts";
import { GroupNames, KeptNames, type Kept } from "./kept.ts";
import type { Scope } from "./names.ts";
import { hiddenColumnCount, type Relation } from "./relation.ts";
import type { OrderKey, ProjectedItem, Projection, Select } from "../parse/tree.ts";
import type { SqlCaller } from "./visibility.ts";

/** One key of ORDER BY: the position of a column among those of a row that is put in order. */
export interface SortKey {
  readonly position: number;
  readonly isDescending: boolean;
}

interface OutputItem {
  /** Among what is kept. */
  readonly position: number;
  readonly name: string;
}

export interface GeneralSelect {
  readonly block: BoundBlock;
  /** What is kept of each row or, if that is wanted, of each group: first of it stand the columns. */
  readonly columns: readonly BoundColumn[];
  readonly columnTypes: readonly AlgebraicType[];
  /** Behind the columns, by which rows are grouped; undefined where they are not. */
  readonly aggregates: readonly BoundAggregate[] | undefined;
  /** On what is kept of a group: its columns are those of relation 0. */
  readonly having: BoundPredicate | undefined;
  readonly output: readonly OutputItem[];
  readonly isDistinct: boolean;
  /** Positions among the output's where `isDistinct`, else among what is kept. */
  readonly order: readonly SortKey[];
  readonly limit: number;
  readonly offset: number;
}

/** The items of a select list that is no `*`. */
function itemsOf(projection: Exclude<Projection, { kind: "all" }>): readonly ProjectedItem[] {
  switch (projection.kind) {
    case "columns":
      return projection.items.map(({ column, alias }) => ({ value: column, alias }));
    case "items":
      return projection.items;
    case "count": {
      const { alias, at } = projection;
      const value = { kind: "aggregate", function: "COUNT", column: undefined, at } as const;
      return [{ value, alias }];
    }
  }
}

/** An aggregate without an alias is headed by its function. */
function headingOf({ value, alias }: ProjectedItem): string {
  if (alias !== undefined) return alias.text;
  return value.kind === "column" ? value.column : value.function.toLowerCase();
}

/** Only the first key of a column puts anything in order. */
function withoutRepeats(order: readonly SortKey[]): readonly SortKey[] {
  const firsts = new Map<number, SortKey>();
  for (const key of order) if (!firsts.has(key.position)) firsts.set(key.position, key);
  return [...firsts.values()];
}

class GeneralBinder {
  readonly #select: Select;
  readonly #scope: Scope;
  readonly #binder: ExpressionBinder;
  readonly #kept: Kept;
  readonly #output: OutputItem[] = [];

  constructor(select: Select, scope: Scope, binder: ExpressionBinder) {
    this.#select = select;
    this.#scope = scope;
    this.#binder = binder;
    const { projection, wide } = select;
    const groupBy = wide?.groupBy ?? [];
    const isGrouped =
      groupBy.length > 0 ||
      wide?.having !== undefined ||
      projection.kind === "items" ||
      projection.kind === "count" ||
      wide?.orderBy.some(({ value }) => value.kind === "aggregate") === true;
    this.#kept = isGrouped
      ? new GroupNames(groupBy, binder, scope.text)
      : new KeptNames(binder, scope.text);
  }

  bind(block: BoundBlock): GeneralSelect {
    const { wide, limit: limitText, projection } = this.#select;
    this.#bindOutput(projection);
    const having = this.#bindHaving();
    const order = withoutRepeats((wide?.orderBy ?? []).map((key) => this.#orderKey(key)));
    const limit = bindCount(limitText, this.#binder) ?? Number.POSITIVE_INFINITY;
    const offset = bindCount(wide?.offset, this.#binder) ?? 0;
    // The reference has it that a count is one row, whatever LIMIT says.
    const isLoneCount = this.#isLoneCount();
    return {
      block,
      columns: this.#kept.columns,
      columnTypes: this.#kept.columnTypes,
      aggregates: this.#kept.aggregates,
      having,
      output: this.#output,
      isDistinct: wide?.isDistinct === true,
      order,
      limit: isLoneCount ? Number.POSITIVE_INFINITY : limit,
      offset: isLoneCount ? 0 : offset,
    };
  }

  #isLoneCount(): boolean {
    const { columns, aggregates = [] } = this.#kept;
    const [only, ...others] = aggregates;
    const isAlone = columns.length === 0 && others.length === 0;
    return isAlone && only?.function === "COUNT" && only.column === undefined;
  }

  #bindOutput(projection: Projection): void {
    if (projection.kind === "all") {
      this.#bindWildcard(projection);
      return;
    }
    const names = new Set<string>();
    for (const item of itemsOf(projection)) {
      const { value, alias } = item;
      const name = headingOf(item);
      if (names.has(name)) {
        const hint = value.kind === "aggregate" && alias === undefined ? "; name one with AS" : "";
        const message = `Duplicate name \`${name}\`${hint}`;
        throw faultAt("LC_SQL_NAME", message, this.#scope.text, alias?.at ?? value.at);
      }
      names.add(name);
      const { column: position } = this.#kept.keep(value);
      this.#output.push({ position, name });
      if (alias !== undefined) this.#kept.addAlias(alias.text, position);
    }
  }

  /** `*` stands for the columns that can be named. */
  #bindWildcard(projection: Extract<Projection, { kind: "all" }>): void {
    const { relations, text } = this.#scope;
    if (this.#kept.aggregates !== undefined) {
      const message = "Unsupported SELECT: * beside GROUP BY; name the columns";
      throw faultAt("LC_SQL_UNSUPPORTED", message, text, projection.at);
    }
    const relation = bindWildcard(projection, relations, text);
    const given = relations[relation] as Relation;
    given.table.schema.columns.forEach(({ name }: ColumnSchema, column) => {
      if (column < hiddenColumnCount(given)) return;
      const { column: position } = this.#kept.keepColumn({ relation, column });
      this.#output.push({ position, name });
    });
  }

  #bindHaving(): BoundPredicate | undefined {
    const having = this.#select.wide?.having;
    if (having === undefined) return undefined;
    return new ExpressionBinder(this.#scope, this.#kept).predicate(having);
  }

  #orderKey({ value, isDescending }: OrderKey): SortKey {
    const isDistinct = this.#select.wide?.isDistinct === true;
    const position = this.#keptPosition(value);
    if (!isDistinct) return { position, isDescending };
    const at = this.#output.findIndex((item) => item.position === position);
    if (at >= 0) return { position: at, isDescending };
    const message = "SELECT DISTINCT is put in order by what it selects";
    throw faultAt("LC_SQL_UNSUPPORTED", message, this.#scope.text, value.at);
  }

  #keptPosition(value: OrderKey["value"]): number {
    if (value.kind === "literal") {
      const item = this.#output[(bindCount(value, this.#binder) ?? 0) - 1];
      if (item !== undefined) return item.position;
      const message = `ORDER BY ${value.text}: the select list has ${this.#output.length} items`;
      throw faultAt("LC_SQL_NAME", message, this.#scope.text, value.at);
    }
    if (value.kind === "column" && value.qualifier === undefined) {
      const item = this.#output.find(({ name }) => name === value.column);
      if (item !== undefined) return item.position;
    }
    return this.#kept.keep(value).column;
  }
}

/** Resolves a SELECT, row rules not yet applied. Throws as `bindSelect`. */
export function bindGeneral(
  select: Select,
  text: string,
  view: ReadView,
  caller: SqlCaller,
): GeneralSelect {
  const { block, scope, binder } = bindFrom(select, text, view, caller, true);
  return new GeneralBinder(select, scope, binder).bind(block);
}

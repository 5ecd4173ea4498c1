// EXPLAIN: the plan of a SELECT as an indented tree, a line for each operator; what is indented further feeds what is above.
import { type AlgebraicType, LightconeError } from "@lightcone/abi";
import { limit as limits } from "../../base/limit.ts";
import type { ReadView } from "../../datastore/datastore.ts";
import type { ColumnSchema } from "../../datastore/schema.ts";
import { type Access, equalitiesOf } from "../plan/access.ts";
import type { BoundAggregate } from "../bind/aggregate.ts";
import type { BlockPlan } from "./block-plan.ts";
import type { BoundColumn, BoundPredicate } from "../bind/bound.ts";
import { explainCursor } from "./explain-cursor.ts";
import { type GeneralPlan, planGeneral } from "../plan/general-plan.ts";
import { isBare } from "./block-plan.ts";
import { type JoinStep, likelyCount } from "../plan/join-plan.ts";
import type { TablePlan } from "../plan/plan.ts";
import { type ColumnTexts, conditionsText } from "../plan/predicate-text.ts";
import type { Relation } from "../bind/relation.ts";
import type { MakeOutput, RowOutput } from "./row-output.ts";
import type { SqlCursor } from "./select-cursor.ts";
import type { Explain } from "../parse/tree.ts";
import type { SqlCaller } from "../bind/visibility.ts";

function rows(count: number): string {
  return `about ${count} ${count === 1 ? "row" : "rows"}`;
}

/** Columns are called by their names, of several relations by the relation's, too. */
function relationTexts(relations: readonly Relation[]): ColumnTexts {
  const schemaOf = ({ relation, column }: BoundColumn): ColumnSchema =>
    (relations[relation] as Relation).table.schema.columns[column] as ColumnSchema;
  return {
    nameOf: (column) => {
      const { name } = schemaOf(column);
      return relations.length === 1 ? name : `${relations[column.relation]?.name}.${name}`;
    },
    typeOf: (column) => schemaOf(column).type,
  };
}

function indexName(
  { table }: TablePlan,
  index: Exclude<Access, { kind: "nothing" | "scan" }>["index"],
): string {
  return table.schema.indexes[table.indexes.indexOf(index)]?.name ?? "an index";
}

/** How many rows an access is likely to find. */
function accessCount(plan: TablePlan): number {
  const { access, table } = plan;
  if (access.kind === "scan") return table.rowCount;
  if (access.kind === "point") {
    const schema = table.schema.indexes[table.indexes.indexOf(access.index)];
    if (schema?.isUnique === true) return Math.min(1, table.rowCount);
  }
  if (access.kind === "range") {
    const isWhole = access.lower.columnCount === 0 && access.upper.columnCount === 0;
    if (isWhole) return Math.min(access.countMax, table.rowCount);
    return Math.min(access.countMax, Math.ceil(table.rowCount / 4));
  }
  return Math.min(table.rowCount, Math.ceil(likelyCount(plan)));
}

/** The conditions that an access is made of, so that they need not be said again. */
function usedBy({ access, conditions }: TablePlan): readonly BoundPredicate[] {
  switch (access.kind) {
    case "point": {
      const { columns } = access.index.key;
      const used = conditions.filter(
        (part) =>
          part.kind === "compareConstant" &&
          part.operator === "=" &&
          columns.includes(part.column.column),
      );
      return used.slice(0, columns.length);
    }
    case "points": {
      const { columns } = access.index.key;
      const equal = new Set(equalitiesOf(conditions).map(({ column }) => column));
      return conditions.filter((part) => {
        if (part.kind === "in") return columns.includes(part.column.column);
        if (part.kind !== "compareConstant" || part.operator !== "=") return false;
        return equal.has(part.column.column) && columns.includes(part.column.column);
      });
    }
    case "range":
      return access.decided;
    default:
      return [];
  }
}

/** The lines for the rows of one relation, first what filters them. */
function tableLines(plan: TablePlan, relation: Relation, texts: ColumnTexts): string[] {
  const { access, conditions } = plan;
  const name =
    plan.table.schema.name === relation.name
      ? relation.name
      : `${plan.table.schema.name} as ${relation.name}`;
  if (access.kind === "nothing") return [`nothing of ${name}: WHERE is never true`];
  const used = usedBy(plan);
  const left = conditions.filter((condition) => !used.includes(condition));
  const filter = left.length === 0 ? [] : [`filter: ${conditionsText(left, texts)}`];
  return [
    ...filter,
    `${accessText(plan, name, conditionsText(used, texts))} (${rows(accessCount(plan))})`,
  ];
}

function accessText(plan: TablePlan, name: string, bounds: string): string {
  const { access } = plan;
  switch (access.kind) {
    case "point":
      return `point of ${name} by ${indexName(plan, access.index)}: ${bounds}`;
    case "points":
      return `${access.keys.length} points of ${name} by ${indexName(plan, access.index)}: ${bounds}`;
    case "range": {
      const isWhole = access.lower.columnCount === 0 && access.upper.columnCount === 0;
      const what = isWhole ? "all" : bounds === "" ? "prefix" : bounds;
      const direction = access.isReversed ? ", backwards" : "";
      return `range of ${name} by ${indexName(plan, access.index)}${direction}: ${what}`;
    }
    default:
      return `scan of ${name}`;
  }
}

/** Lines of which each feeds the one before. */
function nested(lines: readonly string[], inner: readonly string[] = []): string[] {
  const depth = lines.length;
  return [
    ...lines.map((line, i) => `${"  ".repeat(i)}${line}`),
    ...inner.map((line) => `${"  ".repeat(depth)}${line}`),
  ];
}

function stepLines(step: JoinStep, relations: readonly Relation[], texts: ColumnTexts): string[] {
  const { position, plan, link, conditions } = step;
  const relation = relations[position] as Relation;
  const filter = conditions.length === 0 ? [] : [`filter: ${conditionsText(conditions, texts)}`];
  if (link === undefined) return nested([...filter, ...tableLines(plan, relation, texts)]);
  const column = texts.nameOf({ relation: position, column: link.column });
  const on = `${column} = ${texts.nameOf(link.outer)}`;
  if (link.probe === undefined) {
    return nested([...filter, `hash by ${on}`, ...tableLines(plan, relation, texts)]);
  }
  const own = plan.conditions.length === 0 ? "" : `; ${conditionsText(plan.conditions, texts)}`;
  const count = link.probe.schema.isUnique ? 1 : Math.ceil(Math.sqrt(plan.table.rowCount));
  const text = `lookup in ${relation.name} by ${link.probe.schema.name}: ${on}${own} (${rows(count)} each)`;
  return nested([...filter, text]);
}

function blockLines({ kind, plan }: BlockPlan, relations: readonly Relation[]): string[] {
  const texts = relationTexts(relations);
  if (kind === "single") return nested(tableLines(plan, relations[0] as Relation, texts));
  const all = relationTexts(plan.relations);
  const steps = plan.steps.flatMap((step) => stepLines(step, plan.relations, all));
  return nested([`join of ${plan.relations.length} tables, in this order`], steps);
}

function aggregateText({ function: name, column }: BoundAggregate, texts: ColumnTexts): string {
  return `${name}(${column === undefined ? "*" : texts.nameOf(column)})`;
}

/** Names of what is kept of rows or groups. */
function keptTexts({ select }: GeneralPlan, texts: ColumnTexts): ColumnTexts {
  const { columns, columnTypes, aggregates = [] } = select;
  const names = [
    ...columns.map((column) => texts.nameOf(column)),
    ...aggregates.map((aggregate) => aggregateText(aggregate, texts)),
  ];
  const types = [...columnTypes, ...aggregates.map(({ result }) => result)];
  return {
    nameOf: ({ column }) => names[column] as string,
    typeOf: ({ column }) => types[column] as AlgebraicType,
  };
}

function groupLines({ select }: GeneralPlan, texts: ColumnTexts, kept: ColumnTexts): string[] {
  const { aggregates, columns, having } = select;
  if (aggregates === undefined) return [];
  const by =
    columns.length === 0 ? "all rows" : columns.map((each) => texts.nameOf(each)).join(", ");
  const values = aggregates.map((each) => aggregateText(each, texts)).join(", ");
  const group = `group by ${by}${values === "" ? "" : `: ${values}`}`;
  return having === undefined ? [group] : [`having: ${conditionsText([having], kept)}`, group];
}

/** The operators above the tables, the last one to run first. */
function upperLines(plan: GeneralPlan, texts: ColumnTexts): string[] {
  const { select, order } = plan;
  const { limit, offset, isDistinct, output } = select;
  const kept = keptTexts(plan, texts);
  const lines: string[] = [];
  const hasLimit = limit < Number.POSITIVE_INFINITY;
  if (hasLimit || offset > 0) {
    const parts = [hasLimit ? `limit ${limit}` : "", offset > 0 ? `offset ${offset}` : ""];
    lines.push(parts.filter((part) => part !== "").join(", "));
  }
  if (order.length > 0) {
    const keys = order.map(({ position, isDescending }) => {
      const column = isDistinct ? (output[position]?.position ?? 0) : position;
      return `${kept.nameOf({ relation: 0, column })}${isDescending ? " DESC" : ""}`;
    });
    const wanted = limit + offset;
    const isTop = wanted > 0 && wanted <= limits.topRowCountMax;
    lines.push(`sort by ${keys.join(", ")}${isTop ? `, first ${wanted} only` : ""}`);
  }
  if (isDistinct) lines.push("distinct");
  return [...lines, ...groupLines(plan, texts, kept)];
}

/** The lines for the rows: at the ends of indexes, counted without a look, or found by each of the queries. */
function sourceLines({ ends, plans, select }: GeneralPlan): string[] {
  const { relations } = select.block;
  const texts = relationTexts(relations);
  if (ends !== undefined && ends.ends.length > 0) {
    return ends.ends.flatMap((end) => {
      const plan = { ...ends.table, access: end };
      return tableLines(plan, relations[0] as Relation, texts);
    });
  }
  const isCount =
    select.columns.length === 0 &&
    select.aggregates?.every(({ column }) => column === undefined) === true;
  return plans.flatMap((plan) => {
    if (isCount && isBare(plan)) return [`row counter of ${relations[0]?.name}`];
    return blockLines(plan, relations);
  });
}

/** Begins EXPLAIN: rows of one column, `plan`. Throws LC_SQL_FORBIDDEN for anyone but the owner, besides that as `planGeneral`. */
export function beginExplain<Output extends RowOutput>(
  { select }: Explain,
  text: string,
  view: ReadView,
  caller: SqlCaller,
  makeOutput: MakeOutput<Output>,
): { readonly cursor: SqlCursor; readonly output: Output } {
  if (!caller.isOwner) {
    throw new LightconeError("LC_SQL_FORBIDDEN", "EXPLAIN is for the owner of the database");
  }
  const plan = planGeneral(select, text, view, caller);
  const upper = upperLines(plan, relationTexts(plan.select.block.relations));
  return explainCursor(nested(upper, sourceLines(plan)), makeOutput);
}

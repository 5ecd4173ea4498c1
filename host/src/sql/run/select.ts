// SELECT of general SQL: what the rows are made into while they are read (http-and-auth.md section 6.2).
import { productTypeToJson } from "@lightcone/abi";
import type { ReadView } from "../../datastore/datastore.ts";
import type { ColumnSchema } from "../../datastore/schema.ts";
import { bindSelect } from "../bind/bind.ts";
import type { BoundColumn, BoundProjection } from "../bind/bound.ts";
import { type BlockPlan, isBare, planBlock, sourceOf } from "./block-plan.ts";
import { hiddenColumnCount, type Relation } from "../bind/relation.ts";
import { checkRowLimit } from "../plan/row-limit.ts";
import type { RowSink } from "./row-source.ts";
import { type AnswerSink, SelectCursor, type SqlCursor } from "./select-cursor.ts";
import { type OutputColumn, RowsJson } from "./rows-json.ts";
import { applyRowRules } from "../bind/rules.ts";
import type { Select } from "../parse/tree.ts";
import type { SqlCaller } from "../bind/visibility.ts";

const utf8 = new TextEncoder();

/** A count is one row, whatever LIMIT says (sql-and-subscriptions.md section 6). */
class CountSink implements AnswerSink {
  readonly work = 0;
  readonly schemaJson: string;
  #count = 0;

  constructor(name: string) {
    const elements = [{ name, type: { kind: "u64" } as const }];
    this.schemaJson = productTypeToJson({ kind: "product", elements });
  }

  add(): boolean {
    this.#count++;
    return true;
  }

  addTuple(): boolean {
    this.#count++;
    return true;
  }

  drain(): boolean {
    return true;
  }

  addMany(count: number): void {
    this.#count += count;
  }

  rowsJson(): readonly Uint8Array[] {
    return [utf8.encode(`[[${this.#count}]]`)];
  }
}

class JsonSink implements AnswerSink {
  readonly #json: RowsJson;

  constructor(json: RowsJson) {
    this.#json = json;
  }

  get work(): number {
    return this.#json.work;
  }

  get schemaJson(): string {
    return this.#json.schemaJson();
  }

  add(...[rows, row]: Parameters<RowSink["add"]>): boolean {
    this.#json.add(rows.page(row), rows.start(row));
    return true;
  }

  addTuple(...[tuple]: Parameters<RowSink["addTuple"]>): boolean {
    this.#json.addTuple(tuple);
    return true;
  }

  drain(): boolean {
    return true;
  }

  rowsJson(): readonly Uint8Array[] {
    return this.#json.finish();
  }
}

/** Rows of a whole table need not be looked at to be counted. */
function countCursor(plans: readonly BlockPlan[], name: string): SqlCursor {
  const sink = new CountSink(name);
  for (const each of plans) {
    if (each.kind === "single" && isBare(each)) sink.addMany(each.plan.table.rowCount);
  }
  const others = plans.filter((plan) => !isBare(plan));
  const sources = others.map((plan) => sourceOf(plan, Number.POSITIVE_INFINITY));
  return new SelectCursor(sources, sink);
}

function outputColumns(
  projection: Exclude<BoundProjection, { kind: "count" }>,
  relations: readonly Relation[],
): readonly OutputColumn[] {
  if (projection.kind === "columns") {
    return projection.columns.map(({ column, name }) => outputColumn(column, name, relations));
  }
  const { relation } = projection;
  const given = relations[relation] as Relation;
  return given.table.schema.columns
    .map(({ name }, column) => outputColumn({ relation, column }, name, relations))
    .slice(hiddenColumnCount(given));
}

/** A column of a relation as one of the result's. */
export function outputColumn(
  { relation, column }: BoundColumn,
  name: string,
  relations: readonly Relation[],
): OutputColumn {
  const { layout, schema } = (relations[relation] as Relation).table;
  return { relation, column, layout, type: (schema.columns[column] as ColumnSchema).type, name };
}

/**
 * Begins a SELECT. Throws LC_SQL_UNSUPPORTED, LC_SQL_NAME, LC_SQL_TYPE and LC_LIMIT.
 */
export function beginSelect(
  select: Select,
  text: string,
  view: ReadView,
  caller: SqlCaller,
): SqlCursor {
  const bound = bindSelect(select, text, view, caller);
  const { projection, limit = Number.POSITIVE_INFINITY } = bound;
  const { blocks } = applyRowRules(bound.block, view, caller);
  const plans = blocks.map((block) => planBlock(block, false));
  const scanLimit = projection.kind === "count" ? Number.POSITIVE_INFINITY : limit;
  checkRowLimit(plans, scanLimit, view, caller);
  if (projection.kind === "count") return countCursor(plans, projection.name);
  // Where rules made several queries of one, LIMIT is that of each (section 6).
  const sources = plans.map((plan) => sourceOf(plan, limit));
  const { relations } = bound.block;
  return new SelectCursor(
    sources,
    new JsonSink(new RowsJson(outputColumns(projection, relations))),
  );
}

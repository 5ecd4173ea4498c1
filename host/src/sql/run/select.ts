// SELECT of general SQL: what the rows are made into while they are read (http-and-auth.md section 6.2).
import { type AlgebraicType, numberToBytes } from "@lightcone/abi";
import type { ReadView } from "../../datastore/datastore.ts";
import { RowLayout } from "../../datastore/row-layout.ts";
import type { ColumnSchema } from "../../datastore/schema.ts";
import { bindSelect } from "../bind/bind.ts";
import type { BoundColumn, BoundProjection } from "../bind/bound.ts";
import { type BlockPlan, isBare, planBlock, sourceOf } from "./block-plan.ts";
import { hiddenColumnCount, type Relation } from "../bind/relation.ts";
import { checkRowLimit } from "../plan/row-limit.ts";
import type { RowSink } from "./row-source.ts";
import { type AnswerSink, SelectCursor, type SqlCursor } from "./select-cursor.ts";
import type { MakeOutput, OutputColumn, RowOutput } from "./row-output.ts";
import { applyRowRules } from "../bind/rules.ts";
import type { Select } from "../parse/tree.ts";
import type { SqlCaller } from "../bind/visibility.ts";

const u64: AlgebraicType = { kind: "u64" };

/** The only column of a count. */
function countColumns(name: string): readonly OutputColumn[] {
  return [{ name, type: u64, relation: 0, column: 0, layout: new RowLayout([u64]) }];
}

/** A count is one row, whatever LIMIT says (sql-and-subscriptions.md section 6). */
class CountSink implements AnswerSink {
  readonly work = 0;
  readonly #output: RowOutput;
  #count = 0;

  constructor(output: RowOutput) {
    this.#output = output;
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
    this.#output.add(numberToBytes(BigInt(this.#count), 8), 0);
    return true;
  }

  addMany(count: number): void {
    this.#count += count;
  }
}

class RowsSink implements AnswerSink {
  readonly #output: RowOutput;

  constructor(output: RowOutput) {
    this.#output = output;
  }

  get work(): number {
    return this.#output.work;
  }

  add(...[rows, row]: Parameters<RowSink["add"]>): boolean {
    this.#output.add(rows.page(row), rows.start(row));
    return true;
  }

  addTuple(...[tuple]: Parameters<RowSink["addTuple"]>): boolean {
    this.#output.addTuple(tuple);
    return true;
  }

  drain(): boolean {
    return true;
  }
}

/** Rows of a whole table need not be looked at to be counted. */
function countCursor(plans: readonly BlockPlan[], output: RowOutput): SqlCursor {
  const sink = new CountSink(output);
  for (const each of plans) {
    if (each.kind === "single" && isBare(each)) sink.addMany(each.plan.table.rowCount);
  }
  const others = plans.filter((plan) => !isBare(plan));
  const sources = others.map((plan) => sourceOf(plan, Number.POSITIVE_INFINITY));
  return new SelectCursor(sources, sink);
}

/** The columns of an answer. */
export function selectColumns(
  projection: BoundProjection,
  relations: readonly Relation[],
): readonly OutputColumn[] {
  if (projection.kind === "count") return countColumns(projection.name);
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
export function beginSelect<Output extends RowOutput>(
  select: Select,
  text: string,
  view: ReadView,
  caller: SqlCaller,
  makeOutput: MakeOutput<Output>,
): { readonly cursor: SqlCursor; readonly output: Output } {
  const bound = bindSelect(select, text, view, caller);
  const { projection, limit = Number.POSITIVE_INFINITY } = bound;
  const { blocks } = applyRowRules(bound.block, view, caller);
  const plans = blocks.map((block) => planBlock(block, false));
  const scanLimit = projection.kind === "count" ? Number.POSITIVE_INFINITY : limit;
  checkRowLimit(plans, scanLimit, view, caller);
  const output = makeOutput(selectColumns(projection, bound.block.relations));
  if (projection.kind === "count") return { cursor: countCursor(plans, output), output };
  // Where rules made several queries of one, LIMIT is that of each (section 6).
  const sources = plans.map((plan) => sourceOf(plan, limit));
  return { cursor: new SelectCursor(sources, new RowsSink(output)), output };
}

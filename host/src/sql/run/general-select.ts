// SELECT of the wide dialect: its rows go from their sources through grouping, DISTINCT and ORDER BY to OFFSET and LIMIT.
import { limit as limits } from "../../base/limit.ts";
import { RowIds } from "../../datastore/rows/ids.ts";
import { RowLayout } from "../../datastore/row-layout.ts";
import { type BlockPlan, isBare, sourceOf } from "./block-plan.ts";
import { scanRange } from "./cursor.ts";
import { DistinctStage } from "./distinct-stage.ts";
import type { GeneralPlan } from "../plan/general-plan.ts";
import { GroupSink } from "./group-sink.ts";
import type { EndsPlan } from "../plan/index-ends.ts";
import { KeepSink, type KeepingSink } from "./keep-sink.ts";
import { OutputStage } from "./output-stage.ts";
import { PickStage } from "./pick-stage.ts";
import { compilePredicate } from "../plan/predicate.ts";
import { compileOrder } from "./row-order.ts";
import { KnownSource, type RowSource } from "./row-source.ts";
import type { MakeOutput, OutputColumn, RowOutput } from "./row-output.ts";
import { type AnswerSink, SelectCursor, type SqlCursor } from "./select-cursor.ts";
import { outputColumn } from "./select.ts";
import { SortStage } from "./sort-stage.ts";
import type { RowStage } from "./stage.ts";
import { TopStage } from "./top-stage.ts";

/** The answer, and what fills it. */
function answerSink(output: RowOutput, sink: KeepingSink): AnswerSink {
  return {
    get work() {
      return sink.work + output.work;
    },
    add: (rows, row) => sink.add(rows, row),
    addTuple: (tuple) => sink.addTuple(tuple),
    drain: (count) => sink.drain(count),
  };
}

/** What is kept of rows or groups, as a layout. */
function keptLayout({ select: { columnTypes, aggregates = [] } }: GeneralPlan): RowLayout {
  return new RowLayout([...columnTypes, ...aggregates.map(({ result }) => result)]);
}

/** The columns of the answer among those of the rows that come to the last stage. */
function stagedColumns({ select }: GeneralPlan, kept: RowLayout): OutputColumn[] {
  const { output, isDistinct } = select;
  const layout = isDistinct ? pickedLayout(select.output, kept) : kept;
  return output.map(({ position, name }, i) => {
    const column = isDistinct ? i : position;
    return { relation: 0, column, layout, type: typeAt(layout, column), name };
  });
}

function typeAt({ columnTypes }: RowLayout, column: number): OutputColumn["type"] {
  return columnTypes[column] as OutputColumn["type"];
}

function pickedLayout(
  output: GeneralPlan["select"]["output"],
  { columnTypes }: RowLayout,
): RowLayout {
  return new RowLayout(output.map(({ position }) => columnTypes[position] as OutputColumn["type"]));
}

/** The stages behind what takes rows in, the last one first. */
function makeStages(plan: GeneralPlan, kept: RowLayout, rows: RowOutput): RowStage {
  const { select, order } = plan;
  const { limit, offset, isDistinct, output } = select;
  let stage: RowStage = new OutputStage(rows, offset, limit);
  if (order.length > 0) {
    const rowOrder = compileOrder(order, isDistinct ? pickedLayout(output, kept) : kept);
    const wanted = limit + offset;
    const isTop = wanted > 0 && wanted <= limits.topRowCountMax;
    stage = isTop ? new TopStage(wanted, rowOrder, stage) : new SortStage(rowOrder, stage);
  }
  if (!isDistinct) return stage;
  stage = new DistinctStage(stage);
  return new PickStage(
    output.map(({ position }) => position),
    kept,
    stage,
  );
}

/** Of a count of all rows no row is read. */
function countBare(sink: GroupSink, plans: readonly BlockPlan[]): readonly BlockPlan[] {
  let count = 0;
  const others: BlockPlan[] = [];
  for (const plan of plans) {
    if (plan.kind === "single" && isBare(plan)) count += plan.plan.table.rowCount;
    else others.push(plan);
  }
  sink.addCounted(count);
  return others;
}

/** The rows at the ends of indexes. They are counted when they are read, so that all others are counted before. */
function endsSource({ table, ends }: EndsPlan, sink: GroupSink): RowSource {
  const found = new RowIds();
  for (const end of ends) scanRange(end, found);
  const ids = Array.from({ length: found.count }, (_, i) => found.at(i));
  sink.addCounted(table.table.rowCount - ids.length);
  return new KnownSource(table.table.rows, ids);
}

function isCountOnly({ select: { columns, aggregates } }: GeneralPlan): boolean {
  const counts = aggregates?.every(({ column }) => column === undefined);
  return columns.length === 0 && counts === true;
}

/** Whether nothing is done with the rows but to count off OFFSET and LIMIT. */
function isUnstaged({ select: { aggregates, isDistinct }, order }: GeneralPlan): boolean {
  return aggregates === undefined && !isDistinct && order.length === 0;
}

/** The columns of the answer, where they lie in the rows that become it. */
export function generalColumns(
  plan: GeneralPlan,
  kept: RowLayout | undefined = isUnstaged(plan) ? undefined : keptLayout(plan),
): readonly OutputColumn[] {
  if (kept !== undefined) return stagedColumns(plan, kept);
  const { output, columns, block } = plan.select;
  return output.map(({ position, name }) =>
    outputColumn(columns[position] as (typeof columns)[number], name, block.relations),
  );
}

/** Begins a plan. Throws LC_LIMIT. */
export function beginGeneral<Output extends RowOutput>(
  plan: GeneralPlan,
  makeOutput: MakeOutput<Output>,
): { readonly cursor: SqlCursor; readonly output: Output } {
  const kept = isUnstaged(plan) ? undefined : keptLayout(plan);
  const output = makeOutput(generalColumns(plan, kept));
  return { cursor: openPlan(plan, kept, output), output };
}

function openPlan(plan: GeneralPlan, kept: RowLayout | undefined, output: RowOutput): SqlCursor {
  const { select, plans, ends } = plan;
  const { relations } = select.block;
  if (kept === undefined) return new SelectCursor(sourcesOf(plans), bareSink(plan, output));
  const stages = makeStages(plan, kept, output);
  const { columns, aggregates, having } = select;
  if (aggregates === undefined) {
    const sink = new KeepSink(columns, relations, select.isDistinct, stages);
    return new SelectCursor(sourcesOf(plans), answerSink(output, sink));
  }
  const predicate = having && compilePredicate(having, kept);
  const sink = new GroupSink(columns, aggregates, relations, predicate, stages);
  let sources: readonly RowSource[];
  if (ends !== undefined) sources = [endsSource(ends, sink)];
  else sources = sourcesOf(isCountOnly(plan) ? countBare(sink, plans) : plans);
  return new SelectCursor(sources, answerSink(output, sink));
}

function sourcesOf(plans: readonly BlockPlan[]): RowSource[] {
  return plans.map((plan) => sourceOf(plan, Number.POSITIVE_INFINITY));
}

/** Rows that nothing is done with are told where they lie. */
function bareSink({ select }: GeneralPlan, output: RowOutput): AnswerSink {
  let toSkip = select.offset;
  let left = select.limit;
  const isWanted = (): boolean => toSkip-- <= 0 && left-- > 0;
  return {
    get work() {
      return output.work;
    },
    add: (rows, row) => {
      if (isWanted()) output.add(rows.page(row), rows.start(row));
      return left > 0;
    },
    addTuple: (tuple) => {
      if (isWanted()) output.addTuple(tuple);
      return left > 0;
    },
    drain: () => true,
  };
}

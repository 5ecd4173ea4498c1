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
import { type OutputColumn, RowsJson } from "./rows-json.ts";
import { type AnswerSink, SelectCursor, type SqlCursor } from "./select-cursor.ts";
import { outputColumn } from "./select.ts";
import { SortStage } from "./sort-stage.ts";
import type { RowStage } from "./stage.ts";
import { TopStage } from "./top-stage.ts";

/** The answer, and what fills it. */
function answerSink(json: RowsJson, sink: KeepingSink): AnswerSink {
  return {
    schemaJson: json.schemaJson(),
    get work() {
      return sink.work + json.work;
    },
    add: (rows, row) => sink.add(rows, row),
    addTuple: (tuple) => sink.addTuple(tuple),
    drain: (count) => sink.drain(count),
    rowsJson: () => json.finish(),
  };
}

/** What is kept of rows or groups, as a layout. */
function keptLayout({ select: { columnTypes, aggregates = [] } }: GeneralPlan): RowLayout {
  return new RowLayout([...columnTypes, ...aggregates.map(({ result }) => result)]);
}

/** The columns of the answer among those of the rows that come to the last stage. */
function outputColumns({ select }: GeneralPlan, kept: RowLayout): OutputColumn[] {
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
function makeStages(plan: GeneralPlan, kept: RowLayout, json: RowsJson): RowStage {
  const { select, order } = plan;
  const { limit, offset, isDistinct, output } = select;
  let stage: RowStage = new OutputStage(json, offset, limit);
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

/** Begins a plan. Throws LC_LIMIT. */
export function beginGeneral(plan: GeneralPlan): SqlCursor {
  const { select, plans, ends } = plan;
  const { relations } = select.block;
  const bare = bareOutput(plan);
  if (bare !== undefined) return new SelectCursor(sourcesOf(plans), bare);
  const kept = keptLayout(plan);
  const json = new RowsJson(outputColumns(plan, kept));
  const stages = makeStages(plan, kept, json);
  const { columns, aggregates, having } = select;
  if (aggregates === undefined) {
    const sink = new KeepSink(columns, relations, select.isDistinct, stages);
    return new SelectCursor(sourcesOf(plans), answerSink(json, sink));
  }
  const predicate = having && compilePredicate(having, kept);
  const sink = new GroupSink(columns, aggregates, relations, predicate, stages);
  let sources: readonly RowSource[];
  if (ends !== undefined) sources = [endsSource(ends, sink)];
  else sources = sourcesOf(isCountOnly(plan) ? countBare(sink, plans) : plans);
  return new SelectCursor(sources, answerSink(json, sink));
}

function sourcesOf(plans: readonly BlockPlan[]): RowSource[] {
  return plans.map((plan) => sourceOf(plan, Number.POSITIVE_INFINITY));
}

/** Rows that nothing is done with become JSON where they lie. */
function bareOutput({ select, order }: GeneralPlan): AnswerSink | undefined {
  const { aggregates, isDistinct, output, columns, block } = select;
  if (aggregates !== undefined || isDistinct || order.length > 0) return undefined;
  const json = new RowsJson(
    output.map(({ position, name }) =>
      outputColumn(columns[position] as (typeof columns)[number], name, block.relations),
    ),
  );
  let toSkip = select.offset;
  let left = select.limit;
  const isWanted = (): boolean => toSkip-- <= 0 && left-- > 0;
  return {
    schemaJson: json.schemaJson(),
    get work() {
      return json.work;
    },
    add: (rows, row) => {
      if (isWanted()) json.add(rows.page(row), rows.start(row));
      return left > 0;
    },
    addTuple: (tuple) => {
      if (isWanted()) json.addTuple(tuple);
      return left > 0;
    },
    drain: () => true,
    rowsJson: () => json.finish(),
  };
}

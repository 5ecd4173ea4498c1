// SELECT of general SQL: what the rows are made into while they are read (http-and-auth.md section 6.2).
import { productTypeToJson } from "@lightcone/abi";
import type { ReadView } from "../datastore/datastore.ts";
import { bindSelect } from "./bind.ts";
import type { BoundBlock, BoundProjection } from "./bound.ts";
import { type JoinPlan, planJoin } from "./join-plan.ts";
import { conditionsOn, planTable, type TablePlan } from "./plan.ts";
import { hiddenColumnCount, type Relation } from "./relation.ts";
import { checkRowLimit } from "./row-limit.ts";
import { JoinSource, type RowSink, type RowSource, TableSource } from "./row-source.ts";
import { type OutputColumn, RowsJson } from "./rows-json.ts";
import { applyRowRules } from "./rules.ts";
import type { Select } from "./tree.ts";
import type { SqlCaller } from "./visibility.ts";

/** The answer to a statement that is being made. */
export interface SqlCursor {
  /** Whether it takes so long that it should be made in parts; then it is of the state at its start. */
  readonly isLong: boolean;
  readonly isDone: boolean;
  /** The columns as a product type in JSON. */
  readonly schemaJson: string;
  /** Looks at up to `count` rows. Throws LC_LIMIT for a result or a join that is too large. */
  advance(count: number): void;
  /** An array of rows, each an array of values, as UTF-8 in pieces. Once `isDone`. */
  rowsJson(): readonly Uint8Array[];
  /** Must be called at the end, however it came. */
  close(): void;
}

/** A sink that becomes the rows of an answer. */
interface AnswerSink extends RowSink {
  readonly schemaJson: string;
  rowsJson(): readonly Uint8Array[];
}

const utf8 = new TextEncoder();

/** A count is one row, whatever LIMIT says (sql-and-subscriptions.md section 6). */
class CountSink implements AnswerSink {
  readonly schemaJson: string;
  #count = 0;

  constructor(name: string) {
    const elements = [{ name, type: { kind: "u64" } as const }];
    this.schemaJson = productTypeToJson({ kind: "product", elements });
  }

  add(): void {
    this.#count++;
  }

  addTuple(): void {
    this.#count++;
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

  get schemaJson(): string {
    return this.#json.schemaJson();
  }

  add(...[rows, row]: Parameters<RowSink["add"]>): void {
    this.#json.add(rows, row);
  }

  addTuple(...[tuple]: Parameters<RowSink["addTuple"]>): void {
    this.#json.addTuple(tuple);
  }

  rowsJson(): readonly Uint8Array[] {
    return this.#json.finish();
  }
}

/**
 * Reads sources into a sink: those that hold the rows as they are now one after another, in parts. Where there are such, the
 * others are read when it is made: what they read must be of the same moment.
 */
class SelectCursor implements SqlCursor {
  readonly isLong: boolean;
  readonly #sources: readonly RowSource[];
  readonly #sink: AnswerSink;
  #at = 0;

  constructor(sources: readonly RowSource[], sink: AnswerSink) {
    this.#sources = sources;
    this.#sink = sink;
    this.isLong = sources.some((source) => source.isLong);
    if (this.isLong) this.#readShort();
    this.#skipDone();
  }

  #readShort(): void {
    try {
      for (const source of this.#sources) {
        while (!source.isLong && !source.isDone)
          source.advance(Number.POSITIVE_INFINITY, this.#sink);
      }
    } catch (thrown) {
      this.close();
      throw thrown;
    }
  }

  get isDone(): boolean {
    return this.#at === this.#sources.length;
  }

  get schemaJson(): string {
    return this.#sink.schemaJson;
  }

  #skipDone(): void {
    while (this.#sources[this.#at]?.isDone === true) this.#at++;
  }

  advance(count: number): void {
    do {
      this.#sources[this.#at]?.advance(count, this.#sink);
      this.#skipDone();
    } while (count === Number.POSITIVE_INFINITY && !this.isDone);
  }

  rowsJson(): readonly Uint8Array[] {
    return this.#sink.rowsJson();
  }

  close(): void {
    for (const source of this.#sources) source.close();
  }
}

/** One of the queries that a SELECT consists of. */
type SelectPlan =
  | { readonly kind: "single"; readonly plan: TablePlan }
  | { readonly kind: "join"; readonly plan: JoinPlan };

function planBlock(block: BoundBlock): SelectPlan {
  const [first, ...others] = block.relations;
  if (first === undefined || others.length > 0) return { kind: "join", plan: planJoin(block) };
  return { kind: "single", plan: planTable(first, conditionsOn(first, 0, block.conditions)) };
}

function sourceOf(plan: SelectPlan, limit: number): RowSource {
  return plan.kind === "single"
    ? new TableSource(plan.plan, limit)
    : new JoinSource(plan.plan, limit);
}

/** Rows of a whole table need not be looked at to be counted. */
function countCursor(plans: readonly SelectPlan[], name: string): SqlCursor {
  const sink = new CountSink(name);
  const isBare = ({ kind, plan }: SelectPlan): boolean =>
    kind === "single" && plan.predicate === undefined && plan.access.kind === "scan";
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
  if (projection.kind === "columns") return projection.columns;
  const { relation } = projection;
  const given = relations[relation] as Relation;
  return given.table.schema.columns
    .map(({ name }, column) => ({ column: { relation, column }, name }))
    .slice(hiddenColumnCount(given));
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
  const plans = blocks.map(planBlock);
  const scanLimit = projection.kind === "count" ? Number.POSITIVE_INFINITY : limit;
  checkRowLimit(plans, scanLimit, view, caller);
  if (projection.kind === "count") return countCursor(plans, projection.name);
  // Where rules made several queries of one, LIMIT is that of each (section 6).
  const sources = plans.map((plan) => sourceOf(plan, limit));
  const { relations } = bound.block;
  return new SelectCursor(
    sources,
    new JsonSink(new RowsJson(relations, outputColumns(projection, relations))),
  );
}

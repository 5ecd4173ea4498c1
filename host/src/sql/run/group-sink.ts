// GROUP BY: rows are told apart by the columns that they are grouped by, and each group's aggregates take in what they need of
// the row. No row is kept.
import { Writer } from "@lightcone/abi";
import { limit } from "../../base/limit.ts";
import type { RowReader } from "../../datastore/rows/store.ts";
import { type Accumulator, CountAccumulator, makeAccumulator } from "./accumulator.ts";
import type { BoundAggregate } from "../bind/aggregate.ts";
import type { BoundColumn } from "../bind/bound.ts";
import { keptTooMuch } from "./byte-rows.ts";
import { ByteSet } from "./byte-set.ts";
import { TupleCopy } from "./column-copy.ts";
import { type KeepingSink, keptBytesPerUnit } from "./keep-sink.ts";
import type { RowPredicate } from "../plan/predicate.ts";
import type { Relation } from "../bind/relation.ts";
import type { RowStage } from "./stage.ts";
import { Tuple } from "../plan/tuple.ts";

/** An aggregate that takes its values from a column, unless it counts rows. */
interface Input {
  readonly accumulator: Accumulator;
  readonly relation: number;
  readonly startOf: ((page: Uint8Array, rowStart: number) => number) | undefined;
}

const noneTag = 1;

/** What an aggregate of a row, or of a group, costs in units of work. */
const inputWork = 0.25;

/** Where the value to be taken in starts, or -1 for an Option that holds none. */
function compileStart(
  { column, isOption }: BoundAggregate,
  relations: readonly Relation[],
): Input["startOf"] {
  if (column === undefined) return undefined;
  const { layout } = (relations[column.relation] as Relation).table;
  if (!isOption) return (page, rowStart) => layout.columnStart(column.column, page, rowStart);
  return (page, rowStart) => {
    const at = layout.columnStart(column.column, page, rowStart);
    return page[at] === noneTag ? -1 : at + 1;
  };
}

export class GroupSink implements KeepingSink {
  readonly #columns: readonly BoundColumn[];
  readonly #copy: TupleCopy;
  readonly #inputs: readonly Input[];
  readonly #having: RowPredicate | undefined;
  readonly #next: RowStage;
  readonly #groups = new ByteSet();
  readonly #groupBytes: number;
  readonly #writer = new Writer();
  /** One row of the only relation, so that rows and tuples go one way. */
  readonly #single = new Tuple(1);
  #sent = 0;
  work = 0;

  /** Without columns all rows are one group, also if there are none. */
  constructor(
    columns: readonly BoundColumn[],
    aggregates: readonly BoundAggregate[],
    relations: readonly Relation[],
    having: RowPredicate | undefined,
    next: RowStage,
  ) {
    this.#columns = columns;
    this.#copy = new TupleCopy(columns, relations, true);
    this.#inputs = aggregates.map((aggregate) => ({
      accumulator: makeAccumulator(aggregate),
      relation: aggregate.column?.relation ?? 0,
      startOf: compileStart(aggregate, relations),
    }));
    this.#groupBytes = this.#inputs.reduce(
      (sum, { accumulator }) => sum + accumulator.groupBytes,
      16,
    );
    this.#having = having;
    this.#next = next;
    if (columns.length === 0) this.#groups.add(this.#writer.memory, 0, 0);
  }

  add(rows: RowReader, row: number): boolean {
    this.#single.set(0, rows, row);
    return this.addTuple(this.#single);
  }

  addTuple(tuple: Tuple): boolean {
    this.work += this.#inputs.length * inputWork;
    const group = this.#columns.length === 0 ? 0 : this.#groupOf(tuple);
    for (let i = 0; i < this.#inputs.length; i++) {
      const { accumulator, relation, startOf } = this.#inputs[i] as Input;
      const page = tuple.pages[relation] as Uint8Array;
      const at = startOf === undefined ? 0 : startOf(page, tuple.starts[relation] as number);
      if (at >= 0) accumulator.add(group, page, at);
    }
    return true;
  }

  /** Counts rows that need not be looked at; there must be no columns to group by, and only counts take them in. */
  addCounted(count: number): void {
    for (const { accumulator, startOf } of this.#inputs) {
      if (startOf === undefined && accumulator instanceof CountAccumulator) {
        accumulator.addMany(0, count);
      }
    }
  }

  #groupOf(tuple: Tuple): number {
    const writer = this.#writer;
    this.#copy.fill(writer, tuple);
    this.work += writer.length / keptBytesPerUnit;
    const { rows } = this.#groups;
    const { count } = rows;
    const group = this.#groups.add(writer.memory, 0, writer.length);
    if (group === count && rows.byteLength + count * this.#groupBytes > limit.selectBytesMax) {
      throw keptTooMuch();
    }
    return group;
  }

  drain(count: number): boolean {
    const { rows } = this.#groups;
    const writer = this.#writer;
    const end = Math.min(rows.count, this.#sent + count);
    while (this.#sent < end) {
      this.work += this.#inputs.length * inputWork;
      const group = this.#sent++;
      writer.clear();
      writer.rawRange(rows.page(group), rows.start(group), rows.end(group));
      for (const { accumulator } of this.#inputs) accumulator.write(group, writer);
      const isWanted = this.#having === undefined || this.#having(writer.memory, 0);
      if (isWanted && !this.#next.push(writer.memory, 0, writer.length)) this.#sent = rows.count;
    }
    return this.#sent >= rows.count && this.#next.drain(count);
  }
}

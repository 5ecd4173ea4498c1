// Found rows as rows of the columns that are kept of them.
import { Writer } from "@lightcone/abi";
import type { RowReader } from "../../datastore/rows/store.ts";
import type { BoundColumn } from "../bind/bound.ts";
import { TupleCopy } from "./column-copy.ts";
import type { Relation } from "../bind/relation.ts";
import type { RowStage } from "./stage.ts";
import { Tuple } from "../plan/tuple.ts";

/** Bytes copied that cost a unit of work. */
export const keptBytesPerUnit = 256;

/** What takes rows in, as they are found. */
export interface KeepingSink {
  /** What it took to copy what is kept; see `RowSink`. */
  readonly work: number;
  add(rows: RowReader, row: number): boolean;
  addTuple(tuple: Tuple): boolean;
  drain(count: number): boolean;
}

export class KeepSink implements KeepingSink {
  readonly #copy: TupleCopy;
  readonly #writer = new Writer();
  readonly #next: RowStage;
  /** One row of the only relation, so that rows and tuples go one way. */
  readonly #single = new Tuple(1);
  work = 0;

  constructor(
    columns: readonly BoundColumn[],
    relations: readonly Relation[],
    isKey: boolean,
    next: RowStage,
  ) {
    this.#copy = new TupleCopy(columns, relations, isKey);
    this.#next = next;
  }

  add(rows: RowReader, row: number): boolean {
    this.#single.set(0, rows, row);
    return this.addTuple(this.#single);
  }

  addTuple(tuple: Tuple): boolean {
    const writer = this.#writer;
    this.#copy.fill(writer, tuple);
    this.work += writer.length / keptBytesPerUnit;
    return this.#next.push(writer.memory, 0, writer.length);
  }

  drain(count: number): boolean {
    return this.#next.drain(count);
  }
}

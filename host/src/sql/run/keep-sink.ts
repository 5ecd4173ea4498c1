// Found rows as rows of the columns that are kept of them.
import { Writer } from "@lightcone/abi";
import type { RowReader } from "../../datastore/rows/store.ts";
import type { BoundColumn } from "../bind/bound.ts";
import { compileCopy, type CopyColumn } from "./column-copy.ts";
import type { Relation } from "../bind/relation.ts";
import type { RowStage } from "./stage.ts";
import type { Tuple } from "../plan/tuple.ts";

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
  readonly #columns: readonly BoundColumn[];
  readonly #copies: readonly CopyColumn[];
  readonly #writer = new Writer();
  readonly #next: RowStage;
  work = 0;

  constructor(
    columns: readonly BoundColumn[],
    relations: readonly Relation[],
    isKey: boolean,
    next: RowStage,
  ) {
    this.#columns = columns;
    this.#copies = columns.map((column) => compileCopy(column, relations, isKey));
    this.#next = next;
  }

  add(rows: RowReader, row: number): boolean {
    const writer = this.#writer;
    writer.clear();
    const page = rows.page(row);
    const start = rows.start(row);
    for (let i = 0; i < this.#copies.length; i++) {
      (this.#copies[i] as CopyColumn)(page, start, writer);
    }
    this.work += writer.length / keptBytesPerUnit;
    return this.#next.push(writer.memory, 0, writer.length);
  }

  addTuple({ pages, starts }: Tuple): boolean {
    const writer = this.#writer;
    writer.clear();
    for (let i = 0; i < this.#copies.length; i++) {
      const { relation } = this.#columns[i] as BoundColumn;
      const page = pages[relation] as Uint8Array;
      (this.#copies[i] as CopyColumn)(page, starts[relation] as number, writer);
    }
    this.work += writer.length / keptBytesPerUnit;
    return this.#next.push(writer.memory, 0, writer.length);
  }

  drain(count: number): boolean {
    return this.#next.drain(count);
  }
}

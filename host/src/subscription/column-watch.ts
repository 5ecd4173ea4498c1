// What watches one column of a table, found by the values that changed rows have there: by equality through a hash of the
// value's bytes, by range through a tree. What is found may still not want the row; what is not found does not.
import type { AlgebraicType } from "@lightcone/abi";
import { compileCompare, hashBytes } from "../datastore/key.ts";
import type { Table } from "../datastore/table.ts";
import type { Condition } from "./condition.ts";
import { IntervalTree } from "./interval-tree.ts";

/** A condition on a column. */
export type ColumnCondition = Exclude<Condition, { kind: "never" }>;

export class ColumnWatch<T> {
  readonly column: number;
  readonly #table: Table;
  readonly #byHash = new Map<number, T[]>();
  readonly #byRange: IntervalTree<T>;

  constructor(table: Table, column: number) {
    this.column = column;
    this.#table = table;
    const { layout } = table;
    this.#byRange = new IntervalTree(compileCompare(layout.columnTypes[column] as AlgebraicType));
  }

  get isEmpty(): boolean {
    return this.#byHash.size === 0 && this.#byRange.isEmpty;
  }

  add(condition: ColumnCondition, item: T): void {
    if (condition.kind === "range") {
      this.#byRange.add(condition.range, item);
      return;
    }
    const hash = hashBytes(condition.value, 0, condition.value.length);
    const bucket = this.#byHash.get(hash);
    if (bucket === undefined) this.#byHash.set(hash, [item]);
    else bucket.push(item);
  }

  /** Takes out what was added with this condition, if it is there. */
  remove(condition: ColumnCondition, item: T): void {
    if (condition.kind === "range") {
      this.#byRange.remove(condition.range, item);
      return;
    }
    const hash = hashBytes(condition.value, 0, condition.value.length);
    const bucket = this.#byHash.get(hash) ?? [];
    const position = bucket.indexOf(item);
    if (position < 0) return;
    bucket.splice(position, 1);
    if (bucket.length === 0) this.#byHash.delete(hash);
  }

  /** Visits what may want the row that starts at `rowStart`. */
  find(page: Uint8Array, rowStart: number, visit: (item: T) => void): void {
    const { layout } = this.#table;
    const at = layout.columnStart(this.column, page, rowStart);
    if (!this.#byRange.isEmpty) this.#byRange.find(page, at, visit);
    if (this.#byHash.size === 0) return;
    const hash = hashBytes(page, at, layout.columnEnd(this.column, page, at));
    const bucket = this.#byHash.get(hash);
    if (bucket === undefined) return;
    for (let i = 0; i < bucket.length; i++) visit(bucket[i] as T);
  }
}

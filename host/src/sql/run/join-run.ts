// A join from its plan to tuples of rows, in parts: the first with the tables and indexes as they are, the others, once it holds
// what it reads, with rows of that moment, for which hashes do what indexes did.
import { LightconeError } from "@lightcone/abi";
import { limit } from "../../base/limit.ts";
import type { FrozenRows, RowReader } from "../../datastore/rows/store.ts";
import type { Table } from "../../datastore/table.ts";
import { keptTooMuch } from "./byte-rows.ts";
import type { JoinPlan } from "../plan/join-plan.ts";
import { StepRun } from "./join-step.ts";
import { Tuple } from "../plan/tuple.ts";

/** Takes a tuple; false ends the join. */
export type VisitTuple = (tuple: Tuple) => boolean;

export class JoinRun {
  readonly #steps: readonly StepRun[];
  readonly #tuple: Tuple;
  readonly #frozen = new Map<Table, FrozenRows>();
  #depth = 0;
  /** What is left to be done in this part. */
  #left = 0;
  #tried = 0;
  isDone: boolean;

  constructor(plan: JoinPlan) {
    this.isDone = plan.relations.some(({ table }) => table.rowCount === 0);
    this.#steps = this.isDone ? [] : plan.steps.map((step) => new StepRun(step, plan.relations));
    this.#tuple = new Tuple(plan.relations.length);
  }

  /** Takes work done elsewhere off what is left to be done in this part. */
  charge(work: number): void {
    this.#left -= work;
  }

  /**
   * Does about so much work, calls `visit` with each tuple found, one object for all, and returns what it left undone, which may
   * be negative. Throws LC_LIMIT once too many rows were tried.
   */
  advance(work: number, visit: VisitTuple): number {
    this.#left = work;
    while (this.#left > 0 && !this.isDone) this.#step(visit);
    return this.#left;
  }

  /** Tries the next row of the step that it is at, or goes back a step. */
  #step(visit: VisitTuple): void {
    const step = this.#steps[this.#depth] as StepRun;
    if (!step.isFound) {
      this.#left = step.find(this.#tuple, this.#left, this.#checkBytes);
      if (!step.isFound) return;
    }
    const row = step.take();
    if (row < 0) {
      if (this.#depth-- === 0) this.isDone = true;
      return;
    }
    this.#tuple.set(step.position, step.rows, row);
    this.#left -= step.workOf(row);
    this.#count();
    if (!step.isWanted(this.#tuple, row)) return;
    if (this.#depth + 1 < this.#steps.length) this.#depth++;
    else if (!visit(this.#tuple)) this.isDone = true;
  }

  #count(): void {
    if (++this.#tried <= limit.joinRowCountMax) return;
    const message = `the join has to try more than ${limit.joinRowCountMax} rows; narrow it by WHERE or add an index`;
    throw new LightconeError("LC_LIMIT", message);
  }

  readonly #checkBytes = (): void => {
    let byteLength = 0;
    for (const step of this.#steps) byteLength += step.byteLength;
    if (byteLength > limit.selectBytesMax) throw keptTooMuch();
  };

  #freeze(table: Table): RowReader {
    const frozen = this.#frozen.get(table) ?? table.rows.freeze();
    this.#frozen.set(table, frozen);
    return frozen.rows;
  }

  /** What is read from here on is as it is now, whatever happens to the tables. */
  hold(): void {
    if (this.isDone || this.#frozen.size > 0) return;
    this.#steps.forEach((step, depth) => {
      step.hold(this.#freeze(step.table));
      if (depth > this.#depth || !step.isFound) return;
      this.#tuple.set(step.position, step.rows, this.#tuple.rows[step.position] as number);
    });
  }

  /** What the rows of a relation are read from, unless there is nothing to join. */
  readerOf(position: number): RowReader | undefined {
    return this.#steps.find((step) => step.position === position)?.rows;
  }

  /** Gives back what it holds. */
  close(): void {
    for (const frozen of this.#frozen.values()) frozen.release();
    this.#frozen.clear();
  }
}

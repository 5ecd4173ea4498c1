// DISTINCT: of equal rows the first goes on.
import { ByteSet } from "./byte-set.ts";
import type { RowStage } from "./stage.ts";

export class DistinctStage implements RowStage {
  readonly #seen = new ByteSet();
  readonly #next: RowStage;

  constructor(next: RowStage) {
    this.#next = next;
  }

  push(bytes: Uint8Array, start: number, end: number): boolean {
    const { count } = this.#seen.rows;
    return this.#seen.add(bytes, start, end) < count || this.#next.push(bytes, start, end);
  }

  drain(count: number): boolean {
    return this.#next.drain(count);
  }
}

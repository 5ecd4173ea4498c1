// The last stage: rows of the answer, from OFFSET on, as many as LIMIT says.
import type { RowOutput } from "./row-output.ts";
import type { RowStage } from "./stage.ts";

export class OutputStage implements RowStage {
  readonly #output: RowOutput;
  #toSkip: number;
  #left: number;

  constructor(output: RowOutput, offset: number, limit: number) {
    this.#output = output;
    this.#toSkip = offset;
    this.#left = limit;
  }

  push(bytes: Uint8Array, start: number): boolean {
    if (this.#left <= 0) return false;
    if (this.#toSkip > 0) {
      this.#toSkip--;
      return true;
    }
    this.#output.add(bytes, start);
    return --this.#left > 0;
  }

  drain(): boolean {
    return true;
  }
}

// The last stage: rows as JSON, from OFFSET on, as many as LIMIT says.
import type { RowsJson } from "./rows-json.ts";
import type { RowStage } from "./stage.ts";

export class OutputStage implements RowStage {
  readonly #json: RowsJson;
  #toSkip: number;
  #left: number;

  constructor(json: RowsJson, offset: number, limit: number) {
    this.#json = json;
    this.#toSkip = offset;
    this.#left = limit;
  }

  push(bytes: Uint8Array, start: number): boolean {
    if (this.#left <= 0) return false;
    if (this.#toSkip > 0) {
      this.#toSkip--;
      return true;
    }
    this.#json.add(bytes, start);
    return --this.#left > 0;
  }

  drain(): boolean {
    return true;
  }
}

// Some columns of each row, as a row of their own.
import { Writer } from "@lightcone/abi";
import type { RowLayout } from "../../datastore/row-layout.ts";
import type { RowStage } from "./stage.ts";

export class PickStage implements RowStage {
  readonly #positions: readonly number[];
  readonly #layout: RowLayout;
  readonly #writer = new Writer();
  readonly #next: RowStage;

  /** `layout` is that of the rows that come in. */
  constructor(positions: readonly number[], layout: RowLayout, next: RowStage) {
    this.#positions = positions;
    this.#layout = layout;
    this.#next = next;
  }

  push(bytes: Uint8Array, start: number): boolean {
    const writer = this.#writer;
    writer.clear();
    for (const position of this.#positions) {
      const at = this.#layout.columnStart(position, bytes, start);
      writer.rawRange(bytes, at, this.#layout.columnEnd(position, bytes, at));
    }
    return this.#next.push(writer.memory, 0, writer.length);
  }

  drain(count: number): boolean {
    return this.#next.drain(count);
  }
}

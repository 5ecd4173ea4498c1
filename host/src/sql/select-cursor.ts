// The answer to a SELECT while it is made: rows are read from sources into a sink, all at once or in parts.
import type { RowSink, RowSource } from "./row-source.ts";

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
export interface AnswerSink extends RowSink {
  readonly schemaJson: string;
  /** After the last row: makes up to `count` rows of the answer from what was kept; true once all are made. */
  drain(count: number): boolean;
  rowsJson(): readonly Uint8Array[];
}

/**
 * Reads sources into a sink: those that hold the rows as they are now one after another, in parts. Where there are such, the
 * others are read when it is made: what they read must be of the same moment.
 */
export class SelectCursor implements SqlCursor {
  readonly isLong: boolean;
  readonly #sources: readonly RowSource[];
  readonly #sink: AnswerSink;
  #at = 0;
  #isDrained = false;

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
    return this.#isDrained;
  }

  get schemaJson(): string {
    return this.#sink.schemaJson;
  }

  #skipDone(): void {
    while (this.#sources[this.#at]?.isDone === true) this.#at++;
  }

  advance(count: number): void {
    do {
      const source = this.#sources[this.#at];
      if (source === undefined) this.#isDrained = this.#sink.drain(count);
      else source.advance(count, this.#sink);
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

// The answer to a SELECT while it is made: rows are read from sources into a sink, all at once or in parts.
import { limit } from "../../base/limit.ts";
import type { RowSink, RowSource } from "./row-source.ts";

/** The answer to a statement that is being made. */
export interface SqlCursor {
  /** Whether it takes so long that it should be made in parts; then it is of the state at its start. */
  readonly isLong: boolean;
  readonly isDone: boolean;
  /** Does about so much work: a row looked at is a unit. Throws LC_LIMIT for a result or a join that is too large. */
  advance(work: number): void;
  /** Must be called at the end, however it came. */
  close(): void;
}

/** A sink that becomes the rows of an answer. */
export interface AnswerSink extends RowSink {
  /** After the last row: makes up to `count` rows of the answer from what was kept; true once all are made. */
  drain(count: number): boolean;
}

/** Rows of the answer that are made before it is looked how much work they were. */
const drainRows = 16;

/**
 * Reads sources into a sink, one after another. What is not read when it is made is held as it is then, so that all sources are
 * of the same moment, and the answer is made in parts.
 */
export class SelectCursor implements SqlCursor {
  readonly isLong: boolean;
  readonly #sources: readonly RowSource[];
  readonly #sink: AnswerSink;
  #at = 0;
  #isDrained = false;

  /** Throws as `advance`. */
  constructor(sources: readonly RowSource[], sink: AnswerSink) {
    this.#sources = sources;
    this.#sink = sink;
    try {
      this.advance(limit.selectFirstRows);
      for (const source of sources) source.hold();
    } catch (thrown) {
      this.close();
      throw thrown;
    }
    this.isLong = !this.#isDrained;
  }

  get isDone(): boolean {
    return this.#isDrained;
  }

  /** Does up to so much work of reading and returns what it left undone. */
  #read(work: number): number {
    let left = work;
    for (
      let source = this.#sources[this.#at];
      source !== undefined;
      source = this.#sources[++this.#at]
    ) {
      left = source.advance(left, this.#sink);
      if (!source.isDone) return left;
    }
    return left;
  }

  advance(work: number): void {
    let left = this.#read(work);
    while (left > 0 && this.#at === this.#sources.length && !this.#isDrained) {
      const done = this.#sink.work;
      this.#isDrained = this.#sink.drain(drainRows);
      left -= drainRows + this.#sink.work - done;
    }
  }

  close(): void {
    for (const source of this.#sources) source.close();
  }
}

// Which byte of a metered module's code was which byte before: noted while the code is written, for modules that carry a source map,
// and used once, to write the map that fits the metered code.
import { noSourceFile, SourceMapReader, SourceMapWriter } from "@lightcone/abi";
import type { FunctionSurvey } from "./survey.ts";
import { Words } from "./words.ts";

const runWords = 3;
const functionWords = 4;

/** Positions before are those in the module's bytes, positions after those in the content of the new code section. */
export class CodeTrail {
  /** First and end position before, first position after: code that was copied as it is. */
  readonly #runs = new Words();
  /** First and end position before, first position after, end of its runs. */
  readonly #functions = new Words();
  #functionFirstRun = 0;
  #end = 0;

  /** Code was copied into a function that is being written; `to` counts from the function's first byte. */
  addRun(from: number, end: number, to: number): void {
    this.#runs.push(from);
    this.#runs.push(end);
    this.#runs.push(to);
  }

  /** The function whose runs these were is at its place. */
  endFunction({ localsAt, end }: FunctionSurvey, to: number, byteCount: number): void {
    const { length } = this.#runs;
    for (let run = this.#functionFirstRun; run < length; run += runWords) {
      this.#runs.set(run + 2, this.#runs.at(run + 2) + to);
    }
    this.#functionFirstRun = length;
    for (const word of [localsAt, end, to, length]) this.#functions.push(word);
    this.#end = to + byteCount;
  }

  /**
   * The map of the metered module, whose code section has its content at `codeAt`. Undefined for one that is malformed. What
   * stands before the first entry of a function is taken for its first line: there the meter is charged.
   */
  moveMap(map: Uint8Array, codeAt: number): Uint8Array | undefined {
    const reader = new SourceMapReader(map);
    const writer = new SourceMapWriter(reader.files);
    let isThere = reader.next();
    let run = 0;
    for (let one = 0; one < this.#functions.length; one += functionWords) {
      const from = this.#functions.at(one);
      const end = this.#functions.at(one + 1);
      const lastRun = this.#functions.at(one + 3) - runWords;
      while (isThere && reader.at < from) isThere = reader.next();
      const isOwn = isThere && reader.at < end;
      const start = codeAt + this.#functions.at(one + 2);
      writer.add(start, isOwn ? reader.file : noSourceFile, isOwn ? reader.line : 0, true);
      while (isThere && reader.at < end) {
        while (run < lastRun && this.#runs.at(run + runWords) <= reader.at) run += runWords;
        writer.add(codeAt + this.#moved(run, reader.at), reader.file, reader.line);
        isThere = reader.next();
      }
      run = lastRun + runWords;
    }
    // The meter's own functions follow.
    writer.add(codeAt + this.#end, noSourceFile, 0, true);
    return reader.fault === undefined ? writer.finish() : undefined;
  }

  /** What was not copied was replaced: it stands at the end of the run before. */
  #moved(run: number, at: number): number {
    const from = this.#runs.at(run);
    const bounded = Math.max(Math.min(at, this.#runs.at(run + 1)), from);
    return this.#runs.at(run + 2) + bounded - from;
  }
}

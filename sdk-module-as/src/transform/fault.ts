// What is wrong in a module, gathered and then reported all at once as messages of the compiler, with
// the file, the line and the column.
import { type Parser, type Range, userDefinedMessage } from "../compiler.ts";

/** Where faults of a module go. */
export class Faults {
  readonly #parser: Parser;
  #count = 0;

  constructor(parser: Parser) {
    this.#parser = parser;
  }

  get count(): number {
    return this.#count;
  }

  /** `rule` is what was broken and `fix` what to write instead; both are sentences without a stop, the latter perhaps a question. */
  add(range: Range, rule: string, fix: string): void {
    this.#count++;
    // The compiler puts texts into its messages by a replacement, in which `$` has a meaning.
    const stop = fix.endsWith("?") ? "" : ".";
    const text = `${rule}. ${fix}${stop}`.replaceAll("$", "$$$$");
    this.#parser.error(userDefinedMessage, range, text);
  }
}

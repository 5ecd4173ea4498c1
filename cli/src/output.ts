// All printing. Data goes to standard output, everything said to a person to standard error, so
// that `lightcone … | jq` and `> file` get the data alone.
import type { Writable } from "node:stream";
import { type CommandError, exitCodes } from "./exit.ts";
import { type Column, formatTable } from "./table.ts";

export class Output {
  readonly #stdout: Writable;
  readonly #stderr: Writable;

  constructor(stdout: Writable, stderr: Writable) {
    this.#stdout = stdout;
    this.#stderr = stderr;
  }

  /** A line of data. */
  line(text: string): void {
    this.#stdout.write(`${text}\n`);
  }

  /** Data as it is. Waits while the reader of a pipe is behind. */
  async text(text: string): Promise<void> {
    if (this.#stdout.write(text)) return;
    await new Promise<void>((resolve) => {
      // A pipe whose reader left is closed instead of drained.
      const done = (): void => {
        this.#stdout.off("drain", done).off("close", done);
        resolve();
      };
      this.#stdout.once("drain", done).once("close", done);
    });
  }

  /** Data for scripts, indented for people who look at it. */
  json(value: unknown): void {
    this.line(JSON.stringify(value, undefined, 2));
  }

  table(columns: readonly Column[], rows: readonly (readonly string[])[]): void {
    this.#stdout.write(formatTable(columns, rows));
  }

  /** A message to the person who typed the command. */
  note(text: string): void {
    this.#stderr.write(`${text}\n`);
  }

  /** Says what went wrong and what to do next; answers the exit code. */
  failure(error: CommandError): number {
    const advice = error.advice?.replaceAll("\n", "\n  ");
    this.note(`lightcone: ${error.message}`);
    if (advice !== undefined) this.note(`  ${advice}`);
    return exitCodes[error.exit].code;
  }
}

// Questions before something is lost. Without somebody to answer, the command has to carry the
// answer: --yes.
import { createInterface } from "node:readline/promises";
import type { CommandContext } from "./context.ts";
import { CommandError } from "./exit.ts";

/** Asks; a plain Enter means no. Throws a CommandError unless the answer is yes. */
export async function confirm(
  context: CommandContext,
  question: string,
  isAnswered: boolean,
): Promise<void> {
  if (isAnswered) return;
  if (!context.isInteractive) {
    throw new CommandError(
      "usage",
      `${question} There is no terminal to answer on`,
      "Answer beforehand with --yes.",
    );
  }
  const lines = createInterface({ input: context.stdin, output: context.stderr });
  // The input may end without an answer; that is a no as well.
  const closed = new Promise<string>((resolve) => {
    lines.once("close", () => resolve(""));
  });
  const answer = await Promise.race([lines.question(`${question} [y/N] `), closed]);
  lines.close();
  if (/^(?:y|yes)$/i.test(answer.trim())) return;
  throw new CommandError("refused", "nothing was done", "Answer y, or pass --yes, to go on.");
}

// How the command ends: exit codes with their meanings, and the error that carries one together
// with what to do next.
import { type ErrorCode, LightconeError } from "@lightcone/abi";

/** Exit codes, listed in README.md and below `lightcone --help`. */
export const exitCodes = {
  ok: { code: 0, meaning: "done" },
  refused: { code: 1, meaning: "refused or failed; the message says why" },
  usage: { code: 2, meaning: "wrong arguments or a wrong configuration file" },
  unreachable: { code: 3, meaning: "the server cannot be reached" },
  forbidden: { code: 4, meaning: "not logged in, or not allowed" },
  module: {
    code: 5,
    meaning: "the module failed: it does not compile or load, a reducer's error, a trap",
  },
  bug: { code: 70, meaning: "a fault of this program" },
} as const;

export type ExitName = keyof typeof exitCodes;

/** Ends the command with an exit code. `advice` says what to do next, in sentences. */
export class CommandError extends Error {
  readonly exit: ExitName;
  readonly advice: string | undefined;

  constructor(exit: ExitName, message: string, advice?: string) {
    super(message);
    this.name = "CommandError";
    this.exit = exit;
    this.advice = advice;
  }
}

/**
 * Refusals by the host and the codecs that this process itself runs, where they are not plain
 * "refused".
 */
const exitByCode: Partial<Record<ErrorCode, ExitName>> = {
  LC_CONFIG: "usage",
  LC_CONNECTION: "unreachable",
  LC_FORBIDDEN: "forbidden",
  LC_MODULE_IMPORT: "module",
  LC_MODULE_INVALID: "module",
  LC_MODULE_LOAD: "module",
  LC_MODULE_TRAP: "module",
  LC_TOKEN_INVALID: "forbidden",
  LC_UNAUTHORIZED: "forbidden",
};

const adviceByCode: Partial<Record<ErrorCode, string>> = {
  LC_CONFIG:
    "Correct the flag or file that this is about; `lightcone start --help` lists the flags.",
  LC_DATA_DIR_IN_USE: "Stop the other host, or name another directory with --data-dir.",
  LC_DISK: "Check that the directory exists, may be written and has room.",
  LC_LOG_CORRUPT:
    "Nothing was changed. Restore the data from a copy, or start with another --data-dir.",
  LC_LOG_FORMAT: "The data was written by a newer version: start that one.",
  LC_MODULE_LOAD: "Build the module again, in release mode, for wasm32-unknown-unknown.",
  LC_MODULE_INVALID: "Correct the module's tables and functions, build it again and retry.",
};

/** What was thrown, in the terms of this file. Anything unknown is a bug. */
export function commandErrorOf(thrown: unknown): CommandError {
  if (thrown instanceof CommandError) return thrown;
  if (thrown instanceof LightconeError) {
    const reasons = thrown.reasons.filter((reason) => !thrown.message.includes(reason));
    const message = [thrown.message, ...reasons.map((reason) => `- ${reason}`)].join("\n");
    return new CommandError(
      exitByCode[thrown.code] ?? "refused",
      message,
      adviceByCode[thrown.code],
    );
  }
  const text = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
  return new CommandError(
    "bug",
    text,
    "This is a fault of lightcone itself: please report it with the text above.",
  );
}

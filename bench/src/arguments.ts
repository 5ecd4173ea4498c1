// What the command line asks for.
import { parseArgs } from "node:util";

export interface BenchRequest {
  readonly benchName: string;
  readonly isJson: boolean;
  /** How long a case measures, where the command line says so. */
  readonly windowSeconds: number | undefined;
  /** Whether a case is wanted. */
  readonly isWanted: (caseName: string) => boolean;
}

/** A command line that cannot be followed; the message is for its writer. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

const windowSecondsMax = 3600;

/**
 * Reads the arguments after the program's name; "help" where that is asked for. Throws UsageError.
 */
export function readArguments(args: readonly string[]): BenchRequest | "help" {
  const { values, positionals } = parse(args);
  if (values.help === true) return "help";
  const [benchName, ...others] = positionals;
  if (benchName === undefined) throw new UsageError("name a benchmark");
  if (others.length > 0) throw new UsageError(`one benchmark at a time, not also ${others.join()}`);
  return {
    benchName,
    isJson: values.json === true,
    windowSeconds: readSeconds(values.seconds),
    isWanted: matcher(values.case ?? ""),
  };
}

function parse(args: readonly string[]): ReturnType<typeof parseKnown> {
  try {
    return parseKnown(args);
  } catch (thrown) {
    throw new UsageError(thrown instanceof Error ? thrown.message : String(thrown));
  }
}

interface Parsed {
  readonly values: {
    readonly help?: boolean;
    readonly json?: boolean;
    readonly seconds?: string;
    readonly case?: string;
  };
  readonly positionals: readonly string[];
}

function parseKnown(args: readonly string[]): Parsed {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      help: { type: "boolean", short: "h" },
      json: { type: "boolean" },
      seconds: { type: "string" },
      case: { type: "string" },
    },
  });
}

function readSeconds(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const seconds = Number(text);
  if (text.trim() === "" || !(seconds > 0 && seconds <= windowSecondsMax)) {
    throw new UsageError(`--seconds is above 0 and at most ${windowSecondsMax}, not ${text}`);
  }
  return seconds;
}

/** A name matches if it contains the pattern, in which `*` stands for anything. */
function matcher(pattern: string): (name: string) => boolean {
  const parts = pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  const expression = new RegExp(parts.join(".*"));
  return (name) => expression.test(name);
}

// A line of a module's log, from the JSON that the log keeps (runtime.md section 10).
import { Timestamp } from "@lightcone/abi";
import type { LogLevel } from "../module/context.ts";

export interface LogLine {
  readonly level: LogLevel;
  readonly message: string;
  readonly timestamp: Timestamp;
  /** The module's own words for where it comes from; the host's lines have `__spacetimedb__`. */
  readonly target: string | undefined;
  readonly filename: string | undefined;
  readonly lineNumber: number | undefined;
  /** Functions on the module's stack, innermost first; empty but for panics. */
  readonly trace: readonly string[];
}

interface LineJson {
  readonly level: LogLevel;
  readonly ts: number;
  readonly target?: string;
  readonly filename?: string;
  readonly line_number?: number;
  readonly message: string;
  readonly trace?: readonly { readonly func_name: string }[];
}

/** `text` is a line as `formatLogLine` writes it. */
export function parseLogLine(text: string): LogLine {
  const json = JSON.parse(text) as LineJson;
  return {
    level: json.level,
    message: json.message,
    timestamp: new Timestamp(BigInt(json.ts)),
    target: json.target,
    filename: json.filename,
    lineNumber: json.line_number,
    trace: (json.trace ?? []).map(({ func_name: name }) => name),
  };
}

// Spans of time as people type them: 500ms, 10s, 2m, 1h.
import { CommandError } from "./exit.ts";

const millisPerUnit: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** The milliseconds of a number of seconds, or of a number with a unit; `flag` is named in the error. */
export function parseSecondsMs(text: string, flag: string): number {
  return parseDurationMs(/^[\d.]+$/.test(text) ? `${text}s` : text, flag);
}

/** The milliseconds of a number with a unit; `flag` is named in the error. */
export function parseDurationMs(text: string, flag: string): number {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? [];
  const durationMs = Math.round(Number(digits) * (millisPerUnit[unit ?? ""] ?? Number.NaN));
  if (durationMs > 0 && Number.isSafeInteger(durationMs)) return durationMs;
  throw new CommandError(
    "usage",
    `${flag} ${text}: this is no span of time`,
    "Write a number above zero with its unit: 500ms, 10s, 2m or 1h.",
  );
}

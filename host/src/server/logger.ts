// What the host says about itself, one event a line: text for people, JSON for programs. Tokens and what they carry have no
// place in it.
import { messageOf } from "@lightcone/abi";
import type { Clock } from "../base/clock.ts";
import type { Report } from "./report.ts";

/** From what must be heard to what is said about every request. */
const logLevels = ["error", "warn", "info", "debug"] as const;
export type LogLevel = (typeof logLevels)[number];

export type LogFormat = "text" | "json";

/** What an event is about; what is undefined is left out. */
type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Logger {
  /** Events are named in snake case, by what has happened. */
  log(level: LogLevel, event: string, fields?: LogFields): void;
  /** Whether events of a level are written at all, for callers that would have to gather fields first. */
  has(level: LogLevel): boolean;
}

export interface LoggerOptions {
  /** Events of this level and those above it are written. */
  readonly level: LogLevel;
  readonly format: LogFormat;
  readonly clock: Clock;
  /** Takes one line, with its end. */
  readonly write: (line: string) => void;
}

/** Longer values are cut: a line must stay one that tools take. */
const valueLengthMax = 4096;

export function createLogger({ level, format, clock, write }: LoggerOptions): Logger {
  const rank = logLevels.indexOf(level);
  const has = (one: LogLevel): boolean => logLevels.indexOf(one) <= rank;
  const toLine = format === "json" ? jsonLine : textLine;
  return {
    has,
    log(one, event, fields = {}) {
      if (!has(one)) return;
      const time = new Date(Number(clock.nowMicros() / 1000n)).toISOString();
      write(`${toLine(time, one, event, fields)}\n`);
    },
  };
}

function cut(value: string | number | boolean): string | number | boolean {
  if (typeof value !== "string" || value.length <= valueLengthMax) return value;
  return `${value.slice(0, valueLengthMax)}…`;
}

function present(fields: LogFields): [string, string | number | boolean][] {
  return Object.entries(fields).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, cut(value)]],
  );
}

function jsonLine(time: string, level: LogLevel, event: string, fields: LogFields): string {
  return JSON.stringify({ time, level, event, ...Object.fromEntries(present(fields)) });
}

/** Values that are not plain words stand in quotes, so that no value can look like another line or field. */
function textLine(time: string, level: LogLevel, event: string, fields: LogFields): string {
  const words = present(fields).map(([name, value]) => {
    const text = String(value);
    return `${name}=${/^[\w.:/@+-]+$/.test(text) ? text : JSON.stringify(text)}`;
  });
  return [time, level.toUpperCase().padEnd(5), event, ...words].join(" ");
}

/** Faults of the host and its disk as events. */
export function reportTo(logger: Logger): Report {
  return (thrown, where) => {
    const stack = thrown instanceof Error ? thrown.stack : undefined;
    logger.log("error", "fault", { where, message: messageOf(thrown), stack });
  };
}

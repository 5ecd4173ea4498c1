// A line of a module's log: from JSON as the server sends it to text as people read it
// (http-and-auth.md 6.4).
import {
  isJsonArray,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  LightconeError,
  parseJson,
  stringifyJson,
} from "@lightcone/abi";
import { formatTimestamp, isInteger } from "./cell.ts";

/** Levels from the most to the least talkative; the server capitalises them. */
export const logLevels = ["trace", "debug", "info", "warn", "error", "panic"] as const;

export type LogLevel = (typeof logLevels)[number];

export interface LogLine {
  /** Undefined for a level that this version does not know. */
  readonly level: LogLevel | undefined;
  readonly text: string;
}

/** Parses one line. What is not understood is shown as it came. */
export function parseLogLine(line: string): LogLine {
  let json: JsonValue;
  try {
    json = parseJson(line);
  } catch (thrown) {
    if (!(thrown instanceof LightconeError)) throw thrown;
    return { level: undefined, text: printable(line) };
  }
  if (!isJsonObject(json)) return { level: undefined, text: printable(line) };
  const { ts } = json;
  const level = textOf(json, "level").toLowerCase();
  const head = [
    isInteger(ts) ? formatTimestamp(BigInt(ts)) : "",
    level.toUpperCase().padStart(5),
    placeOf(json),
    printable(textOf(json, "message")),
  ];
  return {
    level: logLevels.find((known) => known === level),
    text: head.filter((part) => part !== "").join(" ") + traceOf(json["trace"] ?? null),
  };
}

/** A field that should hold text; nothing if it is not there. */
function textOf(json: JsonObject, key: string): string {
  const value = json[key] ?? "";
  return typeof value === "string" ? value : stringifyJson(value);
}

function placeOf(json: JsonObject): string {
  const file = textOf(json, "filename");
  if (file === "") return "";
  const line = textOf(json, "line_number");
  return printable(line === "" ? `${file}:` : `${file}:${line}:`);
}

function traceOf(trace: JsonValue): string {
  if (!isJsonArray(trace)) return "";
  const frames = trace.filter(isJsonObject).map((frame) => textOf(frame, "func_name") || "?");
  return frames.map((frame) => `\n    at ${printable(frame)}`).join("");
}

/**
 * Control characters, with which a log written by strangers could play with the terminal, are
 * spelled out.
 */
export function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u0008\u000B-\u001F\u007F-\u009F]/g, (character) => {
    const code = character.charCodeAt(0).toString(16).padStart(2, "0");
    return `\\x${code}`;
  });
}

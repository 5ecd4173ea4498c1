import { test } from "tap";
import { parseLogLine } from "./log-line.ts";

void test("lines of a log as text", (t) => {
  const rows: [string, string | undefined, string][] = [
    [
      '{"level":"Info","ts":1795248115833886,"filename":"lib.rs","line_number":7,"message":"up"}',
      "info",
      "2026-11-21T08:01:55.833886Z  INFO lib.rs:7: up",
    ],
    ['{"level":"Warn","ts":0,"message":"x"}', "warn", "1970-01-01T00:00:00.000000Z  WARN x"],
    [
      '{"level":"Error","ts":0,"filename":"f","message":"a\\nb"}',
      "error",
      "1970-01-01T00:00:00.000000Z ERROR f: a\nb",
    ],
    [
      '{"level":"Panic","ts":0,"message":"boom","trace":[{"func_name":"f"},{"module_name":"m"}]}',
      "panic",
      "1970-01-01T00:00:00.000000Z PANIC boom\n    at f\n    at ?",
    ],
    [
      '{"level":"Info","ts":0,"message":"\\u001b[31mred"}',
      "info",
      "1970-01-01T00:00:00.000000Z  INFO \\x1b[31mred",
    ],
    ['{"level":"Loud","ts":0,"message":"x"}', undefined, "1970-01-01T00:00:00.000000Z  LOUD x"],
    ['{"level":"Info","ts":1.5,"message":{"a":1}}', "info", ' INFO {"a":1}'],
    ['"text"', undefined, '"text"'],
    ["no json \u0007", undefined, "no json \\x07"],
  ];
  for (const [line, level, text] of rows) t.same(parseLogLine(line), { level, text }, line);
  t.end();
});

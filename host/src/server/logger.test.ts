import { LightconeError } from "@lightcone/abi";
import { test } from "tap";
import { ManualClock } from "../base/clock.ts";
import { createLogger, type LogFormat, type Logger, type LogLevel, reportTo } from "./logger.ts";

function open(level: LogLevel, format: LogFormat): { logger: Logger; lines: string[] } {
  const lines: string[] = [];
  const clock = new ManualClock(1_760_000_000_123_456n);
  const write = (line: string): void => void lines.push(line);
  return { logger: createLogger({ level, format, clock, write }), lines };
}

void test("events as text and as JSON", async (t) => {
  const fields = { address: "[::1]:3000", count: 3, isWhole: true, none: undefined };
  const text = open("info", "text");
  text.logger.log("info", "host_started", fields);
  t.same(text.lines, [
    '2025-10-09T08:53:20.123Z INFO  host_started address="[::1]:3000" count=3 isWhole=true\n',
  ]);
  const json = open("info", "json");
  json.logger.log("warn", "host_started", fields);
  t.same(
    json.lines.map((line) => JSON.parse(line) as unknown),
    [
      {
        time: "2025-10-09T08:53:20.123Z",
        level: "warn",
        event: "host_started",
        address: "[::1]:3000",
        count: 3,
        isWhole: true,
      },
    ],
  );
});

void test("levels", async (t) => {
  for (const [level, wanted] of [
    ["error", 1],
    ["warn", 2],
    ["info", 3],
    ["debug", 4],
  ] as const) {
    const { logger, lines } = open(level, "text");
    for (const each of ["error", "warn", "info", "debug"] as const) logger.log(each, "event");
    t.equal(lines.length, wanted, level);
    t.equal(logger.has("debug"), level === "debug");
  }
});

void test("no value looks like another line or field, or is endless", async (t) => {
  for (const format of ["text", "json"] as const) {
    const { logger, lines } = open("info", format);
    const value = 'a" level=error\n2025 ERROR forged';
    logger.log("info", "request", { path: value, long: "x".repeat(100_000) });
    t.equal(lines.length, 1);
    t.equal(lines[0]?.split("\n").length, 2);
    t.ok((lines[0]?.length ?? 0) < 5000);
    t.notMatch(lines[0], /" level=error\n/);
  }
});

void test("faults are events, with their stack", async (t) => {
  const { logger, lines } = open("error", "json");
  const report = reportTo(logger);
  report(new LightconeError("LC_DISK", "no space"), "database c2");
  report("a text", "closing");
  const [first, second] = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  t.match(first, { event: "fault", where: "database c2", message: "no space", stack: /\n +at / });
  t.match(second, { message: "a text" });
});

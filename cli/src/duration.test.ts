import { test } from "tap";
import { parseDurationMs, parseSecondsMs } from "./duration.ts";

void test("seconds need no unit where they are what is meant", (t) => {
  for (const text of ["1.5", "1.5s", "1500ms"]) t.equal(parseSecondsMs(text, "--x"), 1500, text);
  for (const text of ["", "0", ".", "-1", "1.5.s"]) {
    t.throws(() => parseSecondsMs(text, "--x"), { exit: "usage", message: "--x" }, text);
  }
  t.end();
});

void test("spans of time", (t) => {
  const good: [string, number][] = [
    ["500ms", 500],
    ["10s", 10_000],
    ["1.5s", 1500],
    ["2m", 120_000],
    ["1h", 3_600_000],
  ];
  for (const [text, expected] of good) t.equal(parseDurationMs(text, "--x"), expected, text);
  for (const text of ["", "10", "s", "-1s", "0s", "0.1ms", "1d", "1 s", "9".repeat(30) + "h"]) {
    t.throws(() => parseDurationMs(text, "--x"), { exit: "usage", message: `--x ${text}` }, text);
  }
  t.end();
});

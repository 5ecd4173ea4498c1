import { test } from "tap";
import { parseByteSize } from "./byte-size.ts";

void test("amounts of memory", (t) => {
  const good: [string, number][] = [
    ["1MiB", 1_048_576],
    ["512MiB", 536_870_912],
    ["1.5GiB", 1_610_612_736],
  ];
  for (const [text, expected] of good) t.equal(parseByteSize(text, "--x"), expected, text);
  for (const text of ["", "1", "MiB", "-1MiB", "0GiB", "1GB", "1 GiB", "9".repeat(30) + "GiB"]) {
    t.throws(() => parseByteSize(text, "--x"), { exit: "usage", message: `--x ${text}` }, text);
  }
  t.end();
});

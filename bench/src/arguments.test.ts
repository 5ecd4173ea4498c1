import { test } from "tap";
import { readArguments } from "./arguments.ts";

void test("a benchmark's name is enough", (t) => {
  const request = readArguments(["transfer"]);
  if (request === "help") throw new Error("help was not asked for");
  t.match(request, { benchName: "transfer", isJson: false, windowSeconds: undefined });
  t.ok(request.isWanted("anything"), "every case is wanted");
  t.end();
});

void test("options stand anywhere", (t) => {
  const request = readArguments(["--json", "transfer", "--seconds", "0.5"]);
  t.match(request, { benchName: "transfer", isJson: true, windowSeconds: 0.5 });
  t.equal(readArguments(["transfer", "--help"]), "help");
  t.end();
});

void test("a pattern chooses cases", (t) => {
  const check = (pattern: string, name: string, isWanted: boolean): void => {
    const request = readArguments(["transfer", "--case", pattern]);
    if (request === "help") throw new Error("help was not asked for");
    t.equal(request.isWanted(name), isWanted, `${pattern} and ${name}`);
  };
  check("alpha-0", "engine/rust/alpha-0", true);
  check("alpha-0", "engine/rust/alpha-1.5", false);
  check("sockets*p50", "sockets/rust/alpha-0/p50-ms", true);
  check("sockets*p50", "sockets/rust/alpha-0", false);
  check("alpha-1.5", "engine/rust/alpha-1x5", false);
  check("(", "engine", false);
  t.end();
});

void test("what cannot be followed is refused", (t) => {
  const check = (args: readonly string[], message: RegExp): void => {
    t.throws(() => readArguments(args), { name: "UsageError", message }, args.join(" "));
  };
  check([], /name a benchmark/);
  check(["transfer", "scan"], /one benchmark at a time, not also scan/);
  check(["transfer", "--fast"], /--fast/);
  check(["transfer", "--seconds", "0"], /--seconds is above 0 and at most 3600, not 0/);
  check(["transfer", "--seconds", ""], /--seconds is above 0/);
  check(["transfer", "--seconds", "ten"], /not ten/);
  check(["transfer", "--seconds", "1e9"], /not 1e9/);
  t.end();
});

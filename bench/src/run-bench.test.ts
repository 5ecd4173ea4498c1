import { test } from "tap";
import type { Bench, BenchRun } from "./contract.ts";
import { runBench } from "./run-bench.ts";
import { Workshop } from "./workshop.ts";

function makeRun(names: readonly string[], reason?: string): BenchRun {
  return {
    names,
    leftOut: () => reason,
    run: () =>
      Promise.resolve(names.map((name) => ({ name, value: 1, unit: "rows/s", settings: {} }))),
  };
}

async function told(
  runs: readonly BenchRun[],
  isWanted: (name: string) => boolean,
): Promise<string[]> {
  const lines: string[] = [];
  const bench: Bench = { name: "some", summary: "some", windowSeconds: 1, runs };
  const timing = { windowSeconds: 1, warmUpSeconds: 1 };
  await runBench(
    bench,
    { timing, workshop: new Workshop(), isWanted },
    {
      onRun: (names) => lines.push(`runs ${names.join()}`),
      onLeftOut: (reason) => lines.push(`left out ${reason}`),
      onFigure: ({ name }) => lines.push(name),
    },
  );
  return lines;
}

void test("only what is wanted is run and told", async (t) => {
  const runs = [makeRun(["a", "b"]), makeRun(["c"])];
  t.same(await told(runs, (name) => name === "b"), ["runs b", "b"]);
  t.same(await told(runs, () => true), ["runs a,b", "a", "b", "runs c", "c"]);
});

void test("what cannot run here is left out, and each reason told once", async (t) => {
  const runs = [makeRun(["a"], "no peer"), makeRun(["b"], "no peer"), makeRun(["c"])];
  t.same(await told(runs, () => true), ["left out no peer", "runs c", "c"]);
  t.same(await told(runs, (name) => name === "c"), ["runs c", "c"]);
});

// Runs what is wanted of a benchmark, case after case.
import type { Bench, Figure, RunContext } from "./contract.ts";

/** Whom a benchmark tells how it gets on. */
export interface BenchListener {
  /** A run begins, for these figures. */
  onRun(names: readonly string[]): void;
  /** Some runs cannot take place here, and why. Told once for each reason. */
  onLeftOut(reason: string): void;
  /** A figure that is wanted. */
  onFigure(figure: Figure): void;
}

export async function runBench(
  bench: Bench,
  context: RunContext,
  listener: BenchListener,
): Promise<void> {
  const { isWanted } = context;
  const reasons = new Set<string>();
  for (const run of bench.runs) {
    const names = run.names.filter(isWanted);
    if (names.length === 0) continue;
    const reason = run.leftOut?.();
    if (reason !== undefined) {
      if (!reasons.has(reason)) listener.onLeftOut(reason);
      reasons.add(reason);
      continue;
    }
    listener.onRun(names);
    for (const figure of await run.run(context)) {
      if (isWanted(figure.name)) listener.onFigure(figure);
    }
  }
}

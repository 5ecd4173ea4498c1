// What a benchmark is: named cases, each of which yields figures. main.ts runs them, report.ts
// prints them.
import type { Workshop } from "./workshop.ts";

/** What a figure was taken with, by name: stands beside it in every report. */
export type Settings = Readonly<Record<string, string | number | boolean>>;

export interface Figure {
  /** The name of the case, as the benchmark's list of cases has it. */
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly settings: Settings;
}

/** How long a case measures. */
export interface Timing {
  /** The measured window, in seconds. */
  readonly windowSeconds: number;
  /** What runs before it, uncounted, so that code is compiled and files exist, in seconds. */
  readonly warmUpSeconds: number;
}

export interface RunContext {
  readonly timing: Timing;
  readonly workshop: Workshop;
  /** Whether a figure is wanted: a run may save itself what only others need. */
  readonly isWanted: (name: string) => boolean;
}

/** A run and the figures it yields: those cases that cannot be had apart are taken together. */
export interface BenchRun {
  readonly names: readonly string[];
  /** Why the run cannot take place here, if it cannot: it is left out, and the reason told. */
  readonly leftOut?: () => string | undefined;
  /**
   * Yields a figure for each name that is wanted, in that order, and maybe for others. Throws if the
   * run did not do what it claims to measure.
   */
  run(context: RunContext): Promise<readonly Figure[]>;
}

export interface Bench {
  readonly name: string;
  readonly summary: string;
  /** How long a case measures unless the command line says so. */
  readonly windowSeconds: number;
  /** In the order in which they run. */
  readonly runs: readonly BenchRun[];
}

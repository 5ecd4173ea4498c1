// What became of a reducer's calls, in plain numbers that a call can afford to count. They begin anew with each program.
import { Histogram, type HistogramData } from "../base/histogram.ts";

/** Upper bounds of durations, in seconds: from calls of microseconds to those that a budget ends. */
const durationBounds: readonly number[] = [
  10e-6, 25e-6, 50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3, 10e-3, 25e-3, 50e-3, 0.1, 0.25,
  0.5, 1, 2.5, 10, 60,
];

/** A clock costs more than all other counting: one call of so many is timed. A power of two. */
const timedOneOf = 16;

export class CallStats {
  committed = 0;
  /** The reducer returned an error. */
  failed = 0;
  /** It trapped, or what it did could not be committed. */
  fatal = 0;
  /** It was stopped. */
  outOfEnergy = 0;
  /** What all of them used, in units of fuel. */
  energyUnits = 0;
  readonly #durations = new Histogram(durationBounds);
  #begun = 0;

  /** A call begins; whether it is one that is timed. */
  begin(): boolean {
    return (this.#begun++ & (timedOneOf - 1)) === 0;
  }

  timed(millis: number): void {
    this.#durations.observe(millis / 1000);
  }

  read(): CallStatsData {
    const { committed, failed, fatal, outOfEnergy, energyUnits } = this;
    const durations = this.#durations.read();
    return { committed, failed, fatal, outOfEnergy, energyUnits, durations };
  }
}

export interface CallStatsData {
  readonly committed: number;
  readonly failed: number;
  readonly fatal: number;
  readonly outOfEnergy: number;
  readonly energyUnits: number;
  /** Of one call in sixteen, views, log record and subscriptions included; in seconds. */
  readonly durations: HistogramData;
}

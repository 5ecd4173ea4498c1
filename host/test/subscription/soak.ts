// Runs of a mode, seed after seed, until there were so many transactions: for the tests and for scripts/subscription-soak.mjs.
import { type Engine, hostEngine } from "./engine.ts";
import { type ModeName, randomScript } from "./random-script.ts";
import type { Script } from "./script.ts";
import { describe, shrink } from "./shrink.ts";
import { newTally, type Tally } from "./tally.ts";
import { runScript } from "./world.ts";

/** Transactions of one seed. */
const commitsPerSeed = 250;

export interface Failure {
  readonly seed: number;
  /** Cut down; see regressions.ts. */
  readonly script: Script;
  /** What went wrong and the script as text. */
  readonly report: string;
}

/** Runs one seed; a failure is cut down. */
export function soakSeed(
  mode: ModeName,
  seed: number,
  tally: Tally,
  engine: Engine = hostEngine,
): Failure | undefined {
  const script = randomScript(mode, seed, commitsPerSeed);
  const fault = runScript(script, tally, engine);
  if (fault === undefined) return undefined;
  const untilFault = { ...script, actions: script.actions.slice(0, fault.action + 1) };
  const shrunk = shrink(
    untilFault,
    (candidate) => runScript(candidate, newTally(), engine) !== undefined,
  );
  const message = runScript(shrunk, newTally(), engine)?.message ?? fault.message;
  const report = `${mode}, seed ${seed}: ${message}\n${describe(shrunk)}`;
  return { seed, script: shrunk, report };
}

/** Runs seeds from `from` on until there were `transactions`, or one of them fails. */
export function soak(
  mode: ModeName,
  from: number,
  transactions: number,
  tally: Tally,
  engine: Engine = hostEngine,
): Failure | undefined {
  for (let seed = from; tally.transactions < transactions; seed++) {
    const failure = soakSeed(mode, seed, tally, engine);
    if (failure !== undefined) return failure;
  }
  return undefined;
}

// Runs seeds: each one a world of its own.
import { Rng } from "@lightcone/fixtures/rng";
import type { Tally } from "./tally.ts";
import { World, type WorldOptions } from "./world.ts";

/** Steps that a world lives through. */
export const stepCount = 200;

/** What went wrong with a seed. */
export interface SeedFault {
  readonly seed: number;
  readonly fault: string;
}

/** Runs one seed. Returns what is not as in the model, if anything. */
export async function runSeed(
  seed: number,
  tally: Tally,
  options: WorldOptions = {},
): Promise<SeedFault | undefined> {
  // Where nobody waits for a promise, its failure comes to light here.
  let unheard: unknown;
  const listen = (thrown: unknown): void => {
    unheard ??= thrown;
  };
  process.on("unhandledRejection", listen);
  try {
    await new World(new Rng(seed), tally, options).run(stepCount);
  } catch (thrown) {
    unheard ??= thrown;
  }
  // Such failures are told when all promises have had their turn.
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
  process.off("unhandledRejection", listen);
  return unheard === undefined ? undefined : { seed, fault: textOf(unheard) };
}

function textOf(thrown: unknown): string {
  return thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
}

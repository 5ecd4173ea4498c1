// The keys of a table, in order and not.
import { Rng } from "@lightcone/fixtures/rng";

/** For each use an order of its own: rows read as they were inserted would lie side by side. */
const seeds = { insert: 20_261_121, draw: 20_261_122 } as const;

/** 0 to `count - 1`. */
export function ascendingKeys(count: number): Uint32Array {
  const keys = new Uint32Array(count);
  for (let i = 0; i < count; i++) keys[i] = i;
  return keys;
}

/** The same in an order drawn from a fixed seed. */
export function shuffledKeys(count: number, use: keyof typeof seeds): Uint32Array {
  const rng = new Rng(seeds[use]);
  const keys = ascendingKeys(count);
  for (let i = count - 1; i > 0; i--) {
    const j = rng.nextBelow(i + 1);
    const key = keys[i] as number;
    keys[i] = keys[j] as number;
    keys[j] = key;
  }
  return keys;
}

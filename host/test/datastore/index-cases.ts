// Every kind of index with every form of key that it takes, for tests and for scripts/index-soak.mjs.
import { Rng } from "@lightcone/fixtures/rng";
import { Drive, type DriveLimits, type DriveOutcome } from "./index-drive.ts";
import { indexFaults, indexKinds } from "./index-kinds.ts";
import { shapes } from "./index-shapes.ts";
import { columnTypesOfKey, IndexWorld } from "./index-world.ts";

export interface IndexCase {
  readonly title: string;
  /** Random operations beside a model, until something differs; then all rows leave. */
  readonly run: (seed: number, limits: DriveLimits) => DriveOutcome;
}

/** All there are, in an order that does not change. */
export function indexCases(): IndexCase[] {
  return Object.entries(indexKinds).flatMap(([kind, { make, takes }]) =>
    Object.entries(shapes)
      .filter(([, shape]) => takes(columnTypesOfKey(shape), shape.isUnique === true))
      .map(([name, shape]) => ({
        title: `${kind} index of ${name}`,
        run: (seed, limits) => {
          const rng = new Rng(seed);
          return driveToTheEnd(new IndexWorld(shape, make, rng), rng, limits);
        },
      })),
  );
}

/** Runs a world, then empties its index. */
export function driveToTheEnd(world: IndexWorld, rng: Rng, limits: DriveLimits): DriveOutcome {
  const { counts, faults } = new Drive(world, rng, limits).run();
  if (faults.length > 0) return { counts, faults };
  while (world.entries.length > 0) world.remove();
  const left = world.find().found.length > 0 ? ["a row is found where there is none"] : [];
  return { counts, faults: [...indexFaults(world.index, 0), ...left] };
}

// Random operations on an index and its model, with a count of each kind and a list of what differed.
import type { Rng } from "@lightcone/fixtures/rng";
import { indexFaults } from "./index-kinds.ts";
import type { Answer, IndexWorld } from "./index-world.ts";

export interface DriveOutcome {
  readonly counts: Readonly<Record<string, number>>;
  /** Empty if index and model agreed throughout; else the first difference. */
  readonly faults: readonly string[];
}

export interface DriveLimits {
  readonly steps: number;
  /** The index grows for so many steps, then shrinks for as many. */
  readonly stepsGrowing: number;
  readonly stepsPerCheck: number;
  /** Every so many steps the index is built anew from its rows. */
  readonly stepsPerBuild: number;
}

const byNumber = (a: number, b: number): number => a - b;

/** Grows and shrinks an index by turns; asks it something in every third step. */
export class Drive {
  readonly #world: IndexWorld;
  readonly #rng: Rng;
  readonly #limits: DriveLimits;
  readonly #counts: Record<string, number> = {};
  #step = 0;

  constructor(world: IndexWorld, rng: Rng, limits: DriveLimits) {
    this.#world = world;
    this.#rng = rng;
    this.#limits = limits;
  }

  run(): DriveOutcome {
    const { steps } = this.#limits;
    let faults: string[] = [];
    for (; this.#step < steps && faults.length === 0; this.#step++) faults = this.#takeStep();
    const at = faults.map((fault) => `step ${this.#step}: ${fault}`);
    return { counts: this.#counts, faults: at };
  }

  #count(operation: string): void {
    this.#counts[operation] = (this.#counts[operation] ?? 0) + 1;
  }

  #takeStep(): string[] {
    const { stepsGrowing, stepsPerCheck, stepsPerBuild } = this.#limits;
    const world = this.#world;
    const isGrowing = Math.floor(this.#step / stepsGrowing) % 2 === 0;
    if (this.#step % stepsPerCheck === 0) {
      const faults = indexFaults(world.index, world.entries.length);
      if (faults.length > 0) return faults;
    }
    if (this.#step % stepsPerBuild === stepsPerBuild - 1) {
      this.#count("build");
      return world.rebuild();
    }
    if (this.#step % 3 === 2) return this.#ask();
    if (this.#rng.nextBelow(10) < (isGrowing ? 9 : 1) || world.entries.length === 0) {
      this.#count(world.add() ? "add" : "refused");
    } else {
      this.#count("remove");
      world.remove();
    }
    return [];
  }

  /** Asks the index something at random. */
  #ask(): string[] {
    const world = this.#world;
    const { isOrdered } = world.index;
    // Long answers are asked for less often, so that a run's time goes into operations.
    const question = this.#rng.nextBelow(isOrdered ? 20 : 19);
    if (question < 10) {
      this.#count("find");
      return differences("find", world.find());
    }
    const name = question < 19 ? "point scan" : "range scan";
    this.#count(name);
    const { found, expected } = question < 19 ? world.scanPoint() : world.scanRange();
    return isOrdered
      ? differences(name, { found, expected })
      : differences(name, {
          found: found.toSorted(byNumber),
          expected: expected.toSorted(byNumber),
        });
  }
}

function differences(name: string, { found, expected }: Answer): string[] {
  const isSame = found.length === expected.length && found.every((row, i) => row === expected[i]);
  return isSame ? [] : [`${name} found rows ${String(found)} instead of ${String(expected)}`];
}

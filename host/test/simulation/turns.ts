// The order in which what waits goes on: drawn from the seed instead of taken from the machine.
import type { Rng } from "@lightcone/fixtures/rng";
import type { Tally } from "./tally.ts";

/** A promise for what a stopped machine waits for. */
export async function never(): Promise<never> {
  return new Promise<never>(() => {
    // Nobody is there to answer.
  });
}

const settled = Promise.resolve();

/** How long a chain of promises may be between two disk calls, or after the last. */
const chainLengthMax = 64;

/** Tasks that wait for their turn. */
export class Turns {
  readonly #rng: Rng;
  readonly #tally: Tally;
  #tasks: (() => void)[] = [];

  constructor(rng: Rng, tally: Tally) {
    this.#rng = rng;
    this.#tally = tally;
  }

  get count(): number {
    return this.#tasks.length;
  }

  add(task: () => void): void {
    this.#tasks.push(task);
  }

  async next(): Promise<void> {
    return new Promise((resolve) => {
      this.add(resolve);
    });
  }

  /** The machine stopped: nothing that waits goes on. */
  forget(): void {
    this.#tasks = [];
  }

  /** Lets one task go on, until it waits again or ends. */
  async give(): Promise<void> {
    if (this.#tasks.length > 0) {
      const chosen = this.#rng.nextBelow(this.#tasks.length);
      if (chosen > 0) this.#tally.count("calls reordered");
      const [task] = this.#tasks.splice(chosen, 1);
      task?.();
    }
    const count = this.#tasks.length;
    for (let i = 0; i < chainLengthMax && this.#tasks.length <= count; i++) await settled;
  }
}

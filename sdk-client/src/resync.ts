// Between a loss and the moment when the cache is right again: what waits for that moment.
//
//     synced ──lose()──▶ lost ──restore()──▶ restoring ──all query sets answered──▶ synced
//                         ▲────────lose()──────┘
//
// A loss leaves the cache as it was. After a reconnection all subscriptions are sent again, and when the server has
// answered each of them the rows gathered meanwhile replace the old ones in one step. Whatever the server tells in
// between, such as the outcome of a call, is passed on only then, in its order: a call's promise must not be fulfilled
// before the call's rows are there to be read.

type Phase =
  | { readonly kind: "synced" }
  | { readonly kind: "lost" }
  | { readonly kind: "restoring"; readonly unanswered: Set<number> };

export class Resync {
  #phase: Phase = { kind: "synced" };
  #steps: (() => void)[] = [];

  /** Runs `step` as soon as the cache is right: mostly at once. */
  whenSynced(step: () => void): void {
    if (this.#phase.kind === "synced") step();
    else this.#steps.push(step);
  }

  /** Whether every query set was answered, so that `finish` must be called. */
  get isDue(): boolean {
    return this.#phase.kind === "restoring" && this.#phase.unanswered.size === 0;
  }

  lose(): void {
    this.#phase = { kind: "lost" };
  }

  /** These query sets are about to be sent again. */
  restore(querySetIds: readonly number[]): void {
    this.#phase = { kind: "restoring", unanswered: new Set(querySetIds) };
  }

  /** This query set is sent too, before the others were answered. */
  expect(querySetId: number): void {
    if (this.#phase.kind === "restoring") this.#phase.unanswered.add(querySetId);
  }

  answered(querySetId: number): void {
    if (this.#phase.kind === "restoring") this.#phase.unanswered.delete(querySetId);
  }

  /** The cache is right again, or will for ever stay as it is: runs `first` and then what waited. */
  finish(first?: () => void): void {
    this.#phase = { kind: "synced" };
    const steps = this.#steps;
    this.#steps = [];
    first?.();
    for (const step of steps) step();
  }
}

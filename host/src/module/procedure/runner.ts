// How guest code runs that may have to wait in the middle of an import: as it is, by Asyncify, or by the engine's own means.
import type { CancelTimer } from "../../base/timers.ts";

/** How a run came to its end: with a result code, or by what was thrown through the guest. */
export type RunEnd =
  | { readonly kind: "code"; readonly code: number }
  | { readonly kind: "thrown"; readonly thrown: unknown };

/**
 * Runs one export at a time. While a run waits its guest is not to be entered. After a run that ended with `thrown`, or was
 * cancelled, the guest is not used again.
 */
export interface Runner {
  /** Calls into the guest. `ended` is told once: before this returns, or in a later turn if the guest waits. */
  run(enter: () => number, ended: (end: RunEnd) => void): void;

  /**
   * For imports that wait: `begin` either answers at once or starts what is waited for and returns how to take that back. It gets
   * a function to be called with the result, in a later turn; `finish` makes of it what the import answers. `placeholder` is a
   * value of the import's type that nobody sees. All of the import's work belongs in these two: Asyncify calls it once more.
   */
  wait<T, R extends number | bigint>(
    placeholder: R,
    begin: (done: (value: T) => void) => CancelTimer | R,
    finish: (value: T) => R,
  ): R;

  /** Gives up a run that waits: what it waits for is taken back, and `ended` is not told. */
  cancel(): void;
}

/** Runs `work`, a stretch of guest code that something woke, as a turn of its database. */
export type Turn = (work: () => void) => void;

/** Calls `enter`; whatever it throws is a way to end. */
export function runToEnd(enter: () => number): RunEnd {
  try {
    return { kind: "code", code: enter() };
  } catch (thrown) {
    return { kind: "thrown", thrown };
  }
}

// Checks of what must hold by construction. A failure is a bug of Lightcone, never a fault of
// input.

/**
 * An internal invariant is broken. Whoever catches it must treat in-memory state as lost (design
 * decision 8).
 */
export class InvariantError extends Error {
  constructor(message: string) {
    super(`broken invariant: ${message}`);
    this.name = "InvariantError";
  }
}

/** Throws an InvariantError unless `condition` holds. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new InvariantError(message);
}

/** Marks the branch that an exhaustive switch never takes. */
export function unreachable(value: never): never {
  throw new InvariantError(`unexpected ${JSON.stringify(value) ?? String(value)}`);
}

/** Returns `value`, which must be there. */
export function present<T>(value: T | undefined, message: string): T {
  if (value === undefined) throw new InvariantError(message);
  return value;
}

// The end of a guest's call by the host's decision.

/** Thrown through guest code by an import: the call ends as a trap, and the instance is discarded (abi.md section 11). */
export class GuestTrap extends Error {
  constructor(message: string) {
    super(message);
    this.name = "GuestTrap";
  }
}

/** Marks an instance as dead and throws: what runs as `CallContext.trap`, for those below it. */
export type Trap = (message: string) => never;

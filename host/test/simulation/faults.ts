// Disks that refuse: which calls fail, how often, and with what.
import type { Rng } from "@lightcone/fixtures/rng";
import type { DiskCall, FaultKind, Tally } from "./tally.ts";

export type Errno = "EIO" | "ENOSPC";

type FaultGroup = "read" | "write" | "sync" | "name";

const groups: Readonly<Record<FaultGroup, readonly DiskCall[]>> = {
  read: ["list", "readFile", "open", "size", "read"],
  write: ["write", "truncate", "close"],
  sync: ["sync"],
  name: ["create", "rename", "remove", "makeDirectory", "syncDirectory"],
};

/** A full disk can still be read. */
const groupsByErrno: Readonly<Record<Errno, readonly FaultGroup[]>> = {
  EIO: ["read", "write", "sync", "name"],
  ENOSPC: ["write", "sync", "name"],
};

const reasons: Readonly<Record<Errno, string>> = {
  EIO: "EIO (i/o error)",
  ENOSPC: "ENOSPC (no space left on device)",
};

/** What is wrong with a disk for a while. */
interface Fault {
  readonly errno: Errno;
  readonly groups: readonly FaultGroup[];
  /** Calls that succeed before the first that fails. */
  successCount: number;
  /** Calls that fail. */
  failureCount: number;
}

/** The fault that a disk has, if any. */
export class Faults {
  readonly #rng: Rng;
  readonly #tally: Tally;
  #fault: Fault | undefined;

  constructor(rng: Rng, tally: Tally) {
    this.#rng = rng;
    this.#tally = tally;
  }

  /** Begins a random fault: a full disk, a bad spot, or a disk that does nothing any more. */
  strike(): void {
    const rng = this.#rng;
    const errno = rng.pick<Errno>(["EIO", "ENOSPC"]);
    const all = groupsByErrno[errno];
    this.#fault = {
      errno,
      groups: rng.nextBelow(3) === 0 ? all : [rng.pick(all)],
      successCount: rng.nextBelow(4),
      failureCount: rng.nextBelow(2) === 0 ? 1 : 2 + rng.nextBelow(5),
    };
  }

  /** Begins a fault of one read, soon. */
  strikeReads(): void {
    const successCount = this.#rng.nextBelow(10);
    this.#fault = { errno: "EIO", groups: ["read"], successCount, failureCount: 1 };
  }

  heal(): void {
    this.#fault = undefined;
  }

  /** Why this call fails, if it does. */
  take(call: DiskCall): Errno | undefined {
    const fault = this.#fault;
    const group = fault?.groups.find((each) => groups[each].includes(call));
    if (fault === undefined || group === undefined) return undefined;
    if (fault.successCount-- > 0) return undefined;
    if (--fault.failureCount === 0) this.#fault = undefined;
    this.#tally.count(`${fault.errno} in ${group}` as FaultKind);
    return fault.errno;
  }
}

/** The reason in the message of a failed call. */
export function reasonOf(errno: Errno): string {
  return reasons[errno];
}

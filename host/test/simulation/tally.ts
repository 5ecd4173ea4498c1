// What happened to simulated machines, counted by kind: a kind that never happened proves nothing.

/** The calls of a disk, those that open a file apart by what they do. */
const diskCalls = [
  "list",
  "exists",
  "readFile",
  "open",
  "create",
  "rename",
  "remove",
  "makeDirectory",
  "syncDirectory",
  "size",
  "read",
  "write",
  "sync",
  "truncate",
  "close",
] as const;

export type DiskCall = (typeof diskCalls)[number];

/** Where in a call a machine stops: nothing of it done, a first part, all but its answer. */
export type Phase = "begun" | "halfway" | "done";

/** Every point at which a machine can stop. Only a write takes effect in parts. */
export const crashPoints: readonly `${DiskCall} ${Phase}`[] = [
  ...diskCalls.flatMap((call) => [`${call} begun`, `${call} done`] as const),
  "write halfway",
];

const faultKinds = [
  "power lost",
  "process killed",
  "stopped during recovery",
  "failed during recovery",
  "unsynced bytes lost",
  "write torn",
  "sectors scattered",
  "name lost",
  "names reordered",
  "EIO in read",
  "EIO in write",
  "EIO in sync",
  "EIO in name",
  "ENOSPC in write",
  "ENOSPC in sync",
  "ENOSPC in name",
  "short read",
  "short write",
  "calls reordered",
  "flipped bit refused",
  "flipped bit harmless",
  "flipped bit reported as a torn end",
] as const;

export type FaultKind = (typeof faultKinds)[number];

/** What machines did. */
const eventKinds = [
  "steps",
  "transactions committed",
  "transactions rolled back",
  "rows written",
  "tables made",
  "sequences drawn beyond a block",
  "recoveries",
  "transactions replayed",
  "transactions lost, none acknowledged",
  "logs failed",
  "logs closed",
] as const;

type EventKind = (typeof eventKinds)[number];

type Kind = FaultKind | EventKind | (typeof crashPoints)[number];

/** Counts of many runs. */
export class Tally {
  readonly #counts = new Map<Kind, number>();

  count(kind: Kind, times = 1): void {
    this.#counts.set(kind, this.of(kind) + times);
  }

  of(kind: Kind): number {
    return this.#counts.get(kind) ?? 0;
  }

  /** Machines that stopped, at whatever point. */
  get crashCount(): number {
    return this.of("power lost") + this.of("process killed");
  }

  /** Faults and points to stop at that never happened. */
  get missing(): string[] {
    return [...faultKinds, ...crashPoints].filter((kind) => this.of(kind) === 0);
  }

  /** All counts, in the order of the lists above. */
  toJSON(): Record<"events" | "faults" | "crashPoints", Record<string, number>> {
    const pick = (kinds: readonly Kind[]): Record<string, number> =>
      Object.fromEntries(kinds.map((kind) => [kind, this.of(kind)]));
    return {
      events: pick(eventKinds),
      faults: pick(faultKinds),
      crashPoints: pick(crashPoints),
    };
  }
}

// When a machine is to stop: at which call of its disk, and where in it.
import type { Rng } from "@lightcone/fixtures/rng";
import { crashPoints, type DiskCall, type Phase } from "./tally.ts";

type Point = (typeof crashPoints)[number];

/** Calls that a machine makes while it works, and while it starts: each has its share of crashes. */
const callsAtWork: readonly string[] = [
  "exists",
  "readFile",
  "open",
  "create",
  "rename",
  "remove",
  "syncDirectory",
  "write",
  "sync",
  "truncate",
  "close",
];
const callsAtStartOnly: readonly string[] = ["list", "makeDirectory", "size", "read"];

function pointsOf(calls: readonly string[]): readonly Point[] {
  return crashPoints.filter((point) => calls.includes(point.split(" ")[0] as string));
}

const pointsAtWork = pointsOf(callsAtWork);
const pointsAtStart = pointsOf([...callsAtWork, ...callsAtStartOnly]);

/** A crash that is going to happen, or none. */
export class CrashPlan {
  #point: Point | undefined;
  #passCount = 0;

  /** Chooses the point anew, for a machine that works. */
  arm(rng: Rng): void {
    this.#point = rng.pick(pointsAtWork);
    this.#passCount = rng.nextBelow(4);
  }

  /** Chooses the point anew, for a machine that starts. */
  armForStart(rng: Rng): void {
    this.#point = rng.pick(pointsAtStart);
    this.#passCount = rng.nextBelow(2);
  }

  disarm(): void {
    this.#point = undefined;
  }

  isLast(call: DiskCall, phase: Phase): boolean {
    if (this.#point === undefined || this.#point !== `${call} ${phase}`) return false;
    return this.#passCount-- <= 0;
  }
}

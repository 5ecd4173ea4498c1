// Seeds that once failed, and what they found. A seed means something as long as the world draws the
// same things in the same order; where that is no longer so, a mutant keeps the fault in mind.

/** A seed that is run whatever the fixed set is. */
export interface Regression {
  readonly seed: number;
  readonly title: string;
}

export const regressions: readonly Regression[] = [
  {
    seed: 30,
    title: "a failed log says so even if the disk refuses to close its file (failure-not-told)",
  },
  {
    seed: 92_433,
    title:
      "a segment that just got its name is not cut when the disk refuses to close it under the old one",
  },
];

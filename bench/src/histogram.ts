// Counts durations without keeping them: buckets that grow with what they count, so that each
// figure is good to 0.8 %.
//
//   bucket   0 … 255      one microsecond each
//            256 … 383    two each; and so on: each power of two is divided into 128 buckets
import { assert } from "@lightcone/abi";

const bucketsPerDoublingLog2 = 7;
const exactMax = 2 << bucketsPerDoublingLog2;

/** Beyond this, 35 minutes, all counts as this. */
const microsMax = 2 ** 31 - 1;

/** Where a whole number of microseconds is counted. */
function bucketOf(micros: number): number {
  if (micros < exactMax) return micros;
  const shift = 31 - bucketsPerDoublingLog2 - Math.clz32(micros);
  return (shift << bucketsPerDoublingLog2) + (micros >>> shift);
}

/** The middle of a bucket, in microseconds. */
function middleOf(bucket: number): number {
  if (bucket < exactMax) return bucket;
  const shift = (bucket >>> bucketsPerDoublingLog2) - 1;
  const low = (bucket - (shift << bucketsPerDoublingLog2)) * 2 ** shift;
  return low + (2 ** shift - 1) / 2;
}

export class Histogram {
  readonly #counts = new Uint32Array(bucketOf(microsMax) + 1);
  #total = 0;

  get total(): number {
    return this.#total;
  }

  /** Counts a duration, or several alike. */
  record(micros: number, count = 1): void {
    const bucket = bucketOf(Math.min(microsMax, Math.max(0, Math.round(micros))));
    this.#counts[bucket] = (this.#counts[bucket] as number) + count;
    this.#total += count;
  }

  /**
   * The duration that a share of all, from 0 to 1, does not exceed, in microseconds. Something must
   * have been counted.
   */
  percentile(share: number): number {
    assert(this.#total > 0, "a histogram without durations has no percentiles");
    let rest = Math.max(1, Math.ceil(share * this.#total));
    let bucket = -1;
    while (rest > 0) rest -= this.#counts[++bucket] as number;
    return middleOf(bucket);
  }

  clear(): void {
    this.#counts.fill(0);
    this.#total = 0;
  }
}

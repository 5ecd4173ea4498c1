// Numbered entries by their hashes. The table grows by one bucket with each entry (linear hashing), so that no step is long,
// however many there are.
import { IntChunks } from "./int-chunks.ts";

/** What stands for no entry. */
export const noEntry = -1;

const firstBuckets = 64;

export class HashChains {
  readonly #hashes = new IntChunks();
  /** By entry: the next one in its bucket. */
  readonly #next = new IntChunks();
  /** By bucket: its first entry. */
  readonly #heads = new IntChunks();
  /** Buckets when the present round began. Those below `#split` have given half of their entries to one of the new ones. */
  #roundBuckets = firstBuckets;
  #split = 0;
  count = 0;

  constructor() {
    for (let bucket = 0; bucket < firstBuckets; bucket++) this.#heads.set(bucket, noEntry);
  }

  get byteLength(): number {
    return this.#hashes.byteLength + this.#next.byteLength + this.#heads.byteLength;
  }

  #bucketOf(hash: number): number {
    const bucket = hash & (this.#roundBuckets - 1);
    return bucket < this.#split ? hash & (this.#roundBuckets * 2 - 1) : bucket;
  }

  hashOf(entry: number): number {
    return this.#hashes.at(entry);
  }

  /** An entry that may have that hash, or `noEntry`. */
  first(hash: number): number {
    return this.#heads.at(this.#bucketOf(hash));
  }

  /** The one behind an entry, or `noEntry`. */
  next(entry: number): number {
    return this.#next.at(entry);
  }

  /** Adds the next entry, whose number is the count that there was. `hash` is an int32. */
  add(hash: number): void {
    const entry = this.count++;
    this.#hashes.set(entry, hash);
    this.#link(this.#bucketOf(hash), entry);
    if (this.count > this.#roundBuckets + this.#split) this.#splitNext();
  }

  #link(bucket: number, entry: number): void {
    this.#next.set(entry, this.#heads.at(bucket));
    this.#heads.set(bucket, entry);
  }

  #splitNext(): void {
    const bucket = this.#split++;
    this.#heads.set(this.#roundBuckets + bucket, noEntry);
    let entry = this.#heads.at(bucket);
    this.#heads.set(bucket, noEntry);
    while (entry !== noEntry) {
      const next = this.#next.at(entry);
      this.#link(this.#bucketOf(this.#hashes.at(entry)), entry);
      entry = next;
    }
    if (this.#split < this.#roundBuckets) return;
    this.#roundBuckets *= 2;
    this.#split = 0;
  }
}

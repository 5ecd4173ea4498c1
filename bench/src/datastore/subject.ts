// What the operations of the benchmark run on: a table with a unique key, ours or a peer's. Methods
// take keys by the thousand, so that calling them costs next to nothing.

/** Keys of one batch: `keys[from, to)`. */
export interface Subject {
  /**
   * How changes are committed: a batch at a time, or all that is measured at once, where commits
   * would make the subject slower.
   */
  readonly commits: "each batch" | "once";
  readonly rowCount: number;
  begin(): void;
  commit(): void;
  /** Inserts rows of version 0. */
  insert(keys: Uint32Array, from: number, to: number): void;
  /** Reads the rows with these keys; returns the sum of their values (`rowValue`). */
  read(keys: Uint32Array, from: number, to: number): number;
  /**
   * Reads rows in key order, `rangeKeyCount` keys from each of these on; returns the sum of their
   * values. Undefined where there is no order.
   */
  readonly scan?: (keys: Uint32Array, from: number, to: number) => number;
  update(keys: Uint32Array, from: number, to: number, version: number): void;
  delete(keys: Uint32Array, from: number, to: number): void;
  close(): void;
}

/** How long a range is. */
export const rangeKeyCount = 100;

// The rows of one side that a transaction changed, found by the joined column: made when first asked for.
import type { AlgebraicType } from "@lightcone/abi";
import { hasFloats, hashBytes } from "../datastore/key.ts";
import type { RowIds } from "../datastore/rows/ids.ts";
import type { PairSide } from "../sql/plan/pair-plan.ts";

/** Rows that a transaction changed. */
export interface ChangedRows {
  readonly inserts: RowIds;
  readonly deletes: RowIds;
}

/** Takes a row whose key may be the one asked for; `sign` is 1 for an inserted row, -1 for a deleted one. */
type VisitChanged = (row: number, sign: 1 | -1) => void;

export class DeltaKeys {
  readonly #side: PairSide;
  /** Equal floats may differ in their bytes: they share one hash. */
  readonly #isHashed: boolean;
  #delta: ChangedRows | undefined;
  /** Rows and signs in turns. */
  #byHash: Map<number, number[]> | undefined;

  constructor(side: PairSide) {
    this.#side = side;
    this.#isHashed = !hasFloats(side.layout.columnTypes[side.column] as AlgebraicType);
  }

  begin(delta: ChangedRows): void {
    this.#delta = delta;
  }

  end(): void {
    this.#delta = undefined;
    this.#byHash = undefined;
  }

  hash(bytes: Uint8Array, start: number, end: number): number {
    return this.#isHashed ? hashBytes(bytes, start, end) : 0;
  }

  /** Visits the changed rows whose joined column has the hash of `bytes[start, end)`; its bytes may still differ. */
  find(bytes: Uint8Array, start: number, end: number, visit: VisitChanged): void {
    if (this.#delta === undefined) return;
    this.#byHash ??= this.#build(this.#delta);
    const bucket = this.#byHash.get(this.hash(bytes, start, end));
    if (bucket === undefined) return;
    for (let i = 0; i < bucket.length; i += 2) {
      visit(bucket[i] as number, bucket[i + 1] === 1 ? 1 : -1);
    }
  }

  #build({ inserts, deletes }: ChangedRows): Map<number, number[]> {
    const byHash = new Map<number, number[]>();
    this.#enter(byHash, inserts, 1);
    this.#enter(byHash, deletes, -1);
    return byHash;
  }

  #enter(byHash: Map<number, number[]>, rows: RowIds, sign: 1 | -1): void {
    const { table, layout, column } = this.#side;
    for (let i = 0; i < rows.count; i++) {
      const row = rows.at(i);
      const page = table.rows.page(row);
      const start = layout.columnStart(column, page, table.rows.start(row));
      const hash = this.hash(page, start, layout.columnEnd(column, page, start));
      const bucket = byHash.get(hash);
      if (bucket === undefined) byHash.set(hash, [row, sign]);
      else bucket.push(row, sign);
    }
  }
}

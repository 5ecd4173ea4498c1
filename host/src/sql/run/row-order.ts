// The order that ORDER BY puts rows in.
import { type AlgebraicType, assert } from "@lightcone/abi";
import { compileCompare, compileWords, type KeyWords } from "../../datastore/key.ts";
import type { RowLayout } from "../../datastore/row-layout.ts";
import type { SortKey } from "../bind/bind-general.ts";

/** Negative, zero or positive, as row `a` at `aStart` comes before, beside or after row `b`. */
export type CompareRows = (a: Uint8Array, aStart: number, b: Uint8Array, bStart: number) => number;

function compareBy({ position, isDescending }: SortKey, layout: RowLayout): CompareRows {
  const compare = compileCompare(layout.columnTypes[position] as AlgebraicType);
  const sign = isDescending ? -1 : 1;
  return (a, aStart, b, bStart) => {
    const aAt = layout.columnStart(position, a, aStart);
    return sign * compare(a, aAt, b, layout.columnStart(position, b, bStart));
  };
}

/** An order, and what tells most rows apart without a look at them. */
export interface RowOrder {
  readonly compare: CompareRows;
  /** Loads two words that order as the first key does. Where they are equal `compare` decides. */
  readonly loadWords: (bytes: Uint8Array, rowStart: number, words: KeyWords) => void;
  /** What the order of the words is multiplied by. */
  readonly sign: 1 | -1;
}

/** Compiles the order of rows with `layout`. Options without a value come behind all others, or before them with DESC. */
export function compileOrder(keys: readonly SortKey[], layout: RowLayout): RowOrder {
  const parts = keys.map((key) => compareBy(key, layout));
  const [first] = keys;
  assert(first !== undefined, "rows were to be put in an order without keys");
  const { load } = compileWords(layout.columnTypes[first.position] as AlgebraicType);
  return {
    compare: (a, aStart, b, bStart) => {
      for (let i = 0; i < parts.length; i++) {
        const order = (parts[i] as CompareRows)(a, aStart, b, bStart);
        if (order !== 0) return order;
      }
      return 0;
    },
    loadWords: (bytes, rowStart, words) => {
      load(bytes, layout.columnStart(first.position, bytes, rowStart), words);
    },
    sign: first.isDescending ? -1 : 1,
  };
}

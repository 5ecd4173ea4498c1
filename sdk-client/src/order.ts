// The order of a column's values: that of the server's indexes (docs/sql.md, SQL7), so that a range has the same rows.
import {
  type AlgebraicType,
  resolve,
  specialKind,
  type Typespace,
  type Value,
} from "@lightcone/abi";
import { unwrapped } from "./key.ts";

/** Negative, zero or positive, as `a` comes before `b`, is equal to it or comes after it. */
type Compare = (a: Value, b: Value) => number;

/** The order of the values of one type. */
export interface Order {
  readonly compare: Compare;
  /** A number for each value that is never less than that of a value before it; never NaN. */
  readonly rank: (value: Value) => number;
  /** Whether no two values that differ share that rank. */
  readonly isExact: (rank: number) => boolean;
}

/** The order of values of that type; undefined for types that have none here. */
export function compileOrder(type: AlgebraicType, types: Typespace): Order | undefined {
  const resolved = resolve(type, types);
  const special = specialKind(resolved);
  switch (resolved.kind) {
    case "product":
      return special && integers(unwrapped);
    case "array":
      return resolved.element.kind === "u8" ? byteOrder : undefined;
    case "sum": {
      if (special !== undefined) return undefined;
      const ranks = new Map(resolved.variants.map(({ name }, rank) => [name, rank] as const));
      const isPlain = resolved.variants.every(({ type: payload }) => isEmpty(payload, types));
      const rankOf = (value: Value): number =>
        ranks.get((value as { readonly tag: string }).tag) ?? ranks.size;
      return isPlain ? integers(rankOf) : undefined;
    }
    case "string":
      return textOrder;
    case "f32":
    case "f64":
      return floatOrder;
    default:
      return integers((value) => value as number | bigint);
  }
}

/** Numbers that a double holds, and larger ones, which it rounds without ever exchanging two. */
function integers(numberOf: (value: Value) => number | bigint): Order {
  return {
    compare: (a, b) => compareNumbers(numberOf(a), numberOf(b)),
    rank: (value) => Number(numberOf(value)),
    isExact: Number.isSafeInteger,
  };
}

// NaN is the greatest number and equals itself: it shares the rank of infinity.
const floatOrder: Order = {
  compare: (a, b) =>
    compareNumbers(floatRank(a), floatRank(b)) || Number(Number.isNaN(a)) - Number(Number.isNaN(b)),
  rank: floatRank,
  isExact: Number.isFinite,
};

function floatRank(value: Value): number {
  return Number.isNaN(value) ? Number.POSITIVE_INFINITY : (value as number);
}

// The server orders texts by their bytes of UTF-8, which is by code points. JavaScript's own order is by units of UTF-16,
// where surrogates come before the last units although their characters come after all others.
const textOrder: Order = listOrder(3, 0x20000, (text, i) => {
  const unit = (text as string).charCodeAt(i);
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
});

const byteOrder: Order = listOrder(6, 0x100, (bytes, i) => (bytes as Uint8Array)[i] as number);

/** The order by items, each less than `base`; the end is less than all. Ranks are those of the first few. */
function listOrder(
  rankedCount: number,
  base: number,
  itemAt: (list: Value, index: number) => number,
): Order {
  return {
    compare: (a, b) => {
      const [length, otherLength] = [lengthOf(a), lengthOf(b)];
      for (let i = 0; i < length && i < otherLength; i++) {
        const difference = itemAt(a, i) - itemAt(b, i);
        if (difference !== 0) return difference;
      }
      return length - otherLength;
    },
    rank: (list) => {
      let rank = 0;
      for (let i = 0; i < rankedCount; i++) {
        rank = rank * (base + 1) + (i < lengthOf(list) ? itemAt(list, i) + 1 : 0);
      }
      return rank;
    },
    isExact: (rank) => rank % (base + 1) === 0,
  };
}

function lengthOf(list: Value): number {
  return (list as string | Uint8Array).length;
}

function isEmpty(type: AlgebraicType, types: Typespace): boolean {
  const resolved = resolve(type, types);
  return resolved.kind === "product" && resolved.elements.length === 0;
}

function compareNumbers(a: number | bigint, b: number | bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

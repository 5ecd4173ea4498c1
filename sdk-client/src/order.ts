// The order of a column's values: that of the server's indexes (docs/sql.md, SQL7), so that a range has the same rows.
import {
  type AlgebraicType,
  resolve,
  specialKind,
  type Typespace,
  type Value,
} from "@lightcone/abi";

/** Negative, zero or positive, as `a` comes before `b`, is equal to it or comes after it. */
export type Compare = (a: Value, b: Value) => number;

/** The order of values of that type; undefined for types that have none here. */
export function compileOrder(type: AlgebraicType, types: Typespace): Compare | undefined {
  const resolved = resolve(type, types);
  switch (specialKind(resolved)) {
    case "identity":
    case "connectionId":
    case "uuid":
      return (a, b) => compareNumbers(valueOf(a), valueOf(b));
    case "timestamp":
    case "timeDuration":
      return (a, b) => compareNumbers(microsOf(a), microsOf(b));
    case undefined:
      break;
    default:
      return undefined;
  }
  switch (resolved.kind) {
    case "product":
      return undefined;
    case "array":
      return resolved.element.kind === "u8"
        ? (a, b) => compareBytes(a as Uint8Array, b as Uint8Array)
        : undefined;
    case "sum": {
      const ranks = new Map(resolved.variants.map(({ name }, rank) => [name, rank] as const));
      const isPlain = resolved.variants.every(({ type: payload }) => isEmpty(payload, types));
      const rankOf = (value: Value): number =>
        ranks.get((value as { readonly tag: string }).tag) ?? ranks.size;
      return isPlain ? (a, b) => rankOf(a) - rankOf(b) : undefined;
    }
    case "string":
      return (a, b) => compareTexts(a as string, b as string);
    case "f32":
    case "f64":
      return (a, b) => compareFloats(a as number, b as number);
    default:
      return (a, b) => compareNumbers(a as number, b as number);
  }
}

function isEmpty(type: AlgebraicType, types: Typespace): boolean {
  const resolved = resolve(type, types);
  return resolved.kind === "product" && resolved.elements.length === 0;
}

function valueOf(value: Value): bigint {
  return (value as { readonly value: bigint }).value;
}

function microsOf(value: Value): bigint {
  return (value as { readonly micros: bigint }).micros;
}

function compareNumbers<T extends number | bigint>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

// NaN is the greatest number and equals itself.
function compareFloats(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return compareNumbers(a, b);
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

// The server orders texts by their bytes of UTF-8, which is by code points. JavaScript's own order is by units of UTF-16,
// where surrogates come before the last units although their characters come after all others.
function compareTexts(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const [one, other] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (one !== other) return rankOfUnit(one) - rankOfUnit(other);
  }
  return a.length - b.length;
}

function rankOfUnit(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

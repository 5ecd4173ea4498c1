// The order of decoded values, written down as the reference says it (abi.md section 5.3) and without a thought for speed.
import {
  type AlgebraicType,
  type ConnectionId,
  type Element,
  type Identity,
  isBytes,
  isUnit,
  type ProductValue,
  specialKind,
  type SumValue,
  TimeDuration,
  Timestamp,
  type Uuid,
  type Value,
} from "@lightcone/abi";

function compareLists<T>(a: readonly T[], b: readonly T[], item: (x: T, y: T) => number): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const order = item(a[i] as T, b[i] as T);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function compareNumbers<T extends number | bigint>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function compareFloats(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return compareNumbers(a, b);
}

function compareVariants(variants: readonly Element[], a: SumValue, b: SumValue): number {
  const tagOf = (value: SumValue): number => variants.findIndex(({ name }) => name === value.tag);
  if (tagOf(a) !== tagOf(b)) return tagOf(a) - tagOf(b);
  const { type } = variants[tagOf(a)] as Element;
  return isUnit(type) ? 0 : compareValues(type, a.value, b.value);
}

/** The number that a value of a special type of one field stands for. */
function numberOf(value: Value): bigint {
  if (value instanceof Timestamp || value instanceof TimeDuration) return value.micros;
  return (value as Identity | ConnectionId | Uuid).value;
}

type ResultValue = { readonly ok: Value } | { readonly err: Value };

function compareResults([ok, err]: readonly Element[], a: ResultValue, b: ResultValue): number {
  if ("ok" in a && "ok" in b) return compareValues((ok as Element).type, a.ok, b.ok);
  if ("err" in a && "err" in b) return compareValues((err as Element).type, a.err, b.err);
  return "ok" in a ? -1 : 1;
}

/** Negative, zero or positive. Options of options are not known. */
export function compareValues(type: AlgebraicType, a: Value, b: Value): number {
  switch (type.kind) {
    case "bool":
      return Number(a) - Number(b);
    case "f32":
    case "f64":
      return compareFloats(a as number, b as number);
    case "string":
      return Buffer.compare(Buffer.from(a as string), Buffer.from(b as string));
    case "array":
      if (isBytes(type)) return Buffer.compare(a as Uint8Array, b as Uint8Array);
      return compareLists(a as readonly Value[], b as readonly Value[], (x, y) =>
        compareValues(type.element, x, y),
      );
    case "product":
      if (specialKind(type) !== undefined) return compareNumbers(numberOf(a), numberOf(b));
      return compareLists(type.elements, type.elements, ({ name, type: field }) => {
        const key = name as string;
        return compareValues(field, (a as ProductValue)[key], (b as ProductValue)[key]);
      });
    case "sum":
      if (specialKind(type) === "option") {
        // Something has tag 0.
        if (a === undefined || b === undefined)
          return Number(a === undefined) - Number(b === undefined);
        return compareValues((type.variants[0] as Element).type, a, b);
      }
      if (specialKind(type) === "result") {
        return compareResults(type.variants, a as ResultValue, b as ResultValue);
      }
      return compareVariants(type.variants, a as SumValue, b as SumValue);
    default:
      return compareNumbers(a as bigint, b as bigint);
  }
}

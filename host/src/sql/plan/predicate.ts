// WHERE as a function on row bytes. It is compiled once; a row is not decoded, and a call allocates nothing.
import { type AlgebraicType, assert } from "@lightcone/abi";
import { compileCompare } from "../../datastore/key.ts";
import type { RowLayout } from "../../datastore/row-layout.ts";
import type { BoundPredicate } from "../bind/bound.ts";
import { integerShape } from "../bind/literal.ts";
import { outcome, type Outcomes, outcomesOf } from "../bind/operator.ts";
import type { CompareOperator } from "../parse/tree.ts";
import { compileWidePredicate, type RowPredicate } from "./predicate-wide.ts";

export type { RowPredicate } from "./predicate-wide.ts";

const signBit = 0x80000000 | 0;

function i32At(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  );
}

/** The integer type that values of `type` are stored as: special products have one field. */
function storedAs(type: AlgebraicType): AlgebraicType {
  const [element, ...others] = type.kind === "product" ? type.elements : [];
  return element !== undefined && others.length === 0 ? element.type : type;
}

/** Integers of one or two bytes at a constant place; `shift` carries the sign of signed ones. */
function compareNarrow(
  { less, equal, greater }: Outcomes,
  offset: number,
  size: 1 | 2,
  isSigned: boolean,
  value: Uint8Array,
): RowPredicate {
  const shift = isSigned ? 32 - size * 8 : 0;
  if (size === 1) {
    const wanted = ((value[0] as number) << shift) >> shift;
    return (bytes, rowStart) => {
      const found = ((bytes[rowStart + offset] as number) << shift) >> shift;
      return found < wanted ? less : found > wanted ? greater : equal;
    };
  }
  const wanted = (((value[0] as number) | ((value[1] as number) << 8)) << shift) >> shift;
  return (bytes, rowStart) => {
    const at = rowStart + offset;
    const found = (((bytes[at] as number) | ((bytes[at + 1] as number) << 8)) << shift) >> shift;
    return found < wanted ? less : found > wanted ? greater : equal;
  };
}

/** Integers of four bytes; flipping the sign bit makes unsigned ones order as signed ones do. */
function compare32(
  { less, equal, greater }: Outcomes,
  offset: number,
  isSigned: boolean,
  value: Uint8Array,
): RowPredicate {
  const bias = isSigned ? 0 : signBit;
  const wanted = i32At(value, 0) ^ bias;
  return (bytes, rowStart) => {
    const found = i32At(bytes, rowStart + offset) ^ bias;
    return found < wanted ? less : found > wanted ? greater : equal;
  };
}

/** Integers of eight bytes as two words; the lower one is unsigned always. */
function compare64(
  { less, equal, greater }: Outcomes,
  offset: number,
  isSigned: boolean,
  value: Uint8Array,
): RowPredicate {
  const bias = isSigned ? 0 : signBit;
  const wantedHigh = i32At(value, 4) ^ bias;
  const wantedLow = i32At(value, 0) ^ signBit;
  return (bytes, rowStart) => {
    const at = rowStart + offset;
    const high = i32At(bytes, at + 4) ^ bias;
    if (high !== wantedHigh) return high < wantedHigh ? less : greater;
    const low = i32At(bytes, at) ^ signBit;
    return low < wantedLow ? less : low > wantedLow ? greater : equal;
  };
}

/** The quick comparison of a small integer at a constant place, or undefined for anything else. */
function compareInPlace(
  outcomes: Outcomes,
  layout: RowLayout,
  column: number,
  value: Uint8Array,
): RowPredicate | undefined {
  const offset = layout.constantOffset(column);
  const type = storedAs(layout.columnTypes[column] as AlgebraicType);
  const shape = type.kind === "bool" ? { byteCount: 1, isSigned: false } : integerShape(type);
  if (offset < 0 || shape === undefined) return undefined;
  const { byteCount, isSigned } = shape;
  assert(value.length === byteCount, "a constant does not have its column's size");
  switch (byteCount) {
    case 1:
    case 2:
      return compareNarrow(outcomes, offset, byteCount, isSigned, value);
    case 4:
      return compare32(outcomes, offset, isSigned, value);
    case 8:
      return compare64(outcomes, offset, isSigned, value);
    default:
      return undefined;
  }
}

function compareConstant(
  outcomes: Outcomes,
  layout: RowLayout,
  column: number,
  value: Uint8Array,
): RowPredicate {
  const inPlace = compareInPlace(outcomes, layout, column, value);
  if (inPlace !== undefined) return inPlace;
  const compare = compileCompare(layout.columnTypes[column] as AlgebraicType);
  return (bytes, rowStart) => {
    const at = layout.columnStart(column, bytes, rowStart);
    return outcome(outcomes, compare(bytes, at, value, 0));
  };
}

function compareColumns(
  outcomes: Outcomes,
  layout: RowLayout,
  left: number,
  right: number,
): RowPredicate {
  const compare = compileCompare(layout.columnTypes[left] as AlgebraicType);
  return (bytes, rowStart) => {
    const leftAt = layout.columnStart(left, bytes, rowStart);
    const rightAt = layout.columnStart(right, bytes, rowStart);
    return outcome(outcomes, compare(bytes, leftAt, bytes, rightAt));
  };
}

/** FALSE comes before TRUE. */
function comparePredicates(
  operator: CompareOperator,
  left: RowPredicate,
  right: RowPredicate,
): RowPredicate {
  const outcomes = outcomesOf[operator];
  return (bytes, rowStart) =>
    outcome(outcomes, Number(left(bytes, rowStart)) - Number(right(bytes, rowStart)));
}

function all(parts: readonly RowPredicate[]): RowPredicate {
  return (bytes, rowStart) => {
    for (let i = 0; i < parts.length; i++) {
      if (!(parts[i] as RowPredicate)(bytes, rowStart)) return false;
    }
    return true;
  };
}

function any(parts: readonly RowPredicate[]): RowPredicate {
  return (bytes, rowStart) => {
    for (let i = 0; i < parts.length; i++) {
      if ((parts[i] as RowPredicate)(bytes, rowStart)) return true;
    }
    return false;
  };
}

/** Compiles a predicate that speaks of one relation only, for its rows, which have `layout`. */
export function compilePredicate(predicate: BoundPredicate, layout: RowLayout): RowPredicate {
  switch (predicate.kind) {
    case "constant": {
      const { value } = predicate;
      return () => value;
    }
    case "compareConstant": {
      const { operator, column, value } = predicate;
      return compareConstant(outcomesOf[operator], layout, column.column, value);
    }
    case "compareColumns": {
      const { operator, left, right } = predicate;
      return compareColumns(outcomesOf[operator], layout, left.column, right.column);
    }
    case "comparePredicates": {
      const { operator, left, right } = predicate;
      const compiled = [compilePredicate(left, layout), compilePredicate(right, layout)] as const;
      return comparePredicates(operator, ...compiled);
    }
    case "in":
    case "like":
    case "isNone":
    case "comparePayload":
      return compileWidePredicate(predicate, layout);
    default: {
      const parts = predicate.parts.map((part) => compilePredicate(part, layout));
      return predicate.kind === "and" ? all(parts) : any(parts);
    }
  }
}

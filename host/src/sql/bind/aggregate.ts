// Aggregates: which types they take, and which they give.
import { type AlgebraicType, option } from "@lightcone/abi";
import { optionPayload } from "./bind-wide.ts";
import type { BoundColumn } from "./bound.ts";
import { integerShape } from "./literal.ts";
import type { AggregateFunction } from "../parse/tree.ts";
import { isComparable } from "./type-name.ts";

export interface BoundAggregate {
  readonly function: AggregateFunction;
  /** Undefined for `COUNT(*)`, which counts rows. */
  readonly column: BoundColumn | undefined;
  /** Whether the column is an Option; without a value it counts for nothing. */
  readonly isOption: boolean;
  /** The type of the column's values. */
  readonly input: AlgebraicType;
  readonly result: AlgebraicType;
}

const u64: AlgebraicType = { kind: "u64" };
const f64: AlgebraicType = { kind: "f64" };

function isFloat({ kind }: AlgebraicType): boolean {
  return kind === "f32" || kind === "f64";
}

/**
 * Sums have room: integers of up to 64 bits are added up as such of 128, wider ones as such of 256, so that only sums of the
 * latter can be too large.
 */
function sumType(type: AlgebraicType): AlgebraicType | undefined {
  if (isFloat(type)) return f64;
  const shape = integerShape(type);
  if (shape === undefined) return undefined;
  const isWide = shape.byteCount > 8;
  if (shape.isSigned) return { kind: isWide ? "i256" : "i128" };
  return { kind: isWide ? "u256" : "u128" };
}

/**
 * An aggregate of a column of type `columnType`, or undefined where it takes no such column. `mayBeEmpty`: there may be no row
 * to look at, so that MIN and MAX may have nothing to give.
 */
export function boundAggregate(
  name: AggregateFunction,
  column: BoundColumn | undefined,
  columnType: AlgebraicType,
  mayBeEmpty: boolean,
): BoundAggregate | undefined {
  const payload = optionPayload(columnType);
  const input = payload ?? columnType;
  const isOption = payload !== undefined;
  const withResult = (result: AlgebraicType): BoundAggregate => ({
    function: name,
    column,
    isOption,
    input,
    result,
  });
  switch (name) {
    case "COUNT":
      return withResult(u64);
    case "SUM": {
      const result = sumType(input);
      return result === undefined ? undefined : withResult(result);
    }
    case "AVG":
      return sumType(input) === undefined ? undefined : withResult(f64);
    default:
      if (!isComparable(input)) return undefined;
      return withResult(isOption || mayBeEmpty ? option(input) : input);
  }
}

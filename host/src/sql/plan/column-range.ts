// What conditions say of the least and the greatest value of a column.
import { type AlgebraicType, Writer } from "@lightcone/abi";
import { compileCompare } from "../../datastore/key.ts";
import type { Table } from "../../datastore/table.ts";
import type { BoundPredicate } from "../bind/bound.ts";

/** An end of a range, as BSATN of the column's type. */
export interface Bound {
  readonly value: Uint8Array;
  readonly isInclusive: boolean;
}

/** Values of a column; without a bound they have no least or no greatest. */
export interface Range {
  readonly low: Bound | undefined;
  readonly high: Bound | undefined;
}

interface ColumnRange extends Range {
  /** The conditions that say no more than this. */
  readonly decided: readonly BoundPredicate[];
}

interface CollectedRange extends ColumnRange {
  low: Bound | undefined;
  high: Bound | undefined;
  readonly decided: BoundPredicate[];
}

/** The text before which all texts with a prefix lie, or undefined if there is none. It need not be UTF-8. */
function behindPrefix(prefix: Uint8Array): Uint8Array | undefined {
  const last = prefix[prefix.length - 1];
  if (last === undefined) return undefined;
  // No byte of UTF-8 is 255.
  const behind = prefix.slice();
  behind[behind.length - 1] = last + 1;
  return behind;
}

function encodeText(bytes: Uint8Array): Uint8Array {
  const writer = new Writer(4 + bytes.length);
  writer.bytes(bytes);
  return writer.finish();
}

class RangeCollector {
  readonly ranges = new Map<number, CollectedRange>();
  readonly #table: Table;

  constructor(table: Table) {
    this.#table = table;
  }

  #rangeOf(column: number): CollectedRange {
    let range = this.ranges.get(column);
    if (range === undefined) {
      range = { low: undefined, high: undefined, decided: [] };
      this.ranges.set(column, range);
    }
    return range;
  }

  /** Whether `a` lies further inside than `b`; `sign` is 1 for lower bounds. */
  #isNarrower(column: number, a: Bound, b: Bound | undefined, sign: 1 | -1): boolean {
    if (b === undefined) return true;
    const compare = compileCompare(this.#table.layout.columnTypes[column] as AlgebraicType);
    const order = compare(a.value, 0, b.value, 0) * sign;
    return order > 0 || (order === 0 && !a.isInclusive);
  }

  raise(column: number, bound: Bound): void {
    const range = this.#rangeOf(column);
    if (this.#isNarrower(column, bound, range.low, 1)) range.low = bound;
  }

  lower(column: number, bound: Bound): void {
    const range = this.#rangeOf(column);
    if (this.#isNarrower(column, bound, range.high, -1)) range.high = bound;
  }

  add(condition: BoundPredicate): void {
    if (condition.kind === "like") {
      this.#addPrefix(condition);
      return;
    }
    if (condition.kind !== "compareConstant") return;
    const { operator, value } = condition;
    const { column } = condition.column;
    if (operator === "<>") return;
    const bound = { value, isInclusive: operator !== "<" && operator !== ">" };
    if (operator !== "<" && operator !== "<=") this.raise(column, bound);
    if (operator !== ">" && operator !== ">=") this.lower(column, bound);
    this.#rangeOf(column).decided.push(condition);
  }

  #addPrefix({
    column,
    isOption,
    isNegated,
    pattern,
  }: Extract<BoundPredicate, { kind: "like" }>): void {
    const behind = behindPrefix(pattern.prefix);
    if (isOption || isNegated || behind === undefined) return;
    this.raise(column.column, { value: encodeText(pattern.prefix), isInclusive: true });
    this.lower(column.column, { value: encodeText(behind), isInclusive: false });
  }
}

/** By column: the range that the conditions leave. */
export function rangesOf(
  table: Table,
  conditions: readonly BoundPredicate[],
): ReadonlyMap<number, ColumnRange> {
  const collector = new RangeCollector(table);
  for (const condition of conditions) collector.add(condition);
  return collector.ranges;
}

// What an aggregate keeps of each group. Values are read where they lie in the rows; groups are numbered from 0.
import { type AlgebraicType, LightconeError, numberToBytes, type Writer } from "@lightcone/abi";
import type { BoundAggregate } from "../bind/aggregate.ts";
import { ExtremeAccumulator } from "./extreme.ts";
import { integerShape } from "../bind/literal.ts";
import { FloatSum, IntegerSum, type SumOf } from "./sum.ts";

/** The aggregate of each of many groups. */
export interface Accumulator {
  /** Bytes that it holds for each group, about. */
  readonly groupBytes: number;
  /** Takes the value at `at` into a group. */
  add(group: number, bytes: Uint8Array, at: number): void;
  /** Appends a group's result as BSATN. A group that got nothing has one, too. Throws LC_LIMIT for one that is too large. */
  write(group: number, writer: Writer): void;
}

/** Doubles an array of numbers so that it has room for `group`. */
function withRoom(values: Float64Array<ArrayBuffer>, group: number): Float64Array<ArrayBuffer> {
  if (group < values.length) return values;
  const next = new Float64Array(Math.max(group + 1, values.length * 2));
  next.set(values);
  return next;
}

/** Counts what it is given; `addMany` for rows that need not be looked at. */
export class CountAccumulator implements Accumulator {
  readonly groupBytes = 8;
  #counts = new Float64Array(16);

  add(group: number): void {
    this.addMany(group, 1);
  }

  addMany(group: number, count: number): void {
    this.#counts = withRoom(this.#counts, group);
    this.#counts[group] = (this.#counts[group] as number) + count;
  }

  count(group: number): number {
    return this.#counts[group] ?? 0;
  }

  write(group: number, writer: Writer): void {
    writer.u64(BigInt(this.count(group)));
  }
}

function sumOf(type: AlgebraicType): SumOf {
  const shape = integerShape(type);
  return shape === undefined ? new FloatSum(type.kind === "f32" ? 4 : 8) : new IntegerSum(shape);
}

class SumAccumulator implements Accumulator {
  readonly groupBytes = 32;
  readonly #sum: SumOf;
  readonly #result: AlgebraicType;

  constructor({ input, result }: BoundAggregate) {
    this.#sum = sumOf(input);
    this.#result = result;
  }

  add(group: number, bytes: Uint8Array, at: number): void {
    this.#sum.add(group, bytes, at);
  }

  write(group: number, writer: Writer): void {
    const value = this.#sum.value(group);
    if (typeof value === "number") {
      writer.f64(value);
      return;
    }
    const { byteCount = 0, isSigned = false } = integerShape(this.#result) ?? {};
    const bits = byteCount * 8;
    if ((isSigned ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value)) !== value) {
      const message = `the sum ${value} is out of the range of ${this.#result.kind.toUpperCase()}`;
      throw new LightconeError("LC_LIMIT", message);
    }
    writer.raw(numberToBytes(value, byteCount));
  }
}

/** The sum by the count; of nothing it is no number. */
class AverageAccumulator implements Accumulator {
  readonly groupBytes = 40;
  readonly #sum: SumOf;
  readonly #count = new CountAccumulator();

  constructor({ input }: BoundAggregate) {
    this.#sum = sumOf(input);
  }

  add(group: number, bytes: Uint8Array, at: number): void {
    this.#sum.add(group, bytes, at);
    this.#count.add(group);
  }

  write(group: number, writer: Writer): void {
    writer.f64(Number(this.#sum.value(group)) / this.#count.count(group));
  }
}

export function makeAccumulator(aggregate: BoundAggregate): Accumulator {
  switch (aggregate.function) {
    case "COUNT":
      return new CountAccumulator();
    case "SUM":
      return new SumAccumulator(aggregate);
    case "AVG":
      return new AverageAccumulator(aggregate);
    default:
      return new ExtremeAccumulator(aggregate);
  }
}

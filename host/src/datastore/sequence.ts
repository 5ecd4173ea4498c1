// Auto-increment. Values are reserved in the log in blocks, so that none is handed out twice by committed transactions,
// crash or not (module-def.md section 8; design.md, rulings).
import type { SequenceSchema } from "./schema.ts";

/** Values reserved at a time. */
export const sequenceBlock = 4096;

/** A value of a sequence: a number where that is exact, which it nearly always is, for it costs no memory. */
export type SequenceValue = number | bigint;

const safeMin = BigInt(Number.MIN_SAFE_INTEGER);
const safeMax = BigInt(Number.MAX_SAFE_INTEGER);

function isSafe(value: bigint): boolean {
  return value >= safeMin && value <= safeMax;
}

function compact(value: bigint): SequenceValue {
  return isSafe(value) ? Number(value) : value;
}

export class Sequence {
  readonly schema: SequenceSchema;
  /** The value handed out next. A rollback does not turn it back. */
  #position: SequenceValue;
  /** Values that may be handed out before the next reservation. */
  #reserved = 0;
  // The schema's numbers, where numbers are exact: an increment that is not fits no step below.
  readonly #increment: number;
  readonly #min: number;
  readonly #max: number;

  constructor(schema: SequenceSchema) {
    const { increment, min, max } = schema;
    this.schema = schema;
    this.#position = compact(schema.allocated);
    this.#increment = isSafe(increment) ? Number(increment) : Number.NaN;
    this.#min = Number(min < safeMin ? safeMin : min);
    this.#max = Number(max > safeMax ? safeMax : max);
  }

  /** Whether the next value needs a reservation first. */
  get mustReserve(): boolean {
    return this.#reserved === 0;
  }

  /** Takes a block; returns the first value after it, which must be written to the log as `allocated`. */
  reserve(): bigint {
    this.#reserved = sequenceBlock;
    return this.#after(BigInt(this.#position), sequenceBlock);
  }

  /** The transaction that reserved was rolled back: what it reserved is not in the log. */
  forgetReservation(): void {
    this.#reserved = 0;
  }

  /** The next value, which the caller truncates to the column's type. */
  next(): SequenceValue {
    const value = this.#position;
    this.#reserved--;
    const straight = typeof value === "number" ? value + this.#increment : Number.NaN;
    this.#position =
      straight >= this.#min && straight <= this.#max
        ? straight
        : compact(this.#after(BigInt(value), 1));
    return value;
  }

  /** Follows the log: numbering continues at `allocated`. */
  restart(allocated: bigint): void {
    this.#position = compact(allocated);
    this.#reserved = 0;
  }

  /** Goes on where another one stands, which is not used again: what that had reserved is this one's. */
  continueFrom(other: Sequence): void {
    this.#position = other.#position;
    this.#reserved = other.#reserved;
  }

  #after(value: bigint, steps: number): bigint {
    const { increment, min, max } = this.schema;
    const straight = value + increment * BigInt(steps);
    if (straight <= max && straight >= min) return straight;
    // Near an end of the range; an increment over one makes wrapping other than plain modular arithmetic.
    let at = value;
    for (let i = 0; i < steps; i++) {
      at += increment;
      if (at > max) at = min;
      else if (at < min) at = max;
    }
    return at;
  }
}

/** Writes the lowest bytes of `value` over `bytes[from, to)`: its truncation to an integer type of that size. */
export function writeSequenceValue(
  value: SequenceValue,
  bytes: Uint8Array,
  from: number,
  to: number,
): void {
  if (typeof value === "bigint") {
    let rest = value;
    for (let at = from; at < to; at++, rest >>= 8n) bytes[at] = Number(rest & 0xffn);
    return;
  }
  let rest = value;
  for (let at = from; at < to; at++, rest = Math.floor(rest / 256)) bytes[at] = rest;
}

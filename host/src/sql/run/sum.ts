// Exact sums of integers, and sums of floats, one for each of many groups.
import { wordAt } from "../../datastore/key.ts";

/** One sum for each group. */
export interface SumOf {
  add(group: number, bytes: Uint8Array, at: number): void;
  /** A bigint of integers, a number of floats. */
  value(group: number): bigint | number;
}

const wordRange = 2 ** 32;

/** A part of a sum that is greater is moved where there is room: it is exact up to twice that. */
const partMax = 2 ** 52;

/** What integers up to 64 bits add up to: their two words apart, as numbers, which are exact here and cost nothing. */
export class IntegerSum implements SumOf {
  readonly #byteCount: number;
  readonly #isSigned: boolean;
  #low: Float64Array = new Float64Array(16);
  #high: Float64Array = new Float64Array(16);
  /** What the two parts had no room for. Integers of more than 64 bits go here as they are. */
  readonly #rest: (bigint | undefined)[] = [];

  constructor({ byteCount, isSigned }: { readonly byteCount: number; readonly isSigned: boolean }) {
    this.#byteCount = byteCount;
    this.#isSigned = isSigned;
  }

  #ensure(group: number): void {
    if (group < this.#low.length) return;
    const [low, high] = [this.#low, this.#high];
    this.#low = new Float64Array(low.length * 2);
    this.#low.set(low);
    this.#high = new Float64Array(high.length * 2);
    this.#high.set(high);
    this.#ensure(group);
  }

  add(group: number, bytes: Uint8Array, at: number): void {
    this.#ensure(group);
    if (this.#byteCount > 8) {
      this.#rest[group] = (this.#rest[group] ?? 0n) + this.#wide(bytes, at);
      return;
    }
    const word = this.#byteCount < 4 ? this.#narrow(bytes, at) : wordAt(bytes, at);
    let low = this.#low[group] as number;
    let high = this.#high[group] as number;
    if (this.#byteCount < 8) {
      low += this.#byteCount === 4 && !this.#isSigned ? word >>> 0 : word;
    } else {
      const upper = wordAt(bytes, at + 4);
      low += word >>> 0;
      high += this.#isSigned ? upper : upper >>> 0;
    }
    this.#low[group] = low;
    this.#high[group] = high;
    if (Math.abs(low) + Math.abs(high) > partMax) this.#settle(group);
  }

  #narrow(bytes: Uint8Array, at: number): number {
    const [first, second] = [bytes[at] as number, bytes[at + 1] as number];
    const value = this.#byteCount === 1 ? first : first | (second << 8);
    const shift = 32 - this.#byteCount * 8;
    return this.#isSigned ? (value << shift) >> shift : value;
  }

  #wide(bytes: Uint8Array, at: number): bigint {
    let value = 0n;
    for (let i = this.#byteCount - 4; i >= 0; i -= 4) {
      value = (value << 32n) | BigInt(wordAt(bytes, at + i) >>> 0);
    }
    return this.#isSigned ? BigInt.asIntN(this.#byteCount * 8, value) : value;
  }

  #settle(group: number): void {
    this.#rest[group] = this.value(group);
    this.#low[group] = 0;
    this.#high[group] = 0;
  }

  value(group: number): bigint {
    const low = BigInt(this.#low[group] ?? 0);
    const high = BigInt(this.#high[group] ?? 0);
    return (this.#rest[group] ?? 0n) + high * BigInt(wordRange) + low;
  }
}

export class FloatSum implements SumOf {
  readonly #size: 4 | 8;
  readonly #view = new DataView(new ArrayBuffer(8));
  #sums = new Float64Array(16);

  constructor(size: 4 | 8) {
    this.#size = size;
  }

  add(group: number, bytes: Uint8Array, at: number): void {
    while (group >= this.#sums.length) {
      const next = new Float64Array(this.#sums.length * 2);
      next.set(this.#sums);
      this.#sums = next;
    }
    for (let i = 0; i < this.#size; i++) this.#view.setUint8(i, bytes[at + i] as number);
    const value =
      this.#size === 4 ? this.#view.getFloat32(0, true) : this.#view.getFloat64(0, true);
    this.#sums[group] = (this.#sums[group] as number) + value;
  }

  value(group: number): number {
    return this.#sums[group] ?? 0;
  }
}

// I256: a signed integer of 256 bits. Results wrap, as those of AssemblyScript's own integers do.
import { Reader } from "../bytes/reader";
import { Writer } from "../bytes/writer";
import { widen } from "../wide/convert";
import { divide } from "../wide/divide";
import { format, hexDigits, parse } from "../wide/text";
import {
  add,
  compareSigned,
  equal,
  multiply,
  negate,
  shiftLeft,
  shiftRight,
  signOf,
  subtract,
  toF64,
} from "../wide/words";

const words = 4;

/**
 * A signed integer of 256 bits; it does not change. Compare with null by `!value`: `==` compares
 * values and does not tell the compiler that there is one.
 */
export class I256 {
  /** From words of 64 bits, the least significant first. */
  constructor(
    public readonly w0: u64 = 0,
    public readonly w1: u64 = 0,
    public readonly w2: u64 = 0,
    public readonly w3: u64 = 0,
  ) {}

  static get zero(): I256 {
    return new I256();
  }
  static get one(): I256 {
    return new I256(1);
  }
  static get min(): I256 {
    return new I256(0, 0, 0, <u64>i64.MIN_VALUE);
  }
  static get max(): I256 {
    return new I256(u64.MAX_VALUE, u64.MAX_VALUE, u64.MAX_VALUE, <u64>i64.MAX_VALUE);
  }

  /** From any integer, also I128, U128, I256 and U256; what does not fit wraps. */
  static from<T>(value: T): I256 {
    return widen<I256, T>(value);
  }

  /** From decimal digits, or `0x` and hex digits, either after a `-`; null if it is none or does not fit. */
  static tryParse(text: string): I256 | null {
    const result = new I256();
    return parse(changetype<usize>(result), text, words, true) ? result : null;
  }

  /** As tryParse, but another text ends the call. */
  static parse(text: string): I256 {
    return assert(I256.tryParse(text), "not an I256: " + text);
  }

  static read(reader: Reader): I256 {
    const w0 = reader.u64();
    const w1 = reader.u64();
    const w2 = reader.u64();
    const w3 = reader.u64();
    return new I256(w0, w1, w2, w3);
  }

  write(writer: Writer): void {
    writer.u64(this.w0);
    writer.u64(this.w1);
    writer.u64(this.w2);
    writer.u64(this.w3);
  }

  @operator("+") static add(a: I256, b: I256): I256 {
    const result = new I256();
    add(changetype<usize>(result), changetype<usize>(a), changetype<usize>(b), words);
    return result;
  }

  @operator("-") static sub(a: I256, b: I256): I256 {
    const result = new I256();
    subtract(changetype<usize>(result), changetype<usize>(a), changetype<usize>(b), words);
    return result;
  }

  @operator("*") static mul(a: I256, b: I256): I256 {
    const result = new I256();
    multiply(changetype<usize>(result), changetype<usize>(a), changetype<usize>(b), words);
    return result;
  }

  /**
   * Rounds towards zero. Division by zero ends the call, and so does I256.min / -1, as they do for
   * other integers.
   */
  @operator("/") static div(a: I256, b: I256): I256 {
    const result = new I256();
    const left = a.abs();
    const right = b.abs();
    divide(changetype<usize>(result), 0, changetype<usize>(left), changetype<usize>(right), words);
    if (a.isNegative == b.isNegative) assert(!result.isNegative, "division overflows I256");
    else negate(changetype<usize>(result), changetype<usize>(result), words);
    return result;
  }

  /** Has the sign of the dividend. */
  @operator("%") static rem(a: I256, b: I256): I256 {
    const result = new I256();
    const left = a.abs();
    const right = b.abs();
    divide(0, changetype<usize>(result), changetype<usize>(left), changetype<usize>(right), words);
    if (a.isNegative) negate(changetype<usize>(result), changetype<usize>(result), words);
    return result;
  }

  @operator("&") static and(a: I256, b: I256): I256 {
    return new I256(a.w0 & b.w0, a.w1 & b.w1, a.w2 & b.w2, a.w3 & b.w3);
  }

  @operator("|") static or(a: I256, b: I256): I256 {
    return new I256(a.w0 | b.w0, a.w1 | b.w1, a.w2 | b.w2, a.w3 | b.w3);
  }

  @operator("^") static xor(a: I256, b: I256): I256 {
    return new I256(a.w0 ^ b.w0, a.w1 ^ b.w1, a.w2 ^ b.w2, a.w3 ^ b.w3);
  }

  @operator.prefix("~") static not(a: I256): I256 {
    return new I256(~a.w0, ~a.w1, ~a.w2, ~a.w3);
  }

  @operator.prefix("-") static neg(a: I256): I256 {
    const result = new I256();
    negate(changetype<usize>(result), changetype<usize>(a), words);
    return result;
  }

  /** Shifts by the count modulo 256. */
  @operator("<<") static shl(a: I256, count: i32): I256 {
    const result = new I256();
    shiftLeft(changetype<usize>(result), changetype<usize>(a), words, count & 255);
    return result;
  }

  /** Shifts by the count modulo 256; the sign comes in. */
  @operator(">>") static shr(a: I256, count: i32): I256 {
    const result = new I256();
    shiftRight(
      changetype<usize>(result),
      changetype<usize>(a),
      words,
      count & 255,
      signOf(changetype<usize>(a), words),
    );
    return result;
  }

  /** Shifts by the count modulo 256; zeros come in. */
  @operator(">>>") static shru(a: I256, count: i32): I256 {
    const result = new I256();
    shiftRight(changetype<usize>(result), changetype<usize>(a), words, count & 255, 0);
    return result;
  }

  @operator("==") static eq(a: I256 | null, b: I256 | null): bool {
    return equal(changetype<usize>(a), changetype<usize>(b), words);
  }
  @operator("!=") static ne(a: I256 | null, b: I256 | null): bool {
    return !equal(changetype<usize>(a), changetype<usize>(b), words);
  }
  @operator("<") static lt(a: I256, b: I256): bool {
    return a.compare(b) < 0;
  }
  @operator("<=") static le(a: I256, b: I256): bool {
    return a.compare(b) <= 0;
  }
  @operator(">") static gt(a: I256, b: I256): bool {
    return a.compare(b) > 0;
  }
  @operator(">=") static ge(a: I256, b: I256): bool {
    return a.compare(b) >= 0;
  }

  /** Below, at or above zero as this is less than, equal to or greater than the other. */
  compare(other: I256): i32 {
    return compareSigned(changetype<usize>(this), changetype<usize>(other), words);
  }

  get isNegative(): bool {
    return <i64>this.w3 < 0;
  }

  /** Without the sign; the least number has no positive counterpart and stays. */
  abs(): I256 {
    return this.isNegative ? -this : this;
  }

  /** The low 64 bits. */
  toU64(): u64 {
    return this.w0;
  }
  toI64(): i64 {
    return <i64>this.w0;
  }

  /** The nearest f64, ties to even. */
  toF64(): f64 {
    const magnitude = this.abs();
    const value = toF64(changetype<usize>(magnitude), words);
    return this.isNegative ? -value : value;
  }

  /** In a radix from 2 to 36. */
  toString(radix: i32 = 10): string {
    return format(changetype<usize>(this), words, true, radix);
  }

  /** All 64 hex digits, without `0x`; negative numbers in two's complement. */
  toHex(): string {
    return hexDigits(changetype<usize>(this), words * 8);
  }
}

// I128: a signed integer of 128 bits. Results wrap, as those of AssemblyScript's own integers do.
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

const words = 2;

/**
 * A signed integer of 128 bits; it does not change. Compare with null by `!value`: `==` compares
 * values and does not tell the compiler that there is one.
 */
export class I128 {
  /** From words of 64 bits, the least significant first. */
  constructor(
    public readonly lo: u64 = 0,
    public readonly hi: u64 = 0,
  ) {}

  static get zero(): I128 {
    return new I128();
  }
  static get one(): I128 {
    return new I128(1);
  }
  static get min(): I128 {
    return new I128(0, <u64>i64.MIN_VALUE);
  }
  static get max(): I128 {
    return new I128(u64.MAX_VALUE, <u64>i64.MAX_VALUE);
  }

  /** From any integer, also I128, U128, I256 and U256; what does not fit wraps. */
  static from<T>(value: T): I128 {
    return widen<I128, T>(value);
  }

  /** From decimal digits, or `0x` and hex digits, either after a `-`; null if it is none or does not fit. */
  static tryParse(text: string): I128 | null {
    const result = new I128();
    return parse(changetype<usize>(result), text, words, true) ? result : null;
  }

  /** As tryParse, but another text ends the call. */
  static parse(text: string): I128 {
    return assert(I128.tryParse(text), "not an I128: " + text);
  }

  static read(reader: Reader): I128 {
    const lo = reader.u64();
    const hi = reader.u64();
    return new I128(lo, hi);
  }

  write(writer: Writer): void {
    writer.u64(this.lo);
    writer.u64(this.hi);
  }

  @operator("+") static add(a: I128, b: I128): I128 {
    const result = new I128();
    add(changetype<usize>(result), changetype<usize>(a), changetype<usize>(b), words);
    return result;
  }

  @operator("-") static sub(a: I128, b: I128): I128 {
    const result = new I128();
    subtract(changetype<usize>(result), changetype<usize>(a), changetype<usize>(b), words);
    return result;
  }

  @operator("*") static mul(a: I128, b: I128): I128 {
    const result = new I128();
    multiply(changetype<usize>(result), changetype<usize>(a), changetype<usize>(b), words);
    return result;
  }

  /**
   * Rounds towards zero. Division by zero ends the call, and so does I128.min / -1, as they do for
   * other integers.
   */
  @operator("/") static div(a: I128, b: I128): I128 {
    const result = new I128();
    const left = a.abs();
    const right = b.abs();
    divide(changetype<usize>(result), 0, changetype<usize>(left), changetype<usize>(right), words);
    if (a.isNegative == b.isNegative) assert(!result.isNegative, "division overflows I128");
    else negate(changetype<usize>(result), changetype<usize>(result), words);
    return result;
  }

  /** Has the sign of the dividend. */
  @operator("%") static rem(a: I128, b: I128): I128 {
    const result = new I128();
    const left = a.abs();
    const right = b.abs();
    divide(0, changetype<usize>(result), changetype<usize>(left), changetype<usize>(right), words);
    if (a.isNegative) negate(changetype<usize>(result), changetype<usize>(result), words);
    return result;
  }

  @operator("&") static and(a: I128, b: I128): I128 {
    return new I128(a.lo & b.lo, a.hi & b.hi);
  }

  @operator("|") static or(a: I128, b: I128): I128 {
    return new I128(a.lo | b.lo, a.hi | b.hi);
  }

  @operator("^") static xor(a: I128, b: I128): I128 {
    return new I128(a.lo ^ b.lo, a.hi ^ b.hi);
  }

  @operator.prefix("~") static not(a: I128): I128 {
    return new I128(~a.lo, ~a.hi);
  }

  @operator.prefix("-") static neg(a: I128): I128 {
    const result = new I128();
    negate(changetype<usize>(result), changetype<usize>(a), words);
    return result;
  }

  /** Shifts by the count modulo 128. */
  @operator("<<") static shl(a: I128, count: i32): I128 {
    const result = new I128();
    shiftLeft(changetype<usize>(result), changetype<usize>(a), words, count & 127);
    return result;
  }

  /** Shifts by the count modulo 128; the sign comes in. */
  @operator(">>") static shr(a: I128, count: i32): I128 {
    const result = new I128();
    shiftRight(
      changetype<usize>(result),
      changetype<usize>(a),
      words,
      count & 127,
      signOf(changetype<usize>(a), words),
    );
    return result;
  }

  /** Shifts by the count modulo 128; zeros come in. */
  @operator(">>>") static shru(a: I128, count: i32): I128 {
    const result = new I128();
    shiftRight(changetype<usize>(result), changetype<usize>(a), words, count & 127, 0);
    return result;
  }

  @operator("==") static eq(a: I128 | null, b: I128 | null): bool {
    return equal(changetype<usize>(a), changetype<usize>(b), words);
  }
  @operator("!=") static ne(a: I128 | null, b: I128 | null): bool {
    return !equal(changetype<usize>(a), changetype<usize>(b), words);
  }
  @operator("<") static lt(a: I128, b: I128): bool {
    return a.compare(b) < 0;
  }
  @operator("<=") static le(a: I128, b: I128): bool {
    return a.compare(b) <= 0;
  }
  @operator(">") static gt(a: I128, b: I128): bool {
    return a.compare(b) > 0;
  }
  @operator(">=") static ge(a: I128, b: I128): bool {
    return a.compare(b) >= 0;
  }

  /** Below, at or above zero as this is less than, equal to or greater than the other. */
  compare(other: I128): i32 {
    return compareSigned(changetype<usize>(this), changetype<usize>(other), words);
  }

  get isNegative(): bool {
    return <i64>this.hi < 0;
  }

  /** Without the sign; the least number has no positive counterpart and stays. */
  abs(): I128 {
    return this.isNegative ? -this : this;
  }

  /** The low 64 bits. */
  toU64(): u64 {
    return this.lo;
  }
  toI64(): i64 {
    return <i64>this.lo;
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

  /** All 32 hex digits, without `0x`; negative numbers in two's complement. */
  toHex(): string {
    return hexDigits(changetype<usize>(this), words * 8);
  }
}

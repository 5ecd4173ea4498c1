// U128: an unsigned integer of 128 bits. Results wrap, as those of AssemblyScript's own integers do.
import { Reader } from "../bytes/reader";
import { Writer } from "../bytes/writer";
import { widen } from "../wide/convert";
import { divide } from "../wide/divide";
import { format, hexDigits, parse } from "../wide/text";
import {
  add,
  compareUnsigned,
  equal,
  multiply,
  negate,
  shiftLeft,
  shiftRight,
  subtract,
  toF64,
} from "../wide/words";

const words = 2;

/**
 * An unsigned integer of 128 bits; it does not change. Compare with null by `!value`: `==` compares
 * values and does not tell the compiler that there is one.
 */
export class U128 {
  /** From words of 64 bits, the least significant first. */
  constructor(
    public readonly lo: u64 = 0,
    public readonly hi: u64 = 0,
  ) {}

  static get zero(): U128 {
    return new U128();
  }
  static get one(): U128 {
    return new U128(1);
  }
  static get min(): U128 {
    return new U128();
  }
  static get max(): U128 {
    return new U128(u64.MAX_VALUE, u64.MAX_VALUE);
  }

  /** From any integer, also I128, U128, I256 and U256; what does not fit wraps. */
  static from<T>(value: T): U128 {
    return widen<U128, T>(value);
  }

  /** From decimal digits, or `0x` and hex digits; null if it is none or does not fit. */
  static tryParse(text: string): U128 | null {
    const result = new U128();
    return parse(changetype<usize>(result), text, words, false) ? result : null;
  }

  /** As tryParse, but another text ends the call. */
  static parse(text: string): U128 {
    return assert(U128.tryParse(text), "not a U128: " + text);
  }

  static read(reader: Reader): U128 {
    const lo = reader.u64();
    const hi = reader.u64();
    return new U128(lo, hi);
  }

  write(writer: Writer): void {
    writer.u64(this.lo);
    writer.u64(this.hi);
  }

  @operator("+") static add(a: U128, b: U128): U128 {
    const result = new U128();
    add(changetype<usize>(result), changetype<usize>(a), changetype<usize>(b), words);
    return result;
  }

  @operator("-") static sub(a: U128, b: U128): U128 {
    const result = new U128();
    subtract(changetype<usize>(result), changetype<usize>(a), changetype<usize>(b), words);
    return result;
  }

  @operator("*") static mul(a: U128, b: U128): U128 {
    const result = new U128();
    multiply(changetype<usize>(result), changetype<usize>(a), changetype<usize>(b), words);
    return result;
  }

  /** Division by zero ends the call, as it does for other integers. */
  @operator("/") static div(a: U128, b: U128): U128 {
    const result = new U128();
    divide(changetype<usize>(result), 0, changetype<usize>(a), changetype<usize>(b), words);
    return result;
  }

  @operator("%") static rem(a: U128, b: U128): U128 {
    const result = new U128();
    divide(0, changetype<usize>(result), changetype<usize>(a), changetype<usize>(b), words);
    return result;
  }

  @operator("&") static and(a: U128, b: U128): U128 {
    return new U128(a.lo & b.lo, a.hi & b.hi);
  }

  @operator("|") static or(a: U128, b: U128): U128 {
    return new U128(a.lo | b.lo, a.hi | b.hi);
  }

  @operator("^") static xor(a: U128, b: U128): U128 {
    return new U128(a.lo ^ b.lo, a.hi ^ b.hi);
  }

  @operator.prefix("~") static not(a: U128): U128 {
    return new U128(~a.lo, ~a.hi);
  }

  @operator.prefix("-") static neg(a: U128): U128 {
    const result = new U128();
    negate(changetype<usize>(result), changetype<usize>(a), words);
    return result;
  }

  /** Shifts by the count modulo 128. */
  @operator("<<") static shl(a: U128, count: i32): U128 {
    const result = new U128();
    shiftLeft(changetype<usize>(result), changetype<usize>(a), words, count & 127);
    return result;
  }

  /** Shifts by the count modulo 128; zeros come in. */
  @operator(">>") static shr(a: U128, count: i32): U128 {
    const result = new U128();
    shiftRight(changetype<usize>(result), changetype<usize>(a), words, count & 127, 0);
    return result;
  }

  /** Shifts by the count modulo 128; zeros come in. */
  @operator(">>>") static shru(a: U128, count: i32): U128 {
    const result = new U128();
    shiftRight(changetype<usize>(result), changetype<usize>(a), words, count & 127, 0);
    return result;
  }

  @operator("==") static eq(a: U128 | null, b: U128 | null): bool {
    return equal(changetype<usize>(a), changetype<usize>(b), words);
  }
  @operator("!=") static ne(a: U128 | null, b: U128 | null): bool {
    return !equal(changetype<usize>(a), changetype<usize>(b), words);
  }
  @operator("<") static lt(a: U128, b: U128): bool {
    return a.compare(b) < 0;
  }
  @operator("<=") static le(a: U128, b: U128): bool {
    return a.compare(b) <= 0;
  }
  @operator(">") static gt(a: U128, b: U128): bool {
    return a.compare(b) > 0;
  }
  @operator(">=") static ge(a: U128, b: U128): bool {
    return a.compare(b) >= 0;
  }

  /** Below, at or above zero as this is less than, equal to or greater than the other. */
  compare(other: U128): i32 {
    return compareUnsigned(changetype<usize>(this), changetype<usize>(other), words);
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
    return toF64(changetype<usize>(this), words);
  }

  /** In a radix from 2 to 36. */
  toString(radix: i32 = 10): string {
    return format(changetype<usize>(this), words, false, radix);
  }

  /** All 32 hex digits, without `0x`. */
  toHex(): string {
    return hexDigits(changetype<usize>(this), words * 8);
  }
}

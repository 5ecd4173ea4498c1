// U256: an unsigned integer of 256 bits. Results wrap, as those of AssemblyScript's own integers do.
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

const words = 4;

/**
 * An unsigned integer of 256 bits; it does not change. Compare with null by `!value`: `==` compares
 * values and does not tell the compiler that there is one.
 */
export class U256 {
  /** From words of 64 bits, the least significant first. */
  constructor(
    public readonly w0: u64 = 0,
    public readonly w1: u64 = 0,
    public readonly w2: u64 = 0,
    public readonly w3: u64 = 0,
  ) {}

  static get zero(): U256 {
    return new U256();
  }
  static get one(): U256 {
    return new U256(1);
  }
  static get min(): U256 {
    return new U256();
  }
  static get max(): U256 {
    return new U256(u64.MAX_VALUE, u64.MAX_VALUE, u64.MAX_VALUE, u64.MAX_VALUE);
  }

  /** From any integer, also I128, U128, I256 and U256; what does not fit wraps. */
  static from<T>(value: T): U256 {
    return widen<U256, T>(value);
  }

  /** From decimal digits, or `0x` and hex digits; null if it is none or does not fit. */
  static tryParse(text: string): U256 | null {
    const result = new U256();
    return parse(changetype<usize>(result), text, words, false) ? result : null;
  }

  /** As tryParse, but another text ends the call. */
  static parse(text: string): U256 {
    return assert(U256.tryParse(text), "not a U256: " + text);
  }

  static read(reader: Reader): U256 {
    const w0 = reader.u64();
    const w1 = reader.u64();
    const w2 = reader.u64();
    const w3 = reader.u64();
    return new U256(w0, w1, w2, w3);
  }

  write(writer: Writer): void {
    writer.u64(this.w0);
    writer.u64(this.w1);
    writer.u64(this.w2);
    writer.u64(this.w3);
  }

  @operator("+") static add(a: U256, b: U256): U256 {
    const result = new U256();
    add(changetype<usize>(result), changetype<usize>(a), changetype<usize>(b), words);
    return result;
  }

  @operator("-") static sub(a: U256, b: U256): U256 {
    const result = new U256();
    subtract(changetype<usize>(result), changetype<usize>(a), changetype<usize>(b), words);
    return result;
  }

  @operator("*") static mul(a: U256, b: U256): U256 {
    const result = new U256();
    multiply(changetype<usize>(result), changetype<usize>(a), changetype<usize>(b), words);
    return result;
  }

  /** Division by zero ends the call, as it does for other integers. */
  @operator("/") static div(a: U256, b: U256): U256 {
    const result = new U256();
    divide(changetype<usize>(result), 0, changetype<usize>(a), changetype<usize>(b), words);
    return result;
  }

  @operator("%") static rem(a: U256, b: U256): U256 {
    const result = new U256();
    divide(0, changetype<usize>(result), changetype<usize>(a), changetype<usize>(b), words);
    return result;
  }

  @operator("&") static and(a: U256, b: U256): U256 {
    return new U256(a.w0 & b.w0, a.w1 & b.w1, a.w2 & b.w2, a.w3 & b.w3);
  }

  @operator("|") static or(a: U256, b: U256): U256 {
    return new U256(a.w0 | b.w0, a.w1 | b.w1, a.w2 | b.w2, a.w3 | b.w3);
  }

  @operator("^") static xor(a: U256, b: U256): U256 {
    return new U256(a.w0 ^ b.w0, a.w1 ^ b.w1, a.w2 ^ b.w2, a.w3 ^ b.w3);
  }

  @operator.prefix("~") static not(a: U256): U256 {
    return new U256(~a.w0, ~a.w1, ~a.w2, ~a.w3);
  }

  @operator.prefix("-") static neg(a: U256): U256 {
    const result = new U256();
    negate(changetype<usize>(result), changetype<usize>(a), words);
    return result;
  }

  /** Shifts by the count modulo 256. */
  @operator("<<") static shl(a: U256, count: i32): U256 {
    const result = new U256();
    shiftLeft(changetype<usize>(result), changetype<usize>(a), words, count & 255);
    return result;
  }

  /** Shifts by the count modulo 256; zeros come in. */
  @operator(">>") static shr(a: U256, count: i32): U256 {
    const result = new U256();
    shiftRight(changetype<usize>(result), changetype<usize>(a), words, count & 255, 0);
    return result;
  }

  /** Shifts by the count modulo 256; zeros come in. */
  @operator(">>>") static shru(a: U256, count: i32): U256 {
    const result = new U256();
    shiftRight(changetype<usize>(result), changetype<usize>(a), words, count & 255, 0);
    return result;
  }

  @operator("==") static eq(a: U256 | null, b: U256 | null): bool {
    return equal(changetype<usize>(a), changetype<usize>(b), words);
  }
  @operator("!=") static ne(a: U256 | null, b: U256 | null): bool {
    return !equal(changetype<usize>(a), changetype<usize>(b), words);
  }
  @operator("<") static lt(a: U256, b: U256): bool {
    return a.compare(b) < 0;
  }
  @operator("<=") static le(a: U256, b: U256): bool {
    return a.compare(b) <= 0;
  }
  @operator(">") static gt(a: U256, b: U256): bool {
    return a.compare(b) > 0;
  }
  @operator(">=") static ge(a: U256, b: U256): bool {
    return a.compare(b) >= 0;
  }

  /** Below, at or above zero as this is less than, equal to or greater than the other. */
  compare(other: U256): i32 {
    return compareUnsigned(changetype<usize>(this), changetype<usize>(other), words);
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
    return toF64(changetype<usize>(this), words);
  }

  /** In a radix from 2 to 36. */
  toString(radix: i32 = 10): string {
    return format(changetype<usize>(this), words, false, radix);
  }

  /** All 64 hex digits, without `0x`. */
  toHex(): string {
    return hexDigits(changetype<usize>(this), words * 8);
  }
}

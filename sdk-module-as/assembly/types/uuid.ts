// Uuid: 128 bits with a text form of five groups. Versions 4 (random) and 7 (time, counter, random)
// are made here; any other may be stored.
import { Reader } from "../bytes/reader";
import { Writer } from "../bytes/writer";
import { Random } from "../random";
import { hexDigits, parseHexDigits } from "../wide/text";
import { compareUnsigned, equal } from "../wide/words";
import { Timestamp } from "./timestamp";
import { U128 } from "./u128";

const words = 2;
const bytes = words * 8;
const counterMax: u32 = 0x7fffffff;

// The counter goes on from call to call within a millisecond, so that ids of one instance are in the
// order in which they were made, also across calls.
let lastMillis: u64 = 0;
let counter: u32 = 0;

/** A UUID; it does not change. Its order is that of its text. */
export class Uuid {
  /** From the number's words of 64 bits, the least significant first. */
  constructor(
    public readonly lo: u64 = 0,
    public readonly hi: u64 = 0,
  ) {}

  /** All bits 0. */
  static get nil(): Uuid {
    return new Uuid();
  }
  /** All bits 1. */
  static get max(): Uuid {
    return new Uuid(u64.MAX_VALUE, u64.MAX_VALUE);
  }

  /** Version 4: 122 random bits. `context.newUuidV4()` is the short way. */
  static v4(random: Random): Uuid {
    const hi = (random.u64() & 0xffffffffffff0fff) | 0x4000;
    const lo = (random.u64() & 0x3fffffffffffffff) | 0x8000000000000000;
    return new Uuid(lo, hi);
  }

  /**
   * Version 7: 48 bits of milliseconds, a counter of 31 bits, 31 random bits. `context.newUuidV7()` is
   * the short way. A time before 1970 ends the call.
   */
  static v7(random: Random, now: Timestamp): Uuid {
    assert(now.micros >= 0, "a UUID of version 7 needs a time after 1970");
    const millis = <u64>now.micros / 1000;
    // Only a later millisecond begins anew: a procedure may ask with the time at which it began.
    if (millis > lastMillis) {
      lastMillis = millis;
      counter = 0;
    }
    const count: u64 = counter;
    counter = (counter + 1) & counterMax;
    const hi = (millis << 16) | 0x7000 | (count >> 23);
    const lo = 0x8000000000000000 | ((count & 0x7fffff) << 33) | (random.u64() >> 33);
    return new Uuid(lo, hi);
  }

  /** From the five groups with hyphens, or 32 hex digits; null if the text is anything else. */
  static tryParse(text: string): Uuid | null {
    let digits = text;
    if (text.length == 36) {
      for (let at = 8; at < 24; at += 5) if (text.charCodeAt(at) != 0x2d) return null;
      digits = text.replaceAll("-", "");
    }
    const result = new Uuid();
    return parseHexDigits(changetype<usize>(result), digits, 0, bytes) ? result : null;
  }

  /** As tryParse, but another text ends the call. */
  static parse(text: string): Uuid {
    return assert(Uuid.tryParse(text), "not a UUID: " + text);
  }

  static fromU128(value: U128): Uuid {
    return new Uuid(value.lo, value.hi);
  }

  static read(reader: Reader): Uuid {
    const lo = reader.u64();
    const hi = reader.u64();
    return new Uuid(lo, hi);
  }

  write(writer: Writer): void {
    writer.u64(this.lo);
    writer.u64(this.hi);
  }

  @operator("==") static eq(a: Uuid | null, b: Uuid | null): bool {
    return equal(changetype<usize>(a), changetype<usize>(b), words);
  }
  @operator("!=") static ne(a: Uuid | null, b: Uuid | null): bool {
    return !equal(changetype<usize>(a), changetype<usize>(b), words);
  }

  /** Below, at or above zero in the order of the texts. */
  compare(other: Uuid): i32 {
    return compareUnsigned(changetype<usize>(this), changetype<usize>(other), words);
  }

  /** The version's number: 4 or 7 for those made here, 0 for nil. */
  get version(): u32 {
    return (<u32>(this.hi >> 12)) & 15;
  }

  toU128(): U128 {
    return new U128(this.lo, this.hi);
  }

  /** Five groups of lower-case hex digits with hyphens. */
  toString(): string {
    const digits = hexDigits(changetype<usize>(this), bytes);
    return (
      digits.substring(0, 8) +
      "-" +
      digits.substring(8, 12) +
      "-" +
      digits.substring(12, 16) +
      "-" +
      digits.substring(16, 20) +
      "-" +
      digits.substring(20)
    );
  }
}

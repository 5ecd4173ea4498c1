// TimeDuration: a span of microseconds, which may be negative.
import { Reader } from "../bytes/reader";
import { Writer } from "../bytes/writer";
import { addChecked, multiplyChecked, subtractChecked } from "./micros";

/** A span of time; it does not change. A result beyond 64 bits ends the call. */
export class TimeDuration {
  constructor(public readonly micros: i64 = 0) {}

  static get zero(): TimeDuration {
    return new TimeDuration();
  }
  static fromMicros(micros: i64): TimeDuration {
    return new TimeDuration(micros);
  }
  static fromMillis(millis: i64): TimeDuration {
    return new TimeDuration(multiplyChecked(millis, 1_000));
  }
  static fromSeconds(seconds: i64): TimeDuration {
    return new TimeDuration(multiplyChecked(seconds, 1_000_000));
  }
  static fromMinutes(minutes: i64): TimeDuration {
    return new TimeDuration(multiplyChecked(minutes, 60_000_000));
  }
  static fromHours(hours: i64): TimeDuration {
    return new TimeDuration(multiplyChecked(hours, 3_600_000_000));
  }
  static fromDays(days: i64): TimeDuration {
    return new TimeDuration(multiplyChecked(days, 86_400_000_000));
  }

  static read(reader: Reader): TimeDuration {
    return new TimeDuration(reader.i64());
  }

  write(writer: Writer): void {
    writer.i64(this.micros);
  }

  @operator("+") static add(a: TimeDuration, b: TimeDuration): TimeDuration {
    return new TimeDuration(addChecked(a.micros, b.micros));
  }
  @operator("-") static sub(a: TimeDuration, b: TimeDuration): TimeDuration {
    return new TimeDuration(subtractChecked(a.micros, b.micros));
  }
  @operator("*") static mul(a: TimeDuration, times: i64): TimeDuration {
    return new TimeDuration(multiplyChecked(a.micros, times));
  }
  @operator.prefix("-") static neg(a: TimeDuration): TimeDuration {
    return new TimeDuration(subtractChecked(0, a.micros));
  }

  @operator("==") static eq(a: TimeDuration | null, b: TimeDuration | null): bool {
    if (!a || !b) return !a && !b;
    return a.micros == b.micros;
  }
  @operator("!=") static ne(a: TimeDuration | null, b: TimeDuration | null): bool {
    return !(a == b);
  }
  @operator("<") static lt(a: TimeDuration, b: TimeDuration): bool {
    return a.micros < b.micros;
  }
  @operator("<=") static le(a: TimeDuration, b: TimeDuration): bool {
    return a.micros <= b.micros;
  }
  @operator(">") static gt(a: TimeDuration, b: TimeDuration): bool {
    return a.micros > b.micros;
  }
  @operator(">=") static ge(a: TimeDuration, b: TimeDuration): bool {
    return a.micros >= b.micros;
  }

  compare(other: TimeDuration): i32 {
    return i32(this.micros > other.micros) - i32(this.micros < other.micros);
  }

  /** Without the sign; the longest negative span becomes the longest positive one. */
  abs(): TimeDuration {
    if (this.micros == i64.MIN_VALUE) return new TimeDuration(i64.MAX_VALUE);
    return new TimeDuration(this.micros < 0 ? -this.micros : this.micros);
  }

  /** Whole milliseconds, rounded towards zero. */
  toMillis(): i64 {
    return this.micros / 1_000;
  }

  toSeconds(): f64 {
    return <f64>this.micros / 1_000_000;
  }

  /** Seconds with a sign and six decimals, as in Rust: `+1.500000`. */
  toString(): string {
    // The least i64 has no positive counterpart; as u64 it has.
    const size = this.micros < 0 ? 0 - <u64>this.micros : <u64>this.micros;
    const sign = this.micros < 0 ? "-" : "+";
    return (
      sign + (size / 1_000_000).toString() + "." + (size % 1_000_000).toString().padStart(6, "0")
    );
  }
}

// Timestamp: a point in time, in microseconds since 1970 began in UTC. Its text is that of RFC 3339.
import { Reader } from "../bytes/reader";
import { Writer } from "../bytes/writer";
import { formatRfc3339, isRfc3339, parseRfc3339 } from "./rfc3339";
import { addChecked, multiplyChecked, subtractChecked } from "./micros";
import { TimeDuration } from "./time-duration";

/** A point in time; it does not change. A result beyond 64 bits ends the call. */
export class Timestamp {
  /** From microseconds since 1970 began; before that they are negative. */
  constructor(public readonly micros: i64 = 0) {}

  /** The beginning of 1970. */
  static get epoch(): Timestamp {
    return new Timestamp();
  }
  static fromMicros(micros: i64): Timestamp {
    return new Timestamp(micros);
  }
  static fromMillis(millis: i64): Timestamp {
    return new Timestamp(multiplyChecked(millis, 1_000));
  }
  static fromSeconds(seconds: i64): Timestamp {
    return new Timestamp(multiplyChecked(seconds, 1_000_000));
  }

  /**
   * From a text of RFC 3339 such as `2025-02-10T15:45:30.5+01:00`; null if it is none. Digits below a
   * microsecond are dropped.
   */
  static tryParse(text: string): Timestamp | null {
    return isRfc3339(text) ? new Timestamp(parseRfc3339(text)) : null;
  }

  /** As tryParse, but another text ends the call. */
  static parse(text: string): Timestamp {
    return assert(Timestamp.tryParse(text), "not a time of RFC 3339: " + text);
  }

  static read(reader: Reader): Timestamp {
    return new Timestamp(reader.i64());
  }

  write(writer: Writer): void {
    writer.i64(this.micros);
  }

  @operator("+") static add(a: Timestamp, b: TimeDuration): Timestamp {
    return new Timestamp(addChecked(a.micros, b.micros));
  }
  @operator("-") static sub(a: Timestamp, b: TimeDuration): Timestamp {
    return new Timestamp(subtractChecked(a.micros, b.micros));
  }

  @operator("==") static eq(a: Timestamp | null, b: Timestamp | null): bool {
    if (!a || !b) return !a && !b;
    return a.micros == b.micros;
  }
  @operator("!=") static ne(a: Timestamp | null, b: Timestamp | null): bool {
    return !(a == b);
  }
  @operator("<") static lt(a: Timestamp, b: Timestamp): bool {
    return a.micros < b.micros;
  }
  @operator("<=") static le(a: Timestamp, b: Timestamp): bool {
    return a.micros <= b.micros;
  }
  @operator(">") static gt(a: Timestamp, b: Timestamp): bool {
    return a.micros > b.micros;
  }
  @operator(">=") static ge(a: Timestamp, b: Timestamp): bool {
    return a.micros >= b.micros;
  }

  compare(other: Timestamp): i32 {
    return i32(this.micros > other.micros) - i32(this.micros < other.micros);
  }

  /** The span from `earlier` to this; negative if that was later. */
  since(earlier: Timestamp): TimeDuration {
    return new TimeDuration(subtractChecked(this.micros, earlier.micros));
  }

  /** Whole milliseconds since 1970 began, rounded down. */
  toMillis(): i64 {
    return this.micros / 1_000 - i64(this.micros % 1_000 < 0);
  }

  /** As in Rust: `2025-02-10T15:45:30+00:00`, with three or six decimals if there are any. */
  toString(): string {
    return formatRfc3339(this.micros);
  }
}

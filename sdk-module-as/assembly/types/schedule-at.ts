// ScheduleAt: when a row of a scheduled table calls its function, once or again and again.
import { Reader } from "../bytes/reader";
import { Writer } from "../bytes/writer";
import { TimeDuration } from "./time-duration";
import { Timestamp } from "./timestamp";

const intervalTag: u8 = 0;
const timeTag: u8 = 1;

/** A point in time or an interval; it does not change. */
export class ScheduleAt {
  private constructor(
    private readonly tag: u8,
    private readonly micros: i64,
  ) {}

  /** Again and again: first one interval after the row is inserted. */
  static interval(every: TimeDuration): ScheduleAt {
    return new ScheduleAt(intervalTag, every.micros);
  }

  /** Once; at once if the time has passed. */
  static time(at: Timestamp): ScheduleAt {
    return new ScheduleAt(timeTag, at.micros);
  }

  get isInterval(): bool {
    return this.tag == intervalTag;
  }
  get isTime(): bool {
    return this.tag == timeTag;
  }

  /** The interval; to ask a point in time for it ends the call. */
  get interval(): TimeDuration {
    assert(this.tag == intervalTag, "this ScheduleAt is a time, not an interval");
    return new TimeDuration(this.micros);
  }

  /** The point in time; to ask an interval for it ends the call. */
  get time(): Timestamp {
    assert(this.tag == timeTag, "this ScheduleAt is an interval, not a time");
    return new Timestamp(this.micros);
  }

  static read(reader: Reader): ScheduleAt {
    const tag = reader.u8();
    assert(tag <= timeTag, "a ScheduleAt has an unknown tag");
    return new ScheduleAt(tag, reader.i64());
  }

  write(writer: Writer): void {
    writer.u8(this.tag);
    writer.i64(this.micros);
  }

  @operator("==") static eq(a: ScheduleAt | null, b: ScheduleAt | null): bool {
    if (!a || !b) return !a && !b;
    return a.tag == b.tag && a.micros == b.micros;
  }
  @operator("!=") static ne(a: ScheduleAt | null, b: ScheduleAt | null): bool {
    return !(a == b);
  }

  toString(): string {
    return this.isTime ? this.time.toString() : "every " + this.interval.toString();
  }
}

// Points and spans of time as the ABI counts them: signed 64-bit microseconds.

/** Microseconds since the Unix epoch, UTC. */
export class Timestamp {
  readonly micros: bigint;

  constructor(micros: bigint) {
    this.micros = BigInt.asIntN(64, micros);
  }

  static fromDate(date: Date): Timestamp {
    return new Timestamp(BigInt(date.getTime()) * 1000n);
  }

  /** Loses the microseconds below a millisecond. */
  toDate(): Date {
    return new Date(Number(this.micros / 1000n));
  }

  equals(other: Timestamp): boolean {
    return this.micros === other.micros;
  }

  toString(): string {
    return `${this.micros}`;
  }
}

/** A span of microseconds; may be negative. */
export class TimeDuration {
  readonly micros: bigint;

  constructor(micros: bigint) {
    this.micros = BigInt.asIntN(64, micros);
  }

  static fromMillis(millis: number): TimeDuration {
    return new TimeDuration(BigInt(Math.round(millis * 1000)));
  }

  toMillis(): number {
    return Number(this.micros) / 1000;
  }

  equals(other: TimeDuration): boolean {
    return this.micros === other.micros;
  }

  toString(): string {
    return `${this.micros}us`;
  }
}

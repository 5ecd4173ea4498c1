// Option: a value or none, for every type. References may be written `T | null` instead.
import { absent } from "./absent";

/** A value or none; it does not change. */
export class Option<T> {
  private constructor(
    readonly isSome: bool,
    private readonly held: T,
  ) {}

  static some<T>(value: T): Option<T> {
    return new Option<T>(true, value);
  }

  static none<T>(): Option<T> {
    return new Option<T>(false, absent<T>());
  }

  get isNone(): bool {
    return !this.isSome;
  }

  /** The value; to ask none for it ends the call. */
  get value(): T {
    assert(this.isSome, "an Option that is none has no value");
    return this.held;
  }

  valueOr(other: T): T {
    return this.isSome ? this.held : other;
  }
}

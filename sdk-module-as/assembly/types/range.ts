// Range: which keys of an index are meant, by a bound on either side.
import { absent } from "./absent";

/** How a side is bounded; the numbers are those of the ABI. */
export enum BoundKind {
  Included,
  Excluded,
  Unbounded,
}

/** One side of a range; it does not change. */
export class Bound<K> {
  private constructor(
    readonly kind: BoundKind,
    private readonly held: K,
  ) {}

  static included<K>(value: K): Bound<K> {
    return new Bound<K>(BoundKind.Included, value);
  }
  static excluded<K>(value: K): Bound<K> {
    return new Bound<K>(BoundKind.Excluded, value);
  }
  static unbounded<K>(): Bound<K> {
    return new Bound<K>(BoundKind.Unbounded, absent<K>());
  }

  /** To ask an unbounded side for its value ends the call. */
  get value(): K {
    assert(this.kind != BoundKind.Unbounded, "an unbounded side has no value");
    return this.held;
  }
}

/** Keys from one bound to another; it does not change. */
export class Range<K> {
  constructor(
    readonly from: Bound<K>,
    readonly to: Bound<K>,
  ) {}

  /** `low` and what comes after it. */
  static atLeast<K>(low: K): Range<K> {
    return new Range<K>(Bound.included<K>(low), Bound.unbounded<K>());
  }

  /** What comes after `low`. */
  static after<K>(low: K): Range<K> {
    return new Range<K>(Bound.excluded<K>(low), Bound.unbounded<K>());
  }

  /** `high` and what comes before it. */
  static atMost<K>(high: K): Range<K> {
    return new Range<K>(Bound.unbounded<K>(), Bound.included<K>(high));
  }

  /** What comes before `high`. */
  static before<K>(high: K): Range<K> {
    return new Range<K>(Bound.unbounded<K>(), Bound.excluded<K>(high));
  }

  /** `low`, `high` and what lies between them; nothing if `high` comes first. */
  static between<K>(low: K, high: K): Range<K> {
    return new Range<K>(Bound.included<K>(low), Bound.included<K>(high));
  }

  static all<K>(): Range<K> {
    return new Range<K>(Bound.unbounded<K>(), Bound.unbounded<K>());
  }
}

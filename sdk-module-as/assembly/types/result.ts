// Result: the value of what succeeded, or the error of what failed. A reducer that returns an error is
// rolled back, and its caller gets the text.
import { absent } from "./absent";
import { Unit, unit } from "./unit";

/** A value or an error; it does not change. */
export class Result<T, E> {
  private constructor(
    readonly isOk: bool,
    private readonly heldValue: T,
    private readonly heldError: E,
  ) {}

  static ok<T, E>(value: T): Result<T, E> {
    return new Result<T, E>(true, value, absent<E>());
  }

  static err<T, E>(error: E): Result<T, E> {
    return new Result<T, E>(false, absent<T>(), error);
  }

  get isErr(): bool {
    return !this.isOk;
  }

  /** The value; to ask an error for it ends the call. */
  get value(): T {
    assert(this.isOk, "a Result that is an error has no value");
    return this.heldValue;
  }

  /** The error; to ask a value for it ends the call. */
  get error(): E {
    assert(!this.isOk, "a Result that is a value has no error");
    return this.heldError;
  }

  valueOr(other: T): T {
    return this.isOk ? this.heldValue : other;
  }
}

/** What a reducer that can fail returns. */
export type ReducerResult = Result<Unit, string>;

const done: ReducerResult = Result.ok<Unit, string>(unit);

/** A reducer's success. */
export function ok(): ReducerResult {
  return done;
}

/** A reducer's failure: everything it did is rolled back, and the caller gets the text. */
export function err(message: string): ReducerResult {
  return Result.err<Unit, string>(message);
}

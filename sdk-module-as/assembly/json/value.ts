// JsonValue: a value of JSON that was read; json/parse.ts makes them.
import { parseF64 } from "./number";

export enum JsonKind {
  Null,
  Bool,
  Number,
  String,
  Array,
  Object,
}

/** A value of JSON; it does not change. To ask it for what it is not ends the call. */
export class JsonValue {
  constructor(
    readonly kind: JsonKind,
    // The text of a string, the digits of a number, `true` or `false`.
    private readonly content: string = "",
    private readonly items: JsonValue[] = [],
    private readonly names: string[] = [],
  ) {}

  get isNull(): bool {
    return this.kind == JsonKind.Null;
  }
  get isString(): bool {
    return this.kind == JsonKind.String;
  }
  get isArray(): bool {
    return this.kind == JsonKind.Array;
  }
  get isObject(): bool {
    return this.kind == JsonKind.Object;
  }

  asBool(): bool {
    assert(this.kind == JsonKind.Bool, "a JSON value is not true or false");
    return this.content.length == 4;
  }

  asString(): string {
    assert(this.kind == JsonKind.String, "a JSON value is not a string");
    return this.content;
  }

  asF64(): f64 {
    return parseF64(this.digits());
  }

  /** Exact; a number with a point or exponent, or beyond 64 bits, ends the call. */
  asI64(): i64 {
    const digits = this.digits();
    const negative = digits.charCodeAt(0) == 0x2d;
    const limit: u64 = negative ? 0x8000000000000000 : 0x7fffffffffffffff;
    let value: u64 = 0;
    for (let i = i32(negative); i < digits.length; i++) {
      const digit = <u64>(digits.charCodeAt(i) - 0x30);
      assert(digit <= 9 && value <= (limit - digit) / 10, "a JSON number is not an i64: " + digits);
      value = value * 10 + digit;
    }
    return negative ? <i64>(0 - value) : <i64>value;
  }

  /** A number as it was written. */
  digits(): string {
    assert(this.kind == JsonKind.Number, "a JSON value is not a number");
    return this.content;
  }

  /** How many elements or members there are. */
  get length(): i32 {
    assert(this.isArray || this.isObject, "a JSON value has no elements");
    return this.items.length;
  }

  /** An element, or the value of a member, by its place. */
  at(index: i32): JsonValue {
    assert(index >= 0 && index < this.length, "a JSON value has no such element");
    return this.items[index];
  }

  /** The name of a member by its place. */
  nameAt(index: i32): string {
    assert(
      this.isObject && index >= 0 && index < this.names.length,
      "a JSON object has no such member",
    );
    return this.names[index];
  }

  /** The value of a member; of several with one name the last counts. */
  get(name: string): JsonValue | null {
    assert(this.isObject, "a JSON value is not an object");
    for (let i = this.names.length - 1; i >= 0; i--) {
      if (this.names[i] == name) return this.items[i];
    }
    return null;
  }
}

// Every type that a key column can have, with values that often repeat or nearly do.
import {
  type AlgebraicType,
  array,
  bytesType,
  ConnectionId,
  connectionIdType,
  Identity,
  identityType,
  option,
  primitive,
  product,
  scheduleAtType,
  sum,
  TimeDuration,
  timeDurationType,
  Timestamp,
  timestampType,
  unitType,
  Uuid,
  uuidType,
  type Value,
} from "@lightcone/abi";
import type { Rng } from "@lightcone/fixtures/rng";

/** A column type and how its random values are made. */
export interface KeyType {
  readonly type: AlgebraicType;
  readonly value: (rng: Rng) => Value;
}

/** A number of `bits` bits, near a power of two or zero so that it differs from others in any one of its bytes, or small. */
function integer(rng: Rng, bits: number, isSigned: boolean): bigint {
  const wide = 1n << BigInt(rng.nextBelow(bits));
  const near = BigInt(rng.nextBelow(3)) - 1n;
  const small = BigInt(rng.nextBelow(2000));
  const value = rng.pick([small, small, wide + near, -wide + near]);
  return isSigned ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value);
}

const widths = [8, 16, 32, 64, 128, 256] as const;

function integerTypes(): [string, KeyType][] {
  return widths.flatMap((bits) =>
    (["u", "i"] as const).map((sign): [string, KeyType] => {
      const kind = `${sign}${bits}` as const;
      const make = (rng: Rng): bigint => integer(rng, bits, sign === "i");
      const value = bits <= 32 ? (rng: Rng): Value => Number(make(rng)) : make;
      return [kind, { type: primitive(kind), value }];
    }),
  );
}

const oddFloats = [0, -0, NaN, Infinity, -Infinity, 1.5, -1.5, 2 ** -149, -(2 ** -149)];

function float(rng: Rng): number {
  return rng.nextBelow(4) === 0 ? rng.pick(oddFloats) : Math.fround((rng.nextF64() - 0.5) * 1e3);
}

/** Texts that share a beginning with others, end or not, and hold characters that UTF-16 orders otherwise. */
export function text(rng: Rng): string {
  const beginning = rng.pick(["", "common ", "common prefix "]);
  return beginning + "b\uffff\u{1f600}a".slice(0, rng.nextBelow(5)) + String(rng.nextBelow(40));
}

const word = (rng: Rng): number => rng.nextBelow(1000) - 500;
const bytes = (rng: Rng): Uint8Array => rng.bytes(rng.nextBelow(5)).map((byte) => byte & 7);

const variants = ["a", "b", "c", "d"];
const payloads = sum({ text: primitive("string"), number: primitive("i32"), nothing: unitType });

function payload(rng: Rng): Value {
  const tag = rng.pick(["text", "number", "nothing"]);
  return { tag, value: tag === "text" ? text(rng) : tag === "number" ? word(rng) : undefined };
}

function result(rng: Rng): Value {
  return rng.nextBelow(2) === 0 ? { ok: word(rng) } : { err: text(rng) };
}

function scheduleAt(rng: Rng): Value {
  const micros = integer(rng, 64, true);
  return rng.nextBelow(2) === 0
    ? { tag: "Interval", value: new TimeDuration(micros) }
    : { tag: "Time", value: new Timestamp(micros) };
}

/** By name. */
export const keyTypes: Readonly<Record<string, KeyType>> = {
  bool: { type: primitive("bool"), value: (rng) => rng.nextBelow(2) === 1 },
  ...Object.fromEntries(integerTypes()),
  f32: { type: primitive("f32"), value: float },
  f64: { type: primitive("f64"), value: float },
  string: { type: primitive("string"), value: text },
  bytes: { type: bytesType, value: bytes },
  "array of i16": {
    type: array(primitive("i16")),
    value: (rng) => Array.from({ length: rng.nextBelow(4) }, () => rng.nextBelow(5) - 2),
  },
  identity: { type: identityType, value: (rng) => new Identity(integer(rng, 256, false)) },
  "connection id": {
    type: connectionIdType,
    value: (rng) => new ConnectionId(integer(rng, 128, false)),
  },
  uuid: { type: uuidType, value: (rng) => new Uuid(integer(rng, 128, false)) },
  timestamp: { type: timestampType, value: (rng) => new Timestamp(integer(rng, 64, true)) },
  duration: { type: timeDurationType, value: (rng) => new TimeDuration(integer(rng, 64, true)) },
  "schedule time": { type: scheduleAtType, value: scheduleAt },
  "plain enum": {
    type: sum(Object.fromEntries(variants.map((name) => [name, unitType]))),
    value: (rng) => ({ tag: rng.pick(variants), value: undefined }),
  },
  "enum with payloads": { type: payloads, value: payload },
  result: { type: sum({ ok: primitive("i32"), err: primitive("string") }), value: result },
  "option of i32": {
    type: option(primitive("i32")),
    value: (rng) => (rng.nextBelow(8) === 0 ? undefined : word(rng)),
  },
  "option of string": {
    type: option(primitive("string")),
    value: (rng) => (rng.nextBelow(8) === 0 ? undefined : text(rng)),
  },
  "product of one": {
    type: product({ only: primitive("u64") }),
    value: (rng) => ({ only: integer(rng, 64, false) }),
  },
  product: {
    type: product({ a: primitive("i8"), b: product({ c: primitive("string"), d: payloads }) }),
    value: (rng) => ({ a: rng.nextBelow(5) - 2, b: { c: text(rng), d: payload(rng) } }),
  },
  unit: { type: unitType, value: () => ({}) },
};

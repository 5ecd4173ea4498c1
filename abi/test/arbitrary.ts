// Random types with random values of them, for round trips.
import fc from "fast-check";
import { ConnectionId, Identity, Uuid } from "../src/identity.ts";
import {
  type AlgebraicType,
  array,
  bytesType,
  connectionIdType,
  type Element,
  identityType,
  isUnit,
  option,
  product,
  ref,
  resolve,
  scheduleAtType,
  specialKind,
  sum,
  timeDurationType,
  timestampType,
  type Typespace,
  uuidType,
} from "../src/sats/type.ts";
import { optionIsBoxed, type Value } from "../src/sats/value.ts";
import { TimeDuration, Timestamp } from "../src/time.ts";

/** Types that random types refer to: a plain one, a tree, a list. */
export const typespace: Typespace = [
  product({ id: { kind: "u32" }, name: { kind: "string" } }),
  sum({ leaf: { kind: "u8" }, node: array(ref(1)) }),
  product({ value: { kind: "i64" }, next: option(ref(2)) }),
];

const primitiveKinds = [
  "string",
  "bool",
  "i8",
  "u8",
  "i16",
  "u16",
  "i32",
  "u32",
  "i64",
  "u64",
  "i128",
  "u128",
  "i256",
  "u256",
  "f32",
  "f64",
] as const;

const names = fc.constantFrom("a", "b", "id", "name", "some_text", "größe", "x1", "Nothing");

function elements(type: fc.Arbitrary<AlgebraicType>, min: number): fc.Arbitrary<Element[]> {
  return fc.uniqueArray(fc.record({ name: names, type }, { noNullPrototype: true }), {
    minLength: min,
    maxLength: 5,
    selector: ({ name }) => name,
  });
}

const { type } = fc.letrec<{ type: AlgebraicType }>((tie) => ({
  type: fc.oneof(
    { maxDepth: 3, depthIdentifier: "type" },
    fc.constantFrom(...primitiveKinds.map((kind) => ({ kind }))),
    fc.constantFrom<AlgebraicType>(
      identityType,
      connectionIdType,
      timestampType,
      timeDurationType,
      uuidType,
      scheduleAtType,
      bytesType,
      ref(0),
      ref(1),
      ref(2),
    ),
    tie("type").map(array),
    tie("type").map(option),
    fc.tuple(tie("type"), tie("type")).map(([ok, err]) => sum({ ok, err })),
    elements(tie("type"), 0).map((list) => ({ kind: "product" as const, elements: list })),
    // Two fields that nobody named.
    tie("type").map((field) => ({
      kind: "product" as const,
      elements: [
        { name: undefined, type: field },
        { name: undefined, type: { kind: "bool" as const } },
      ],
    })),
    elements(tie("type"), 1).map((list) => ({ kind: "sum" as const, variants: list })),
  ),
}));

/** A random type whose references lead into `typespace`. */
export const anyType: fc.Arbitrary<AlgebraicType> = type;

/** A random type with a random value of it. */
export const anyTypedValue: fc.Arbitrary<readonly [AlgebraicType, Value]> = anyType.chain(
  (chosen) => valueOf(chosen).map((value) => [chosen, value] as const),
);

function int(bits: number, isSigned: boolean): fc.Arbitrary<bigint> {
  const size = 1n << BigInt(isSigned ? bits - 1 : bits);
  return fc.bigInt({ min: isSigned ? -size : 0n, max: size - 1n });
}

/** A random value of `wanted`. Recursive types get less likely to go on with each level. */
export function valueOf(wanted: AlgebraicType, depth = 0): fc.Arbitrary<Value> {
  const resolved = resolve(wanted, typespace);
  const special = specialValueOf(resolved, depth);
  if (special !== undefined) return special;
  switch (resolved.kind) {
    case "product":
      return fc.record(
        Object.fromEntries(
          resolved.elements.map((element, i) => [
            element.name ?? String(i),
            valueOf(element.type, depth + 1),
          ]),
        ),
        { noNullPrototype: true },
      );
    case "sum": {
      const variants = depth > 6 ? resolved.variants.slice(0, 1) : resolved.variants;
      return fc.oneof(...variants.map((variant) => variantValue(variant, depth)));
    }
    case "array":
      if (resolved.element.kind === "u8") return fc.uint8Array({ maxLength: 20 });
      return fc.array(valueOf(resolved.element, depth + 1), { maxLength: depth > 6 ? 0 : 4 });
    case "string":
      return fc.string({ unit: "binary", maxLength: 20 });
    case "bool":
      return fc.boolean();
    case "f32":
      return fc.float();
    case "f64":
      return fc.double();
    default: {
      const bits = Number(resolved.kind.slice(1));
      const value = int(bits, resolved.kind.startsWith("i"));
      return bits < 64 ? value.map(Number) : value;
    }
  }
}

function variantValue(variant: Element, depth: number): fc.Arbitrary<Value> {
  const tag = variant.name ?? "0";
  if (isUnit(resolve(variant.type, typespace))) return fc.constant({ tag, value: undefined });
  return valueOf(variant.type, depth + 1).map((value) => ({ tag, value }));
}

function specialValueOf(wanted: AlgebraicType, depth: number): fc.Arbitrary<Value> | undefined {
  switch (specialKind(wanted)) {
    case "identity":
      return int(256, false).map((value) => new Identity(value));
    case "connectionId":
      return int(128, false).map((value) => new ConnectionId(value));
    case "uuid":
      return int(128, false).map((value) => new Uuid(value));
    case "timestamp":
      return int(64, true).map((micros) => new Timestamp(micros));
    case "timeDuration":
      return int(64, true).map((micros) => new TimeDuration(micros));
    case "option":
      return optionValue(
        (wanted.kind === "sum" && wanted.variants[0]?.type) as AlgebraicType,
        depth,
      );
    case "result": {
      const [ok, err] = (wanted.kind === "sum" ? wanted.variants : []) as [Element, Element];
      return fc.oneof(
        valueOf(ok.type, depth + 1).map((value) => ({ ok: value })),
        valueOf(err.type, depth + 1).map((value) => ({ err: value })),
      );
    }
    default:
      return undefined;
  }
}

function optionValue(content: AlgebraicType, depth: number): fc.Arbitrary<Value> {
  if (depth > 6) return fc.constant(undefined);
  const some = valueOf(content, depth + 1);
  const boxed = optionIsBoxed(content, typespace);
  return fc.option(boxed ? some.map((value) => ({ some: value })) : some, { nil: undefined });
}

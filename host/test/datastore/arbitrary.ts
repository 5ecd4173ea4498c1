// Random column types, and random values that are often equal or nearly so: what breaks an order.
import {
  type AlgebraicType,
  array,
  bytesType,
  option,
  primitive,
  product,
  sum,
  type Element,
  isBytes,
  isUnit,
  specialKind,
  unitType,
  type Value,
} from "@lightcone/abi";
import fc from "fast-check";

const integerBits: Readonly<Record<string, number>> = {
  u8: 8,
  u16: 16,
  u32: 32,
  u64: 64,
  u128: 128,
  u256: 256,
};

const primitives: fc.Arbitrary<AlgebraicType> = fc
  .constantFrom(
    ...(["bool", "string", "f32", "f64"] as const),
    ...(["u8", "u16", "u32", "u64", "u128", "u256"] as const),
    ...(["i8", "i16", "i32", "i64", "i128", "i256"] as const),
  )
  .map(primitive);

function fields(types: readonly AlgebraicType[]): Record<string, AlgebraicType> {
  return Object.fromEntries(types.map((type, i) => [`f${i}`, type]));
}

/** Types without references or special types but options. */
export const columnTypes: fc.Arbitrary<AlgebraicType> = fc.letrec<{ type: AlgebraicType }>(
  (tie) => ({
    type: fc.oneof(
      { maxDepth: 2, depthSize: "small" },
      primitives,
      fc.constant(bytesType),
      tie("type").map(array),
      fc.array(tie("type"), { maxLength: 3 }).map((types) => product(fields(types))),
      fc
        .array(fc.oneof(tie("type"), fc.constant(unitType)), { minLength: 1, maxLength: 3 })
        .map((types) => sum(fields(types))),
      // An option of an option or of nothing has values of another form.
      primitives.map(option),
    ),
  }),
).type;

const texts = fc.string({
  unit: fc.constantFrom("a", "b", "\0", "é", "\uffff", "\u{1f600}"),
  maxLength: 12,
});

function integers(kind: string): fc.Arbitrary<Value> {
  const bits = integerBits[`u${kind.slice(1)}`] as number;
  const isSigned = kind.startsWith("i");
  const low = isSigned ? -(2n ** BigInt(bits - 1)) : 0n;
  const range = { min: low, max: low + 2n ** BigInt(bits) - 1n };
  // Numbers near each power of two differ in one byte, or in all.
  const nearPowers = fc
    .tuple(fc.nat(bits - 1), fc.bigInt(-2n, 2n), fc.boolean())
    .map(([power, offset, isNegative]) => (isNegative ? -1n : 1n) * 2n ** BigInt(power) + offset)
    .filter((value) => value >= range.min && value <= range.max);
  return fc.oneof(fc.bigInt(range), nearPowers).map((n) => (bits <= 32 ? Number(n) : n));
}

const specialFloats = fc.constantFrom(
  0,
  -0,
  NaN,
  Infinity,
  -Infinity,
  1,
  -1,
  2 ** -126,
  -(2 ** -149),
);

export function valuesOf(type: AlgebraicType): fc.Arbitrary<Value> {
  switch (type.kind) {
    case "bool":
      return fc.boolean();
    case "f32":
      return fc.oneof(specialFloats, fc.float());
    case "f64":
      return fc.oneof(specialFloats, fc.double());
    case "string":
      return fc.oneof(texts, fc.string({ unit: "binary" }));
    case "array":
      if (isBytes(type)) return fc.uint8Array({ maxLength: 10, max: 3 });
      return fc.array(valuesOf(type.element), { maxLength: 4 });
    case "product":
      return fc.record<Record<string, Value>>(
        Object.fromEntries(type.elements.map((e) => [e.name, valuesOf(e.type)])),
      );
    case "sum":
      if (specialKind(type) === "option") {
        const content: fc.Arbitrary<Value | undefined> = valuesOf(
          (type.variants[0] as Element).type,
        );
        return fc.oneof(content, fc.constant(undefined));
      }
      return fc.oneof(
        ...type.variants.map((variant) =>
          (isUnit(variant.type) ? fc.constant(undefined) : valuesOf(variant.type)).map((value) => ({
            tag: variant.name as string,
            value,
          })),
        ),
      );
    case "ref":
      throw new Error("columns have no references");
    default:
      return integers(type.kind);
  }
}

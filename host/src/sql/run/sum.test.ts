// Sums are exact, however many numbers they are of.
import { type AlgebraicType, numberToBytes } from "@lightcone/abi";
import fc from "fast-check";
import { test } from "tap";
import { integerShape } from "../bind/literal.ts";
import { IntegerSum } from "./sum.ts";

const kinds = [
  "u8",
  "i8",
  "u16",
  "i16",
  "u32",
  "i32",
  "u64",
  "i64",
  "u128",
  "i128",
  "u256",
  "i256",
] as const;

function shapeOf(type: AlgebraicType): { byteCount: number; isSigned: boolean } {
  const shape = integerShape(type);
  if (shape === undefined) throw new Error(`${type.kind} is no integer`);
  return shape;
}

void test("[SQL25] sums of integers of each type, in several groups", async (t) => {
  for (const kind of kinds) {
    const { byteCount, isSigned } = shapeOf({ kind });
    const bits = BigInt(byteCount * 8);
    const [min, max] = isSigned
      ? [-(2n ** (bits - 1n)), 2n ** (bits - 1n) - 1n]
      : [0n, 2n ** bits - 1n];
    const value = fc.oneof(fc.constantFrom(min, max, 0n, 1n), fc.bigInt({ min, max }));
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(40), value)), (given) => {
        const sum = new IntegerSum({ byteCount, isSigned });
        const wanted = new Map<number, bigint>();
        for (const [group, number] of given) {
          sum.add(group, numberToBytes(number, byteCount), 0);
          wanted.set(group, (wanted.get(group) ?? 0n) + number);
        }
        return [...wanted].every(([group, total]) => sum.value(group) === total);
      }),
      { numRuns: 50 },
    );
  }
  t.pass("no sum differed");
});

void test("[SQL25] a sum that leaves what numbers hold exactly", async (t) => {
  const sum = new IntegerSum({ byteCount: 8, isSigned: false });
  const most = numberToBytes(2n ** 64n - 1n, 8);
  const count = 2 ** 21 + 3;
  for (let i = 0; i < count; i++) sum.add(0, most, 0);
  t.equal(sum.value(0), (2n ** 64n - 1n) * BigInt(count));
});

// Tables with one index: a key of every type alone, unique and not, and keys of several columns.
import { primitive, type Value } from "@lightcone/abi";
import type { Rng } from "@lightcone/fixtures/rng";
import { type KeyType, keyTypes, text } from "./index-types.ts";
import type { Shape } from "./index-world.ts";

const u8 = primitive("u8");
const u32 = primitive("u32");
const u64 = primitive("u64");
const i32 = primitive("i32");
const string = primitive("string");

/** One column between two others, the first of which differs in length. */
function alone({ type, value }: KeyType, isUnique: boolean): Shape {
  return {
    columns: { before: string, key: type, after: u8 },
    key: [1],
    isUnique,
    row: (rng): Value[] => [rng.pick(["", "abc"]), value(rng), rng.nextBelow(256)],
  };
}

/** A column in rows that all have one length, if it has: where a key of numbers is found without a search of the row. */
function fixed(
  kind: "u8" | "u16" | "u32" | "u64",
  isUnique: boolean,
  numbers: (rng: Rng) => bigint,
): Shape {
  const value = (rng: Rng): Value => (kind === "u64" ? numbers(rng) : Number(numbers(rng)));
  return {
    columns: { id: primitive(kind), x: i32 },
    key: [0],
    isUnique,
    row: (rng) => [value(rng), 1],
  };
}

const dense = (rng: Rng): bigint => BigInt(rng.nextBelow(3000));
/** Runs of numbers with gaps between them, and single ones far away. */
const clustered = (rng: Rng): bigint => {
  const base = BigInt(rng.nextBelow(rng.pick([3, 4000]))) * 1_000_003n;
  return base + BigInt(rng.nextBelow(700));
};
const beyond = (rng: Rng): bigint =>
  clustered(rng) + (BigInt(rng.nextBelow(3)) << BigInt(rng.pick([31, 32, 53, 62])));

const severalColumns: Readonly<Record<string, Shape>> = {
  "three columns side by side": {
    columns: { x: u8, a: primitive("bool"), b: u8, c: i32 },
    key: [1, 2, 3],
    row: (rng) => [0, rng.nextBelow(2) === 1, rng.nextBelow(6), rng.nextBelow(20) - 10],
  },
  "three columns, apart and in another order": {
    columns: { a: string, b: u64, c: i32, d: string, e: u8 },
    key: [3, 0, 2],
    row: (rng) => [text(rng).slice(-2), 7n, rng.nextBelow(5) - 2, rng.pick(["", "a", "b"]), 9],
  },
  "two columns, unique": {
    columns: { a: string, b: u8 },
    key: [1, 0],
    isUnique: true,
    row: (rng) => [text(rng), rng.nextBelow(30)],
  },
  "two numbers, unique": {
    columns: { a: u32, b: u32 },
    key: [1, 0],
    isUnique: true,
    row: (rng) => [rng.nextBelow(50), rng.nextBelow(60)],
  },
  "floats, then bytes": {
    columns: { x: primitive("f64"), n: u8 },
    key: [0, 1],
    row: (rng) => [rng.pick([0, -0, NaN, Infinity, -Infinity, 1.5, -1.5]), rng.nextBelow(20)],
  },
};

/** By name: "TYPE", "TYPE, unique" and names for keys of other forms. */
export const shapes: Readonly<Record<string, Shape>> = {
  ...Object.fromEntries(
    Object.entries(keyTypes).flatMap(([name, type]) => [
      [name, alone(type, false)],
      [`${name}, unique`, alone(type, true)],
    ]),
  ),
  "dense u32, unique": fixed("u32", true, dense),
  "dense u64, unique": fixed("u64", true, dense),
  "dense u64": fixed("u64", false, dense),
  "u32 in runs, unique": fixed("u32", true, clustered),
  "u64 in runs, unique": fixed("u64", true, beyond),
  ...severalColumns,
};

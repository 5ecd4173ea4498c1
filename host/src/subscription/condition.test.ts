// The condition by which changed rows find a query.
import { compileCodec, decode } from "@lightcone/abi";
import { test } from "tap";
import { compileSingle, openSample, visitor } from "../sql/test-tables.ts";
import type { Range } from "../sql/plan/column-range.ts";
import { type Condition, conditionOf } from "./condition.ts";

const sample = openSample();

/** Integers of 64 bits are no JSON. */
function toText(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? Number(value) : value;
}

function shown(where: string): string {
  const query = compileSingle(`SELECT * FROM t WHERE ${where}`, sample, visitor, "subscription");
  const condition: Condition | undefined = conditionOf(query);
  if (condition === undefined) return "any row";
  if (condition.kind === "never") return "none";
  const { name, type } = query.table.schema.columns[condition.column] ?? {};
  if (name === undefined || type === undefined) throw new Error("no such column");
  const codec = compileCodec(type);
  const text = (value: Uint8Array): string => JSON.stringify(decode(codec, value), toText);
  if (condition.kind === "value") return `${name} ${text(condition.value)}`;
  const { low, high }: Range = condition.range;
  const from = low === undefined ? "(-" : `${low.isInclusive ? "[" : "("}${text(low.value)}`;
  const to = high === undefined ? "-)" : `${text(high.value)}${high.isInclusive ? "]" : ")"}`;
  return `${name} ${from} ${to}`;
}

void test("[SUB3] the condition by which a changed row finds a query", async (t) => {
  const rows: readonly [where: string, expected: string][] = [
    ["a = 5", "a 5"],
    ["a = 5 AND b > 7", "a 5"],
    ["a > 5", "a (5 -)"],
    ["a >= 5", "a [5 -)"],
    ["a < 5", "a (- 5)"],
    ["5 >= a", "a (- 5]"],
    ["a > 5 AND a <= 9", "a (5 9]"],
    ["a > 5 AND a > 7 AND a >= 7 AND a < 20 AND a < 30", "a (7 20)"],
    ["a >= 5 AND a <= 5", "a [5 5]"],
    ["a > 5 AND b > 1 AND b < 3", "b (1 3)"],
    // Equal floats may differ in their bytes, which a hash would tell apart.
    ["f = 0", "f [0 0]"],
    ["f = 0.5 AND f > 1", "none"],
    ["s >= 'a' AND s < 'b'", 's ["a" "b")'],
    ["a > 5 AND a < 5", "none"],
    ["a > 5 AND a <= 5", "none"],
    ["FALSE", "none"],
    ["TRUE", "any row"],
    ["a <> 5", "any row"],
    ["a = b", "any row"],
    ["a > 5 OR a < 2", "any row"],
    ["(a > 5 OR b < 2) AND id < 7", "id (- 7)"],
  ];
  for (const [where, expected] of rows) t.equal(shown(where), expected, where);
});

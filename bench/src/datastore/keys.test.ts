import { test } from "tap";
import { ascendingKeys, shuffledKeys } from "./keys.ts";

void test("drawn keys are all keys in another order, the same each time", (t) => {
  const count = 1000;
  const keys = shuffledKeys(count, "draw");
  const inPlace = keys.filter((key, i) => key === i).length;
  t.ok(inPlace < 10, `${inPlace} keys in their place`);
  t.same(shuffledKeys(count, "draw"), keys);
  const inserted = shuffledKeys(count, "insert");
  const inBoth = keys.filter((key, i) => key === inserted[i]).length;
  t.ok(inBoth < 10, `${inBoth} keys in the same place of both orders`);
  t.same(
    [...keys].sort((a, b) => a - b),
    [...ascendingKeys(count)],
  );
  t.end();
});

import { Rng } from "@lightcone/fixtures/rng";
import { test } from "tap";
import { testSeeds } from "../../test/datastore/seeds.ts";
import { cancelEqualRows } from "./net-effect.ts";
import { RowIds } from "./rows/ids.ts";
import { VariableRowStore } from "./rows/variable-store.ts";

/** What is left of two lists of rows, given and returned as texts. */
function cancel(inserts: readonly string[], deletes: readonly string[]): [string[], string[]] {
  const store = new VariableRowStore();
  const listOf = (texts: readonly string[]): RowIds => {
    const list = new RowIds();
    for (const text of texts) list.push(store.add(Buffer.from(text), 0, text.length));
    return list;
  };
  const lists = [listOf(inserts), listOf(deletes)] as const;
  cancelEqualRows(store, ...lists);
  const textsOf = (list: RowIds): string[] =>
    Array.from(list.ids.subarray(0, list.count), (row) => {
      const start = store.start(row);
      return Buffer.from(store.page(row).subarray(start, start + store.size(row))).toString();
    });
  return [textsOf(lists[0]), textsOf(lists[1])];
}

const cases: Record<string, readonly string[]> = {
  "nothing in common": ["a b", "c d", "a b", "c d"],
  "one row in both": ["a b", "b c", "a", "c"],
  "all in both, in another order": ["a b c", "c a b", "", ""],
  "one for one": ["a a b", "a", "a b", ""],
  "equal beginnings are not equal rows": ["ab", "abc a", "ab", "abc a"],
  "nothing inserted": ["", "a", "", "a"],
};

void test("a row that was deleted and inserted did not change", async (t) => {
  for (const [title, lists] of Object.entries(cases)) {
    const [inserts, deletes, left, gone] = lists.map((list) => list.split(" ").filter(Boolean));
    t.same(cancel(inserts!, deletes!), [left, gone], title);
  }
});

void test("long lists are treated as short ones are", async (t) => {
  for (const seed of testSeeds(30)) {
    const rng = new Rng(seed);
    const list = (): string[] =>
      Array.from({ length: rng.nextBelow(60) }, () => String(rng.nextBelow(40)));
    const [inserts, deletes] = [list(), list()];
    const left = [...inserts];
    const gone = deletes.filter((row) => {
      const at = left.indexOf(row);
      if (at >= 0) left.splice(at, 1);
      return at < 0;
    });
    const [foundLeft, foundGone] = cancel(inserts, deletes);
    t.same([foundLeft.sort(), foundGone.sort()], [left.sort(), gone.sort()], `seed ${seed}`);
  }
});

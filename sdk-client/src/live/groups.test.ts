import fc from "fast-check";
import { test } from "tap";
import { type Group, regroup } from "./groups.ts";

interface Item {
  readonly id: string;
}

const idOf = ({ id }: Item): string => id;

// A capital is another state of the item of that letter.
const letters = new Map<Item, string>();
for (const id of "abcdefghijklmnopqrstuvwxyz") {
  letters.set({ id }, id);
  letters.set({ id }, id.toUpperCase());
}
const items = new Map(Array.from(letters, ([item, letter]) => [letter, item] as const));

function list(text: string): Item[] {
  return Array.from(text, (letter) => items.get(letter) ?? { id: letter });
}

function shown(groups: readonly Group<Item>[]): string {
  return groups
    .map(({ key, items: some }) => `${key}:${some.map((item) => letters.get(item)).join("")}`)
    .join(" ");
}

const rows = [
  { what: "a list is cut into groups", steps: ["", "abcdefg"], is: "1:abc 2:def 3:g" },
  {
    what: "a changed item changes its group",
    steps: ["abcdefg", "abcdEfg"],
    is: "1:abc 2:dEf 3:g",
  },
  { what: "many changed items", steps: ["abcdefg", "AbcDEFG"], is: "1:Abc 2:DEF 3:G" },
  { what: "an item goes", steps: ["abcdefg", "bcdefg"], is: "1:bc 2:def 3:g" },
  { what: "one goes, one comes", steps: ["abcdefg", "bcdefgh"], is: "1:bc 2:def 3:gh" },
  { what: "items come first", steps: ["abcdefg", "yzabcdefg"], is: "1:yzabc 2:def 3:g" },
  { what: "items come in between", steps: ["abcdefg", "abczdefg"], is: "1:abc 2:zdef 3:g" },
  { what: "items come last", steps: ["abcdefg", "abcdefghi"], is: "1:abc 2:def 3:ghi" },
  {
    what: "the last group is full",
    steps: ["abcdefg", "abcdefghijklm"],
    is: "1:abc 2:def 3:ghi 4:jkl 5:m",
  },
  {
    what: "the first group is full",
    steps: ["abcdefg", "vwxyabcdefg"],
    is: "1:vwx 4:yab 5:c 2:def 3:g",
  },
  { what: "a group goes", steps: ["abcdefg", "abcg"], is: "1:abc 3:g" },
  { what: "the last groups go", steps: ["abcdefg", "abc"], is: "1:abc" },
  { what: "all go", steps: ["abcdefg", ""], is: "" },
  { what: "all are others", steps: ["abcdefg", "uvwxyz"], is: "4:uvwxyz" },
  { what: "they turn around", steps: ["abcdefg", "gfedcba"], is: "1:gfe 4:dcb 5:a" },
  { what: "changes and moves at once", steps: ["abcdefg", "bCdEfgh"], is: "1:bC 2:dEf 3:gh" },
  {
    what: "an item occurs twice",
    steps: ["abcabcabc", "aabcabcabc"],
    is: "1:aab 4:cab 5:ca 2:b 3:c",
  },
] as const;

for (const { what, steps, is } of rows) {
  void test(what, (t) => {
    let groups: readonly Group<Item>[] = [];
    for (const step of steps) groups = regroup(list(step), groups, idOf, 3);
    t.equal(shown(groups), is);
    t.end();
  });
}

const someItems = fc
  .array(fc.constantFrom(...letters.values()), { maxLength: 40 })
  .map((some) => some.join(""));

void test("whatever the lists are: all items in their order, keys are unique, what is right stays", (t) => {
  fc.assert(
    fc.property(
      fc.array(someItems, { maxLength: 6 }),
      fc.integer({ min: 1, max: 5 }),
      (steps, size) => {
        let groups: readonly Group<Item>[] = [];
        for (const step of steps) {
          const next = list(step);
          const before = new Set(groups);
          groups = regroup(next, groups, idOf, size);
          t.same(
            groups.flatMap(({ items: some }) => some),
            next,
          );
          t.equal(new Set(groups.map(({ key }) => key)).size, groups.length);
          t.ok(groups.every(({ items: some }) => some.length >= 1 && some.length <= 2 * size));
          const kept = [...before].filter((group) => groups.includes(group)).length;
          const again = regroup([...next], groups, idOf, size);
          t.ok(again.every((group, place) => group === groups[place]) && kept <= groups.length);
        }
      },
    ),
    { numRuns: 300 },
  );
  t.end();
});

void test("a change of one item in ten thousand leaves 99 groups as they were", (t) => {
  const many = Array.from({ length: 10_000 }, (_, place) => ({ id: String(place) }));
  const before = regroup(many, [], idOf, 100);
  t.equal(before.length, 100);
  const changed = many.with(5050, { id: "5050" });
  const after = regroup(changed, before, idOf, 100);
  t.same(
    after.flatMap((group, place) => (group === before[place] ? [] : [place])),
    [50],
  );
  t.equal(after[50]?.key, before[50]?.key);
  const slid = regroup([...changed.slice(1), { id: "new" }], after, idOf, 100);
  t.same(
    slid.flatMap((group, place) => (group === after[place] ? [] : [place])),
    [0, 99],
  );
  t.end();
});

import { test } from "tap";
import { RecentMap } from "./recent.ts";

void test("the entry used longest ago makes room", async (t) => {
  const map = new RecentMap<string, number>(2);
  map.set("a", 1);
  map.set("b", 2);
  t.equal(map.get("a"), 1, "a is used again");
  map.set("c", 3);
  t.same([map.get("a"), map.get("b"), map.get("c")], [1, undefined, 3]);
  t.equal(map.count, 2);
});

void test("a key has one entry", async (t) => {
  const map = new RecentMap<string, number>(2);
  map.set("a", 1);
  map.set("b", 2);
  map.set("a", 3);
  map.set("c", 4);
  t.same([map.get("a"), map.get("b"), map.get("c")], [3, undefined, 4], "b was the oldest");
});

void test("a map of one", async (t) => {
  const map = new RecentMap<string, number>(1);
  t.equal(map.get("a"), undefined);
  map.set("a", 1);
  map.set("b", 2);
  t.same([map.get("a"), map.get("b"), map.count], [undefined, 2, 1]);
});

import { test } from "tap";
import { figureName, scenarios } from "./scenario.ts";

const names = scenarios.flatMap((scenario) =>
  scenario.operations.map((operation) => figureName(scenario, operation)),
);

void test("each figure has a name of its own", (t) => {
  t.equal(new Set(names).size, names.length);
  t.end();
});

void test("figures that goals are set for have the names that the goals use", (t) => {
  const wanted = [
    "bytes-per-row/10M",
    "js-heap-mb/10M",
    "point-read/hash/10M",
    "point-read/btree/10M",
    "insert/10M",
    "insert-random/10M",
    "range-scan/10M",
    "update/10M",
    "delete/10M",
    "mixed/1M",
    "insert/1M",
    "insert/strings/1M",
    "sqlite/insert/10M",
    "sqlite/insert-random/10M",
    "sqlite/point-read/10M",
    "sqlite/bytes-per-row/10M",
    "map/insert/10M",
    "map/js-heap-mb/10M",
  ];
  t.same(
    wanted.filter((name) => !names.includes(name)),
    [],
  );
  t.notOk(names.includes("map/range-scan/10M"), "a Map has no order");
  t.end();
});

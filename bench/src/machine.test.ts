import { test } from "tap";
import { hasHugePages, measuringEnvironment } from "./machine.ts";

const asking = "glibc.malloc.hugetlb=1";

void test("processes that measure ask for huge pages where nothing else was said", async (t) => {
  t.same(measuringEnvironment({ A: "b" }, "linux"), { A: "b", GLIBC_TUNABLES: asking });
  for (const given of ["", "glibc.malloc.arena_max=1"]) {
    t.same(measuringEnvironment({ GLIBC_TUNABLES: given }, "linux"), { GLIBC_TUNABLES: given });
  }
  t.same(measuringEnvironment({ A: "b" }, "darwin"), { A: "b" });
});

void test("huge pages are there where the system has them and is asked", async (t) => {
  const cases: readonly [policy: string, tunables: string, expected: boolean][] = [
    ["always [madvise] never", asking, true],
    ["always [madvise] never", `glibc.malloc.arena_max=1:${asking}`, true],
    ["always [madvise] never", "glibc.malloc.hugetlb=0", false],
    ["always [madvise] never", "", false],
    ["[always] madvise never", "", true],
    ["always madvise [never]", asking, false],
    ["there are none", asking, false],
  ];
  for (const [policy, tunables, expected] of cases) {
    t.equal(hasHugePages({ GLIBC_TUNABLES: tunables }, policy), expected, `${policy}, ${tunables}`);
  }
});

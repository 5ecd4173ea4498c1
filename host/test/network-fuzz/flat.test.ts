import { test } from "tap";
import type { HostFacts } from "../server/crowd.ts";
import { checkFlat, growth } from "./flat.ts";

const mega = 1e6;

function rounds(
  megabytes: readonly number[],
  descriptors: readonly number[] = [],
  clients: readonly number[] = [],
): HostFacts[] {
  return megabytes.map((size, i) => ({
    residentBytes: size * mega,
    descriptorCount: descriptors[i] ?? 30,
    clientCount: clients[i] ?? 2,
  }));
}

void test("what grows after the first third of the rounds is found", async (t) => {
  t.doesNotThrow(() => checkFlat(rounds([100, 300, 310, 290, 305, 320])), "noise after a warm-up");
  t.equal(growth(rounds([100, 300, 310, 290, 305, 320])), 20 * mega);
  t.equal(growth(rounds([300, 200])), -100 * mega);
  const cases: [HostFacts[], RegExp, string][] = [
    [rounds([100, 200]), /memory has grown by 100\.0 MB/, "two rounds"],
    [rounds([200, 200, 220, 240, 260, 280]), /grown by 80\.0 MB/, "a little in each round"],
    [rounds([200, 200, 200, 900, 200, 200]), /grown by 700\.0 MB/, "for a time"],
    [rounds([200, 200, 200], [30, 31, 40]), /40 descriptors, after 30/, "descriptors"],
    [rounds([200, 200, 200], [], [2, 2, 3]), /clients are left: 2, 3/, "clients"],
    [rounds([200]), /compared with nothing/, "one round"],
  ];
  for (const [given, message, title] of cases) t.throws(() => checkFlat(given), { message }, title);
});

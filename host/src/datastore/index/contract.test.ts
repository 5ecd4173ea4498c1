// What the contract of an index promises, asked of every kind with every type of key.
import { primitive } from "@lightcone/abi";
import { Rng } from "@lightcone/fixtures/rng";
import { test } from "tap";
import { driveToTheEnd, indexCases } from "../../../test/datastore/index-cases.ts";
import { IndexWorld } from "../../../test/datastore/index-world.ts";
import { testSeeds } from "../../../test/datastore/seeds.ts";
import type { RowIds } from "../rows/ids.ts";
import { BTreeIndex } from "./btree.ts";

const limits = { steps: 1600, stepsGrowing: 600, stepsPerCheck: 200, stepsPerBuild: 350 };

for (const { title, run } of indexCases()) {
  void test(title, async (t) => {
    for (const seed of testSeeds(2)) t.same(run(seed, limits).faults, [], `seed ${seed}`);
  });
}

/** Forgets one row in a hundred when it is asked for all rows with a key. */
class ForgetfulIndex extends BTreeIndex {
  override scanPoint(bytes: Uint8Array, start: number, end: number, found: RowIds): void {
    super.scanPoint(bytes, start, end, found);
    if (found.count > 0 && found.at(found.count - 1) % 100 === 99) found.count--;
  }
}

void test("an index that forgets a row is caught", async (t) => {
  const rng = new Rng(1);
  const shape = {
    columns: { id: primitive("u32") },
    key: [0],
    row: (random: Rng) => [random.nextBelow(50)],
  };
  const world = new IndexWorld(shape, (key, isUnique) => new ForgetfulIndex(key, isUnique), rng);
  const { faults } = driveToTheEnd(world, rng, limits);
  t.match(faults, [/^step \d+: point scan found rows/]);
});

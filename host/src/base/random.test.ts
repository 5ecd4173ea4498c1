// The sources of chance: the seeded one repeats itself, both give numbers of the promised shape.
import { test } from "tap";
import { type Random, seededRandom, systemRandom } from "./random.ts";

const uuidV4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

const sources: Record<string, Random> = { system: systemRandom, seeded: seededRandom(7) };

for (const [name, random] of Object.entries(sources)) {
  void test(`${name}: numbers of the promised shape`, async (t) => {
    t.equal(random.bytes(0).length, 0);
    const many = random.bytes(200_000);
    t.equal(many.length, 200_000);
    const seen = new Set(many);
    t.equal(seen.size, 256, "every byte occurs");
    t.ok(new Set(many.subarray(150_000)).size > 200, "to the end");
    for (let i = 0; i < 100; i++) {
      t.match(random.uuidV4(), uuidV4);
      const word = random.u32();
      t.ok(Number.isInteger(word) && word >= 0 && word < 2 ** 32);
    }
    const wide = Array.from({ length: 64 }, () => random.u128());
    t.ok(wide.every((value) => value >= 0n && value < 1n << 128n));
    t.ok(
      wide.some((value) => value >= 1n << 127n),
      "the highest bit is used",
    );
    t.equal(new Set(wide).size, 64);
  });
}

void test("a seed gives the same numbers everywhere, another seed others", async (t) => {
  const words = (seed: number): number[] => {
    const random = seededRandom(seed);
    return Array.from({ length: 4 }, () => random.u32());
  };
  t.same(words(1), words(1));
  t.notSame(words(1), words(2));
  t.notSame(words(1), words(1 + 2 ** 32), "the upper half of a seed counts");
  t.same(words(1), [1_950_625_580, 354_034_397, 661_219_729, 2_802_375_379]);
});

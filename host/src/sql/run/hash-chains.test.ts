import fc from "fast-check";
import { test } from "tap";
import { HashChains, noEntry } from "./hash-chains.ts";

/** The entries with a hash, in the order that they came. */
function entriesOf(chains: HashChains, hash: number): number[] {
  const found: number[] = [];
  for (let entry = chains.first(hash); entry !== noEntry; entry = chains.next(entry)) {
    if (chains.hashOf(entry) === hash) found.push(entry);
  }
  return found.sort((a, b) => a - b);
}

void test("entries are found by their hashes, as a Map finds them, however many there are", (t) => {
  const hash = fc.oneof(fc.integer({ min: -50, max: 50 }), fc.integer());
  fc.assert(
    fc.property(fc.array(hash, { maxLength: 3000 }), (hashes) => {
      const chains = new HashChains();
      const model = new Map<number, number[]>();
      hashes.forEach((each, entry) => {
        chains.add(each);
        model.set(each, [...(model.get(each) ?? []), entry]);
      });
      t.equal(chains.count, hashes.length);
      for (const [each, entries] of model) t.same(entriesOf(chains, each), entries);
      t.same(entriesOf(chains, 0x7ffffff1), model.get(0x7ffffff1) ?? []);
    }),
    { numRuns: 20 },
  );
  t.end();
});

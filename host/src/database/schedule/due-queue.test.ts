import fc from "fast-check";
import { test } from "tap";
import { DueQueue, type Queued } from "./due-queue.ts";

interface Entry extends Queued {
  readonly id: number;
}

const newEntry = (id: number): Entry => ({ id, dueMicros: 0, order: 0, position: -1 });

/** Entries in the order in which they become due. */
function drain(queue: DueQueue<Entry>): number[] {
  const ids: number[] = [];
  for (let { first } = queue; first !== undefined; first = queue.first) {
    queue.remove(first);
    ids.push(first.id);
  }
  return ids;
}

type Step = readonly [entry: number, due: number | undefined];

/** Runs steps on a queue and on a list that is sorted at the end. */
function agrees(steps: readonly Step[]): boolean {
  const queue = new DueQueue<Entry>();
  const entries = Array.from({ length: 24 }, (_, id) => newEntry(id));
  const model = new Map<number, number>();
  for (const [id, due] of steps) {
    // A map keeps what was set last at its end, as the queue does among equals.
    model.delete(id);
    if (due === undefined) queue.remove(entries[id] as Entry);
    else queue.set(entries[id] as Entry, due);
    if (due !== undefined) model.set(id, due);
    if (queue.size !== model.size) return false;
  }
  const expected = [...model].sort(([, a], [, b]) => a - b).map(([id]) => id);
  return JSON.stringify(drain(queue)) === JSON.stringify(expected);
}

void test("whatever was added, moved and removed: what is left comes by time, then by age", async (t) => {
  const due = fc.option(fc.nat(12), { nil: undefined, freq: 4 });
  const steps = fc.array(fc.tuple(fc.nat(23), due), { maxLength: 120 });
  fc.assert(fc.property(steps, agrees), { numRuns: 500 });
  t.ok(agrees([]), "also nothing");
});

void test("a queue that is cleared takes its entries again", async (t) => {
  const queue = new DueQueue<Entry>();
  const [a, b] = [newEntry(1), newEntry(2)];
  queue.set(a, 5);
  queue.set(b, 3);
  queue.clear();
  t.equal(queue.size, 0);
  queue.set(a, Infinity);
  queue.set(b, -1);
  t.same(drain(queue), [2, 1]);
});

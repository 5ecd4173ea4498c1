import { Rng } from "@lightcone/fixtures/rng";
import { test } from "tap";
import { RowBits } from "./bits.ts";
import { RowIds } from "./ids.ts";

void test("bits as a set of numbers, by a thousand random steps", async (t) => {
  const rng = new Rng(1);
  const bits = new RowBits();
  const model = new Set<number>();
  bits.ensure(299);
  for (let step = 0; step < 1000; step++) {
    const row = rng.nextBelow(300);
    if (rng.nextBelow(5) < 3) {
      bits.add(row);
      model.add(row);
    } else {
      bits.remove(row);
      model.delete(row);
    }
    const from = rng.nextBelow(320);
    if (bits.count !== model.size) t.fail(`step ${step}: count`);
    const members = [...model].filter((member) => member >= from).toSorted((a, b) => a - b);
    if (bits.next(from) !== (members[0] ?? -1)) t.fail(`step ${step}: next(${from})`);
    let end = from;
    while (model.has(end)) end++;
    const limit = from + rng.nextBelow(100);
    const expected = Math.min(end, limit);
    if (bits.end(from, limit) !== expected) t.fail(`step ${step}: end(${from}, ${limit})`);
  }
  for (let row = 0; row < 300; row++) if (bits.has(row) !== model.has(row)) t.fail(`has(${row})`);
  t.ok(model.size > 100, `${model.size} members at the end`);
});

void test("room is made for as many as are needed", async (t) => {
  const bits = new RowBits();
  t.notOk(bits.has(1_000_000), "what lies beyond is no member");
  t.equal(bits.next(1_000_000), -1);
  bits.add(31);
  bits.ensure(1_000_000);
  t.ok(bits.capacity > 1_000_000);
  t.ok(bits.has(31), "members stay");
  bits.add(1_000_000);
  t.equal(bits.next(32), 1_000_000);
});

void test("a run of members up to the capacity ends there", async (t) => {
  const bits = new RowBits();
  for (let row = 0; row < bits.capacity; row++) bits.add(row);
  t.equal(bits.end(0, 1000), bits.capacity);
  t.equal(bits.end(40, 1000), bits.capacity);
  t.equal(bits.end(40, 50), 50);
});

void test("all members are taken out by a list of them", async (t) => {
  const bits = new RowBits();
  bits.ensure(5_000);
  const rows = new RowIds();
  for (const row of [3, 4_095, 31, 32, 33, 640]) {
    bits.add(row);
    rows.push(row);
  }
  bits.clear(rows);
  t.equal(bits.count, 0);
  const copy = new RowIds();
  copy.push(7);
  copy.copyFrom(rows);
  t.same([...copy.ids.subarray(0, copy.count)], [3, 4_095, 31, 32, 33, 640]);
});

import { primitive, type ProductValue } from "@lightcone/abi";
import { test } from "tap";
import { openTable, rowEncoder, tableRows, type TableSketch } from "../../test/datastore/tables.ts";
import { Datastore } from "./datastore.ts";
import type { Table, WriteOutcome } from "./table.ts";

const u8 = primitive("u8");

/** Two unique keys, and an index that is none. */
const sketch: TableSketch = {
  name: "t",
  columns: { a: u8, b: u8, c: u8 },
  indexes: [
    ["btree", 0],
    ["hash", 1],
    ["btree", 2],
  ],
  unique: [[0], [1]],
};

/** Runs steps such as "+123" (insert), "a143" (update by a), "-123" (delete); returns their outcomes. */
class Script {
  readonly datastore = new Datastore();
  readonly table: Table = openTable(this.datastore, sketch);
  readonly #encode: (row: ProductValue) => Uint8Array = rowEncoder(sketch);

  #row(digits: string): Uint8Array {
    const [a, b, c] = digits.split("").map(Number);
    return this.#encode({ a: a!, b: b!, c: c! });
  }

  #step(tx: ReturnType<Datastore["begin"]>, step: string): WriteOutcome {
    const bytes = this.#row(step.slice(1));
    const { table } = this;
    switch (step[0]) {
      case "+":
        return tx.insert(table, bytes, 0, 3);
      case "-":
        tx.delete(table, table.findRow(bytes, 0, 3));
        return "done";
      default:
        return tx.update(table, table.indexes["abc".indexOf(step[0]!)]!, bytes, 0, 3);
    }
  }

  /** Commits; returns the outcomes that are not "done", and the net effect: "+" and "-" rows. */
  run(steps: string): string {
    const tx = this.datastore.begin();
    const outcomes = steps.split(" ").map((step) => this.#step(tx, step));
    const data = this.datastore.commit(tx);
    const { rows, delta } = this.table;
    const named = (sign: string, row: number): string => {
      const start = rows.start(row);
      return sign + Array.from(rows.page(row).subarray(start, start + 3)).join("");
    };
    const { inserts, deletes } = delta;
    const effect =
      data === undefined
        ? []
        : [
            ...Array.from(inserts.ids.subarray(0, inserts.count), (row) => named("+", row)),
            ...Array.from(deletes.ids.subarray(0, deletes.count), (row) => named("-", row)),
          ];
    this.datastore.release(tx);
    return [...outcomes.filter((outcome) => outcome !== "done"), ...effect.sort()].join(" ");
  }
}

const before = "+111 +222 +333";

const histories: Record<string, readonly [steps: string, result: string]> = {
  "an insert": ["+444", "+444"],
  "a row that is there": ["+111", "unchanged"],
  "the first unique key taken": ["+144", "duplicate"],
  "the second unique key taken": ["+414", "duplicate"],
  "both taken, by two rows": ["+124", "duplicate"],
  "a delete frees its keys": ["-111 +144", "+144 -111"],
  "inserted and deleted": ["+444 -444", ""],
  "deleted and inserted": ["-111 +111", ""],
  "deleted and inserted twice": ["-111 +111 -111 +111", ""],
  "an update": ["a114", "+114 -111"],
  "an update to the same": ["a111", "unchanged"],
  "an update of nothing": ["a444", "absent"],
  "an update that meets another's key": ["a124", "duplicate"],
  "an update of the second key's row": ["b414", "+414 -111"],
  "updates there and back": ["a114 a111", ""],
  "updates of updates": ["a115 a116 a117", "+117 -111"],
  "an update of an insert": ["+444 a445", "+445"],
  "an insert, updated and deleted": ["+444 a445 -445", ""],
  "a delete of an update": ["a114 -114", "-111"],
  "updated, deleted, inserted as it was": ["a114 -114 +111", ""],
  "two rows change places": ["-111 a212 +121", "+121 +212 -111 -222"],
  "two rows change ids, in place": ["a142 b442 a212 b112 a422 b222", "+112 -111"],
};

void test("what writes come to, and their net effect", async (t) => {
  for (const [title, [steps, result]] of Object.entries(histories)) {
    const script = new Script();
    script.run(before);
    t.equal(script.run(steps), result, title);
  }
});

void test("rows that end up with each other's old bytes cancel", async (t) => {
  const script = new Script();
  script.run("+111 +221");
  t.equal(script.run("a131 b331 a211 b111 a321 b221"), "");
  t.same(tableRows(script.table), ["010101", "020201"]);
});

void test("rows are walked in order of their ids, without those that are gone", async (t) => {
  const script = new Script();
  script.run(before);
  script.run("-222");
  const { table } = script;
  t.same([table.nextRow(-1), table.nextRow(0), table.nextRow(2)], [0, 2, -1]);
  t.same([table.isLive(0), table.isLive(1), table.isLive(999)], [true, false, false]);
});

void test("a row in the way is named", async (t) => {
  const { datastore, table } = new Script();
  const tx = datastore.begin();
  tx.insert(table, Uint8Array.of(1, 1, 1), 0, 3);
  const first = table.lastRow;
  tx.insert(table, Uint8Array.of(2, 2, 2), 0, 3);
  const second = table.lastRow;
  tx.insert(table, Uint8Array.of(1, 9, 9), 0, 3);
  t.equal(table.lastRow, first);
  tx.insert(table, Uint8Array.of(9, 2, 9), 0, 3);
  t.equal(table.lastRow, second);
  tx.insert(table, Uint8Array.of(2, 2, 2), 0, 3);
  t.equal(table.lastRow, second, "or the row itself");
  datastore.rollBack(tx);
});

void test("a table finds its indexes by id", async (t) => {
  const { table } = new Script();
  for (const [position, { id }] of table.schema.indexes.entries()) {
    t.equal(table.indexById(id), table.indexes[position]);
  }
  t.equal(table.indexById(1), undefined);
});

void test("deleting a row twice breaks an invariant", async (t) => {
  const script = new Script();
  script.run(before);
  const tx = script.datastore.begin();
  tx.delete(script.table, 0);
  t.throws(() => tx.delete(script.table, 0), /broken invariant/);
  script.datastore.rollBack(tx);
});

// A table that shrank gives memory back, a little after each transaction of its database.
import { primitive } from "@lightcone/abi";
import { test } from "tap";
import { commit, openTable, rowEncoder, type TableSketch } from "../../test/datastore/tables.ts";
import { Datastore } from "./datastore.ts";
import type { Table } from "./table.ts";

const wide = { a: primitive("u256"), b: primitive("u256"), c: primitive("u256") };

const sketches: Readonly<Record<string, TableSketch>> = {
  "rows of one size": { name: "fixed", columns: { id: primitive("u64"), ...wide } },
  "rows that differ": {
    name: "variable",
    columns: { id: primitive("u64"), ...wide, text: primitive("string") },
  },
};

const other: TableSketch = { name: "other", columns: { id: primitive("u32") } };
const encodeOther = rowEncoder(other);

const rowCount = 150_000;
/** Of so many rows that lie together, the first ones stay. */
const groupRows = 6000;
const keptRows = 500;
/** What a transaction moves at most: the last page may begin just below the limit. */
const stepBytesMax = (256 + 64) * 1024;

function fill(datastore: Datastore, table: Table, sketch: TableSketch): void {
  const bytes = rowEncoder(sketch)({ id: 0n, a: 1n, b: 2n, c: 3n, text: "a text" });
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  commit(datastore, (tx) => {
    for (let id = 0; id < rowCount; id++) {
      view.setUint32(0, id, true);
      tx.insert(table, bytes, 0, bytes.length);
    }
  });
}

/** Counts what each step moves. */
function countSteps(table: Table): number[] {
  const steps: number[] = [];
  const { rows } = table;
  const tidy = rows.tidy.bind(rows);
  rows.tidy = () => {
    const byteCount = tidy();
    steps.push(byteCount);
    return byteCount;
  };
  return steps;
}

function idsOf({ rows }: Table): number[] {
  const ids: number[] = [];
  for (let row = rows.live.next(0); row >= 0; row = rows.live.next(row + 1)) {
    ids.push(rows.word(row, 0));
  }
  return ids;
}

for (const [title, sketch] of Object.entries(sketches)) {
  void test(`${title}: one step for each transaction, whichever table it is about`, async (t) => {
    const datastore = new Datastore();
    const table = openTable(datastore, { ...sketch, indexes: [["hash", 0]], unique: [[0]] });
    const beside = openTable(datastore, other);
    fill(datastore, table, sketch);
    const full = table.rows.byteLength;
    const steps = countSteps(table);
    const expected: number[] = [];
    commit(datastore, (tx) => {
      for (let row = table.nextRow(-1); row >= 0; row = table.nextRow(row)) {
        if (row % groupRows < keptRows) expected.push(row);
        else tx.delete(table, row);
      }
    });
    t.equal(steps.length, 1, "the transaction that deletes takes one step");
    t.ok(table.rows.byteLength > full / 2);
    for (let id = 0; !table.rows.isTidy; id++) {
      const tx = datastore.begin();
      const bytes = encodeOther({ id });
      tx.insert(beside, bytes, 0, bytes.length);
      // Each third one is rolled back.
      if (id % 3 === 2) {
        datastore.rollBack(tx);
      } else {
        datastore.commit(tx);
        datastore.release(tx);
      }
      t.equal(steps.length, id + 2, "and each other one as well");
    }
    t.ok(steps.length > 2, `${steps.length} steps`);
    t.ok(Math.max(...steps) <= stepBytesMax, `${Math.max(...steps)} bytes in one step`);
    t.ok(table.rows.byteLength < full / 2, `${table.rows.byteLength} of ${full} bytes are left`);
    t.same(idsOf(table), expected, "every row has its bytes");
    const count = steps.length;
    commit(datastore, () => {});
    t.equal(steps.length, count, "nothing is left to be done");
  });

  void test(`${title}: what is deleted and comes back was never apart`, async (t) => {
    const datastore = new Datastore();
    const table = openTable(datastore, { ...sketch, indexes: [["hash", 0]], unique: [[0]] });
    fill(datastore, table, sketch);
    const expected = idsOf(table);
    const tx = datastore.begin();
    for (let row = table.nextRow(-1); row >= 0; row = table.nextRow(row)) {
      if (row % groupRows >= keptRows) tx.delete(table, row);
    }
    datastore.rollBack(tx);
    t.ok(table.rows.isTidy);
    t.same(idsOf(table), expected);
  });
}

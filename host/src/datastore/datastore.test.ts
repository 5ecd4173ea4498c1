import { primitive, type ProductValue } from "@lightcone/abi";
import { test } from "tap";
import {
  commit,
  newTable,
  openTable,
  rowEncoder,
  tableRows,
  type TableSketch,
} from "../../test/datastore/tables.ts";
import { keep } from "../../test/datastore/world.ts";
import { createTable } from "./create-table.ts";
import { Datastore } from "./datastore.ts";
import { systemTableId } from "./system-tables.ts";
import type { Table } from "./table.ts";

const u8 = primitive("u8");

const sketch: TableSketch = {
  name: "t",
  columns: { id: u8, x: u8 },
  indexes: [["btree", 0]],
  unique: [[0]],
  sequences: { 0: {} },
};

const encode: (row: ProductValue) => Uint8Array = rowEncoder(sketch);

function put(
  datastore: Datastore,
  table: Table,
  ...rows: readonly [id: number, x: number][]
): void {
  commit(datastore, (tx) => {
    for (const [id, x] of rows) tx.insert(table, encode({ id, x }), 0, 2);
  });
}

/** What everything in a datastore looks like from outside. */
function show(datastore: Datastore): unknown {
  return datastore.allTables().map((table) => [table.schema, table.rowCount, tableRows(table)]);
}

void test("tables are found by name, alias and id", async (t) => {
  const datastore = new Datastore();
  const table = openTable(datastore, sketch);
  t.equal(datastore.tableByName("t"), table);
  t.equal(datastore.tableByName("T"), table);
  t.equal(datastore.tableById(table.schema.id), table);
  t.equal(datastore.tableByName("no"), undefined);
  t.equal(datastore.tableById(4097), undefined);
  t.equal(datastore.columnByAlias("t", "X"), "x");
  t.equal(datastore.columnByAlias("t", "no"), undefined);
  t.same(datastore.userTables(), [table]);
  t.equal(datastore.tableByName("st_table")?.schema.id, systemTableId.table);
  const { index, isUnique, table: owner } = datastore.indexById(table.schema.indexes[0]!.id)!;
  t.same([index === table.indexes[0], isUnique, owner === table], [true, true, true]);
  t.equal(datastore.indexById(4097), undefined);
});

void test("a transaction without a net effect commits nothing", async (t) => {
  const datastore = new Datastore();
  const table = openTable(datastore, sketch);
  put(datastore, table, [1, 1]);
  const tx = datastore.begin();
  tx.insert(table, encode({ id: 1, x: 1 }), 0, 2);
  tx.insert(table, encode({ id: 2, x: 1 }), 0, 2);
  tx.delete(table, table.lastRow);
  t.equal(datastore.commit(tx), undefined);
  datastore.release(tx);
  t.equal(table.rowCount, 1);
});

void test("what a rollback leaves is what was there before", async (t) => {
  const datastore = new Datastore();
  const table = openTable(datastore, sketch);
  put(datastore, table, [1, 1], [2, 2], [3, 3]);
  const before = show(datastore);
  const tx = datastore.begin();
  t.equal(tx.clear(table), 3);
  t.equal(tx.clear(table), 0);
  tx.insert(table, encode({ id: 0, x: 1 }), 0, 2);
  createTable(datastore, tx, newTable({ ...sketch, name: "other" }));
  datastore.rollBack(tx);
  t.same(show(datastore), before);
  t.equal(tx.isOpen, false);
});

void test("a rolled back table leaves nothing, and its name is free", async (t) => {
  const datastore = new Datastore();
  const empty = show(datastore);
  const tx = datastore.begin();
  const gone = createTable(datastore, tx, newTable(sketch));
  tx.insert(gone, encode({ id: 0, x: 1 }), 0, 2);
  datastore.rollBack(tx);
  t.same(show(datastore), empty);
  t.equal(datastore.tableByName("t"), undefined);
  t.equal(datastore.indexById(gone.schema.indexes[0]!.id), undefined);
  const again = openTable(datastore, sketch);
  t.equal(again.schema.id, gone.schema.id + 1, "its id is not used again");
  t.same([again.rowCount, datastore.userTables().length], [0, 1]);
});

void test("one transaction at a time", async (t) => {
  const datastore = new Datastore();
  const tx = datastore.begin();
  t.throws(() => datastore.begin(), /broken invariant/);
  datastore.rollBack(tx);
  t.throws(() => datastore.commit(tx), /broken invariant/);
  t.throws(() => datastore.rollBack(tx), /broken invariant/);
  t.throws(() => datastore.createTable(4096), /broken invariant/);
});

void test("changed tables come by id, with their rows, until the release", async (t) => {
  const datastore = new Datastore();
  const first = openTable(datastore, { ...sketch, name: "first" });
  const second = openTable(datastore, { ...sketch, name: "second" });
  put(datastore, first, [1, 1], [2, 2]);
  const tx = datastore.begin();
  tx.insert(second, encode({ id: 7, x: 8 }), 0, 2);
  tx.clear(first);
  const [one, two, ...others] = keep(datastore.commit(tx));
  datastore.release(tx);
  t.same([one?.tableId, two?.tableId, others], [first.schema.id, second.schema.id, []]);
  t.same([one?.insertCount, one?.deleteCount, one?.isTruncated], [0, 2, true]);
  t.same(one?.deletes, [1, 1, 2, 2]);
  t.same([two?.insertCount, two?.deleteCount, two?.isTruncated], [1, 0, false]);
  t.same(two?.inserts, [7, 8]);
});

void test("a smaller commit after a larger one names its own tables alone", async (t) => {
  const datastore = new Datastore();
  const tables = ["a", "b", "c"].map((name) => openTable(datastore, { ...sketch, name }));
  for (const tableIds of [[2, 1, 0], [1], [0, 2], [2]]) {
    const tx = datastore.begin();
    for (const i of tableIds) tx.insert(tables[i]!, encode({ id: 0, x: i }), 0, 2);
    const changed = keep(datastore.commit(tx)).map(({ tableId }) => tableId);
    datastore.release(tx);
    const expected = tableIds.map((i) => tables[i]!.schema.id).sort((a, b) => a - b);
    t.same(
      changed.filter((id) => id >= 4096),
      expected,
    );
  }
});

void test("rows of an event table are seen in their transaction and in its delta alone", async (t) => {
  const datastore = new Datastore();
  const table = openTable(datastore, { ...sketch, isEvent: true });
  t.equal(table.schema.isEvent, true);
  for (let round = 0; round < 3; round++) {
    const tx = datastore.begin();
    t.equal(tx.insert(table, encode({ id: 5, x: round }), 0, 2), "done");
    t.equal(table.rowCount, 1);
    t.equal(table.indexes[0]!.find(Uint8Array.of(5), 0, 1), table.lastRow);
    const [delta] = keep(datastore.commit(tx));
    t.same(delta?.inserts, [5, round]);
    datastore.release(tx);
    t.same([table.rowCount, tableRows(table)], [0, []]);
    t.equal(table.indexes[0]!.find(Uint8Array.of(5), 0, 1), -1);
  }
});

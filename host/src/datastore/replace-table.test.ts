// Tables that change their schema, or make way for another table, inside a transaction.
import { option, primitive, sum, unitType } from "@lightcone/abi";
import { test } from "tap";
import { contents } from "../../test/datastore/replay-feed.ts";
import {
  commit,
  newTable,
  openTable,
  rowEncoder,
  type TableSketch,
} from "../../test/datastore/tables.ts";
import { Datastore } from "./datastore.ts";
import { replaceTable } from "./replace-table.ts";
import {
  changeColumn,
  changeTable,
  deletePart,
  insertConstraint,
  insertIndex,
} from "./schema-rows.ts";
import type { Table } from "./table.ts";

const u32 = primitive("u32");

const sketch: TableSketch = {
  name: "t",
  columns: { id: u32, size: u32 },
  indexes: [["btree", 0]],
  unique: [[0]],
  primaryKey: 0,
  sequences: { 0: {} },
};
const wider: TableSketch = { ...sketch, columns: { ...sketch.columns, more: option(u32) } };

/** A table with rows whose ids are drawn, and whose sizes are given. */
function open(...sizes: number[]): { datastore: Datastore; table: Table } {
  const datastore = new Datastore();
  const table = openTable(datastore, sketch);
  const encode = rowEncoder(sketch);
  commit(datastore, (tx) => {
    for (const size of sizes) tx.insert(table, encode({ id: 0, size }), 0, 8);
  });
  return { datastore, table };
}

void test("the log gets the rows of the new table and the truncation of the old one", async (t) => {
  const { datastore, table } = open(5, 6);
  const next = newTable(wider);
  const columns = next.columns.map((column, i) =>
    i === 2 ? { ...column, defaultValue: Uint8Array.of(1) } : column,
  );
  const tx = datastore.begin();
  const replaced = replaceTable(datastore, tx, table, { ...next, columns });
  const delta = datastore.commit(tx)!;
  const users = delta.tables.filter(({ tableId }) => tableId >= 4096);
  t.same(
    users.map(({ tableId, insertCount, deleteCount, isTruncated }) => [
      tableId,
      insertCount,
      deleteCount,
      isTruncated,
    ]),
    [
      [4096, 0, 2, true],
      [4097, 2, 0, false],
    ],
  );
  datastore.release(tx);
  t.equal(datastore.tableByName("t"), replaced);
  t.equal(datastore.tableById(4096), undefined);
  const bytes = Uint8Array.of(0, 0, 0, 0, 9, 0, 0, 0, 1);
  commit(datastore, (again) => {
    again.insert(replaced, bytes, 0, bytes.length);
    t.same([...again.generated.subarray(0, 4)], [3, 0, 0, 0], "numbering goes on");
  });
});

void test("two rows in conflict leave the table as it was", async (t) => {
  const { datastore, table } = open(5, 5);
  const before = contents(datastore);
  const tx = datastore.begin();
  const target = { catalog: datastore.catalog, tx, tableId: table.schema.id };
  insertIndex(target, { name: "i", alias: "i", kind: "hash", columns: [1] });
  insertConstraint(target, { name: "c", columns: [1] });
  const { schema } = table;
  t.match(datastore.reshapeTable(table.schema.id), { index: { name: "i", isUnique: true } });
  t.equal(table.schema, schema);
  datastore.rollBack(tx);
  t.same(contents(datastore), before);
});

void test("what stays of a table is kept, and a rollback returns all of it", async (t) => {
  const { datastore, table } = open(1, 2, 3);
  const before = contents(datastore);
  const { schema, layout, rows, indexes, sequences } = table;
  const tx = datastore.begin();
  const target = { catalog: datastore.catalog, tx, tableId: schema.id };
  changeTable(target, { table_access: "private" });
  insertIndex(target, { name: "i", alias: "i", kind: "btree", columns: [1] });
  t.equal(datastore.reshapeTable(schema.id), undefined);
  t.equal(table.indexes[0], indexes[0], "an index");
  t.equal(table.sequences[0], sequences[0], "a sequence");
  t.same([table.rows, table.layout], [rows, layout]);
  t.equal(datastore.indexById(table.schema.indexes[1]!.id)?.index, table.indexes[1]);
  const bytes = rowEncoder(sketch)({ id: 0, size: 9 });
  tx.insert(table, bytes, 0, bytes.length);
  t.throws(() => datastore.reshapeTable(schema.id), /broken invariant/, "rows come afterwards");
  datastore.rollBack(tx);
  t.equal(table.schema, schema);
  t.same([table.indexes, datastore.indexById(schema.indexes[0]!.id)?.index], [indexes, indexes[0]]);
  t.same(contents(datastore), before);
});

void test("a table without its last unique key finds whole rows, and with one again does not", async (t) => {
  const { datastore, table } = open(1, 2);
  commit(datastore, (tx) => {
    deletePart(
      { catalog: datastore.catalog, tx, tableId: table.schema.id },
      "constraint",
      "t_id_key",
    );
    datastore.reshapeTable(table.schema.id);
  });
  const same = rowEncoder(sketch)({ id: 1, size: 1 });
  const other = rowEncoder(sketch)({ id: 1, size: 2 });
  commit(datastore, (tx) => {
    t.equal(tx.insertAsIs(table, same, 0, 8), "unchanged");
    t.equal(tx.insertAsIs(table, other, 0, 8), "done");
  });
  const tx = datastore.begin();
  const target = { catalog: datastore.catalog, tx, tableId: table.schema.id };
  insertConstraint(target, { name: "t_id_key", columns: [0] });
  t.ok(datastore.reshapeTable(table.schema.id), "now two rows have one key");
  datastore.rollBack(tx);
});

void test("rows move where their length is not fixed any more", async (t) => {
  const datastore = new Datastore();
  const color = { ...sketch, columns: { id: u32, size: sum({ a: u32, b: u32 }) } };
  const table = openTable(datastore, color);
  const bytes = rowEncoder(color)({ id: 1, size: { tag: "b", value: 7 } });
  commit(datastore, (tx) => tx.insert(table, bytes, 0, bytes.length));
  const type = sum({ a: u32, b: u32, c: unitType });
  commit(datastore, (tx) => {
    const target = { catalog: datastore.catalog, tx, tableId: table.schema.id };
    changeColumn(target, 1, { name: "size", alias: "size", type });
    datastore.reshapeTable(table.schema.id);
  });
  t.equal(table.layout.rowSize, -1);
  t.ok(table.findRow(bytes, 0, bytes.length) >= 0);
  const short = Uint8Array.of(2, 0, 0, 0, 2);
  commit(datastore, (tx) => t.equal(tx.insertAsIs(table, short, 0, 5), "done"));
  t.equal(table.rowCount, 2);
});

import { Datastore } from "@lightcone/host/engine";
import { test } from "tap";
import {
  createRowTable,
  findRowTable,
  RowBuffer,
  type RowShape,
  rowText,
  rowValue,
  rowValueAt,
} from "./rows.ts";

const rowCount = 100_000;

void test("a row's bytes are those of its table", (t) => {
  const check = (shape: RowShape, key: number, version: number): void => {
    const datastore = new Datastore();
    const table = createRowTable(datastore, shape, "btree");
    const row = new RowBuffer(shape, rowCount);
    row.fill(1, 1);
    const end = row.fill(key, version);
    const title = `${shape} ${key} ${version}`;
    t.equal(table.layout.rowEnd(row.bytes, 0, end), end, title);
    t.equal(row.view.getUint32(0, true), key, title);
    t.equal(
      row.view.getUint32(rowValueAt, true),
      rowValue(shape, key, version, rowCount),
      `the value of ${title}`,
    );
    t.equal(findRowTable(datastore), table);
  };
  for (const shape of ["numbers", "strings"] as const) {
    check(shape, 0, 0);
    check(shape, rowCount - 1, 0);
    check(shape, rowCount - 1, 7);
    check(shape, 4711, 12);
  }
  t.end();
});

void test("a text is the same as bytes and as a string", (t) => {
  const lengths = new Set<number>();
  const row = new RowBuffer("strings", rowCount);
  for (let key = 0; key < 30; key++) {
    const end = row.fill(key, 3);
    const text = Buffer.from(row.bytes.subarray(12, end)).toString();
    t.equal(text, rowText(key, 3, rowCount));
    lengths.add(text.length);
  }
  t.same([Math.min(...lengths), Math.max(...lengths)], [24, 36]);
  t.end();
});

void test("a datastore without the table fails the verification", (t) => {
  t.throws(() => findRowTable(new Datastore()), /verification failed: no table entry/);
  t.end();
});

import { deepStrictEqual } from "node:assert";
import fc from "fast-check";
import { test } from "tap";
import { hex, squeeze, toHex } from "../../test/hex.ts";
import { Reader } from "../bytes/reader.ts";
import { Writer } from "../bytes/writer.ts";
import {
  readRowList,
  rowCount,
  RowListWriter,
  rowStart,
  writeFixedRowList,
  writeRowList,
} from "./row-list.ts";

function written(rows: readonly Uint8Array[], list = new RowListWriter()): Uint8Array {
  list.clear();
  for (const row of rows) list.append(row, 0, row.length);
  const writer = new Writer();
  list.writeTo(writer);
  return writer.finish();
}

// protocol.md 3.2: what the reference host emits.
void test("the size hint follows the lengths of the rows", async (t) => {
  const cases: readonly (readonly [string, readonly string[], string])[] = [
    ["no rows", [], "01 00000000 00000000"],
    ["one row of any type", ["0102030405"], "00 0500 05000000 0102030405"],
    ["rows of one length", ["0102", "0304"], "00 0200 04000000 01020304"],
    [
      "rows of two lengths",
      ["01", "02", "0304"],
      "01 03000000 0000000000000000 0100000000000000 0200000000000000 04000000 01020304",
    ],
    ["empty rows", ["", ""], "01 02000000 0000000000000000 0000000000000000 00000000"],
    [
      "an empty row, then one that is not",
      ["", "01"],
      "01 02000000 0000000000000000 0000000000000000 01000000 01",
    ],
  ];
  const list = new RowListWriter();
  for (const [title, rows, expected] of cases) {
    t.equal(toHex(written(rows.map(hex), list)), squeeze(expected), title);
  }
});

void test("rows beyond 65,535 bytes need offsets", async (t) => {
  const atLimit = written([new Uint8Array(65_535)]);
  const beyond = written([new Uint8Array(65_536)]);
  t.equal(atLimit[0], 0);
  t.equal(beyond[0], 1);
});

void test("a list can be written in the middle and go on", async (t) => {
  const list = new RowListWriter();
  list.append(new Uint8Array(0), 0, 0);
  const early = new Writer();
  list.writeTo(early);
  list.append(hex("0708"), 0, 2);
  const late = new Writer();
  list.writeTo(late);
  t.equal(rowCount(readRowList(new Reader(early.finish()))), 1);
  t.equal(rowCount(readRowList(new Reader(late.finish()))), 2);
  t.same([list.count, list.dataLength], [2, 2]);
});

void test("rows come back as they went in", async (t) => {
  const list = new RowListWriter();
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 6 }), { maxLength: 40 }), (rows) => {
      const bytes = written(rows, list);
      const view = readRowList(new Reader(bytes));
      const back = rows.map((_, i) => view.data.slice(rowStart(view, i), rowStart(view, i + 1)));
      deepStrictEqual(back, rows);
      deepStrictEqual(rowCount(view), rows.length);
      const again = new Writer();
      writeRowList(again, view);
      deepStrictEqual(again.finish(), bytes);
    }),
  );
  t.pass("100 lists");
});

void test("a run of fixed rows is written without being collected", async (t) => {
  const page = hex("ffff 0102 0304 0506 ffff");
  const writer = new Writer();
  writeFixedRowList(writer, 2, page, 2, 8);
  t.equal(toHex(writer.finish()), squeeze("00 0200 06000000 010203040506"));
  writer.clear();
  writeFixedRowList(writer, 2, page, 2, 2);
  t.equal(toHex(writer.finish()), squeeze("01 00000000 00000000"));
  t.throws(() => writeFixedRowList(writer, 2, page, 2, 7), { name: "InvariantError" });
});

void test("hints that do not fit the data are refused", async (t) => {
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ["02", "unknown hint", /unknown tag 2/],
    ["00 0300 04000000 01020304", "rest", /4 bytes are no rows of 3 bytes/],
    ["00 0000 01000000 01", "size zero", /1 bytes are no rows of 0 bytes/],
    ["01 00000000 01000000 01", "bytes without rows", /without row offsets/],
    ["01 01000000 0100000000000000 02000000 0102", "first offset", /row offset 1 at position 0/],
    [
      "01 02000000 0000000000000000 0300000000000000 02000000 0102",
      "offset outside",
      /row offset 3 at position 1/,
    ],
    ["01 02000000 0000000000000000 ffffffffffffffff 01000000 01", "huge offset", /out of order/],
    ["01 ffffffff 00", "hostile count", /data too short for row offsets/],
  ];
  for (const [bytes, title, message] of cases) {
    t.throws(
      () => readRowList(new Reader(hex(bytes))),
      { code: "LC_BSATN_DECODE", message },
      title,
    );
  }
});

void test("a fixed size of zero with no data is the empty list", async (t) => {
  t.equal(rowCount(readRowList(new Reader(hex("00 0000 00000000")))), 0);
});
